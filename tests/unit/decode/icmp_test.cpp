// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "unit/decode/craft.h"
#include "unit/decode/properties.h"

namespace tsaudit {
namespace {

using namespace craft;

const Bytes kQuoted4 = hex("4500 0034 1234 4000 3f06 0000 c0000201 c0000202 9c40 01bb 12345678");
const Bytes kQuoted6 =
    hex("6000 0000 0020 0640 20010db8000000000000000000000001"
        "20010db8000000000000000000000002 9c40 01bb 12345678");

Bytes icmp4(std::string_view header, const Bytes& quoted) {
  return ethernet(0x0800, hex("4500") + u16(20 + 8 + quoted.size()) +
                              hex("0000 0000 4001 0000 c00002fe c0000201") + hex(header) + quoted);
}
Bytes icmp6(std::string_view header, const Bytes& quoted) {
  return ethernet(0x86dd, hex("60000000") + u16(8 + quoted.size()) +
                              hex("3a40 20010db80000000000000000000000fe 20010db8000000000000000000000001") +
                              hex(header) + quoted);
}

TEST(IcmpError, QuotesTheSegment) {
  const Decoded d = decode_bytes(icmp4("0301 0000 00000000", kQuoted4));
  ASSERT_EQ(d.status, DecodeStatus::icmp_error);
  const IcmpError& error = d.notice.icmp_error;
  EXPECT_EQ(to_string(error.reporter), "192.0.2.254");
  EXPECT_EQ(to_string(error.src), "192.0.2.1");
  EXPECT_EQ(to_string(error.dst), "192.0.2.2");
  EXPECT_EQ(error.sport, 40000);
  EXPECT_EQ(error.dport, 443);
  EXPECT_EQ(error.seq.raw, 0x12345678u);
  EXPECT_EQ(error.frame, 7u);
  EXPECT_EQ(error.time_ns, 1234567890);
  EXPECT_EQ(meaning(error), "host unreachable");
  EXPECT_EQ(broken_property(d.packet), nullptr);
}

TEST(IcmpError, OfIpv6) {
  const Decoded d = decode_bytes(icmp6("0200 0000 00000500", kQuoted6));
  ASSERT_EQ(d.status, DecodeStatus::icmp_error);
  const IcmpError& error = d.notice.icmp_error;
  EXPECT_EQ(to_string(error.reporter), "2001:db8::fe");
  EXPECT_EQ(to_string(error.src), "2001:db8::1");
  EXPECT_EQ(to_string(error.dst), "2001:db8::2");
  EXPECT_EQ(error.sport, 40000);
  EXPECT_EQ(meaning(error), "packet too big, MTU 1,280");
  EXPECT_EQ(broken_property(d.packet), nullptr);
}

TEST(IcmpError, SaysWhat) {
  const auto says4 = [](std::string_view header) {
    const Decoded d = decode_bytes(icmp4(header, kQuoted4));
    return d.status == DecodeStatus::icmp_error ? meaning(d.notice.icmp_error) : "";
  };
  EXPECT_EQ(says4("0304 0000 00000578"), "fragmentation needed, MTU 1,400");
  EXPECT_EQ(says4("0304 0000 00000000"), "fragmentation needed") << "of before RFC 1191";
  EXPECT_EQ(says4("030d 0000 00000578"), "communication administratively prohibited");
  EXPECT_EQ(says4("0b00 0000 00000000"), "TTL exceeded in transit");
  EXPECT_EQ(says4("0c00 0000 00000000"), "type 12, code 0");
  for (const char* none :
       {"0000 0000 00000000", "0501 0000 c0000203", "0400 0000 00000000", "0800 0000 00000000"})
    EXPECT_EQ(says4(none), "") << none << ": nothing was discarded";
  const auto says6 = [](std::string_view header) {
    const Decoded d = decode_bytes(icmp6(header, kQuoted6));
    return d.status == DecodeStatus::icmp_error ? meaning(d.notice.icmp_error) : "";
  };
  EXPECT_EQ(says6("0100 0000 00000000"), "no route to destination");
  EXPECT_EQ(says6("0103 0000 00000000"), "address unreachable");
  EXPECT_EQ(says6("0300 0000 00000000"), "hop limit exceeded in transit");
  EXPECT_EQ(says6("8000 0000 00000000"), "") << "an echo request";
}

TEST(IcmpError, OfAnythingElseIsNone) {
  Bytes udp = kQuoted4, fragment = kQuoted4, version = kQuoted4, header = kQuoted4;
  udp[9] = 17;
  EXPECT_EQ(decode_bytes(icmp4("0301 0000 00000000", udp)).status, DecodeStatus::not_tcp);
  fragment[7] = 1;
  EXPECT_EQ(decode_bytes(icmp4("0301 0000 00000000", fragment)).status, DecodeStatus::not_tcp);
  version[0] = 0x65;
  EXPECT_EQ(decode_bytes(icmp4("0301 0000 00000000", version)).status, DecodeStatus::bad_header);
  header[0] = 0x44;
  EXPECT_EQ(decode_bytes(icmp4("0301 0000 00000000", header)).status, DecodeStatus::bad_header);
  EXPECT_EQ(decode_bytes(icmp6("0100 0000 00000000", kQuoted4)).status, DecodeStatus::bad_header);
}

TEST(IcmpError, Cut) {
  for (const Bytes& packet : {icmp4("0301 0000 00000000", kQuoted4), icmp6("0100 0000 00000000", kQuoted6)}) {
    for (size_t kept = 0; kept < packet.size(); ++kept) {
      const Decoded d = decode_bytes(packet, kEthernet, kept);
      EXPECT_EQ(d.status, DecodeStatus::cut_header) << kept;
      EXPECT_EQ(broken_property(d.packet), nullptr) << kept;
    }
  }
  Bytes less = kQuoted4;
  less.pop_back();
  EXPECT_EQ(decode_bytes(icmp4("0301 0000 00000000", less)).status, DecodeStatus::bad_header)
      << "RFC 792: 8 bytes";
}

TEST(IcmpError, InAVlanIsAboutASegmentThere) {
  Bytes tagged = icmp4("0301 0000 00000000", kQuoted4);
  const Bytes tag = hex("8100 002a");
  tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
  const Decoded d = decode_bytes(tagged);
  ASSERT_EQ(d.status, DecodeStatus::icmp_error);
  EXPECT_NE(d.notice.icmp_error.scope, 0u);
}

}  // namespace
}  // namespace tsaudit
