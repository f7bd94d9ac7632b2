// SPDX-License-Identifier: Apache-2.0
// Link layers: what a frame of each LINKTYPE_ (tcpdump.org/linktypes.html) begins with.
#include "decode/walk.h"

namespace tsaudit::wire {
namespace {

constexpr uint16_t kArphrdEther = 1;

/// BSD loopback: the address family of the host that captured, in that host's byte order (LOOP: network
/// order). Every family number is below 65536, so whichever half is zero tells the order.
DecodeStatus null_loopback(Walk& walk) noexcept {
  if (!walk.has(4)) return walk.shortage(4);
  const uint32_t little = le32(walk.at);
  const uint32_t family = little > 0xffff ? be32(walk.at) : little;
  walk.skip(4);
  switch (family) {
    case 2:
      return ipv4(walk);  // AF_INET everywhere
    case 10:              // AF_INET6: Linux
    case 24:              // NetBSD, OpenBSD
    case 28:              // FreeBSD
    case 30:
      return ipv6(walk);  // macOS
    default:
      return DecodeStatus::not_ip;
  }
}

/// The protocol field of Linux cooked captures: an EtherType, or a number of Linux's own for frames without.
DecodeStatus cooked_protocol(Walk& walk, uint16_t protocol) noexcept {
  constexpr uint16_t kEthP8022 = 0x0004;
  return protocol == kEthP8022 ? llc(walk) : ethertype(walk, protocol);
}

/// Linux "cooked" capture of the `any` device, version 1: type, ARPHRD, address length, address, protocol.
DecodeStatus linux_sll(Walk& walk) noexcept {
  if (!walk.has(16)) return walk.shortage(16);
  const uint8_t* p = walk.at;
  if (be16(p + 2) == kArphrdEther && be16(p + 4) == 6) walk.src_mac = mac48(p + 6);
  walk.at_interface(0, be16(p));
  walk.skip(16);
  return cooked_protocol(walk, be16(p + 14));
}

/// Version 2: protocol first, and the interface index in the clear.
DecodeStatus linux_sll2(Walk& walk) noexcept {
  if (!walk.has(20)) return walk.shortage(20);
  const uint8_t* p = walk.at;
  if (be16(p + 8) == kArphrdEther && p[11] == 6) walk.src_mac = mac48(p + 12);
  walk.at_interface(be32(p + 4), p[10]);
  walk.skip(20);
  return cooked_protocol(walk, be16(p));
}

/// Cisco HDLC: address, control, EtherType.
DecodeStatus cisco_hdlc(Walk& walk) noexcept {
  if (!walk.has(4)) return walk.shortage(4);
  const uint16_t type = be16(walk.at + 2);
  walk.skip(4);
  return ethertype(walk, type);
}

/// PPP in HDLC-like framing shares its LINKTYPE with Cisco HDLC; the address byte tells (RFC 1547, RFC 1662).
DecodeStatus ppp_hdlc(Walk& walk) noexcept {
  if (!walk.has(1)) return walk.shortage(1);
  constexpr uint8_t kCiscoUnicast = 0x0f, kCiscoMulticast = 0x8f;
  const uint8_t address = walk.at[0];
  return address == kCiscoUnicast || address == kCiscoMulticast ? cisco_hdlc(walk) : ppp(walk);
}

/// IP over InfiniBand: 40 bytes of destination and padding, then RFC 4391's EtherType and reserved bytes.
DecodeStatus ip_over_infiniband(Walk& walk) noexcept {
  if (!walk.has(44)) return walk.shortage(44);
  const uint16_t type = be16(walk.at + 40);
  walk.skip(44);
  return ethertype(walk, type);
}

/// Netfilter log: a list of TLVs in the byte order of the host that captured, one of them the packet.
DecodeStatus nflog(Walk& walk) noexcept {
  constexpr uint16_t kPayload = 9, kHardwareAddress = 8;
  if (!walk.has(8)) return walk.shortage(8);
  walk.skip(4);
  // The first TLV is short (the kernel's packet header, 8 bytes): its length's zero byte tells the order.
  const bool big_endian = walk.at[0] == 0;
  const auto host16 = [big_endian](const uint8_t* p) { return big_endian ? be16(p) : le16(p); };
  while (walk.has(4)) {
    const uint32_t size = host16(walk.at);
    const uint16_t type = host16(walk.at + 2) & 0x7fff;
    if (size < 4) return DecodeStatus::bad_header;
    if (type == kPayload) {
      walk.limit_length(size);
      walk.skip(4);
      return ip_by_version(walk);
    }
    const uint32_t padded = (size + 3) & ~3u;
    if (!walk.has(padded)) return walk.shortage(padded);
    // struct nfulnl_msg_packet_hw: big-endian length, padding, address.
    if (type == kHardwareAddress && size >= 14 && be16(walk.at + 4) == 6) walk.src_mac = mac48(walk.at + 8);
    walk.skip(padded);
  }
  return walk.captured < walk.length ? DecodeStatus::cut_header : DecodeStatus::not_ip;
}

/// Juniper: magic, flags, optional extension area, Ethernet frame (or, without layer 2, a protocol number).
DecodeStatus juniper_ethernet(Walk& walk) noexcept {
  constexpr uint8_t kNoLayer2 = 0x02, kExtension = 0x80;
  if (!walk.has(6)) return walk.shortage(6);
  if (be32(walk.at) >> 8 != 0x4d4743) return DecodeStatus::bad_header;
  const uint8_t flags = walk.at[3];
  const uint32_t header = (flags & kExtension) ? 6u + be16(walk.at + 4) : 4u;
  const uint32_t protocol = (flags & kNoLayer2) ? 4 : 0;
  if (!walk.has(header + protocol)) return walk.shortage(header + protocol);
  walk.skip(header + protocol);
  return (flags & kNoLayer2) ? ip_by_version(walk) : ethernet(walk);
}

/// Endace ERF: a 16-byte record header, extension headers of 8 bytes each, then by record type.
DecodeStatus erf(Walk& walk) noexcept {
  if (!walk.has(16)) return walk.shortage(16);
  constexpr uint8_t kMore = 0x80;
  const uint8_t type = walk.at[8] & 0x7f;
  bool more = walk.at[8] & kMore;
  walk.skip(16);
  while (more) {
    if (!walk.has(8)) return walk.shortage(8);
    more = walk.at[0] & kMore;
    walk.skip(8);
  }
  switch (type) {
    case 2:
    case 11:
    case 16:
    case 20:  // Ethernet: plain, coloured, DSM coloured, hash-coloured
      if (!walk.has(2)) return walk.shortage(2);
      walk.skip(2);  // offset and padding, which align the IP header
      return ethernet(walk);
    case 1:
    case 10:
    case 15:
    case 19:
      return ppp_hdlc(walk);  // HDLC over SONET, likewise
    case 22:
      return ipv4(walk);
    case 23:
      return ipv6(walk);
    default:
      return DecodeStatus::unsupported_link;
  }
}

/// PPPoE without Ethernet in front (LINKTYPE_PPP_ETHER).
DecodeStatus pppoe_session(Walk& walk) noexcept { return ethertype(walk, 0x8864); }

constexpr Row kLinkTypes[] = {
    {1, ethernet},
    {113, linux_sll},
    {276, linux_sll2},
    {101, ip_by_version},  // RAW
    {0, null_loopback},
    {108, null_loopback},  // NULL, LOOP
    {12, ip_by_version},
    {14, ip_by_version},  // DLT_RAW of most systems and of OpenBSD, written as is
    {228, ipv4},
    {229, ipv6},
    {9, ppp},
    {50, ppp_hdlc},
    {51, pppoe_session},
    {104, cisco_hdlc},
    {105, ieee80211},
    {127, radiotap},
    {119, prism},
    {163, prism},
    {192, ppi},
    {239, nflog},
    {242, ip_over_infiniband},
    {178, juniper_ethernet},
    {197, erf},
};

}  // namespace

DecodeStatus link(Walk& walk, uint16_t link_type) noexcept {
  const Layer layer = find_layer(kLinkTypes, link_type);
  return layer ? layer(walk) : DecodeStatus::unsupported_link;
}

DecodeStatus ethernet(Walk& walk) noexcept {
  if (!walk.has(14)) return walk.shortage(14);
  walk.src_mac = mac48(walk.at + 6);
  walk.dst_mac = mac48(walk.at);
  const uint16_t type = be16(walk.at + 12);
  walk.skip(14);
  return type_or_length(walk, type);
}

/// PPP (RFC 1661): address and control may be left out, and so may the first byte of the protocol.
DecodeStatus ppp(Walk& walk) noexcept {
  if (walk.has(2) && be16(walk.at) == 0xff03) walk.skip(2);
  if (!walk.has(2)) return walk.shortage(2);
  const bool compressed = walk.at[0] & 1;
  const uint16_t protocol = compressed ? walk.at[0] : be16(walk.at);
  walk.skip(compressed ? 1 : 2);
  switch (protocol) {
    case 0x0021:
      return ipv4(walk);
    case 0x0057:
      return ipv6(walk);
    case 0x0281:
    case 0x0283:
      return mpls(walk);
    default:
      return DecodeStatus::not_ip;
  }
}

}  // namespace tsaudit::wire
