// SPDX-License-Identifier: Apache-2.0
// The set of what TS.Recent may be, against a receiver that chooses at random, and case by case.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "model/ts_recent.h"

namespace tsaudit {
namespace {

using Echo = TsRecentSet::Echo;

TEST(TsRecentRandom, KnowsNothingAtFirst) {
  TsRecentSet set;
  EXPECT_FALSE(set.known());
  EXPECT_FALSE(set.may_hold({0}));
  EXPECT_EQ(set.anchor({5}, 0, kSecond, false), Echo::unknown);
  EXPECT_TRUE(set.exact());
  EXPECT_EQ(set.back().raw, 5u);
}

TEST(TsRecentRandom, AnEchoSeenFirstSaysNothingOfItsAge) {
  TsRecentSet set;
  set.anchor({5}, 0, 100 * kSecond, false);
  EXPECT_EQ(set.newest_store(), 100 * kSecond);
  EXPECT_LT(set.oldest_store(), -1000 * kSecond);
}

TEST(TsRecentRandom, AStoreLeavesOneValue) {
  TsRecentSet set;
  set.store({1}, kSecond);
  set.may_store({2}, 2 * kSecond);
  set.store({3}, 3 * kSecond);
  EXPECT_TRUE(set.exact());
  EXPECT_FALSE(set.may_hold({1}) || set.may_hold({2}));
  EXPECT_EQ(set.newest_store(), 3 * kSecond);
  EXPECT_EQ(set.oldest_store(), 3 * kSecond);
}

TEST(TsRecentRandom, PossibleStoresAreKeptInOrderUntilAnEchoDecides) {
  TsRecentSet set;
  set.store({10}, kSecond);
  set.may_store({20}, 2 * kSecond);
  set.may_store({30}, 3 * kSecond);
  ASSERT_EQ(set.size(), 3u);
  for (const uint32_t value : {10u, 20u, 30u}) EXPECT_TRUE(set.may_hold({value})) << value;
  EXPECT_FALSE(set.may_hold({15})) << "no segment carried it";

  EXPECT_EQ(set.anchor({20}, kSecond, 4 * kSecond, false), Echo::possible);
  EXPECT_FALSE(set.may_hold({10})) << "refuted: stored before the echoed one";
  EXPECT_TRUE(set.may_hold({30})) << "may have come after the echo left";
  EXPECT_EQ(set.anchor({20}, 4 * kSecond, 5 * kSecond, true), Echo::possible);
  EXPECT_TRUE(set.exact()) << "everything has arrived, and it still echoes 20";
  EXPECT_EQ(set.anchor({20}, 5 * kSecond, 6 * kSecond, false), Echo::exact);
}

TEST(TsRecentRandom, MissesAreToldApart) {
  const auto set = [] {
    TsRecentSet s;
    s.store({0xfffffff0}, kSecond);
    s.may_store({0x10}, 2 * kSecond);  // over the wrap
    return s;
  };
  TsRecentSet older = set(), newer = set(), between = set();
  EXPECT_EQ(older.anchor({0xffffff00}, 0, 3 * kSecond, false), Echo::older);
  EXPECT_EQ(newer.anchor({0x20}, 0, 3 * kSecond, false), Echo::unseen);
  EXPECT_EQ(between.anchor({0}, 0, 3 * kSecond, false), Echo::unseen);
}

TEST(TsRecentRandom, TooManyValuesBecomeAnIntervalThatForgetsNone) {
  TsRecentSet set;
  std::vector<TsVal> stored;
  for (uint32_t i = 0; i < 20; ++i) {
    stored.push_back(TsVal{0xfffffff6} + i);  // over the wrap
    if (i == 0)
      set.store(stored.back(), kSecond);
    else
      set.may_store(stored.back(), kSecond + i * kMillisecond);
    for (const TsVal value : stored) EXPECT_TRUE(set.may_hold(value)) << i << " " << value.raw;
    EXPECT_LE(set.size(), TsRecentSet::kCapacity);
  }
  EXPECT_TRUE(set.interval());
  EXPECT_FALSE(set.may_hold(stored.front() - 1));
  EXPECT_FALSE(set.may_hold(stored.back() + 1));
  EXPECT_EQ(set.anchor(stored[7], 0, 2 * kSecond, false), Echo::possible);
  EXPECT_FALSE(set.may_hold(stored[6]));
  EXPECT_TRUE(set.may_hold(stored[7]) && set.may_hold(stored[12]) && set.may_hold(stored[19]));
}

TEST(TsRecentRandom, TheTimeOfTheStoreIsBounded) {
  TsRecentSet set;
  set.store({1}, 10 * kSecond);
  set.may_store({2}, 20 * kSecond);
  EXPECT_EQ(set.newest_store(), 20 * kSecond);
  EXPECT_EQ(set.oldest_store(), 10 * kSecond) << "if 2 was not stored, 1 is as old as it was";
  set.anchor({2}, 15 * kSecond, 21 * kSecond, false);
  EXPECT_EQ(set.oldest_store(), 15 * kSecond) << "at 15 s it was another value";
}

/// A receiver that stores each offered value or not as it likes, and echoes now and then: what it holds is
/// never outside of the set, and what it echoes is never a miss.
TEST(TsRecentRandom, HoldsWhateverAReceiverMayDo) {
  std::mt19937 random(1);
  const uint32_t starts[] = {0, 1, 0x7ffffff0, 0xfffffff0, 12345};
  for (int round = 0; round < 3000; ++round) {
    TsRecentSet set;
    uint32_t clock = starts[random() % std::size(starts)] + static_cast<uint32_t>(random()) % 16;
    uint32_t truth = clock;
    TimeNs now = kSecond, stored_at = now, last_echo = 0;
    set.store({truth}, now);
    for (int step = 0; step < 40; ++step) {
      now += kMillisecond;
      if (random() % 3 != 0) {
        clock += static_cast<uint32_t>(random()) % 4;
        if (random() % 2 != 0) truth = clock, stored_at = now;
        set.may_store({clock}, now);
      } else {
        const Echo echo = set.anchor({truth}, last_echo, now, false);
        ASSERT_TRUE(echo == Echo::exact || echo == Echo::possible) << round << " " << step;
        last_echo = now;
      }
      ASSERT_TRUE(set.may_hold({truth})) << round << " " << step;
      ASSERT_LE(set.oldest_store() / kMillisecond, stored_at / kMillisecond) << round << " " << step;
      ASSERT_GE(set.newest_store(), stored_at) << round << " " << step;
    }
  }
}

}  // namespace
}  // namespace tsaudit
