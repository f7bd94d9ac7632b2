// SPDX-License-Identifier: Apache-2.0
#include "report/worst_flows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

std::vector<uint64_t> ids(const WorstFlows& worst) {
  std::vector<uint64_t> out;
  for (size_t i = 0; i < worst.size(); ++i) out.push_back(worst[i].id);
  return out;
}

TEST(WorstFlows, SeverityThenStallThenDropsThenId) {
  FlowReport longer = sample::stalled(5);
  longer.findings[2].duration_ns *= 2;
  FlowReport no_stall = sample::stalled(4);
  no_stall.findings.pop_back();
  WorstFlows worst(10);
  for (const FlowReport& flow :
       {sample::zero_window(1), sample::stalled(3), no_stall, sample::stalled(2), longer}) {
    worst.offer(flow);
  }
  EXPECT_EQ(ids(worst), (std::vector<uint64_t>{5, 2, 3, 4, 1}));
}

TEST(WorstFlows, KeepsTheSameOnesWhateverTheOrder) {
  std::vector<FlowReport> flows;
  for (uint64_t id = 1; id <= 20; ++id)
    flows.push_back(id % 3 == 0 ? sample::stalled(id) : sample::zero_window(id));
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(flows, random);
    WorstFlows worst(8);
    for (const FlowReport& flow : flows) worst.offer(flow);
    EXPECT_EQ(ids(worst), (std::vector<uint64_t>{3, 6, 9, 12, 15, 18, 1, 2}));
    EXPECT_EQ(worst.not_kept(), 12u);
  }
}

}  // namespace
}  // namespace tsaudit
