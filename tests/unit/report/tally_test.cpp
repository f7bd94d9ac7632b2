// SPDX-License-Identifier: Apache-2.0
#include "report/tally.h"

#include <gtest/gtest.h>

#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

std::string answer(const std::vector<FlowReport>& flows) {
  Tally tally;
  sample::Totalizer totalizer;
  for (const FlowReport& flow : flows) {
    tally.add(flow);
    totalizer.add(flow);
  }
  return headline(tally, totalizer.summary.totals);
}

/// Like healthy(), but the connection does not use timestamps.
FlowReport plain(uint64_t id) {
  FlowReport flow = sample::healthy(id);
  flow.timestamps = Negotiated::no;
  for (DirectionReport& direction : flow.directions) {
    const Side from = direction.from;
    direction = {};
    direction.from = from;
    sample::count(direction, Verdict::not_tested, Reason::not_negotiated, 500);
  }
  return flow;
}

TEST(Headline, StallComesFirst) {
  EXPECT_EQ(answer({sample::healthy(1), sample::stalled(2), sample::zero_window(3)}),
            "Timestamps stalled 1 of 3 flows: PAWS discarded 12 segments (9 confirmed by the receiver). 1 "
            "flow stalled "
            "for another reason.");
}

TEST(Headline, LossWithoutAStall) {
  FlowReport flow = sample::stalled(2);
  flow.findings.pop_back();
  EXPECT_EQ(
      answer({sample::healthy(1), flow}),
      "Timestamps cost 1 of 2 flows data, but stalled none: PAWS discarded 12 segments (9 confirmed by the "
      "receiver).");
}

TEST(Headline, PredictionAloneIsOnlyProbable) {
  FlowReport flow = sample::stalled(2);
  flow.directions[0].predicted = 12;
  flow.directions[0].confirmed = 0;
  EXPECT_EQ(answer({sample::healthy(1), flow}),
            "Timestamps probably stalled 1 of 2 flows: by the model PAWS discarded 12 segments, none of them "
            "confirmed "
            "by the receiver.");
}

TEST(Headline, StallOfAFlowIsNotCountedTwice) {
  FlowReport both = sample::stalled(2);
  both.findings.push_back(sample::zero_window(2).findings[0]);
  EXPECT_EQ(answer({both}),
            "Timestamps stalled 1 of 1 flow: PAWS discarded 12 segments (9 confirmed by the receiver).");
}

TEST(Headline, ACleanNo) {
  EXPECT_EQ(answer({sample::healthy(1), plain(2)}),
            "Timestamps are not the problem: PAWS discarded none of 1,000 judged segments in 2 flows.");
}

TEST(Headline, ANoWithTheOtherCause) {
  EXPECT_EQ(answer({sample::healthy(1), sample::zero_window(2)}),
            "Timestamps are not the problem: PAWS discarded none of 2,000 judged segments in 2 flows. 1 flow "
            "stalled "
            "for another reason.");
}

/// PAWS discarded `frames` segments, and that is the one finding.
FlowReport discarded(uint64_t frames, RuleId rule, Severity severity) {
  FlowReport flow = sample::healthy(1);
  sample::count(flow.directions[0], Verdict::drop, Reason::paws, static_cast<uint32_t>(frames));
  flow.directions[0].predicted = static_cast<uint32_t>(frames);
  flow.findings.resize(1);
  flow.findings[0].rule = rule;
  flow.findings[0].severity = flow.worst = severity;
  flow.findings[0].evidence = Evidence::predicted;
  flow.findings[0].frame_count = frames;
  return flow;
}

TEST(Headline, HarmlessOldAcksAreNotLoss) {
  const FlowReport acks = discarded(4, RuleId::stale_ack, Severity::note);
  const FlowReport copy = discarded(1, RuleId::paws_drop, Severity::note);
  EXPECT_EQ(
      answer({acks}),
      "Timestamps are not the problem: PAWS discarded 4 segments, all old pure ACKs, which is harmless.");
  EXPECT_EQ(answer({acks, copy}),
            "Timestamps are not the problem: PAWS discarded 5 segments (4 old pure ACKs, 1 late copy of data "
            "that had "
            "arrived), which is harmless.");
}

