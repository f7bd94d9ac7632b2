// SPDX-License-Identifier: Apache-2.0
// Packets that libtins writes, with random fields: another author's idea of each layer.
#include <gtest/gtest.h>
#include <tins/loopback.h>
#include <tins/tins.h>

#include <functional>
#include <random>

#include "unit/decode/craft.h"
#include "unit/decode/properties.h"

namespace tsaudit {
namespace {

using namespace Tins;

struct Fields {
  uint16_t sport, dport, window;
  uint32_t seq, ack, tsval, tsecr;
  uint8_t flags, ttl, shift;
  size_t payload;
  bool timestamps;

  explicit Fields(std::mt19937& random) {
    const auto any = [&random] { return static_cast<uint32_t>(random()); };
    sport = static_cast<uint16_t>(any());
    dport = static_cast<uint16_t>(any());
    window = static_cast<uint16_t>(any());
    seq = any();
    ack = any();
    tsval = any();
    tsecr = any();
    flags = static_cast<uint8_t>(any());
    ttl = static_cast<uint8_t>(any());
    shift = static_cast<uint8_t>(any() % 15);
    payload = any() % 200;
    timestamps = any() % 4 != 0;
  }
  TCP tcp() const {
    TCP header(dport, sport);
    header.seq(seq);
    header.ack_seq(ack);
    header.window(window);
    header.flags(flags);
    if (flags & kSyn) header.winscale(shift);
    if (timestamps) header.timestamp(tsval, tsecr);
    return header;
  }
  IP ip() const {
    IP header("198.51.100.2", "192.0.2.1");
    header.ttl(ttl);
    return header / tcp() / RawPDU(std::string(payload, 'x'));
  }
  IPv6 ipv6(bool extensions = false) const {
    IPv6 header("2001:db8::2", "2001:db8::1");
    header.hop_limit(ttl);
    if (extensions) {
      const uint8_t padding[] = {1, 4, 0, 0, 0, 0};
      for (const uint8_t type : {IPv6::HOP_BY_HOP, IPv6::DESTINATION_OPTIONS})
        header.add_header(IPv6::ext_header(type, sizeof padding, padding));
    }
    return header / tcp() / RawPDU(std::string(payload, 'x'));
  }
};

struct Layering {
  const char* name;
  uint16_t link_type;
  std::function<PDU::serialization_type(const Fields&)> write;
};
void PrintTo(const Layering& layering, std::ostream* out) { *out << layering.name; }

EthernetII frame() { return EthernetII("02:00:00:00:00:aa", "02:00:00:00:00:01"); }
const Layering kLayerings[] = {
    {"ethernet", 1, [](const Fields& f) { return (frame() / f.ip()).serialize(); }},
    {"ethernet_ipv6", 1, [](const Fields& f) { return (frame() / f.ipv6()).serialize(); }},
    {"ipv6_extensions", 1, [](const Fields& f) { return (frame() / f.ipv6(true)).serialize(); }},
    {"vlan", 1, [](const Fields& f) { return (frame() / Dot1Q(42) / f.ip()).serialize(); }},
    {"qinq", 1, [](const Fields& f) { return (frame() / Dot1Q(10) / Dot1Q(20) / f.ipv6()).serialize(); }},
    {"mpls", 1,
     [](const Fields& f) {
       MPLS bottom;
       bottom.label(17);
       bottom.bottom_of_stack(1);
       return (frame() / MPLS() / bottom / f.ip()).serialize();
     }},
    {"snap", 1,
     [](const Fields& f) {
       return (Dot3("02:00:00:00:00:aa", "02:00:00:00:00:01") / SNAP() / f.ip()).serialize();
     }},
    {"ipip", 1,
     [](const Fields& f) { return (frame() / IP("203.0.113.1", "203.0.113.2") / f.ip()).serialize(); }},
    {"6in4", 1,
     [](const Fields& f) { return (frame() / IP("203.0.113.1", "203.0.113.2") / f.ipv6()).serialize(); }},
    {"sll", 113,
     [](const Fields& f) {
       SLL sll;
       sll.lladdr_type(1);
       sll.lladdr_len(6);
       sll.address("02:00:00:00:00:01");
       return (sll / f.ip()).serialize();
     }},
    {"loopback", 0, [](const Fields& f) { return (Loopback() / f.ip()).serialize(); }},
    {"raw", 101, [](const Fields& f) { return f.ip().serialize(); }},
    {"raw_ipv6", 101, [](const Fields& f) { return f.ipv6().serialize(); }},
    {"radiotap", 127,
     [](const Fields& f) {
       Dot11Data data("02:00:00:00:00:aa", "02:00:00:00:00:01");
       data.to_ds(1);
       data.addr2("02:00:00:00:00:01");
       return (RadioTap() / data / SNAP() / f.ip()).serialize();
     }},
};

class WrittenByTins : public testing::TestWithParam<Layering> {};
INSTANTIATE_TEST_SUITE_P(All, WrittenByTins, testing::ValuesIn(kLayerings),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(WrittenByTins, IsReadAlike) {
  std::mt19937 random(4242);
  for (int round = 0; round < 500; ++round) {
    const Fields f(random);
    const craft::Decoded d = craft::decode_bytes(GetParam().write(f), GetParam().link_type);
    ASSERT_EQ(d.status, DecodeStatus::segment);
    ASSERT_EQ(broken_property(d.packet), nullptr);
    const Segment& s = d.segment;
    ASSERT_EQ(s.sport, f.sport);
    ASSERT_EQ(s.dport, f.dport);
    ASSERT_EQ(s.seq.raw, f.seq);
    ASSERT_EQ(s.ack.raw, f.ack);
    ASSERT_EQ(s.flags, f.flags);
    ASSERT_EQ(s.window, f.window);
    ASSERT_EQ(s.payload, f.payload);
    ASSERT_EQ(s.ttl, f.ttl);
    ASSERT_EQ(s.ts, f.timestamps ? TsOption::present : TsOption::absent);
    ASSERT_EQ(s.tsval.raw, f.timestamps ? f.tsval : 0);
    ASSERT_EQ(s.tsecr.raw, f.timestamps ? f.tsecr : 0);
    ASSERT_EQ(s.window_scale, f.flags & kSyn ? f.shift : Segment::kNoWindowScale);
    ASSERT_EQ(to_string(s.src), s.src.v6 ? "2001:db8::1" : "192.0.2.1");
    ASSERT_EQ(to_string(s.dst), s.src.v6 ? "2001:db8::2" : "198.51.100.2");
    ASSERT_EQ(verify_checksums(s), Checksum::good);
  }
}

TEST(WrittenByTins, PppoeSession) {
  std::mt19937 random(1);
  const Fields f(random);
  PPPoE session;
  session.version(1);
  session.type(1);
  session.code(0);
  session.session_id(7);
  PDU::serialization_type ppp = f.ip().serialize();
  ppp.insert(ppp.begin(), {0x00, 0x21});
  session.payload_length(static_cast<uint16_t>(ppp.size()));
  const PDU::serialization_type packet = (frame() / session / RawPDU(ppp)).serialize();
  EXPECT_EQ(craft::decode_bytes(packet).segment.seq.raw, f.seq);
}

TEST(WrittenByTins, GratuitousArp) {
  EthernetII packet = ARP::make_arp_reply("192.0.2.1", "192.0.2.1", "ff:ff:ff:ff:ff:ff", "02:00:00:00:00:cc");
  const craft::Decoded d = craft::decode_bytes(packet.serialize());
  ASSERT_EQ(d.status, DecodeStatus::announcement);
  EXPECT_EQ(d.notice.announcement.mac, 0x0200000000ccu);
}

TEST(WrittenByTins, NeighbourAdvertisement) {
  ICMPv6 icmp(ICMPv6::NEIGHBOUR_ADVERT);
  icmp.target_addr("2001:db8::9");
  icmp.override(1);
  icmp.target_link_layer_addr("02:00:00:00:00:cc");
  IPv6 ip("ff02::1", "2001:db8::9");
  ip.hop_limit(255);
  const craft::Decoded d = craft::decode_bytes((frame() / ip / icmp).serialize());
  ASSERT_EQ(d.status, DecodeStatus::announcement);
  EXPECT_EQ(to_string(d.notice.announcement.address), "2001:db8::9");
  EXPECT_EQ(d.notice.announcement.mac, 0x0200000000ccu);
}

}  // namespace
}  // namespace tsaudit
