// SPDX-License-Identifier: Apache-2.0
// Entry of the stage. Nearly every packet of nearly every capture is Ethernet II, IPv4 without options or
// IPv6 without extension headers, and TCP: plain() decodes those in one straight line. All others take the
// walk (walk.h), which decodes the plain ones too and to the same values; a test holds them to it.
#include "decode/ip.h"
#include "decode/tcp.h"

namespace tsaudit {
namespace wire {
namespace {

constexpr uint16_t kLinkEthernet = 1;
constexpr uint32_t kEthernetHeader = 14;

/// False when anything about the packet is not plain; what it wrote to `segment` until then means nothing.
[[gnu::always_inline]] inline bool plain(const RawPacket& packet, Segment& segment) {
  if (packet.link_type != kLinkEthernet || packet.captured < kEthernetHeader + 20 + 20) return false;
  const uint8_t* frame = packet.data;
  const uint8_t* ip = frame + kEthernetHeader;
  const uint8_t* tcp;
  uint32_t captured = packet.captured - kEthernetHeader;
  uint32_t length;
  switch (be16(frame + 12)) {
    case kTypeIpv4: {
      constexpr uint16_t kFragmentBits = 0x3fff;
      if (ip[0] != 0x45 || ip[9] != kProtoTcp || (be16(ip + 6) & kFragmentBits)) return false;
      length = be16(ip + 2);
      if (length < 40 || length + kEthernetHeader > packet.length) return false;
      captured = std::min(captured, length) - 20;
      length -= 20;
      tcp = ip + 20;
      fill_ipv4(segment, ip);
      break;
    }
    case kTypeIpv6:
      length = be16(ip + 4);
      if (ip[0] >> 4 != 6 || ip[6] != kProtoTcp || length < 20 || captured < 40 + 20) return false;
      captured = std::min(captured - 40, length);
      tcp = ip + 40;
      fill_ipv6(segment, ip);
      break;
    default:
      return false;
  }
  const uint32_t header = (tcp[12] >> 4) * 4u;
  if (header < 20 || header > length) return false;
  segment.scope = 0;
  segment.point = packet.point;
  segment.src_mac = mac48(frame + 6);
  segment.dst_mac = mac48(frame);
  fill_tcp(segment, packet, tcp, captured, length, header);
  return true;
}

}  // namespace

DecodeStatus decode_any(const RawPacket& packet, Segment& segment, Notice& notice) noexcept {
  const uint32_t length = std::max(packet.length, packet.captured);
  Walk walk{packet.data, packet.captured, length, packet, segment, notice};
  return link(walk, packet.link_type);
}

}  // namespace wire

DecodeStatus decode(const RawPacket& packet, Segment& segment, Notice& notice) noexcept {
  if (wire::plain(packet, segment)) [[likely]]
    return DecodeStatus::segment;
  return wire::decode_any(packet, segment, notice);
}

std::string_view to_string(DecodeStatus status) {
  switch (status) {
    case DecodeStatus::segment:
      return "segment";
    case DecodeStatus::announcement:
      return "announcement";
    case DecodeStatus::icmp_error:
      return "icmp-error";
    case DecodeStatus::not_ip:
      return "not-ip";
    case DecodeStatus::not_tcp:
      return "not-tcp";
    case DecodeStatus::fragment:
      return "fragment";
    case DecodeStatus::cut_header:
      return "cut-header";
    case DecodeStatus::bad_header:
      return "bad-header";
    case DecodeStatus::unsupported_link:
      return "unsupported-link";
    case DecodeStatus::encrypted:
      return "encrypted";
    case DecodeStatus::compressed:
      return "compressed";
    case DecodeStatus::too_deep:
      return "too-deep";
  }
  return "?";
}

}  // namespace tsaudit
