// SPDX-License-Identifier: Apache-2.0
// RFC 1071 sums. They are the same in either byte order, so words are added as they lie in memory.
#include "decode/checksum.h"

#include <algorithm>
#include <bit>

#include "decode/walk.h"

namespace tsaudit {
namespace {

constexpr uint16_t kMoreFragments = 0x2000;

/// 2^64 is 1 modulo 0xffff, as 2^16 is: a carry out of either counts as one.
uint64_t add(uint64_t sum, uint64_t word) {
  sum += word;
  return sum + (sum < word);
}

template <class Word>
uint64_t load(const uint8_t* p) {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

/// For headers and addresses, which are too short to be worth the vectors that sum_payload() is made of. `size` is
/// a multiple of 4.
uint64_t sum_header(const uint8_t* p, uint32_t size, uint64_t sum) {
  for (; size >= 8; p += 8, size -= 8) sum = add(sum, load<uint64_t>(p));
  return size == 0 ? sum : add(sum, load<uint32_t>(p));
}

#ifdef __x86_64__
[[gnu::target_clones("avx2", "default")]]  // a tenth of the time that a capture of full payload takes
#endif
uint64_t sum_payload(const uint8_t* p, uint32_t size, uint64_t sum) {
  uint64_t words = 0;
  for (; size >= 4; p += 4, size -= 4) words += load<uint32_t>(p);
  uint32_t rest = 0;
  std::memcpy(&rest, p, size);
  return add(sum, words + rest);
}

/// Folded to 16 bits, in memory order like its input: of each half plus the other, the upper one has the carry.
uint16_t fold(uint64_t sum) {
  const auto half = static_cast<uint32_t>((sum + std::rotl(sum, 32)) >> 32);
  return static_cast<uint16_t>((half + std::rotl(half, 16)) >> 16);
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
  if (fold(sum_header(ip, (ip[0] & 0x0fu) * 4, 0)) == 0xffff) return Checksum::good;
  return be16(ip + 10) == 0 ? Checksum::offloaded : Checksum::bad;
}

Checksum verify_checksums(const Segment& segment) noexcept {
  const uint8_t* ip = segment.ip;
  const bool v6 = segment.src.v6;
  const Checksum of_ip = v6 ? Checksum::good : wire::ipv4_header_checksum(ip);
  if (of_ip == Checksum::bad) return Checksum::bad;
  const bool whole = v6 ? is_whole_ipv6(segment) : (wire::be16(ip + 6) & kMoreFragments) == 0;
  if (!whole || segment.tcp_captured < segment.tcp_length) return Checksum::unknown;

  const uint64_t addresses = v6 ? sum_header(ip + 8, 32, 0) : sum_header(ip + 12, 8, 0);
  const uint64_t pseudo = add(addresses, protocol_and_length(segment.tcp_length));
  const uint32_t header = std::min((segment.tcp[12] >> 4) * 4u, segment.tcp_length);
  const uint64_t headers = sum_header(segment.tcp, header, pseudo);
  const uint16_t total = fold(sum_payload(segment.tcp + header, segment.tcp_length - header, headers));
  if (total == 0xffff) return of_ip;
  uint16_t stored;
  std::memcpy(&stored, segment.tcp + 16, sizeof stored);
  return stored == fold(pseudo) ? Checksum::offloaded : Checksum::bad;
}

}  // namespace tsaudit
