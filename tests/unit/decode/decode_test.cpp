// SPDX-License-Identifier: Apache-2.0
// What decode() says of packets that are no segment, and of lengths that disagree.
#include <gmock/gmock.h>

#include <set>

#include "decode/walk.h"
#include "unit/decode/encapsulations.h"
#include "unit/decode/properties.h"

namespace tsaudit {
namespace {

using namespace craft;

DecodeStatus status_of(const Bytes& packet, uint16_t link_type = kEthernet) {
  const Decoded d = decode_bytes(packet, link_type);
  EXPECT_EQ(broken_property(d.packet), nullptr);
  return d.status;
}

TEST(DecodeStatusNames, AreDistinct) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kDecodeStatusCount; ++i) names.insert(to_string(static_cast<DecodeStatus>(i)));
  EXPECT_EQ(names.size(), kDecodeStatusCount);
  EXPECT_FALSE(names.contains("?"));
  EXPECT_EQ(to_string(static_cast<DecodeStatus>(kDecodeStatusCount)), "?");
}

TEST(Decode, EmptyPacket) {
  for (uint16_t link_type = 0; link_type < 300; ++link_type)
    EXPECT_NE(status_of({}, link_type), DecodeStatus::segment);
}

TEST(Decode, UnknownLinkType) {
  EXPECT_EQ(status_of(kFrame, 147), DecodeStatus::unsupported_link);  // LINKTYPE_USER0
  EXPECT_EQ(status_of(kFrame, 65535), DecodeStatus::unsupported_link);
  EXPECT_EQ(status_of(erf("03", zeros(60), 60), 197), DecodeStatus::unsupported_link);  // ATM
}

TEST(Decode, NotIp) {
  EXPECT_EQ(status_of(ethernet(0x88cc, zeros(46))), DecodeStatus::not_ip);  // LLDP
  EXPECT_EQ(status_of(ethernet(0x0027, hex("424203 0000 00 00 00") + zeros(38))),
            DecodeStatus::not_ip);                                                                      // STP
  EXPECT_EQ(status_of(ethernet(0x002a, hex("aaaa03 00000c 2000") + zeros(40))), DecodeStatus::not_ip);  // CDP
  EXPECT_EQ(status_of(ethernet(0x8863, hex("1109 0000 0000") + zeros(40))),
            DecodeStatus::not_ip);  // PPPoE discovery
  EXPECT_EQ(status_of(ethernet(0x8864, hex("1100 0001 0004 c021 0101")), 1), DecodeStatus::not_ip);  // LCP
  EXPECT_EQ(status_of(hex("10000000") + kIpv4, 0), DecodeStatus::not_ip);
  EXPECT_EQ(status_of(hex("55"), 101), DecodeStatus::not_ip);
  EXPECT_EQ(status_of(ethernet(0x8847, hex("0000d140 10000021") + kIpv4)),
            DecodeStatus::not_ip);  // OAM channel
  EXPECT_EQ(status_of(ethernet(0x8847, hex("00010140") + hex("ff") + zeros(40))), DecodeStatus::not_ip);
  EXPECT_EQ(status_of(hex("0f00 2000") + zeros(20), 104), DecodeStatus::not_ip);
}

TEST(Decode, NotTcp) {
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(17, udp(53, zeros(20))))), DecodeStatus::not_tcp);
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(132, zeros(20)))), DecodeStatus::not_tcp);  // SCTP
  EXPECT_EQ(status_of(ethernet(0x86dd, ipv6(59, {}))), DecodeStatus::not_tcp);          // no next header
  EXPECT_EQ(status_of(ethernet(0x86dd, ipv6(58, hex("80 00 0000 00000000")))), DecodeStatus::not_tcp);
}

TEST(Decode, QuotedTcpIsNoSegment) {
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(1, hex("03 03 0000 00000000") + kIpv4))),
            DecodeStatus::icmp_error);
  EXPECT_EQ(status_of(ethernet(0x86dd, ipv6(58, hex("01 04 0000 00000000") + kIpv6))),
            DecodeStatus::icmp_error);
}

