// SPDX-License-Identifier: Apache-2.0
// The walk from the first byte of a frame to its innermost TCP header, one header at a time.
//
// Each header is one function: it checks that its bytes are there, steps over them and calls what its own
// type field names, through a table (link.cpp: LINKTYPE, ethertype.cpp: EtherType, ip.cpp: IP protocol,
// tunnel.cpp: UDP port). The last function's status is the packet's.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "tsaudit/segment.h"

namespace tsaudit::wire {

static_assert(std::endian::native == std::endian::little, "the loads below swap bytes");
inline uint16_t be16(const uint8_t* p) {
  uint16_t value;
  std::memcpy(&value, p, sizeof value);
  return __builtin_bswap16(value);
}
inline uint32_t be32(const uint8_t* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return __builtin_bswap32(value);
}
inline uint64_t be64(const uint8_t* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return __builtin_bswap64(value);
}
inline uint16_t le16(const uint8_t* p) { return static_cast<uint16_t>(p[0] | p[1] << 8); }
inline uint32_t le32(const uint8_t* p) { return le16(p) | static_cast<uint32_t>(le16(p + 2)) << 16; }
inline MacAddress mac48(const uint8_t* p) { return static_cast<MacAddress>(be16(p)) << 32 | be32(p + 2); }
inline IpAddress ipv4_address(const uint8_t* p) { return {0, be32(p), false}; }
inline IpAddress ipv6_address(const uint8_t* p) { return {be64(p), be64(p + 8), true}; }

inline constexpr uint16_t kTypeIpv4 = 0x0800, kTypeArp = 0x0806, kTypeIpv6 = 0x86dd, kTypeEthernet = 0x6558;
inline constexpr uint8_t kProtoTcp = 6;

/// Identifiers that name a virtual network, see Segment::scope.
enum class ScopeKind : uint32_t { vlan = 1, vni, gre_key };

/// Where the walk stands. `at` and `captured` bound every read; `length` is what the enclosing headers say
/// is there, and tells a snapshot that ends early from a header that lies.
struct Walk {
  const uint8_t* at;  ///< the next header
  uint32_t captured;  ///< bytes at `at` that the snapshot kept; never more than `length`
  uint32_t length;    ///< bytes at `at` on the wire, by the innermost length field
  const RawPacket& packet;
  Segment& segment;
  Notice& notice;
  MacAddress src_mac = 0, dst_mac = 0;
  uint32_t scope = 0;
  uint32_t point = packet.point;
  int depth = 0;
  bool first_fragment = false;  ///< `length` ends where the first IP fragment ends

  bool has(uint32_t bytes) const { return captured >= bytes; }
  /// Why has(bytes) is false.
  DecodeStatus shortage(uint32_t bytes) const {
    if (bytes > length) return first_fragment ? DecodeStatus::fragment : DecodeStatus::bad_header;
    const bool whole_frame = packet.captured >= packet.length;
    return first_fragment && whole_frame ? DecodeStatus::fragment : DecodeStatus::cut_header;
  }
  /// Only after has(bytes).
  void skip(uint32_t bytes) {
    at += bytes;
    captured -= bytes;
    length -= bytes;
  }
  /// An IP length: what is at `at` is `bytes` long, even if the outer headers left less room.
  void set_length(uint32_t bytes) {
    length = bytes;
    captured = std::min(captured, bytes);
  }
  /// Any other length: it can only leave out padding and trailers.
  void limit_length(uint32_t bytes) { set_length(std::min(length, bytes)); }

  void enter_scope(ScopeKind kind, uint32_t id) { scope = name(scope, id, static_cast<uint32_t>(kind)); }
  /// A capture of all interfaces: `type` says whether the host received, sent or overheard the packet.
  void at_interface(uint32_t index, uint32_t type) { point = name(point, index, type + 1); }

 private:
  /// A hash of what is named so far and what is named next; never 0.
  static uint32_t name(uint32_t so_far, uint32_t id, uint32_t kind) {
    uint64_t hash =
        (static_cast<uint64_t>(so_far) << 32 | id) + static_cast<uint64_t>(kind) * 0x9e3779b97f4a7c15;
    hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9;
    return std::max<uint32_t>(static_cast<uint32_t>(hash >> 32), 1);
  }
};

using Layer = DecodeStatus (*)(Walk&) noexcept;

/// One row of a dispatch table. The tables are short and sorted by how common a row is.
struct Row {
  uint16_t type;
  Layer layer;
};
template <size_t size>
constexpr Layer find_layer(const Row (&table)[size], uint32_t type) {
  for (const Row& row : table)
    if (row.type == type) return row.layer;
  return nullptr;
}

// The dispatchers. ethertype() and ip_protocol() count an encapsulation each, and every cycle of headers
// passes through one of them, so that the stack is bounded.
DecodeStatus decode_any(const RawPacket& packet, Segment& segment, Notice& notice) noexcept;
DecodeStatus link(Walk& walk, uint16_t link_type) noexcept;  // link.cpp
DecodeStatus ethertype(Walk& walk, uint16_t type) noexcept;  // ethertype.cpp
bool known_ethertype(uint16_t type) noexcept;
DecodeStatus type_or_length(Walk& walk,
                            uint16_t type) noexcept;  // for what follows Ethernet addresses or a tag
DecodeStatus ip_protocol(Walk& walk, uint8_t protocol) noexcept;  // ip.cpp
DecodeStatus ip_by_version(Walk& walk) noexcept;                  // for carriers that do not say which IP

// Layers that more than one file dispatches to.
DecodeStatus ethernet(Walk& walk) noexcept;  // link.cpp
DecodeStatus ppp(Walk& walk) noexcept;
DecodeStatus llc(Walk& walk) noexcept;  // ethertype.cpp
DecodeStatus mpls(Walk& walk) noexcept;
DecodeStatus radiotap(Walk& walk) noexcept;  // wireless.cpp
DecodeStatus prism(Walk& walk) noexcept;
DecodeStatus ppi(Walk& walk) noexcept;
DecodeStatus ieee80211(Walk& walk) noexcept;
DecodeStatus ieee80211_in_capwap(Walk& walk) noexcept;
DecodeStatus ipv4(Walk& walk) noexcept;  // ip.cpp
DecodeStatus ipv6(Walk& walk) noexcept;
DecodeStatus udp(Walk& walk) noexcept;  // tunnel.cpp
DecodeStatus gre(Walk& walk) noexcept;
DecodeStatus tcp(Walk& walk) noexcept;  // tcp.cpp
DecodeStatus arp(Walk& walk) noexcept;  // announcement.cpp
DecodeStatus rarp(Walk& walk) noexcept;
DecodeStatus neighbour_advertisement(Walk& walk) noexcept;
DecodeStatus icmp(Walk& walk) noexcept;  // icmp.cpp
DecodeStatus icmpv6(Walk& walk) noexcept;

}  // namespace tsaudit::wire
