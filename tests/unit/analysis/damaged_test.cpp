// SPDX-License-Identifier: Apache-2.0
// A segment that was damaged on the way: its receiver never looks at the timestamps.
#include <gtest/gtest.h>

#include "talk.h"

namespace tsaudit {
namespace {

using enum Who;

Talk opened(Sum usual) {
  Talk talk;
  talk << Say{.who = client, .ms = 0, .seq = 1000, .flags = kSyn, .tsval = 7000, .sum = usual}
       << Say{.who = server,
              .ms = 1,
              .seq = 9000,
              .ack = 1001,
              .flags = kSyn | kAck,
              .tsval = 500,
              .tsecr = 7000};
  return talk;
}

/// The client's segment number `i`.
Say data(uint32_t i, Sum sum) {
  return {.who = client,
          .ms = 10.0 + i,
          .seq = 1001 + 100 * i,
          .ack = 9001,
          .length = 100,
          .tsval = 7010 + i,
          .tsecr = 500,
          .sum = sum};
}

/// The client's checksums are like `usual`, but for that of one segment in the middle.
SegmentRow damaged_among(Sum usual) {
  Talk talk = opened(usual);
  for (uint32_t i = 0; i < 9; ++i) talk << data(i, i == 5 ? Sum::wrong : usual);
  const Heard heard = hear(talk);
  for (const SegmentRow& row : heard.rows)
    EXPECT_TRUE(row.seq.raw == 1501 || row.reason != Reason::tcp_csum) << "frame " << row.frame;
  return heard.rows.at(7);
}

TEST(Damaged, SegmentsAreKnownByTheirChecksums) {
  for (const Sum usual : {Sum::good, Sum::part}) {
    EXPECT_EQ(damaged_among(usual).verdict, Verdict::drop);
    EXPECT_EQ(damaged_among(usual).reason, Reason::tcp_csum);
  }
}

TEST(Damaged, NoSegmentIsWhereAllChecksumsAreWrong) {
  EXPECT_EQ(damaged_among(Sum::none).verdict, Verdict::accept);
  EXPECT_EQ(damaged_among(Sum::wrong).verdict, Verdict::accept);
}

/// Payload that was made anonymous, or what a virtual switch hands on: the ACKs tell, also one of the first
/// part.
TEST(Damaged, NothingIsWhatItsReceiverAcknowledges) {
  Talk talk = opened(Sum::good);
  for (uint32_t i = 0; i < 3; ++i) talk << data(i, Sum::wrong);
  talk << Say{.who = server, .ms = 20, .seq = 9001, .ack = 1201, .tsval = 520, .tsecr = 7011};
  talk << Say{.who = client,
              .ms = 30,
              .seq = 1301,
              .ack = 9001,
              .length = 100,
              .tsval = 7030,
              .tsecr = 520,
              .sum = Sum::wrong};
  const Heard heard = hear(talk);
  EXPECT_EQ(heard.rows.back().verdict, Verdict::accept);
  for (const Finding& finding : heard.flows.at(0).findings)
    EXPECT_NE(finding.rule, RuleId::capture_incomplete) << finding.message;
}

}  // namespace
}  // namespace tsaudit
