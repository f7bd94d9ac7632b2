// SPDX-License-Identifier: Apache-2.0
// The truth as NDJSON: a line about the kernel, a line for each segment, then a line of counters for each
// host.
#pragma once

#include <map>
#include <string>

#include "counters.h"
#include "truth.h"

namespace lab {

/// {"type":"run","kernel":"6.18.44","reasons":["NOT_SPECIFIED",...]}
std::string header_json(const KernelEvents& events);

/// Capture -> the frame in it that is the segment.
using FrameNumbers = std::map<std::string, uint64_t>;

/// {"type":"segment","at":"peer","frames":{"peer":12},"src":...,"seq":...,"fate":"dropped","reason":"TCP_...",...}
std::string to_json(const TruthRecord& record, const std::string& host, const FrameNumbers& frames);
/// {"type":"counters","at":"peer","growth":{"PAWSEstab":3,...}}
std::string to_json(const Counters& growth, const std::string& host);

}  // namespace lab
