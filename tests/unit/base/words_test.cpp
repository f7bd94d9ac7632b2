// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/words.h"

#include <gtest/gtest.h>

#include "tsaudit/types.h"

namespace tsaudit {
namespace {

TEST(Words, CommasStandBetweenThousands) {
  EXPECT_EQ(grouped(uint64_t{0}), "0");
  EXPECT_EQ(grouped(uint64_t{999}), "999");
  EXPECT_EQ(grouped(uint64_t{1000}), "1,000");
  EXPECT_EQ(grouped(int64_t{-4'003'200}), "-4,003,200");
  EXPECT_EQ(grouped(int64_t{-100}), "-100");
  EXPECT_EQ(grouped(INT64_MAX), "9,223,372,036,854,775,807");
  EXPECT_EQ(grouped(INT64_MIN), "-9,223,372,036,854,775,808");
}

TEST(Words, ADurationHasTheUnitThatSaysMost) {
  const std::pair<int64_t, const char*> durations[] = {{0, "0 s"},
                                                       {999, "999 ns"},
                                                       {250'000, "250 us"},
                                                       {12'300'000, "12.3 ms"},
                                                       {999 * kMillisecond, "999 ms"},
                                                       {kSecond, "1 s"},
                                                       {1252 * kMillisecond, "1.25 s"},
                                                       {33'199 * kMillisecond, "33.2 s"},
                                                       {-5 * kSecond, "-5 s"},
                                                       {120 * kSecond, "2 min 0 s"},
                                                       {926 * kSecond, "15 min 26 s"},
                                                       {7'260 * kSecond, "2 h 1 min"},
                                                       {2'073'600 * kSecond, "24 d 0 h"}};
  for (const auto& [ns, text] : durations) EXPECT_EQ(duration_text(ns), text);
  EXPECT_EQ(duration_text(33'199 * kMillisecond, 5), "33.199 s");
  EXPECT_EQ(duration_text(INT64_MIN), duration_text(INT64_MIN + 1));
}

/// Never "1e+03 ms", "60 s" of a minute, or "24 h" of a day.
TEST(Words, ADurationIsRoundedBeforeItsUnitIsChosen) {
  const std::pair<int64_t, const char*> durations[] = {{999'600, "1 ms"},
                                                       {999'400, "999 us"},
                                                       {999'960'000, "1 s"},
                                                       {119'600 * kMillisecond, "2 min 0 s"},
                                                       {7'199'700 * kMillisecond, "2 h 0 min"},
                                                       {172'799 * kSecond, "2 d 0 h"},
                                                       {259'199 * kSecond, "3 d 0 h"}};
  for (const auto& [ns, text] : durations) EXPECT_EQ(duration_text(ns), text);
}

}  // namespace
}  // namespace tsaudit
