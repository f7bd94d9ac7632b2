// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/host_moves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// sample::stalled(), whose client moved `later` than it did there.
FlowReport moved(uint64_t id, TimeNs later, int64_t least = 1000) {
  FlowReport flow = sample::stalled(id);
  Migration& m = flow.migrations.front();
  m.frame += id;
  m.time_ns += later;
  m.offset = OffsetAdvice{.min = least, .suggested = least + 10, .max = least + INT32_MAX};
  for (Finding& finding : flow.findings) finding.time_ns += later;
  return flow;
}

std::vector<HostMove> moves_of(const std::vector<FlowReport>& flows) {
  HostMoves moves;
  for (const FlowReport& flow : flows) moves.add(flow);
  moves.finish();
  return moves.moves();
}

TEST(HostMoves, AreConnectionsOfOneAddressThatMoveTogether) {
  FlowReport spared = moved(3, 30 * kMillisecond, -500);
  std::erase_if(spared.findings, [](const Finding& f) { return f.rule == RuleId::paws_stall; });
  const auto moves = moves_of({moved(2, 20 * kMillisecond, 1500), sample::healthy(4), moved(1, 0), spared});
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_EQ(to_string(moves[0].host), "10.0.0.1");
  EXPECT_EQ(moves[0].first_frame, 813u);
  EXPECT_EQ(moves[0].last_frame, 815u);
  EXPECT_EQ(moves[0].last_ns - moves[0].first_ns, 30 * kMillisecond);
  EXPECT_EQ(moves[0].flows, 3u);
  EXPECT_EQ(moves[0].stalled, 2u);
  ASSERT_TRUE(moves[0].offset);
  EXPECT_EQ(moves[0].offset->min, 1500);
  EXPECT_EQ(moves[0].offset->max, INT32_MAX - 500);
  EXPECT_EQ(
      what_came_of(moves[0]),
      "Another host went on with them at frames 813 to 815, within 30 ms. Timestamps stalled 2; an offset of "
      "+1500 ticks or more would have suited all.");
}

TEST(HostMoves, OfOneConnectionAreNone) {
  EXPECT_TRUE(moves_of({moved(1, 0)}).empty());
  EXPECT_TRUE(moves_of({moved(1, 0), moved(2, 3 * kSecond)}).empty()) << "each by itself";
}

TEST(HostMoves, OfTwoAddressesAreTwo) {
  std::vector<FlowReport> flows = {moved(1, 0), moved(2, 0), moved(3, -kSecond), moved(4, -kSecond)};
  for (size_t i : {2u, 3u}) parse_ip("10.0.0.9", flows[i].client.address);
  const auto moves = moves_of(flows);
  ASSERT_EQ(moves.size(), 2u);
  EXPECT_EQ(to_string(moves[0].host), "10.0.0.9") << "in order of time";
  EXPECT_EQ(to_string(moves[1].host), "10.0.0.1");
}

TEST(HostMoves, MayHaveNoOffsetThatSuitsAll) {
  const auto moves = moves_of({moved(1, 0), moved(2, 0, int64_t{1} << 32)});
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_FALSE(moves[0].offset);
  EXPECT_THAT(what_came_of(moves[0]), HasSubstr("stalled all; no one offset would have suited all."));
}

TEST(HostMoves, ThatNeedNoneSayNothingOfOffsets) {
  const auto moves = moves_of({moved(1, 0, -7), moved(2, 0, 1)});
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_FALSE(moves[0].offset);
  EXPECT_THAT(what_came_of(moves[0]), Not(HasSubstr("offset")));
}

/// What a host's move did to hundreds is told of two; others come to word.
TEST(HostMoves, LeaveRoomForOtherFlows) {
  std::vector<FlowReport> flows;
  for (uint64_t id = 1; id <= 30; ++id) flows.push_back(moved(id, 0));
  FlowReport other = sample::stalled(77);
  other.migrations.clear();
  for (DirectionReport& direction : other.directions) direction.confirmed = 0;
  flows.push_back(other);
  const std::string text =
      sample::report(ReportFormat::text, flows, {.color = false, .width = 100, .command_hint = {""}});
  EXPECT_THAT(text, HasSubstr("moved    10.0.0.1 with 30 connections\n"));
  EXPECT_THAT(text, HasSubstr("error    flow 77 "));
  EXPECT_THAT(text, HasSubstr("error    flow 2 "));
  EXPECT_THAT(text, Not(HasSubstr("error    flow 3 ")));
  EXPECT_THAT(text, HasSubstr("28 flows more in the table"));
}

}  // namespace
}  // namespace tsaudit
