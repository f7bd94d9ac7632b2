// SPDX-License-Identifier: Apache-2.0
#include "flow/scope_pairs.h"

#include <gtest/gtest.h>

namespace tsaudit {
namespace {

FlowKey key(uint32_t client, uint32_t scope) {
  return {FlowKey::kIpv4Mark, 0x0a000000 + client, FlowKey::kIpv4Mark, 0x0b000000,
          uint64_t{40000} << 48 | uint64_t{443} << 32 | scope};
}

TEST(ScopePairs, FindsTheOtherDirectionInAnotherScope) {
  ScopePairs pairs;
  EXPECT_FALSE(pairs.candidate(key(1, 0)).has_value());
  pairs.remember(key(1, 100));
  EXPECT_EQ(pairs.candidate(key(1, 200)), key(1, 100));
  EXPECT_EQ(pairs.candidate(key(1, 0)), key(1, 100));
  EXPECT_FALSE(pairs.candidate(key(2, 0)).has_value()) << "another 4-tuple";
}

TEST(ScopePairs, AFlowWithoutAScopeIsAlwaysACandidateForOneWith) {
  ScopePairs pairs;
  EXPECT_EQ(pairs.candidate(key(1, 100)), key(1, 0));
}

TEST(ScopePairs, JoinedKeysLeadToOneFlowUntilItIsForgotten) {
  ScopePairs pairs;
  pairs.join(key(1, 200), key(1, 100));
  EXPECT_EQ(pairs.flow_of(key(1, 200)), key(1, 100));
  EXPECT_FALSE(pairs.flow_of(key(1, 100)).has_value());
  pairs.forget(key(2, 100));
  EXPECT_TRUE(pairs.flow_of(key(1, 200)).has_value());
  pairs.forget(key(1, 100));
  EXPECT_FALSE(pairs.flow_of(key(1, 200)).has_value());
}

TEST(ScopePairs, ManyFlowsLoseCandidatesAtMost) {
  ScopePairs pairs;
  for (uint32_t i = 0; i < 100'000; ++i) pairs.remember(key(i, 100));
  for (uint32_t i = 0; i < 100'000; ++i) {
    const auto found = pairs.candidate(key(i, 0));
    if (found) {
      ASSERT_EQ(*found, key(i, 100)) << "never the flow of somebody else";
    }
  }
}

}  // namespace
}  // namespace tsaudit
