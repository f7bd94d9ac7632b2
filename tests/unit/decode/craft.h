// SPDX-License-Identifier: Apache-2.0
// Packets for tests, written as headers in front of headers: ethernet(0x0800, ipv4(6, tcp())).
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "tsaudit/segment.h"

namespace tsaudit::craft {

using Bytes = std::vector<uint8_t>;

inline Bytes operator+(Bytes head, const Bytes& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

/// Digits two by two; everything else is for the reader.
inline Bytes hex(std::string_view text) {
  Bytes bytes;
  int nibbles = 0, value = 0;
  for (const char c : text) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) continue;
    value = value << 4 | (std::isdigit(static_cast<unsigned char>(c)) ? c - '0' : std::tolower(c) - 'a' + 10);
    if (++nibbles % 2 == 0) bytes.push_back(static_cast<uint8_t>(value));
  }
  return bytes;
}
inline Bytes u16(size_t value) { return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)}; }
inline Bytes u32(size_t value) { return u16(value >> 16) + u16(value); }
inline Bytes zeros(size_t count) { return Bytes(count, 0); }

inline constexpr MacAddress kMac = 0x020000000001;
inline const Bytes kAlignedTimestamp = hex("01 01 08 0a 000003e8 000007d0");  // TSval 1000, TSecr 2000
inline const Bytes kData = hex("68656c6c6f");

/// 40000 > 443, PSH and ACK, with the options (padded by the caller) and five bytes of data.
inline Bytes tcp(const Bytes& options = kAlignedTimestamp, uint8_t flags = kPsh | kAck) {
  const auto offset = static_cast<uint8_t>((20 + options.size()) / 4 << 4);
  return u16(40000) + u16(443) + hex("11223344 55667788") + Bytes{offset, flags} + u16(501) +
         hex("0000 0000") + options + kData;
}

/// The header checksum is left to the NIC (0) unless a test wants it.
inline Bytes ipv4(uint8_t protocol, const Bytes& payload, const Bytes& options = {}, uint16_t fragment = 0) {
  const auto version_length = static_cast<uint8_t>(0x40 | (20 + options.size()) / 4);
  return Bytes{version_length, 0} + u16(20 + options.size() + payload.size()) + u16(0x1234) + u16(fragment) +
         Bytes{64, protocol} + u16(0) + hex("c0000201 c6336402") + options +
         payload;  // 192.0.2.1 > 198.51.100.2
}
inline Bytes ipv6(uint8_t next, const Bytes& payload, uint8_t hop_limit = 64) {
  return hex("600abcde") + u16(payload.size()) + Bytes{next, hop_limit} +
         hex("20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000002") + payload;
}
inline Bytes udp(uint16_t destination, const Bytes& payload, uint16_t source = 51000) {
  return u16(source) + u16(destination) + u16(8 + payload.size()) + u16(0) + payload;
}
inline Bytes ethernet(uint16_t type, const Bytes& payload) {
  return hex("02000000ffff 020000000001") + u16(type) + payload;
}
/// A frame of somebody else, for outer headers.
inline Bytes outer_ethernet(uint16_t type, const Bytes& payload) {
  return hex("0200000000aa 0200000000bb") + u16(type) + payload;
}

/// A packet in memory of exactly its size (so that a sanitizer sees the first byte read beyond), decoded.
struct Decoded {
  std::unique_ptr<uint8_t[]> bytes;
  RawPacket packet;
  DecodeStatus status{};
  Segment segment;
  Notice notice;
};
constexpr uint16_t kEthernet = 1;

inline Decoded decode_bytes(const Bytes& bytes, uint16_t link_type = kEthernet, size_t captured = SIZE_MAX) {
  Decoded result;
  captured = std::min(captured, bytes.size());
  result.bytes = std::make_unique<uint8_t[]>(captured);
  if (captured != 0) std::memcpy(result.bytes.get(), bytes.data(), captured);
  result.packet = {.time_ns = 1234567890,
                   .data = result.bytes.get(),
                   .captured = static_cast<uint32_t>(captured),
                   .length = static_cast<uint32_t>(bytes.size()),
                   .frame = 7,
                   .link_type = link_type};
  result.status = decode(result.packet, result.segment, result.notice);
  return result;
}

}  // namespace tsaudit::craft
