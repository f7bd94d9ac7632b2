// SPDX-License-Identifier: Apache-2.0
// The truth as NDJSON: a line for each segment, then a line of counters for each host.
#pragma once

#include <string>

#include "counters.h"
#include "truth.h"

namespace lab {

/// {"type":"segment","at":"peer","number":1,"src":...,"seq":...,"fate":"dropped","reason":"TCP_RFC7323_PAWS",...}
std::string to_json(const TruthRecord& record, const std::string& host);
/// {"type":"counters","at":"peer","growth":{"PAWSEstab":3,...}}
std::string to_json(const Counters& growth, const std::string& host);

}  // namespace lab
