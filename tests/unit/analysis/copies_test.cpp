// SPDX-License-Identifier: Apache-2.0
// A capture that sees each segment at several points counts it once, and says so.
#include <gtest/gtest.h>

#include "talk.h"

namespace tsaudit {
namespace {

using enum Who;

const std::vector<Say> kTalk = {
    {.who = client, .ms = 0, .seq = 100, .flags = kSyn, .tsval = 1000},
    {.who = server, .ms = 10, .seq = 500, .ack = 101, .flags = kSyn | kAck, .tsval = 70000, .tsecr = 1000},
    {.who = client, .ms = 20, .seq = 101, .ack = 501, .tsval = 1020, .tsecr = 70000},
    {.who = client, .ms = 21, .seq = 101, .ack = 501, .length = 50, .tsval = 1021, .tsecr = 70000},
    {.who = server, .ms = 31, .seq = 501, .ack = 151, .length = 80, .tsval = 70021, .tsecr = 1021},
    {.who = client, .ms = 41, .seq = 151, .ack = 581, .tsval = 1041, .tsecr = 70021},
    {.who = client, .ms = 50, .seq = 151, .ack = 581, .length = 10, .tsval = 1050, .tsecr = 70021},
    {.who = client, .ms = 300, .seq = 151, .ack = 581, .length = 10, .tsval = 1300, .tsecr = 70021},  // again
    {.who = server, .ms = 310, .seq = 581, .ack = 161, .tsval = 70300, .tsecr = 1300},
    // The client is restored elsewhere, with a clock that is behind.
    {.who = client, .ms = 500, .seq = 161, .ack = 581, .length = 20, .tsval = 200, .tsecr = 70300, .ttl = 60},
    {.who = server, .ms = 510, .seq = 581, .ack = 161, .tsval = 70500, .tsecr = 1300},
    {.who = client, .ms = 800, .seq = 161, .ack = 581, .length = 20, .tsval = 500, .tsecr = 70500, .ttl = 60},
    {.who = server, .ms = 810, .seq = 581, .ack = 161, .tsval = 70800, .tsecr = 1300},
};

/// `points`: numbers of the capture's points; between two of them is a router.
Heard heard_at(const std::vector<uint32_t>& points, uint16_t vlan_of_last = 0,
               const AnalysisOptions& options = {}) {
  Talk talk;
  uint16_t ids[2] = {100, 9000};
  for (Say say : kTalk) {
    say.ip_id = ++ids[say.who == client ? 0 : 1];
    for (const uint32_t point : points) {
      say.point = point;
      say.vlan = point == points.back() ? vlan_of_last : 0;
      talk << say;
      say.ms += 0.03;
      --say.ttl;
    }
  }
  return hear(talk, options);
}

void expect_counted_once(const Heard& heard, uint64_t points) {
  EXPECT_EQ(heard.summary.totals.packets, kTalk.size() * points);
  EXPECT_EQ(heard.summary.totals.segments, kTalk.size());
  EXPECT_EQ(heard.summary.captures[0].skipped.at(kCopies), kTalk.size() * (points - 1));
  ASSERT_EQ(heard.flows.size(), 1u);
  const FlowReport& flow = heard.flows[0];
  EXPECT_EQ(flow.directions[0].segments, 8u);
  EXPECT_EQ(flow.directions[0].retransmissions, 2u);
  EXPECT_EQ(flow.directions[0].reasons[static_cast<size_t>(Reason::paws)], 2u);
  EXPECT_EQ(flow.migrations.size(), 1u);
  EXPECT_EQ(heard.rows.size(), kTalk.size());
}

/// `tcpdump -i any` on the host whose module adds 300,000,000 ticks to the client's TSval: each segment is
/// there before that and afterwards. `points`: the capture tells them apart; else a router in between does.
TEST(CopiesInACapture, WithOtherTimestampsAreOneSegment) {
  for (const bool points : {true, false}) {
    constexpr uint32_t kTicks = 300'000'000;
    Talk talk;
    uint16_t ids[2] = {100, 9000};
    for (Say say : kTalk) {
      const bool from_inside = say.who == client;
      say.ip_id = ++ids[from_inside ? 0 : 1];
      // As it is inside, with the clock that does not step at the move.
      if (say.ttl == 60) say.tsval += 1300;
      Say outside = say;
      if (from_inside) outside.tsval += kTicks;
      if (!from_inside && say.tsecr != 0) outside.tsecr += kTicks;
      Say& first = from_inside ? say : outside;
      Say& second = from_inside ? outside : say;
      if (points)
        first.point = 1, second.point = 2;
      else
        --second.ttl;
      second.ms += 0.03;
      talk << first << second;
    }
    const Heard heard = hear(talk);
    EXPECT_EQ(heard.summary.totals.dropped, 0u) << points;
    EXPECT_FALSE(heard.found(RuleId::tsecr_never_sent)) << points;
    EXPECT_FALSE(heard.found(RuleId::tsval_jump)) << points;
    EXPECT_FALSE(heard.found(RuleId::tsval_regression)) << points;
    EXPECT_GT(heard.summary.captures[0].skipped.at(kRewrittenCopies), kTalk.size() - 6) << points;
  }
}

/// Some stacks number their packets all alike. What one of them says next is no copy of what it said before.
TEST(CopiesInACapture, AreNotToldByTheIpIdAlone) {
  Talk talk;
  for (int i = 0; i < 20; ++i)
    for (Say say :
         {Say{.who = server, .ms = 10.0 * i, .seq = 500, .ack = 101, .tsval = 70000u + i, .tsecr = 1000u + i},
          Say{.who = client,
          .ms = 10.0 * i + 5,
          .seq = 101,
          .ack = 500,
          .tsval = 1001u + i,
          .tsecr = 70000u + i}}) {
      say.ip_id = 1;
      talk << say;
    }
  const Heard heard = hear(talk);
  EXPECT_EQ(heard.summary.totals.segments, 40u);
  EXPECT_FALSE(heard.summary.captures[0].skipped.contains(kRewrittenCopies));
}

TEST(CopiesInACapture, AreCountedOnceAndShown) {
  const Heard once = heard_at({0});
  EXPECT_FALSE(once.summary.captures[0].skipped.contains(kCopies));
  EXPECT_EQ(once.flows.at(0).directions[0].segments, 8u);
  EXPECT_EQ(once.flows[0].directions[0].retransmissions, 2u);
  expect_counted_once(heard_at({1, 2}), 2);
  expect_counted_once(heard_at({1, 2, 3}), 3);
}

TEST(CopiesInACapture, MayCarryATag) { expect_counted_once(heard_at({1, 2}, 42), 2); }

TEST(CopiesInACapture, AreExplainedByTheFirst) {
  AnalysisOptions options;
  options.explain_frame = 8;
  EXPECT_EQ(heard_at({1, 2}, 0, options).summary.copy_of_frame, 7u);
  options.explain_frame = 7;
  EXPECT_EQ(heard_at({1, 2}, 0, options).summary.copy_of_frame, 0u);
}

/// A mirror of both sides of a router, which has one number for all: its own headers tell.
TEST(CopiesInACapture, ShowWhenAHostIsAtTwoPointsInTurn) {
  const Heard heard = heard_at({0, 0});
  const uint64_t copies = heard.summary.captures[0].skipped.at(kCopies);
  EXPECT_GE(copies, kTalk.size() - 4) << "all, once it is plain";
  EXPECT_EQ(heard.summary.totals.segments, 2 * kTalk.size() - copies);
}

/// Two points, and data that the server never acknowledges: four times. `arrive`: at the second point, too.
std::string says_of_stall(bool arrive) {
  Talk talk;
  const auto at_both = [&](Say say, bool second = true) {
    say.point = 1;
    talk << say;
    say.ms += 0.03;
    say.point = 2;
    if (second) talk << say;
  };
  for (size_t i = 0; i < 6; ++i) at_both(kTalk[i]);
  double ms = 100;
  for (int i = 0; i < 5; ++i, ms *= 2)
    at_both({.who = client,
             .ms = ms,
             .seq = 151,
             .ack = 581,
             .length = 10,
             .tsval = static_cast<uint32_t>(1000 + ms),
             .tsecr = 70021},
            arrive);
  const Heard heard = hear(talk);
  for (const Finding& f : heard.flows.at(0).findings)
    if (f.rule == RuleId::not_timestamps) return f.message;
  return "";
}

TEST(CopiesInACapture, TellWhereSegmentsWereLost) {
  EXPECT_NE(says_of_stall(true), "");
  EXPECT_EQ(says_of_stall(true).find("none of the"), std::string::npos) << says_of_stall(true);
  EXPECT_NE(
      says_of_stall(false).find("none of the 3 retransmissions was seen at another point of the capture"),
      std::string::npos)
      << says_of_stall(false);
}

}  // namespace
}  // namespace tsaudit