TEST(Decode, Unreadable) {
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(50, zeros(40)))), DecodeStatus::encrypted);  // ESP
  EXPECT_EQ(status_of(ethernet(0x86dd, ipv6(50, zeros(40)))), DecodeStatus::encrypted);
  EXPECT_EQ(status_of(over_udp(4500, hex("00000001") + zeros(30))), DecodeStatus::encrypted);  // ESP in UDP
  EXPECT_EQ(status_of(over_udp(4500, hex("00000000") + zeros(30))), DecodeStatus::not_tcp);    // IKE
  EXPECT_EQ(status_of(over_udp(4500, hex("ff"))), DecodeStatus::not_tcp);                      // keep-alive
  EXPECT_EQ(status_of(over_udp(5247, hex("01000000") + zeros(40))), DecodeStatus::encrypted);  // DTLS
  EXPECT_EQ(status_of(hex("0841") + zeros(40), 105), DecodeStatus::encrypted);  // protected 802.11
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(108, hex("06 00 0002") + zeros(20)))), DecodeStatus::compressed);
}

TEST(Decode, FramesOf80211WithoutData) {
  EXPECT_EQ(status_of(hex("8000") + zeros(40), 105), DecodeStatus::not_ip);      // beacon
  EXPECT_EQ(status_of(hex("d400") + zeros(8), 105), DecodeStatus::not_ip);       // ACK
  EXPECT_EQ(status_of(hex("4801") + zeros(22), 105), DecodeStatus::not_ip);      // null
  EXPECT_EQ(status_of(hex("0901") + zeros(40), 105), DecodeStatus::bad_header);  // protocol version 1
}

TEST(Decode, AggregateOfTwoIsCounted) {
  const Bytes subframe = hex("0200000000aa 020000000001") + u16(8 + kIpv4.size()) + llc_snap(kIpv4);
  const Bytes qos = hex("8801 0000 0200000000aa 020000000001 0200000000cc 1000 8000");
  EXPECT_EQ(status_of(qos + subframe, 105), DecodeStatus::segment);
  EXPECT_EQ(status_of(qos + subframe + zeros(3) + subframe, 105), DecodeStatus::unsupported_link);
}

TEST(Decode, Fragments) {
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(6, tcp(), {}, 0x2001))), DecodeStatus::fragment);
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(6, tcp(), {}, 0x0001))), DecodeStatus::fragment);
  EXPECT_EQ(status_of(ethernet(0x86dd, ipv6(44, hex("06 00 0008 00000001") + tcp()))),
            DecodeStatus::fragment);
  // The first has the header, if it is long enough for it.
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(6, tcp(), {}, 0x2000))), DecodeStatus::segment);
  EXPECT_EQ(status_of(ethernet(0x86dd, ipv6(44, hex("06 00 0001 00000001") + tcp()))), DecodeStatus::segment);
  const Bytes header = tcp();
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(6, Bytes(header.begin(), header.begin() + 16), {}, 0x2000))),
            DecodeStatus::fragment);
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(6, Bytes(header.begin(), header.begin() + 24), {}, 0x2000))),
            DecodeStatus::fragment);
}

TEST(Decode, FirstFragmentOfATunnel) {
  // The fragment ends in the inner payload, and in the inner header.
  const Bytes inner = ipv4(6, tcp() + zeros(400));
  const auto fragment_of = [&](size_t size) {
    return ethernet(0x0800,
                    ipv4(4, Bytes(inner.begin(), inner.begin() + static_cast<ptrdiff_t>(size)), {}, 0x2000));
  };
  const Decoded d = decode_bytes(fragment_of(104));
  ASSERT_EQ(d.status, DecodeStatus::segment);
  EXPECT_EQ(d.segment.payload, 405u);
  EXPECT_EQ(d.segment.tcp_captured, 84u);
  EXPECT_EQ(status_of(fragment_of(32)), DecodeStatus::fragment);
}

TEST(Decode, DataOffset) {
  for (uint8_t words = 0; words < 16; ++words) {
    Bytes segment = tcp();  // 37 bytes
    segment[12] = static_cast<uint8_t>(words << 4);
    const bool possible = words >= 5 && words * 4 <= 37;
    EXPECT_EQ(status_of(ethernet(0x0800, ipv4(6, segment))),
              possible ? DecodeStatus::segment : DecodeStatus::bad_header)
        << int{words};
  }
}

