// SPDX-License-Identifier: Apache-2.0
#include "flow/copies.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tsaudit {
namespace {

/// Data of an established connection, at one point of the capture. All else is changed by the tests.
struct Seen : Segment {
  Seen(uint64_t at_frame, uint32_t at_point, uint32_t seq_raw = 1000, uint32_t length = 100) {
    frame = at_frame;
    point = at_point;
    seq = SeqNum{seq_raw};
    ack = SeqNum{77};
    payload = length;
    flags = kAck;
    ts = TsOption::present;
    tsval = TsVal{5000};
    tsecr = TsVal{900};
    ttl = 64;
    ip_id = 10;
  }
};
constexpr uint32_t kFlow = 0x1234567;
uint64_t ask(Copies& copies, const Segment& s, uint32_t flow = kFlow, bool from_low = true) {
  return copies.first_frame_of(s, flow, from_low);
}

TEST(Copies, AnotherPointShowsTheSameSegment) {
  Copies copies;
  EXPECT_EQ(ask(copies, Seen(1, 1)), 0);
  EXPECT_EQ(ask(copies, Seen(2, 2)), 1) << "the frame that showed it first";
  EXPECT_EQ(ask(copies, Seen(3, 3)), 1) << "as often as there are points";
}

TEST(Copies, TheSamePointShowsItAgainOnlyIfItWasSentAgain) {
  Copies copies;
  EXPECT_EQ(ask(copies, Seen(1, 1)), 0);
  EXPECT_EQ(ask(copies, Seen(2, 2)), 1);
  EXPECT_EQ(ask(copies, Seen(3, 1)), 0) << "doubled on the line, or sent again in the same tick";
  EXPECT_EQ(ask(copies, Seen(4, 2)), 1);
}

TEST(Copies, AnyPointMayBeTheFirst) {
  Copies copies;
  EXPECT_EQ(ask(copies, Seen(1, 1, 1000, 100)), 0);
  EXPECT_EQ(ask(copies, Seen(2, 2, 1000, 100)), 1);
  EXPECT_EQ(ask(copies, Seen(3, 2, 1100, 100)), 0) << "the next one";
  EXPECT_EQ(ask(copies, Seen(4, 1, 1100, 100)), 1);
  EXPECT_EQ(ask(copies, Seen(5, 1, 1100, 100)), 0) << "sent again";
}

TEST(Copies, ARouterBetweenThePointsShowsInTheHeaders) {
  Copies copies;
  Seen behind(2, 0);
  behind.ttl = 63;
  EXPECT_EQ(ask(copies, Seen(1, 0)), 0);
  EXPECT_EQ(ask(copies, behind), 1);
  Seen other_port(3, 0);
  other_port.src_mac = 0x020000000001;
  EXPECT_EQ(ask(copies, other_port), 1);
  Seen in_tunnel(4, 0);
  in_tunnel.scope = 42;
  EXPECT_EQ(ask(copies, in_tunnel), 1);
}

TEST(Copies, WhateverDiffersIsNoCopy) {
  const auto differs = [](auto change) {
    Copies copies;
    ask(copies, Seen(1, 1));
    Seen other(2, 2);
    change(other);
    return ask(copies, other) == 0;
  };
  EXPECT_FALSE(differs([](Segment&) {}));
  EXPECT_TRUE(differs([](Segment& s) { s.ack = s.ack + 1; }));
  EXPECT_TRUE(differs([](Segment& s) { s.tsval = s.tsval + 1; }));
  EXPECT_TRUE(differs([](Segment& s) { s.tsecr = s.tsecr + 1; }));
  EXPECT_TRUE(differs([](Segment& s) { s.seq = s.seq + 1; })) << "its last byte is new";
  EXPECT_TRUE(differs([](Segment& s) { s.flags |= kRst; }));
  EXPECT_TRUE(differs([](Segment& s) { s.flags |= kFin; })) << "FIN counts as a byte";
  EXPECT_TRUE(differs([](Segment& s) { s.ts = TsOption::absent; }));
  EXPECT_FALSE(differs([](Segment& s) { s.window = 1; })) << "windows of one ACK, one after the other";
  Copies copies;
  ask(copies, Seen(1, 1));
  EXPECT_EQ(ask(copies, Seen(2, 2), kFlow + 1), 0);
  EXPECT_EQ(ask(copies, Seen(3, 2), kFlow, false), 0);
}

TEST(Copies, IpV6HasItsFlowLabel) {
  const auto labelled = [](uint64_t frame, uint32_t point, uint32_t label) {
    Seen s(frame, point);
    s.src.v6 = true;
    s.ip_id = 0;
    s.flow_label = label;
    return s;
  };
  Copies copies;
  EXPECT_EQ(ask(copies, labelled(1, 1, 0xabcde)), 0);
  EXPECT_EQ(ask(copies, labelled(2, 2, 0xabcde)), 1);
  EXPECT_EQ(ask(copies, labelled(3, 2, 0xabcdf)), 0);
}

/// 2,000 segments of as many connections are under way between the two points.
TEST(Copies, ManyMayBeUnderWay) {
  Copies copies;
  constexpr uint32_t kUnderWay = 2000, kAll = 50'000;
  std::mt19937 random(1);
  std::vector<uint32_t> flows(kAll);
  for (uint32_t& flow : flows) flow = static_cast<uint32_t>(random());
  uint32_t missed = 0;
  for (uint32_t n = 0; n < kAll; ++n) {
    EXPECT_EQ(ask(copies, Seen(2 * n + 1, 1), flows[n]), 0);
    if (n >= kUnderWay) missed += ask(copies, Seen(2 * n + 2, 2), flows[n - kUnderWay]) == 0;
  }
  EXPECT_LT(missed, kAll / 30);
}

TEST(Copies, OneSegmentMayBeSeveralElsewhere) {
  Copies cut;  // by the NIC, behind the point that sees it first
  EXPECT_EQ(ask(cut, Seen(1, 1, 1000, 3000)), 0);
  for (uint16_t part = 0; part < 3; ++part) {
    Seen s(2u + part, 2, 1000 + part * 1000u, 1000);
    s.ip_id = static_cast<uint16_t>(10 + part);
    EXPECT_EQ(ask(cut, s), 1) << part;
  }
  Copies merged;  // GRO behind it
  for (uint16_t part = 0; part < 3; ++part) {
    Seen s(1u + part, 1, 1000 + part * 1000u, 1000);
    s.ip_id = static_cast<uint16_t>(10 + part);
    EXPECT_EQ(ask(merged, s), 0) << part;
  }
  EXPECT_EQ(ask(merged, Seen(4, 2, 1000, 3000)), 1);
  Seen beyond(5, 2, 4000, 1);
  EXPECT_EQ(ask(merged, beyond), 0) << "lost at the first point";
}

TEST(Copies, AHoleIsNoEnd) {
  Copies copies;
  EXPECT_EQ(ask(copies, Seen(1, 1, 1000, 100)), 0);
  EXPECT_EQ(ask(copies, Seen(2, 1, 5000, 100)), 0)
      << "sent by another processor, or what came between is lost";
  EXPECT_EQ(ask(copies, Seen(3, 2, 1000, 100)), 1);
  EXPECT_EQ(ask(copies, Seen(4, 2, 5000, 100)), 2);
}

TEST(Copies, WithoutAnEchoIpIdAndSequenceNumberTell) {
  for (const TsOption ts : {TsOption::absent, TsOption::present}) {
    const auto make = [ts](uint64_t frame, uint32_t point, uint16_t ip_id) {
      Seen s(frame, point);
      s.ts = ts;
      s.tsecr = TsVal{};
      s.ip_id = ip_id;
      return s;
    };
    Copies copies;
    EXPECT_EQ(ask(copies, make(1, 1, 10)), 0);
    EXPECT_EQ(ask(copies, make(2, 2, 10)), 1);
    EXPECT_EQ(ask(copies, make(3, 2, 11)), 0)
        << "sent again, or by a socket that was restored from the same image";
  }
}

}  // namespace
}  // namespace tsaudit
