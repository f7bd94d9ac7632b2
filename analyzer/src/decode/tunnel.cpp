// SPDX-License-Identifier: Apache-2.0
// Tunnels over UDP, by port, and GRE. What names a virtual network (VNI, GRE key) enters the scope; what says
// how a packet was carried (outer addresses, TEID, ERSPAN session) differs by direction and does not.
#include "decode/walk.h"

namespace tsaudit::wire {
namespace {

/// RFC 7348. Flag I must be set; Linux, Cumulus and Cisco set others for extensions.
DecodeStatus vxlan(Walk& walk) noexcept {
  constexpr uint8_t kHasVni = 0x08;
  if (!walk.has(8)) return walk.shortage(8);
  if (!(walk.at[0] & kHasVni)) return DecodeStatus::not_tcp;
  walk.enter_scope(ScopeKind::vni, be32(walk.at + 4) >> 8);
  walk.skip(8);
  return ethernet(walk);
}

/// draft-ietf-nvo3-vxlan-gpe: the last reserved byte of VXLAN's first word says what is inside.
DecodeStatus vxlan_gpe(Walk& walk) noexcept {
  if (!walk.has(8)) return walk.shortage(8);
  const uint8_t next = walk.at[3];
  walk.enter_scope(ScopeKind::vni, be32(walk.at + 4) >> 8);
  walk.skip(8);
  switch (next) {
    case 1:
      return ipv4(walk);
    case 2:
      return ipv6(walk);
    case 3:
      return ethernet(walk);
    case 5:
      return mpls(walk);
    default:
      return DecodeStatus::not_tcp;
  }
}

/// RFC 8926: version 0, options in words, EtherType, VNI.
DecodeStatus geneve(Walk& walk) noexcept {
  constexpr uint8_t kControl = 0x80;
  if (!walk.has(8)) return walk.shortage(8);
  if (walk.at[0] >> 6 != 0 || (walk.at[1] & kControl)) return DecodeStatus::not_tcp;
  const uint32_t header = 8 + (walk.at[0] & 0x3fu) * 4;
  if (!walk.has(header)) return walk.shortage(header);
  const uint16_t type = be16(walk.at + 2);
  walk.enter_scope(ScopeKind::vni, be32(walk.at + 4) >> 8);
  walk.skip(header);
  return ethertype(walk, type);
}

/// GTP-U, 3GPP TS 29.281: version 1, G-PDU, optional word, extension headers that chain by their last byte.
DecodeStatus gtp_u(Walk& walk) noexcept {
  constexpr uint8_t kVersion1Gtp = 0x30, kGPdu = 0xff, kAnyOptional = 0x07, kHasExtension = 0x04;
  if (!walk.has(8)) return walk.shortage(8);
  const uint8_t flags = walk.at[0];
  if ((flags & 0xf0) != kVersion1Gtp || walk.at[1] != kGPdu) return DecodeStatus::not_tcp;
  walk.skip(8);
  if (flags & kAnyOptional) {
    if (!walk.has(4)) return walk.shortage(4);
    uint8_t extension = (flags & kHasExtension) ? walk.at[3] : 0;
    walk.skip(4);
    while (extension != 0) {
      if (!walk.has(4)) return walk.shortage(4);
      const uint32_t size = walk.at[0] * 4u;
      if (size == 0) return DecodeStatus::bad_header;
      if (!walk.has(size)) return walk.shortage(size);
      extension = walk.at[size - 1];
      walk.skip(size);
    }
  }
  return ip_by_version(walk);
}

/// CAPWAP data channel, RFC 5415 section 4.3: header length in words, binding, and flags in three bytes.
DecodeStatus capwap(Walk& walk) noexcept {
  constexpr uint32_t kNative = 1 << 8, kFragment = 1 << 7, kKeepAlive = 1 << 3, kIeee80211 = 1;
  if (!walk.has(8)) return walk.shortage(8);
  const uint8_t preamble = walk.at[0];
  if (preamble == 0x01) return DecodeStatus::encrypted;  // DTLS
  if (preamble != 0x00) return DecodeStatus::not_tcp;
  const uint32_t bits = be32(walk.at) & 0xffffff;
  const uint32_t header = (bits >> 19) * 4;
  const uint32_t binding = bits >> 9 & 0x1f;
  if (bits & kKeepAlive) return DecodeStatus::not_tcp;
  if (header < 8) return DecodeStatus::bad_header;
  if (bits & kFragment) {
    if (be16(walk.at + 6) >> 3 != 0) return DecodeStatus::fragment;
    walk.first_fragment = true;
  }
  if (!walk.has(header)) return walk.shortage(header);
  walk.skip(header);
  if (!(bits & kNative)) return ethernet(walk);
  return binding == kIeee80211 ? ieee80211_in_capwap(walk) : DecodeStatus::unsupported_link;
}

/// RFC 4380: optional authentication and origin indications, then IPv6.
DecodeStatus teredo(Walk& walk) noexcept {
  constexpr uint16_t kAuthentication = 0x0001, kOrigin = 0x0000;
  if (!walk.has(8)) return walk.shortage(8);
  if (be16(walk.at) == kAuthentication) {
    const uint32_t header = 13u + walk.at[2] + walk.at[3];
    if (!walk.has(header)) return walk.shortage(header);
    walk.skip(header);
  }
  if (!walk.has(8)) return walk.shortage(8);
  if (be16(walk.at) == kOrigin) walk.skip(8);
  if (!walk.has(1)) return walk.shortage(1);
  return walk.at[0] >> 4 == 6 ? ipv6(walk) : DecodeStatus::not_tcp;
}

/// RFC 3948: ESP, unless four bytes of zero (IKE) or a one-byte keep-alive.
DecodeStatus nat_traversal(Walk& walk) noexcept {
  if (!walk.has(4)) return DecodeStatus::not_tcp;
  return be32(walk.at) != 0 ? DecodeStatus::encrypted : DecodeStatus::not_tcp;
}

constexpr Row kUdpPorts[] = {
    {4789, vxlan},  {8472, vxlan /* Linux before the port was assigned */},
    {6081, geneve}, {2152, gtp_u},
    {5247, capwap}, {4500, nat_traversal},
    {3544, teredo}, {4790, vxlan_gpe},
    {6635, mpls},   {4754, gre},
};

constexpr uint16_t kErspan = 0x88be, kErspan3 = 0x22eb, kWccp = 0x883e;

/// ERSPAN: type I has no header at all, type II 8 bytes (GRE's sequence number tells), type III 12 or 20.
DecodeStatus erspan(Walk& walk, uint32_t header) noexcept {
  if (!walk.has(header)) return walk.shortage(header);
  constexpr uint8_t kPlatformSubheader = 0x01;
  if (header == 12 && (walk.at[11] & kPlatformSubheader)) header += 8;
  if (!walk.has(header)) return walk.shortage(header);
  walk.skip(header);
  return ethernet(walk);
}

/// A GRE key names a tunnel. NVGRE (RFC 7637) keeps a per-flow hash, which differs by direction, in its low
/// byte; its network ids begin at 0x1000, which other users' keys for Ethernet seldom reach.
uint32_t network_of_key(uint32_t key, uint16_t type) {
  return type == kTypeEthernet && key >= 0x1000 << 8 ? key >> 8 << 8 : key;
}

}  // namespace

DecodeStatus udp(Walk& walk) noexcept {
  if (!walk.has(8)) return walk.shortage(8);
  Layer layer = find_layer(kUdpPorts, be16(walk.at + 2));
  if (!layer) layer = find_layer(kUdpPorts, be16(walk.at));
  if (!layer) return DecodeStatus::not_tcp;
  walk.skip(8);  // its length field is of no use: every tunnel ends with an IP header, which has its own
  return layer(walk);
}

/// RFC 2784 and 2890; version 1 is PPTP's (RFC 2637), whose key is a call id and differs by direction.
DecodeStatus gre(Walk& walk) noexcept {
  constexpr uint16_t kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000;
  constexpr uint16_t kAcknowledgment = 0x0080, kVersion = 0x0007;
  if (!walk.has(4)) return walk.shortage(4);
  const uint16_t flags = be16(walk.at), type = be16(walk.at + 2);
  const bool pptp = (flags & kVersion) == 1;
  if ((flags & kVersion) > 1 || (flags & kRouting)) return DecodeStatus::not_tcp;
  const uint32_t key = 4 + ((flags & kChecksum) ? 4 : 0);
  uint32_t header = key + ((flags & kKey) ? 4 : 0) + ((flags & kSequence) ? 4 : 0);
  if (pptp && (flags & kAcknowledgment)) header += 4;
  if (!walk.has(header)) return walk.shortage(header);
  if ((flags & kKey) && !pptp)
    walk.enter_scope(ScopeKind::gre_key, network_of_key(be32(walk.at + key), type));
  walk.skip(header);

  switch (type) {
    case kErspan:
      return erspan(walk, (flags & kSequence) ? 8 : 0);
    case kErspan3:
      return erspan(walk, 12);
    case kWccp:  // version 2 puts four bytes in front of the IPv4 header, version 1 none
      if (walk.has(4) && walk.at[0] >> 4 != 4) walk.skip(4);
      return ipv4(walk);
    default:
      break;
  }
  constexpr uint16_t kAruba = 0x8200, kArubaLast = 0x8370;  // one 802.11 frame; the type holds a slot number
  if (type >= kAruba && type <= kArubaLast && (type & 0x0f) == 0) return ieee80211(walk);
  return ethertype(walk, type);
}

}  // namespace tsaudit::wire
