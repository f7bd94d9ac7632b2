// SPDX-License-Identifier: Apache-2.0
// Every link layer, tag and tunnel in front of the same TCP segment: it must come out the same, whole or cut.
#include <gmock/gmock.h>

#include "unit/decode/encapsulations.h"
#include "unit/decode/properties.h"

namespace tsaudit {
namespace {

using namespace craft;

class Encapsulation : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, Encapsulation, testing::ValuesIn(kEncapsulations),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(Encapsulation, LeadsToTheSegment) {
  const Decoded d = decode_bytes(GetParam().packet, GetParam().link_type);
  ASSERT_EQ(to_string(d.status), "segment");
  const Segment& s = d.segment;
  EXPECT_EQ(s.time_ns, 1234567890);
  EXPECT_EQ(s.frame, 7u);
  EXPECT_THAT(to_string(s.src), testing::AnyOf("192.0.2.1", "2001:db8::1"));
  EXPECT_EQ(to_string(s.dst), s.src.v6 ? "2001:db8::2" : "198.51.100.2");
  EXPECT_EQ(s.sport, 40000);
  EXPECT_EQ(s.dport, 443);
  EXPECT_EQ(s.seq.raw, 0x11223344u);
  EXPECT_EQ(s.ack.raw, 0x55667788u);
  EXPECT_EQ(s.flags, kPsh | kAck);
  EXPECT_EQ(s.window, 501);
  EXPECT_EQ(s.payload, 5u);
  EXPECT_EQ(s.ts, TsOption::present);
  EXPECT_EQ(s.tsval.raw, 1000u);
  EXPECT_EQ(s.tsecr.raw, 2000u);
  EXPECT_EQ(s.ttl, 64);
  EXPECT_EQ(s.ip_id, s.src.v6 ? 0 : 0x1234);
  EXPECT_EQ(s.flow_label, s.src.v6 ? 0xabcdeu : 0u);
  EXPECT_EQ(s.src_mac, GetParam().mac);
  EXPECT_EQ(s.scope != 0, GetParam().scoped);
  EXPECT_EQ(s.tcp_length, 37u);
  EXPECT_EQ(s.tcp_captured, 37u);
  EXPECT_EQ(s.tcp, d.packet.data + d.packet.captured - 37);
}

TEST_P(Encapsulation, IgnoresTrailers) {
  const Decoded whole = decode_bytes(GetParam().packet, GetParam().link_type);
  const Decoded padded = decode_bytes(GetParam().packet + hex("ffffffffffff"), GetParam().link_type);
  ASSERT_EQ(padded.status, DecodeStatus::segment);
  EXPECT_EQ(padded.segment.payload, 5u);
  EXPECT_EQ(padded.segment.tcp_captured, 37u);
  EXPECT_EQ(padded.segment.scope, whole.segment.scope);
}

/// A snapshot of any length says that it ends in a header, or has the right values.
TEST_P(Encapsulation, CutAnywhere) {
  const size_t size = GetParam().packet.size();
  const Decoded whole = decode_bytes(GetParam().packet, GetParam().link_type);
  for (size_t kept = 0; kept < size; ++kept) {
    const Decoded d = decode_bytes(GetParam().packet, GetParam().link_type, kept);
    EXPECT_EQ(broken_property(d.packet), nullptr);
    if (kept < size - 37 + 20) {  // in front of, or in, the fixed TCP header
      ASSERT_EQ(to_string(d.status), "cut-header") << kept << " of " << size;
      continue;
    }
    ASSERT_EQ(to_string(d.status), "segment") << kept;
    Segment expected = whole.segment;
    expected.ip = d.segment.ip;
    expected.tcp = d.segment.tcp;
    expected.tcp_captured = static_cast<uint32_t>(kept - (size - 37));
    if (expected.tcp_captured < 32) {
      expected.ts = TsOption::cut;
      expected.tsval = expected.tsecr = {};
    }
    EXPECT_TRUE(d.segment == expected) << kept;
  }
}

/// The wire itself ends early: nothing says so but the missing bytes.
TEST_P(Encapsulation, ShortFrameIsNoSegment) {
  for (size_t kept = 0; kept < GetParam().packet.size() - 37 + 20; ++kept) {
    const Bytes bytes(GetParam().packet.begin(), GetParam().packet.begin() + static_cast<ptrdiff_t>(kept));
    const Decoded d = decode_bytes(bytes, GetParam().link_type);
    EXPECT_EQ(broken_property(d.packet), nullptr);
    ASSERT_NE(to_string(d.status), "segment") << kept;
  }
}

TEST_P(Encapsulation, KeepsTheProperties) {
  EXPECT_EQ(broken_property(decode_bytes(GetParam().packet, GetParam().link_type).packet), nullptr);
}

}  // namespace
}  // namespace tsaudit
