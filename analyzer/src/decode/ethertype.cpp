// SPDX-License-Identifier: Apache-2.0
// What an EtherType leads to: tags, labels, PPPoE, LLC/SNAP, ARP, IP.
#include "decode/walk.h"

namespace tsaudit::wire {
namespace {

/// 802.1Q, 802.1ad and the older stacked tags: two bytes of tag, then the next EtherType.
DecodeStatus vlan(Walk& walk) noexcept {
  if (!walk.has(4)) return walk.shortage(4);
  const uint32_t id = be16(walk.at) & 0x0fff;
  const uint16_t type = be16(walk.at + 2);
  if (id != 0) walk.enter_scope(ScopeKind::vlan, id);  // 0: a priority tag, still no VLAN
  walk.skip(4);
  return type_or_length(walk, type);
}

/// A tag of six bytes, then the next EtherType: 802.1BR E-Tag, and Cisco's metadata header (version, length,
/// one option with the security group). Both say how a frame came, which differs by direction: no scope.
DecodeStatus tag6(Walk& walk) noexcept {
  if (!walk.has(8)) return walk.shortage(8);
  const uint16_t type = be16(walk.at + 6);
  walk.skip(8);
  return type_or_length(walk, type);
}

DecodeStatus pppoe(Walk& walk) noexcept {
  if (!walk.has(6)) return walk.shortage(6);
  if (walk.at[0] != 0x11) return DecodeStatus::bad_header;  // version 1, type 1
  if (walk.at[1] != 0) return DecodeStatus::not_ip;         // session data has code 0
  const uint32_t payload = be16(walk.at + 4);
  walk.skip(6);
  walk.limit_length(payload);
  return ppp(walk);
}

constexpr Row kEtherTypes[] = {
    {kTypeIpv4, ipv4}, {kTypeIpv6, ipv6},
    {0x8100, vlan},    {kTypeArp, arp},
    {0x88a8, vlan},    {0x9100, vlan},
    {0x9200, vlan},    {0x8847, mpls},
    {0x8848, mpls},    {0x8864, pppoe},
    {0x893f, tag6},    {0x8909, tag6},
    {0x880b, ppp},     {kTypeEthernet, ethernet},
    {0x8035, rarp},
};

}  // namespace

bool known_ethertype(uint16_t type) noexcept { return find_layer(kEtherTypes, type) != nullptr; }

DecodeStatus ethertype(Walk& walk, uint16_t type) noexcept {
  const Layer layer = find_layer(kEtherTypes, type);
  if (!layer) return DecodeStatus::not_ip;
  return ++walk.depth > kMaxEncapsulations ? DecodeStatus::too_deep : layer(walk);
}

/// 802.3 puts a length where Ethernet II has its EtherType, and padding behind what it counts
/// (section 3.2.6).
DecodeStatus type_or_length(Walk& walk, uint16_t type) noexcept {
  constexpr uint16_t kFirstEtherType = 0x0600;
  if (type >= kFirstEtherType) return ethertype(walk, type);
  walk.limit_length(type);
  return llc(walk);
}

/// IEEE 802.2: SNAP with an EtherType, or IP under its own SAP.
DecodeStatus llc(Walk& walk) noexcept {
  if (!walk.has(3)) return walk.shortage(3);
  const uint32_t header = be16(walk.at) << 8 | walk.at[2];
  if (header == 0x060603) {
    walk.skip(3);
    return ipv4(walk);
  }
  if (header != 0xaaaa03) return DecodeStatus::not_ip;
  if (!walk.has(8)) return walk.shortage(8);
  const uint32_t organisation = be32(walk.at + 2) & 0xffffff;
  const uint16_t type = be16(walk.at + 6);
  constexpr uint32_t kRfc1042 = 0x000000, kBridgeTunnel = 0x0000f8;
  if (organisation != kRfc1042 && organisation != kBridgeTunnel) return DecodeStatus::not_ip;
  walk.skip(8);
  return ethertype(walk, type);
}

/// The label stack, then what the payload looks like: the labels mean something to the routers only. They
/// differ by direction, so they are no part of the scope.
DecodeStatus mpls(Walk& walk) noexcept {
  for (bool bottom = false; !bottom;) {
    if (!walk.has(4)) return walk.shortage(4);
    bottom = walk.at[2] & 1;
    walk.skip(4);
  }
  if (!walk.has(1)) return walk.shortage(1);
  switch (walk.at[0] >> 4) {
    case 4:
      return ipv4(walk);
    case 6:
      return ipv6(walk);
    case 0:  // Ethernet behind a control word (RFC 4448: two bytes of zero and a counter), or without
      if (!walk.has(18)) return walk.shortage(18);
      if (be16(walk.at) == 0 && known_ethertype(be16(walk.at + 16))) walk.skip(4);
      break;
    case 1:
      return DecodeStatus::not_ip;  // associated channel: OAM
    default:
      break;
  }
  if (!walk.has(14)) return walk.shortage(14);
  if (!known_ethertype(be16(walk.at + 12))) return DecodeStatus::not_ip;
  return ethertype(walk, kTypeEthernet);  // counts as one
}

}  // namespace tsaudit::wire
