// SPDX-License-Identifier: Apache-2.0
#include "model/ts_recent.h"

#include <gtest/gtest.h>

namespace tsaudit {
namespace {

using Echo = TsRecentSet::Echo;

TEST(TsRecentSet, AMissLeavesTheSetAsItWas) {
  TsRecentSet set;
  set.store({100}, 0);
  EXPECT_EQ(set.anchor({90}, 0, 1, true), Echo::older);
  EXPECT_EQ(set.anchor({110}, 0, 1, true), Echo::unseen);
  EXPECT_EQ(set.back(), TsVal{100});
  set.replace({110}, 2);
  EXPECT_TRUE(set.exact());
  EXPECT_EQ(set.back(), TsVal{110});
}

TEST(TsRecentSet, PrecedeKeepsWhatIsLater) {
  TsRecentSet set;
  set.store({100}, 0);
  set.may_store({200}, 1);
  set.may_store({210}, 2);
  set.precede({150}, 3);  // so 100 is over, and 200 and 210 are on their way
  EXPECT_FALSE(set.may_hold({100}));
  for (const uint32_t value : {150, 200, 210}) EXPECT_TRUE(set.may_hold({value}));
  EXPECT_EQ(set.anchor({200}, 0, 4, false), Echo::possible);
}

TEST(TsRecentSet, PrecedeOfAFullSetIsAnInterval) {
  TsRecentSet set;
  set.store({200}, 0);
  for (const uint32_t value : {210, 220, 230}) set.may_store({value}, 1);
  set.precede({150}, 2);
  EXPECT_TRUE(set.interval());
  for (const uint32_t value : {150, 200, 230}) EXPECT_TRUE(set.may_hold({value}));
  EXPECT_FALSE(set.may_hold({149}));
  EXPECT_FALSE(set.may_hold({231}));
}

TEST(TsRecentSet, AnIntervalKeepsWhatLiesFarOff) {
  constexpr uint32_t kFar = 0x8000'0000 - 5;
  TsRecentSet set;
  set.store({100}, 0);
  for (const uint32_t value : {101u, kFar, 102u, 103u, 104u, 105u}) set.may_store({value}, 1);
  EXPECT_TRUE(set.interval());
  for (const uint32_t value : {100u, kFar, 102u, 103u, 104u, 105u})
    EXPECT_TRUE(set.may_hold({value})) << value;
  EXPECT_FALSE(set.may_hold({kFar + 1}));
  EXPECT_EQ(set.anchor({kFar}, 0, 2, false), TsRecentSet::Echo::possible);
  EXPECT_FALSE(set.may_hold({100})) << "stored before it";
  EXPECT_TRUE(set.may_hold({105}));
}

TEST(TsRecentSet, AValueThatFallsIsNotTheGreatest) {
  TsRecentSet set;
  set.store({100}, 0);
  EXPECT_TRUE(set.none_after({100}));
  EXPECT_FALSE(set.none_after({99}));
  set.may_store({50}, 1);
  EXPECT_FALSE(set.none_after({60})) << "100 is still possible";
  EXPECT_EQ(set.likeliest(), TsVal{100});
  EXPECT_EQ(set.anchor({50}, 0, 2, true), TsRecentSet::Echo::possible);
  EXPECT_TRUE(set.none_after({60}));
}

TEST(TsRecentSet, ItsAgeIsBoundedByItsSender) {
  TsRecentSet set;
  set.anchor({100}, 0, 5000 * kSecond, false);
  EXPECT_LT(set.oldest_store(), 0);
  set.not_stored_before(4990 * kSecond);
  EXPECT_EQ(set.oldest_store(), 4990 * kSecond);
}

TEST(TsRecentSet, DoubtIsNotSettledByTime) {
  TsRecentSet set;
  set.store({100}, 0);
  set.doubt();
  EXPECT_TRUE(set.exact());
  set.may_store({110}, 1);
  set.doubt();
  set.settle();
  EXPECT_TRUE(set.may_hold({100}));
  set.anchor({110}, 0, 2, true);
  EXPECT_TRUE(set.exact());
}

TEST(TsRecentSet, PrecedeAcrossTheWrap) {
  TsRecentSet set;
  set.store({0xffff'fff0}, 0);
  set.may_store({16}, 1);
  set.precede({0xffff'fff8}, 2);
  EXPECT_FALSE(set.may_hold({0xffff'fff0}));
  EXPECT_TRUE(set.may_hold({16}));
}

TEST(TsRecentSet, TimeAloneDoesNotSettleWhatMayNeverBeStored) {
  TsRecentSet set;
  EXPECT_EQ(set.anchor({100}, 0, 1, false), Echo::unknown);
  set.may_reach({120});
  set.settle();
  EXPECT_TRUE(set.may_hold({100}));
  EXPECT_TRUE(set.may_hold({110}));
  EXPECT_EQ(set.anchor({110}, 0, 2, true), Echo::possible);
  EXPECT_TRUE(set.exact());
}

}  // namespace
}  // namespace tsaudit
