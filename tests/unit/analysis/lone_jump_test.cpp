// SPDX-License-Identifier: Apache-2.0
// One segment with a TSval far ahead, after which the receiver refuses all that is in order.
#include <gtest/gtest.h>

#include "talk.h"

namespace tsaudit {
namespace {

using enum Who;

/// The client's data every 100 ms; the TSval of the segment at 5 s is `ahead` ticks ahead of its clock.
Heard hear_jump(uint32_t ahead) {
  Talk talk;
  talk << Say{client, 0, 1000, 0, 0, kSyn, 7000, 0} << Say{server, 0.1, 9000, 1001, 0, kSyn | kAck, 500, 7000}
       << Say{client, 10, 1001, 9001, 0, kAck, 7010, 500};
  uint32_t seq = 1001, ts_recent = 7010;
  for (uint32_t ms = 100; ms < 10'000; ms += 100) {
    const uint32_t tsval = 7000 + ms + (ms == 5000 ? ahead : 0);
    talk << Say{client, ms + 10.0, seq, 9001, 100, kAck, tsval, 500};
    if (tsval >= ts_recent) {
      ts_recent = tsval;
      seq += 100;
    }
    talk << Say{server, ms + 10.1, 9001, seq, 0, kAck, 500 + ms, ts_recent};
  }
  return hear(talk);
}

TEST(LoneJump, IsNamedAsTheCauseOfTheDrops) {
  const Heard heard = hear_jump(1'000'000);
  ASSERT_TRUE(heard.found(RuleId::paws_drop));
  ASSERT_TRUE(heard.found(RuleId::tsval_jump));
  EXPECT_FALSE(heard.found(RuleId::tsval_regression));
  for (const Finding& f : heard.flows[0].findings) {
    if (f.rule == RuleId::tsval_jump) {
      const SegmentRow& row = heard.rows.at(f.frames.at(0) - 1);
      EXPECT_EQ(row.tsval.raw, 7000u + 5000 + 1'000'000);
      EXPECT_EQ(f.time_ns, row.time_ns);
      EXPECT_NE(f.message.find("999,9"), std::string::npos) << f.message;
    } else if (f.rule == RuleId::paws_drop) {
      EXPECT_NE(f.advice.find("one segment set TS.Recent ahead"), std::string::npos) << f.advice;
    }
  }
}

TEST(LoneJump, WithoutHarmIsNoFinding) { EXPECT_FALSE(hear_jump(0).found(RuleId::tsval_jump)); }

TEST(LoneJump, ThatTheReceiverNeverTookIsNoFinding) {
  Talk talk;
  uint32_t seq = 1001;
  for (uint32_t ms = 100; ms < 10'000; ms += 100) {
    // Lost behind the capture, and sent again with a TSval that is in order.
    if (ms == 5000) talk << Say{client, ms + 5.0, seq, 9001, 100, kAck, 7000 + ms + 1'000'000, 500};
    talk << Say{client, ms + 10.0, seq, 9001, 100, kAck, 7000 + ms, 500};
    seq += 100;
    talk << Say{server, ms + 30.0, 9001, seq, 0, kAck, 500 + ms, 7000 + ms};
  }
  const Heard heard = hear(talk);
  EXPECT_FALSE(heard.found(RuleId::tsval_regression));
  EXPECT_EQ(heard.flows[0].directions[0].clock.nominal_hz, 1000);
}

}  // namespace
}  // namespace tsaudit
