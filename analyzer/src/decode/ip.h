// SPDX-License-Identifier: Apache-2.0
// What the innermost IP header contributes to a Segment. Shared by the fast path and the walk.
#pragma once

#include "decode/walk.h"

namespace tsaudit::wire {

inline void fill_ipv4(Segment& segment, const uint8_t* ip) {
  segment.src = ipv4_address(ip + 12);
  segment.dst = ipv4_address(ip + 16);
  segment.ttl = ip[8];
  segment.ip_id = be16(ip + 4);
  segment.flow_label = 0;
  segment.ip = ip;
}

inline void fill_ipv6(Segment& segment, const uint8_t* ip) {
  segment.src = ipv6_address(ip + 8);
  segment.dst = ipv6_address(ip + 24);
  segment.ttl = ip[7];
  segment.ip_id = 0;
  segment.flow_label = be32(ip) & 0xfffff;
  segment.ip = ip;
}

}  // namespace tsaudit::wire
