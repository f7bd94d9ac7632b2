// SPDX-License-Identifier: Apache-2.0
#include "flow/scope_pairs.h"

#include <gtest/gtest.h>

#include <vector>

namespace tsaudit {
namespace {

TEST(ScopePairs, TriesTheKnownPartnerFirst) {
  ScopePairs pairs;
  for (uint32_t scope = 1; scope <= 40; ++scope) pairs.seen(scope);
  pairs.paired(1, 2);  // both long out of the recent ones
  std::vector<uint32_t> tried;
  EXPECT_FALSE(pairs.other_than(1, [&](uint32_t scope) {
    tried.push_back(scope);
    return false;
  }));
  ASSERT_FALSE(tried.empty());
  EXPECT_EQ(tried[0], 2u);
  EXPECT_LE(tried.size(), 17u);
  EXPECT_TRUE(pairs.other_than(2, [](uint32_t scope) { return scope == 1; }));
}

TEST(ScopePairs, ACaptureWithOneScopeAsksNothing) {
  ScopePairs pairs;
  pairs.seen(0);
  EXPECT_FALSE(pairs.other_than(0, [](uint32_t) { return true; }));
}

}  // namespace
}  // namespace tsaudit
