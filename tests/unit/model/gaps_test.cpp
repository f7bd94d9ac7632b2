// SPDX-License-Identifier: Apache-2.0
#include "model/gaps.h"

#include <gtest/gtest.h>

namespace tsaudit {
namespace {

constexpr SeqNum kBegin{0xffffff00};  // the ranges of these tests cross the wrap

uint64_t lacking_after(Gaps& gaps, SeqNum ack) {
  gaps.acknowledge(ack);
  return gaps.lacking().bytes;
}

TEST(Gaps, WhatIsShownBeforeItIsAcknowledgedWasNeverLacking) {
  Gaps gaps;
  gaps.skip(kBegin, kBegin + 1000, 7);
  gaps.show(kBegin, kBegin + 400);
  EXPECT_FALSE(gaps.none());
  gaps.show(kBegin + 400, kBegin + 2000);
  EXPECT_TRUE(gaps.none());
  EXPECT_EQ(lacking_after(gaps, kBegin + 2000), 0u);
}

TEST(Gaps, WhatIsAcknowledgedUnseenIsCountedOnceAndNotIfItComesLate) {
  Gaps gaps;
  gaps.skip(kBegin, kBegin + 1000, 7);
  gaps.skip(kBegin + 2000, kBegin + 2300, 9);
  EXPECT_EQ(lacking_after(gaps, kBegin), 0u);
  EXPECT_EQ(lacking_after(gaps, kBegin + 600), 600u);
  EXPECT_FALSE(gaps.lacks(kBegin + 600, kBegin + 1000)) << "that may still come";
  EXPECT_EQ(lacking_after(gaps, kBegin + 2100), 1000u + 100u);
  EXPECT_EQ(lacking_after(gaps, kBegin + 3000), 1000u + 300u);
  EXPECT_EQ(lacking_after(gaps, kBegin + 3000), 1000u + 300u);
  EXPECT_EQ(gaps.lacking().frame, 7u);
  gaps.show(kBegin + 900, kBegin + 2000);
  EXPECT_EQ(gaps.lacking().bytes, 900u + 300u) << "1000 to 2000 had been shown";
  EXPECT_TRUE(gaps.lacks(kBegin + 800, kBegin + 1000));
  EXPECT_FALSE(gaps.lacks(kBegin + 900, kBegin + 2000));
}

TEST(Gaps, AMiddleThatIsShownLeavesBothSides) {
  Gaps gaps;
  gaps.skip(kBegin, kBegin + 1000, 7);
  gaps.show(kBegin + 300, kBegin + 500);
  EXPECT_EQ(lacking_after(gaps, kBegin + 1000), 300u + 500u);
}

TEST(Gaps, SeveralAcksOfOneEndTellOfItOnce) {
  Gaps gaps;
  for (const uint32_t end : {200u, 300u, 100u}) gaps.lack(kBegin, kBegin + end, 7);
  EXPECT_EQ(gaps.lacking().bytes, 300u);
}

TEST(Gaps, AreBoundedAndForgottenBeforeTheirNumbersComeAgain) {
  Gaps many;
  for (uint32_t i = 0; i < 100'000; ++i) many.skip(kBegin + 2 * i, kBegin + 2 * i + 1, 7);
  EXPECT_LT(lacking_after(many, kBegin + 200'000), 1'000u);
  Gaps old;
  for (uint32_t i = 0; i <= 3; ++i) old.skip(kBegin + (i << 29), kBegin + (i << 29) + 1, 7);
  EXPECT_EQ(lacking_after(old, kBegin + (3u << 29) + 1), 2u) << "half a gigabyte away";
}

}  // namespace
}  // namespace tsaudit
