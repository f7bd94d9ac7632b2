// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "report/text_flow.h"
#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

TEST(Timeline, ShowsWhereTheFlowMovedAndStoodStill) {
  EXPECT_EQ(timeline(sample::stalled(1), 50),
            "0 s |----------------Mxxxxxxxxxxxxxxxxxxxxx| 61 s\n"
            "     M moved, x stalled by PAWS");
  EXPECT_EQ(timeline(sample::zero_window(1), 50),
            "0 s |------------zzzzzzzzzzzzz-------------| 61 s\n"
            "     z stalled, not by timestamps");
}

TEST(Timeline, SaysNothingWhereThereIsNothingToSee) {
  EXPECT_EQ(timeline(sample::healthy(1), 80), "");
  EXPECT_EQ(timeline(sample::stalled(1), 20), "") << "too narrow";
  FlowReport instant = sample::stalled(1);
  instant.last_ns = instant.first_ns;
  EXPECT_EQ(timeline(instant, 80), "");
}

TEST(Timeline, SurvivesTimesThatCannotBe) {
  FlowReport flow = sample::stalled(1);
  flow.findings[2].duration_ns = std::numeric_limits<int64_t>::max() - flow.findings[2].time_ns;
  flow.migrations[0].time_ns = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(timeline(flow, 50).substr(0, 6), "0 s |M");
}

}  // namespace
}  // namespace tsaudit
