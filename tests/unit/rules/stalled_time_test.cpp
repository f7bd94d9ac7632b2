// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tsaudit/report.h"

namespace tsaudit {
namespace {

Finding stall(TimeNs from, int64_t lasted, RuleId rule = RuleId::paws_stall) {
  Finding f;
  f.rule = rule;
  f.time_ns = from;
  f.duration_ns = lasted;
  return f;
}
int64_t all(const std::vector<Finding>& findings) {
  return stalled_ns(findings, [](const Finding&) { return true; });
}

TEST(StalledTime, WhatOverlapsCountsOnce) {
  EXPECT_EQ(all({}), 0);
  EXPECT_EQ(all({stall(100, 50)}), 50);
  EXPECT_EQ(all({stall(100, 50), stall(200, 50)}), 100);
  EXPECT_EQ(all({stall(100, 50), stall(100, 50)}), 50);
  EXPECT_EQ(all({stall(120, 50), stall(100, 50)}), 70) << "in any order";
  EXPECT_EQ(all({stall(100, 500), stall(200, 50), stall(700, 1)}), 501);
}

TEST(StalledTime, OnlyWhatIsAskedForCounts) {
  const std::vector<Finding> findings{stall(0, 10), stall(5, 100, RuleId::not_timestamps)};
  EXPECT_EQ(stalled_ns(findings, [](const Finding& f) { return f.rule == RuleId::paws_stall; }), 10);
}

/// A capture may state any time.
TEST(StalledTime, TimesAtTheEndOfTheWorldDoNotOverflow) {
  EXPECT_EQ(all({stall(INT64_MAX - 5, 100), stall(INT64_MAX - 3, 100)}), 5);
}

}  // namespace
}  // namespace tsaudit
