// SPDX-License-Identifier: Apache-2.0
// The checksums of packets by hand: a second opinion, and what captures hold of them.
#pragma once

#include "unit/decode/craft.h"

namespace tsaudit::craft {

/// RFC 1071, byte by byte.
inline uint16_t sum(const Bytes& bytes) {
  uint32_t total = 0;
  for (size_t i = 0; i < bytes.size(); ++i) total += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
  while (total > 0xffff) total = (total >> 16) + (total & 0xffff);
  return static_cast<uint16_t>(total);
}
inline void put16(Bytes& bytes, size_t at, uint16_t value) {
  bytes[at] = static_cast<uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<uint8_t>(value);
}
inline Bytes slice(const Bytes& bytes, size_t from, size_t to) {
  return Bytes(bytes.begin() + static_cast<ptrdiff_t>(from), bytes.begin() + static_cast<ptrdiff_t>(to));
}

inline uint16_t pseudo_header_sum(const Bytes& ip, size_t tcp_at) {
  const Bytes addresses = ip[0] >> 4 == 4 ? slice(ip, 12, 20) : slice(ip, 8, 40);
  return sum(addresses + u32(ip.size() - tcp_at) + u32(6));
}
/// Fills in both checksums of a packet whose TCP header is at `tcp_at`.
inline Bytes summed(Bytes ip, size_t tcp_at) {
  put16(ip, tcp_at + 16, 0);
  const Bytes tcp_part = slice(ip, tcp_at, ip.size());
  const uint16_t parts[] = {pseudo_header_sum(ip, tcp_at), sum(tcp_part)};
  put16(ip, tcp_at + 16, static_cast<uint16_t>(~sum(u16(parts[0]) + u16(parts[1]))));
  if (ip[0] >> 4 == 4) {
    put16(ip, 10, 0);
    put16(ip, 10, static_cast<uint16_t>(~sum(slice(ip, 0, (ip[0] & 0xf) * 4u))));
  }
  return ip;
}

}  // namespace tsaudit::craft