TEST(Headline, ARefusedSynIsNotHarmless) {
  EXPECT_EQ(
      answer({discarded(3, RuleId::time_wait_reuse, Severity::warning),
              discarded(4, RuleId::stale_ack, Severity::note)}),
      "Timestamps held 1 of 2 flows up: 3 SYNs refused in TIME_WAIT, with a TSval before the last one of the "
      "connection before.");
}

TEST(Headline, MigrationThatWentWell) {
  FlowReport flow = sample::healthy(1);
  flow.migrations = sample::stalled(1).migrations;
  EXPECT_EQ(
      answer({flow}),
      "Timestamps are not the problem: PAWS discarded none of 1,000 judged segments in 1 flow. 1 of 1 flow "
      "migrated without a loss to PAWS.");
}

TEST(Headline, WarningsAreNotHiddenByANo) {
  FlowReport flow = sample::healthy(1);
  flow.worst = Severity::warning;
  EXPECT_EQ(answer({flow}),
            "Timestamps are not the problem: PAWS discarded none of 1,000 judged segments in 1 flow. Worth a "
            "look all "
            "the same: 1 flow.");
}

// Silence is never green.
TEST(Headline, NothingSeenIsInconclusive) {
  EXPECT_EQ(answer({}), "Inconclusive: no TCP flow in 0 packets.");
  EXPECT_EQ(answer({plain(1), plain(2)}),
            "Inconclusive: no segment of 2 flows carries timestamps, so there is nothing to judge.");
}

TEST(Headline, NothingJudgedIsInconclusive) {
  FlowReport flow = plain(1);
  flow.timestamps = Negotiated::yes;
  flow.directions[0] = {};
  sample::count(flow.directions[0], Verdict::unknown, Reason::ts_recent_unknown, 30);
  EXPECT_EQ(answer({flow}).substr(0, 62), "Inconclusive: none of 30 segments with timestamps could be jud");
}

TEST(Headline, LittleJudgedIsInconclusive) {
  FlowReport flow = sample::healthy(1);
  sample::count(flow.directions[0], Verdict::unknown, Reason::sequence_range, 5000);
  EXPECT_EQ(answer({flow}),
            "Inconclusive: only 1,000 of 6,000 segments with timestamps could be judged; PAWS discarded none "
            "of these.");
}

TEST(Headline, AStallThatTheCaptureDoesNotExplainIsInconclusive) {
  FlowReport flow = sample::zero_window(1);
  flow.findings[0].rule = RuleId::capture_incomplete;
  EXPECT_EQ(answer({flow}).substr(0, 82),
            "Inconclusive: 1 of 1 flow stalled while segments went by that could not be judged;");
}

TEST(Headline, ATooShortSnapshotIsNamed) {
  FlowReport flow;
  flow.options_cut = true;
  EXPECT_EQ(
      answer({flow}),
      "Inconclusive: the snapshot length cut the TCP options off in 1 of 1 flow, so there is nothing to "
      "judge. Capture at least 128 bytes a packet.");
}

TEST(Headline, ContradictedDropsProveNothing) {
  FlowReport flow = sample::healthy(1);
  sample::count(flow.directions[0], Verdict::drop, Reason::paws, 5);
  flow.directions[0].contradicted = 5;
  flow.findings = {sample::stalled(1).findings[1]};
  flow.findings[0].evidence = Evidence::contradicted;
  EXPECT_EQ(answer({flow}).substr(0, 57), "Inconclusive: by the model 5 segments would be discarded,");
}

TEST(Matters, NotesAloneDoNotUnlessTheyTellAStory) {
  EXPECT_FALSE(matters(sample::healthy(1)));
  EXPECT_TRUE(matters(sample::stalled(1)));
  EXPECT_TRUE(matters(sample::zero_window(1)));
  FlowReport noted = sample::zero_window(1);
  noted.findings[0].rule = RuleId::capture_incomplete;
  EXPECT_TRUE(matters(noted)) << "a stall that nothing explains";
  noted.findings[0].duration_ns = 0;
  EXPECT_FALSE(matters(noted));
  noted.directions[1].contradicted = 1;
  EXPECT_TRUE(matters(noted)) << "a contradiction is never hidden";
}

}  // namespace
}  // namespace tsaudit