TEST(Decode, BadIpHeaders) {
  const auto with_byte = [](Bytes packet, size_t at, uint8_t value) {
    packet[at] = value;
    return packet;
  };
  EXPECT_EQ(status_of(with_byte(kFrame, 14, 0x44)), DecodeStatus::bad_header);  // header of 16 bytes
  EXPECT_EQ(status_of(with_byte(kFrame, 14, 0x55)), DecodeStatus::bad_header);  // version 5
  EXPECT_EQ(status_of(with_byte(kFrame, 14, 0x65)), DecodeStatus::bad_header);
  EXPECT_EQ(status_of(with_byte(kFrame, 17, 19)), DecodeStatus::bad_header);  // total length of 19
  EXPECT_EQ(status_of(with_byte(kFrame, 17, 39)), DecodeStatus::bad_header);  // no room for a TCP header
  const Bytes v6 = ethernet(0x86dd, kIpv6);
  EXPECT_EQ(status_of(with_byte(v6, 14, 0x40)), DecodeStatus::bad_header);
  EXPECT_EQ(status_of(with_byte(v6, 19, 19)), DecodeStatus::bad_header);
}

TEST(Decode, TotalLengthOfZeroFillsTheFrame) {
  Bytes v4 = ethernet(0x0800, ipv4(6, tcp() + zeros(70000)));
  v4[16] = v4[17] = 0;
  const Decoded d = decode_bytes(v4);
  ASSERT_EQ(d.status, DecodeStatus::segment);
  EXPECT_EQ(d.segment.payload, 70005u);
  EXPECT_EQ(decode_bytes(v4, kEthernet, 100).segment.payload, 70005u);
  Bytes v6 = ethernet(0x86dd, ipv6(6, tcp() + zeros(70000)));
  v6[18] = v6[19] = 0;
  EXPECT_EQ(decode_bytes(v6).segment.payload, 70005u);
}

TEST(Decode, Jumbogram) {
  const Bytes segment = tcp() + zeros(70000);
  const auto jumbo = [&](const Bytes& options) {
    Bytes packet = ipv6(0, options + segment);
    packet[4] = packet[5] = 0;
    return ethernet(0x86dd, packet) + hex("ffffffff");  // four bytes too many show who is believed
  };
  const Bytes length = u32(8 + segment.size());
  EXPECT_EQ(decode_bytes(jumbo(hex("06 00 c204") + length)).segment.payload, 70005u);
  EXPECT_EQ(
      decode_bytes(jumbo(hex("06 01 0000 0104 00000000 c204") + u32(16 + segment.size()))).segment.payload,
      70005u);
  EXPECT_EQ(decode_bytes(jumbo(hex("06 00 0104 00000000"))).segment.payload, 70009u);  // no such option
}

/// An IP length that the frame had no room for: true if the header checksum is, damage if not.
TEST(Decode, IpLengthBeyondTheFrame) {
  Bytes packet = ethernet(0x0800, kIpv4);
  packet[16] = 0x05;
  packet[17] = 0xdc;                                       // 1500
  EXPECT_EQ(decode_bytes(packet).segment.payload, 1448u);  // checksum 0: not known to be wrong
  uint32_t sum = 0;
  for (size_t i = 14; i < 34; i += 2) sum += wire::be16(&packet[i]);
  sum = ~((sum >> 16) + (sum & 0xffff));
  packet[24] = static_cast<uint8_t>(sum >> 8);
  packet[25] = static_cast<uint8_t>(sum);
  EXPECT_EQ(decode_bytes(packet).segment.payload, 1448u);  // right
  packet[25] ^= 1;
  EXPECT_EQ(decode_bytes(packet).segment.payload, 5u);  // wrong
}

TEST(Decode, LengthBelowCapturedIsALieOfTheFile) {
  Decoded d = decode_bytes(kFrame);
  d.packet.length = 20;
  EXPECT_EQ(decode(d.packet, d.segment, d.notice), DecodeStatus::segment);
  EXPECT_EQ(d.segment.payload, 5u);
  EXPECT_EQ(broken_property(d.packet), nullptr);
}

