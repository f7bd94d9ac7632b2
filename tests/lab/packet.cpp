// SPDX-License-Identifier: Apache-2.0
#include "packet.h"

#include <algorithm>

namespace lab {
namespace {

constexpr size_t kEthernet = 14;
constexpr uint16_t kIpv4 = 0x0800, kArp = 0x0806, kVlan = 0x8100, kIpv6 = 0x86dd;
constexpr uint8_t kTcp = 6, kUdp = 17, kIcmpv6 = 58;
constexpr uint16_t kVxlanPort = 4789;

/// Appends numbers in network byte order.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}
  Writer& u8(uint32_t v) { return out_.push_back(static_cast<uint8_t>(v)), *this; }
  Writer& u16(uint32_t v) { return u8(v >> 8).u8(v); }
  Writer& u32(uint32_t v) { return u16(v >> 16).u16(v); }
  Writer& mac(MacAddress v) { return u16(static_cast<uint32_t>(v >> 32)).u32(static_cast<uint32_t>(v)); }
  Writer& bytes(std::span<const uint8_t> v) { return out_.insert(out_.end(), v.begin(), v.end()), *this; }
  Writer& address(const IpAddress& v) {
    const Octets o = octets(v);
    return bytes({o.bytes.data(), o.size});
  }

 private:
  Bytes& out_;
};

uint16_t be16(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }
uint32_t be32(const uint8_t* p) { return static_cast<uint32_t>(be16(p)) << 16 | be16(p + 2); }
void store16(Bytes& bytes, size_t at, uint16_t v) {
  bytes[at] = static_cast<uint8_t>(v >> 8);
  bytes[at + 1] = static_cast<uint8_t>(v);
}

/// RFC 1071.
uint16_t internet_checksum(std::span<const uint8_t> bytes, uint32_t sum = 0) {
  for (size_t i = 0; i < bytes.size(); ++i) sum += i % 2 ? bytes[i] : static_cast<uint32_t>(bytes[i]) << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

uint32_t pseudo_header_sum(const IpAddress& src, const IpAddress& dst, uint8_t protocol, size_t length) {
  Bytes pseudo;
  Writer(pseudo).address(src).address(dst).u32(static_cast<uint32_t>(length)).u32(protocol);
  return static_cast<uint16_t>(~internet_checksum(pseudo));
}

Bytes build_options(const Segment& s) {
  Bytes out;
  Writer w(out);
  if (s.mss) w.u8(2).u8(4).u16(*s.mss);
  if (s.sack_permitted) w.u8(4).u8(2);
  if (s.ts) {
    if (!s.sack_permitted)
      w.u8(1).u8(1);  // else SACK-permitted and TSopt fill three words, as Linux packs them
    w.u8(8).u8(10).u32(s.ts->val).u32(s.ts->ecr);
  }
  if (s.window_scale) w.u8(1).u8(3).u8(3).u8(*s.window_scale);
  w.bytes(s.raw_options);
  while (out.size() % 4) w.u8(0);
  return out;
}

Bytes build_tcp(const Segment& s) {
  const Bytes options = build_options(s);
  Bytes out;
  Writer w(out);
  w.u16(s.src.port).u16(s.dst.port).u32(s.seq).u32(s.ack);
  w.u8(static_cast<uint32_t>((20 + options.size()) / 4) << 4).u8(s.flags).u16(s.window).u16(0).u16(0);
  w.bytes(options);
  for (uint32_t i = 0; i < s.payload; ++i) w.u8('a' + i % 26);
  const uint32_t pseudo = pseudo_header_sum(s.src.address, s.dst.address, kTcp, out.size());
  uint16_t sum = internet_checksum(out, pseudo);
  if (s.bad_checksum && ++sum == pseudo) ++sum;  // that would be what a host leaves to its NIC
  store16(out, 16, sum);
  return out;
}

void append_ip(Bytes& out, const IpAddress& src, const IpAddress& dst, uint8_t protocol, uint8_t ttl,
               std::span<const uint8_t> body) {
  Writer w(out);
  const size_t start = out.size();
  const auto length = static_cast<uint32_t>(body.size());
  if (src.v6) {
    w.u32(0x60000000).u16(length).u8(protocol).u8(ttl).address(src).address(dst);
  } else {
    w.u8(0x45)
        .u8(0)
        .u16(20 + length)
        .u16(0)
        .u16(0x4000)
        .u8(ttl)
        .u8(protocol)
        .u16(0)
        .address(src)
        .address(dst);
    store16(out, start + 10, internet_checksum({&out[start], 20}));
  }
  w.bytes(body);
}

void read_options(std::span<const uint8_t> options, Segment& s) {
  for (size_t i = 0; i < options.size();) {
    const uint8_t kind = options[i];
    if (kind == 0) return;
    if (kind == 1) {
      ++i;
      continue;
    }
    if (i + 1 >= options.size()) return;
    const uint8_t length = options[i + 1];
    if (length < 2 || i + length > options.size()) return;
    if (kind == 2 && length == 4) s.mss = be16(&options[i + 2]);
    if (kind == 3 && length == 3) s.window_scale = options[i + 2];
    if (kind == 4 && length == 2) s.sack_permitted = true;
    if (kind == 8 && length == 10) s.ts = Timestamps{be32(&options[i + 2]), be32(&options[i + 6])};
    i += length;
  }
}

}  // namespace

Bytes build_frame(const Link& link, const Segment& segment) {
  Bytes out;
  Writer(out).mac(link.dst).mac(link.src).u16(segment.src.address.v6 ? kIpv6 : kIpv4);
  append_ip(out, segment.src.address, segment.dst.address, kTcp, segment.ttl, build_tcp(segment));
  return out;
}

Bytes build_announcement(MacAddress mac, const IpAddress& address) {
  Bytes out;
  Writer w(out);
  if (!address.v6) {  // RFC 5227 section 3: an ARP request with both protocol addresses ours
    w.mac(0xffffffffffff).mac(mac).u16(kArp).u16(1).u16(kIpv4).u8(6).u8(4).u16(1);
    w.mac(mac).address(address).mac(0).address(address);
    return out;
  }
  IpAddress all_nodes;
  tsaudit::parse_ip("ff02::1", all_nodes);
  Bytes body;  // RFC 4861 section 4.4, override flag set
  Writer(body).u8(136).u8(0).u16(0).u32(0x20000000).address(address).u8(2).u8(1).mac(mac);
  store16(body, 2, internet_checksum(body, pseudo_header_sum(address, all_nodes, kIcmpv6, body.size())));
  w.mac(0x333300000001).mac(mac).u16(kIpv6);
  append_ip(out, address, all_nodes, kIcmpv6, 255, body);
  return out;
}

std::optional<Segment> parse_ip_packet(std::span<const uint8_t> bytes, uint32_t length) {
  if (bytes.empty()) return {};
  const bool v6 = bytes[0] >> 4 == 6;
  const size_t header = v6 ? 40 : (bytes[0] & 15u) * 4;
  if ((!v6 && bytes[0] >> 4 != 4) || header < 20 || bytes.size() < header + 20) return {};
  if (bytes[v6 ? 6 : 9] != kTcp) return {};
  if (!v6 && (be16(&bytes[6]) & 0x1fff)) return {};
  // A GSO packet beyond 64 KB says 0 here; then the skb's own length counts.
  const uint32_t said = v6 ? be16(&bytes[4]) + (be16(&bytes[4]) ? 40u : 0u) : be16(&bytes[2]);
  const uint32_t total = said ? said : length;
  const uint8_t* tcp = &bytes[header];
  const size_t tcp_header = (tcp[12] >> 4) * 4u;
  if (tcp_header < 20 || header + tcp_header > total) return {};
  Segment s;
  s.src = {address_from(&bytes[v6 ? 8 : 12], v6), be16(tcp)};
  s.dst = {address_from(&bytes[v6 ? 24 : 16], v6), be16(tcp + 2)};
  s.ttl = bytes[v6 ? 7 : 8];
  s.seq = be32(tcp + 4);
  s.ack = be32(tcp + 8);
  s.flags = tcp[13];
  s.window = be16(tcp + 14);
  s.payload = static_cast<uint32_t>(total - header - tcp_header);
  read_options({tcp + 20, std::min(tcp_header, bytes.size() - header) - 20}, s);
  return s;
}

std::optional<Segment> parse_frame(std::span<const uint8_t> frame, uint32_t length) {
  if (frame.size() < kEthernet) return {};
  size_t at = 12;
  while (be16(&frame[at]) == kVlan && frame.size() >= at + 6) at += 4;
  const uint16_t type = be16(&frame[at]);
  if (type != kIpv4 && type != kIpv6) return {};
  const auto packet = frame.subspan(at + 2);
  const auto left = length - static_cast<uint32_t>(at + 2);
  // VXLAN, as the lab sends it: IPv4 without options, then UDP.
  constexpr uint32_t kOuter = 20 + 8 + 8;
  if (type == kIpv4 && packet.size() > kOuter && packet[0] == 0x45 && packet[9] == kUdp &&
      be16(&packet[22]) == kVxlanPort)
    return parse_frame(packet.subspan(kOuter), left - kOuter);
  return parse_ip_packet(packet, left);
}

std::string flags_text(uint8_t flags) {
  static constexpr std::pair<uint8_t, char> kLetters[] = {{kSyn, 'S'}, {kFin, 'F'}, {kRst, 'R'},
                                                          {kPsh, 'P'}, {kAck, 'A'}, {kUrg, 'U'}};
  std::string text;
  for (const auto& [bit, letter] : kLetters)
    if (flags & bit) text += letter;
  return text;
}

}  // namespace lab
