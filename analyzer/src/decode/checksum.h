// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tsaudit/segment.h"

namespace tsaudit::wire {

/// Of a whole IPv4 header. A stored 0 that is wrong means that the capturing host's NIC computes it.
Checksum ipv4_header_checksum(const uint8_t* ip) noexcept;

}  // namespace tsaudit::wire
