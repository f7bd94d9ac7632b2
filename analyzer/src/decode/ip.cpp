// SPDX-License-Identifier: Apache-2.0
// IPv4, IPv6 with its extension headers, and what an IP protocol number leads to.
#include "decode/ip.h"

#include "decode/checksum.h"

namespace tsaudit::wire {
namespace {

DecodeStatus esp(Walk&) noexcept { return DecodeStatus::encrypted; }
DecodeStatus ipcomp(Walk&) noexcept { return DecodeStatus::compressed; }

/// Authentication header (RFC 4302): signed, not encrypted. Its length counts words and leaves out two.
DecodeStatus authentication(Walk& walk) noexcept {
  if (!walk.has(12)) return walk.shortage(12);
  const uint8_t next = walk.at[0];
  const uint32_t header = (walk.at[1] + 2u) * 4;
  if (header < 12) return DecodeStatus::bad_header;
  if (!walk.has(header)) return walk.shortage(header);
  walk.skip(header);
  return ip_protocol(walk, next);
}

/// EtherIP (RFC 3378): version 3 in the first nibble.
DecodeStatus etherip(Walk& walk) noexcept {
  if (!walk.has(2)) return walk.shortage(2);
  if (walk.at[0] >> 4 != 3) return DecodeStatus::bad_header;
  walk.skip(2);
  return ethernet(walk);
}

/// Hop-by-hop options, routing header, destination options: next header, length in units of 8 less one.
DecodeStatus ipv6_options(Walk& walk) noexcept {
  if (!walk.has(8)) return walk.shortage(8);
  const uint8_t next = walk.at[0];
  const uint32_t header = (walk.at[1] + 1u) * 8;
  if (!walk.has(header)) return walk.shortage(header);
  walk.skip(header);
  return ip_protocol(walk, next);
}

DecodeStatus ipv6_fragment(Walk& walk) noexcept {
  if (!walk.has(8)) return walk.shortage(8);
  const uint8_t next = walk.at[0];
  const uint16_t position = be16(walk.at + 2);
  if (position & 0xfff8) return DecodeStatus::fragment;
  if (position & 1) walk.first_fragment = true;
  walk.skip(8);
  return ip_protocol(walk, next);
}

constexpr uint8_t kHopByHop = 0;
constexpr Row kProtocols[] = {
    {kProtoTcp, tcp},
    {17, udp},
    {58, icmpv6},
    {1, icmp},
    {4, ipv4},
    {41, ipv6},
    {47, gre},
    {50, esp},
    {51, authentication},
    {kHopByHop, ipv6_options},
    {43, ipv6_options},
    {44, ipv6_fragment},
    {60, ipv6_options},
    {97, etherip},
    {108, ipcomp},
    {137, mpls},
};

/// Payload length of an IPv6 packet whose field says 0: a jumbogram's option (RFC 2675), or everything that
/// is there (segmentation offload: the length did not fit). Returns 0 for the latter.
uint32_t jumbo_payload(const Walk& walk, uint8_t next) {
  constexpr uint8_t kPad1 = 0, kJumboOption = 0xc2;
  const uint8_t* options = walk.at + 40;
  if (next != kHopByHop || !walk.has(48)) return 0;
  const uint32_t end = std::min((options[1] + 1u) * 8, walk.captured - 40);
  for (uint32_t i = 2; i + 2 <= end;) {
    if (options[i] == kPad1) {
      ++i;
      continue;
    }
    const uint32_t size = options[i + 1];
    if (options[i] == kJumboOption && size == 4 && i + 6 <= end) return be32(options + i + 2);
    i += 2 + size;
  }
  return 0;
}

}  // namespace

DecodeStatus ip_protocol(Walk& walk, uint8_t protocol) noexcept {
  const Layer layer = find_layer(kProtocols, protocol);
  if (!layer) return DecodeStatus::not_tcp;
  return ++walk.depth > kMaxEncapsulations ? DecodeStatus::too_deep : layer(walk);
}

DecodeStatus ip_by_version(Walk& walk) noexcept {
  if (!walk.has(1)) return walk.shortage(1);
  switch (walk.at[0] >> 4) {
    case 4:
      return ipv4(walk);
    case 6:
      return ipv6(walk);
    default:
      return DecodeStatus::not_ip;
  }
}

DecodeStatus ipv4(Walk& walk) noexcept {
  if (!walk.has(20)) return walk.shortage(20);
  const uint8_t* ip = walk.at;
  const uint32_t header = (ip[0] & 0x0f) * 4u;
  if (ip[0] >> 4 != 4 || header < 20) return DecodeStatus::bad_header;
  if (!walk.has(header)) return walk.shortage(header);
  const uint32_t total = be16(ip + 2);
  // 0 is segmentation offload: the length did not fit, the packet fills its frame. More than the frame had on
  // the wire is either truth (mirrors cut packets before they encapsulate them, and some tools write the cut
  // length as the length on the wire) or damage; the header checksum knows.
  const bool believed = total <= walk.length || ipv4_header_checksum(ip) != Checksum::bad;
  if (total != 0 && believed) {
    if (total < header) return DecodeStatus::bad_header;
    walk.set_length(total);
  }
  fill_ipv4(walk.segment, ip);

  constexpr uint16_t kMoreFragments = 0x2000, kOffset = 0x1fff;
  const uint16_t position = be16(ip + 6);
  if (position & kOffset) return DecodeStatus::fragment;
  if (position & kMoreFragments) walk.first_fragment = true;
  walk.skip(header);
  return ip_protocol(walk, ip[9]);
}

DecodeStatus ipv6(Walk& walk) noexcept {
  if (!walk.has(40)) return walk.shortage(40);
  const uint8_t* ip = walk.at;
  if (ip[0] >> 4 != 6) return DecodeStatus::bad_header;
  uint32_t payload = be16(ip + 4);
  if (payload == 0) payload = jumbo_payload(walk, ip[6]);
  if (payload > UINT32_MAX - 40) return DecodeStatus::bad_header;
  if (payload != 0) walk.set_length(40 + payload);
  fill_ipv6(walk.segment, ip);
  walk.skip(40);
  return ip_protocol(walk, ip[6]);
}

}  // namespace tsaudit::wire
