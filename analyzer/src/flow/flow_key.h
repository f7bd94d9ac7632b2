// SPDX-License-Identifier: Apache-2.0
// Names a connection, whichever side a packet comes from.
#pragma once

#include <bit>
#include <cstdint>

#include "tsaudit/segment.h"

namespace tsaudit {

/// Both halves of the product: each bit depends on all of both factors.
inline uint64_t fold(uint64_t a, uint64_t b) {
  __extension__ using Product = unsigned __int128;
  const Product product = Product{a} * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// Canonical 4-tuple plus scope: the lower endpoint comes first, so both directions give the same key.
/// IPv4 is marked in the high half, which keeps the key free of padding and comparable word by word.
struct FlowKey {
  uint64_t low_hi, low_lo, high_hi, high_lo;
  uint64_t ports_scope;  ///< low port << 48 | high port << 32 | scope

  friend bool operator==(const FlowKey&, const FlowKey&) = default;

  static constexpr uint64_t kIpv4Mark = ~uint64_t{0};  ///< ffff:ffff:ffff:ffff::/64 is no address of a host

  /// Of a segment, or of the one that an IcmpError quotes. `from_low` says which endpoint sent it.
  template <class Addressed>
  static FlowKey of(const Addressed& s, bool& from_low) {
    const uint64_t src_hi = s.src.v6 ? s.src.hi : kIpv4Mark;
    const uint64_t dst_hi = s.dst.v6 ? s.dst.hi : kIpv4Mark;
    from_low = src_hi != dst_hi       ? src_hi < dst_hi
               : s.src.lo != s.dst.lo ? s.src.lo < s.dst.lo
                                      : s.sport <= s.dport;
    if (from_low) return {src_hi, s.src.lo, dst_hi, s.dst.lo, ports(s.sport, s.dport, s.scope)};
    return {dst_hi, s.dst.lo, src_hi, s.src.lo, ports(s.dport, s.sport, s.scope)};
  }

  /// The seed is secret to the process, so a capture cannot be made to fill one bucket: no two words that a sender
  /// chooses meet before each of them has met the seed.
  uint32_t hash(uint64_t seed) const {
    const uint64_t hosts = fold(low_lo ^ seed, high_lo ^ std::rotl(seed, 24));
    const uint64_t networks = fold(low_hi ^ std::rotl(seed, 41), high_hi ^ std::rotl(seed, 11));
    // Of one product alone the bits would follow the ports.
    const uint64_t all = fold(hosts ^ ports_scope ^ seed, networks ^ 0x9e3779b97f4a7c15u);
    return static_cast<uint32_t>(fold(all, 0x9fb21c651e98df25u) >> 16);
  }

  Endpoint low() const { return endpoint(low_hi, low_lo, static_cast<uint16_t>(ports_scope >> 48)); }
  Endpoint high() const { return endpoint(high_hi, high_lo, static_cast<uint16_t>(ports_scope >> 32)); }
  uint32_t scope() const { return static_cast<uint32_t>(ports_scope); }
  /// The same addresses and ports in another scope.
  FlowKey in_scope(uint32_t scope) const {
    FlowKey key = *this;
    key.ports_scope = (ports_scope & ~uint64_t{0xffff'ffff}) | scope;
    return key;
  }

 private:
  static uint64_t ports(uint16_t low, uint16_t high, uint32_t scope) {
    return uint64_t{low} << 48 | uint64_t{high} << 32 | scope;
  }
  static Endpoint endpoint(uint64_t hi, uint64_t lo, uint16_t port) {
    if (hi == kIpv4Mark) return {{0, lo, false}, port};
    return {{hi, lo, true}, port};
  }
};

}  // namespace tsaudit
