// SPDX-License-Identifier: Apache-2.0
#include "decode/tcp.h"

namespace tsaudit::wire {

DecodeStatus tcp(Walk& walk) noexcept {
  if (!walk.has(20)) return walk.shortage(20);
  const uint32_t header = (walk.at[12] >> 4) * 4u;
  if (header < 20) return DecodeStatus::bad_header;
  if (header > walk.length) return walk.shortage(header);
  walk.segment.scope = walk.scope;
  walk.segment.point = walk.point;
  walk.segment.src_mac = walk.src_mac;
  walk.segment.dst_mac = walk.dst_mac;
  fill_tcp(walk.segment, walk.packet, walk.at, walk.captured, walk.length, header);
  return DecodeStatus::segment;
}

}  // namespace tsaudit::wire