Bytes tags(int count) {
  Bytes packet;
  for (int i = 0; i < count; ++i) packet = packet + hex("0001 8100");
  return packet;
}
TEST(Decode, DepthIsLimited) {
  // Each tag, IP and TCP count.
  const auto nested = [](int vlans) { return ethernet(0x8100, tags(vlans - 1) + hex("0001 0800") + kIpv4); };
  EXPECT_EQ(status_of(nested(kMaxEncapsulations - 2)), DecodeStatus::segment);
  EXPECT_EQ(status_of(nested(kMaxEncapsulations - 1)), DecodeStatus::too_deep);
  EXPECT_EQ(status_of(nested(10000)), DecodeStatus::too_deep);

  Bytes tunnels = kIpv4;
  for (int i = 0; i < 100; ++i) tunnels = ipv4(4, tunnels);
  EXPECT_EQ(status_of(ethernet(0x0800, tunnels)), DecodeStatus::too_deep);
  Bytes extensions = tcp();
  for (int i = 0; i < 100; ++i)
    extensions = Bytes{static_cast<uint8_t>(i == 0 ? 6 : 60), 0} + zeros(6) + extensions;
  EXPECT_EQ(status_of(ethernet(0x86dd, ipv6(60, extensions))), DecodeStatus::too_deep);
  Bytes ppi = kFrame;
  for (int i = 0; i < 1000; ++i) ppi = hex("00 00 0800 c0000000") + ppi;
  EXPECT_EQ(status_of(ppi, 192), DecodeStatus::unsupported_link);
}

/// Ports that tunnels use carry other things, too.
TEST(Decode, NoTunnelOnATunnelsPort) {
  EXPECT_EQ(status_of(over_udp(4789, hex("00000000 00002a00") + kFrame)),
            DecodeStatus::not_tcp);  // no I flag
  EXPECT_EQ(status_of(over_udp(6081, hex("4000 6558 00002a00") + kFrame)), DecodeStatus::not_tcp);
  EXPECT_EQ(status_of(over_udp(6081, hex("0080 6558 00002a00") + kFrame)), DecodeStatus::not_tcp);
  EXPECT_EQ(status_of(over_udp(4790, hex("0c000004 00002a00") + kIpv4)), DecodeStatus::not_tcp);  // NSH
  EXPECT_EQ(status_of(over_udp(2152, hex("50 ff 0000 00000000") + kIpv4)),
            DecodeStatus::not_tcp);  // version 2
  EXPECT_EQ(status_of(over_udp(2152, hex("30 01 0004 00000000 00000000"))), DecodeStatus::not_tcp);  // echo
  EXPECT_EQ(status_of(over_udp(5247, hex("00 100008 00000000") + kFrame)),
            DecodeStatus::not_tcp);  // keep-alive
  EXPECT_EQ(status_of(over_udp(3544, kIpv4)), DecodeStatus::not_tcp);
  EXPECT_EQ(status_of(over_ip(47, hex("0002 0800") + kIpv4)), DecodeStatus::not_tcp);  // GRE version 2
  EXPECT_EQ(status_of(over_ip(47, hex("4000 0800 00000000") + kIpv4)),
            DecodeStatus::not_tcp);  // source routes
}

TEST(Decode, CapwapFragments) {
  EXPECT_EQ(status_of(over_udp(5247, hex("00 100080 0001 0008") + kFrame)), DecodeStatus::fragment);
  EXPECT_EQ(status_of(over_udp(5247, hex("00 100080 0001 0000") + kFrame)), DecodeStatus::segment);
}

TEST(Decode, LengthsThatCannotBe) {
  EXPECT_EQ(status_of(over_udp(2152, hex("34 ff 0000 12345678 0000 00 85 00") + kIpv4)),
            DecodeStatus::bad_header);
  EXPECT_EQ(status_of(over_udp(5247, hex("00 080000 00000000") + kFrame)), DecodeStatus::bad_header);
  EXPECT_EQ(status_of(hex("00 00 0700 00000000") + zeros(40), 127), DecodeStatus::bad_header);   // radiotap
  EXPECT_EQ(status_of(hex("00 00 0400 01000000") + kFrame, 192), DecodeStatus::bad_header);      // PPI
  EXPECT_EQ(status_of(hex("44000000 04000000") + zeros(40), 119), DecodeStatus::bad_header);     // prism
  EXPECT_EQ(status_of(hex("02 00 0000 0300 0100") + zeros(40), 239), DecodeStatus::bad_header);  // nflog
  EXPECT_EQ(status_of(hex("4d4744 00") + kFrame, 178), DecodeStatus::bad_header);                // juniper
  EXPECT_EQ(status_of(ethernet(0x8864, hex("21 00 0001 0010 0021") + kIpv4)), DecodeStatus::bad_header);
  EXPECT_EQ(status_of(over_ip(97, hex("4000") + kFrame)), DecodeStatus::bad_header);
  EXPECT_EQ(status_of(ethernet(0x0800, ipv4(51, hex("06 00 0000 00000000 00000000") + tcp()))),
            DecodeStatus::bad_header);
}

}  // namespace
}  // namespace tsaudit
