// SPDX-License-Identifier: Apache-2.0
// An address that says where it lives now: gratuitous ARP and unsolicited neighbour advertisement. A host
// that took over an address sends one of them; one that took over a virtual machine sends reverse ARP.
#include "decode/walk.h"

namespace tsaudit::wire {
namespace {

DecodeStatus announce(Walk& walk, const IpAddress& address, MacAddress mac) {
  walk.notice.announcement.time_ns = walk.packet.time_ns;
  walk.notice.announcement.frame = walk.packet.frame;
  walk.notice.announcement.address = address;
  walk.notice.announcement.mac = mac;
  return DecodeStatus::announcement;
}

}  // namespace

/// RFC 5227 section 3: request or reply, sender and target protocol address equal.
DecodeStatus arp(Walk& walk) noexcept {
  if (!walk.has(8)) return walk.shortage(8);
  constexpr uint64_t kEthernetIpv4 = 0x0001'0800'06'04;  // hardware, protocol, their address lengths
  const uint16_t operation = be16(walk.at + 6);
  if (be64(walk.at) >> 16 != kEthernetIpv4 || operation < 1 || operation > 2) return DecodeStatus::not_ip;
  if (!walk.has(28)) return walk.shortage(28);
  const MacAddress sender = mac48(walk.at + 8);
  const uint32_t sender_ip = be32(walk.at + 14), target_ip = be32(walk.at + 24);
  if (sender_ip != target_ip || sender_ip == 0 || sender == 0) return DecodeStatus::not_ip;
  return announce(walk, {0, sender_ip, false}, sender);
}

/// RFC 903: a request for one's own address. What needs one that way is gone; who sends it today is the host
/// of a virtual machine that has moved there, in its name, so that switches learn the way (QEMU:
/// net/announce.c).
DecodeStatus rarp(Walk& walk) noexcept {
  if (!walk.has(8)) return walk.shortage(8);
  constexpr uint64_t kReverseRequest =
      0x0001'0800'06'04'0003;  // hardware, protocol, address lengths, operation
  if (be64(walk.at) != kReverseRequest) return DecodeStatus::not_ip;
  if (!walk.has(28)) return walk.shortage(28);
  const MacAddress sender = mac48(walk.at + 8);
  if (sender != mac48(walk.at + 18) || sender == 0) return DecodeStatus::not_ip;
  return announce(walk, {}, sender);
}

/// RFC 4861 section 4.4: solicited flag clear, the target link-layer address among the options. A hop limit
/// of 255 proves that it was not routed, and receivers insist on it.
DecodeStatus neighbour_advertisement(Walk& walk) noexcept {
  constexpr uint8_t kSolicited = 0x40, kTargetAddress = 2;
  if (walk.segment.ttl != 255) return DecodeStatus::not_tcp;
  if (!walk.has(24)) return walk.shortage(24);
  const IpAddress target = ipv6_address(walk.at + 8);
  if (walk.at[4] & kSolicited) return DecodeStatus::not_tcp;
  walk.skip(24);
  while (walk.has(8)) {
    const uint32_t size = walk.at[1] * 8u;
    if (size == 0) return DecodeStatus::bad_header;
    if (walk.at[0] == kTargetAddress && size == 8) return announce(walk, target, mac48(walk.at + 2));
    if (!walk.has(size)) return walk.shortage(size);
    walk.skip(size);
  }
  return walk.captured < walk.length ? DecodeStatus::cut_header : DecodeStatus::not_tcp;
}

}  // namespace tsaudit::wire
