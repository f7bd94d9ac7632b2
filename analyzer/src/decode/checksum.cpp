// SPDX-License-Identifier: Apache-2.0
// RFC 1071 sums. They are the same in either byte order, so words are added as they lie in memory.
#include "decode/checksum.h"

#include "decode/walk.h"

namespace tsaudit {
namespace {

constexpr uint16_t kMoreFragments = 0x2000;

/// Headers and addresses are whole words.
uint64_t sum_words(const uint8_t* p, uint32_t words, uint64_t sum) {
  for (; words != 0; p += 4, --words) {
    uint32_t word;
    std::memcpy(&word, p, sizeof word);
    sum += word;
  }
  return sum;
}

uint64_t sum_bytes(const uint8_t* p, uint32_t size, uint64_t sum) {
  uint32_t rest = 0;
  std::memcpy(&rest, p + size / 4 * 4, size % 4);
  return sum_words(p, size / 4, sum) + rest;
}

/// Folded to 16 bits, in memory order like its input.
uint16_t fold(uint64_t sum) {
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<uint16_t>(sum);
}

/// Pseudo-header without the addresses: protocol and length, as words in memory order.
uint64_t protocol_and_length(uint32_t length) {
  return __builtin_bswap32(length) + static_cast<uint64_t>(__builtin_bswap32(wire::kProtoTcp));
}

/// A later fragment never becomes a Segment, so only the first can be here: its checksum covers what is not.
/// A routing header with hops to go hides the destination that the checksum covers.
bool is_whole_ipv6(const Segment& segment) {
  constexpr uint8_t kRouting = 43, kFragment = 44, kAuthentication = 51;
  uint8_t next = segment.ip[6];
  for (const uint8_t* p = segment.ip + 40; p < segment.tcp;) {
    if (next == kFragment && (wire::be16(p + 2) & 1)) return false;
    if (next == kRouting && p[3] != 0) return false;
    const uint32_t size = next == kFragment ? 8 : next == kAuthentication ? (p[1] + 2u) * 4 : (p[1] + 1u) * 8;
    next = p[0];
    p += size;
  }
  return true;
}

}  // namespace

Checksum wire::ipv4_header_checksum(const uint8_t* ip) noexcept {
  if (fold(sum_words(ip, ip[0] & 0x0fu, 0)) == 0xffff) return Checksum::good;
  return be16(ip + 10) == 0 ? Checksum::offloaded : Checksum::bad;
}

Checksum verify_checksums(const Segment& segment) noexcept {
  const uint8_t* ip = segment.ip;
  const bool v6 = segment.src.v6;
  const Checksum header = v6 ? Checksum::good : wire::ipv4_header_checksum(ip);
  if (header == Checksum::bad) return Checksum::bad;
  const bool whole = v6 ? is_whole_ipv6(segment) : (wire::be16(ip + 6) & kMoreFragments) == 0;
  if (!whole || segment.tcp_captured < segment.tcp_length) return Checksum::unknown;

  const uint64_t addresses = v6 ? sum_words(ip + 8, 8, 0) : sum_words(ip + 12, 2, 0);
  const uint64_t pseudo = addresses + protocol_and_length(segment.tcp_length);
  const uint16_t total = fold(sum_bytes(segment.tcp, segment.tcp_length, pseudo));
  if (total == 0xffff) return header;
  uint16_t stored;
  std::memcpy(&stored, segment.tcp + 16, sizeof stored);
  return stored == fold(pseudo) ? Checksum::offloaded : Checksum::bad;
}

}  // namespace tsaudit
