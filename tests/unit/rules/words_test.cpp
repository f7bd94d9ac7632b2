// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <climits>

#include "rules/findings.h"
#include "tsaudit/types.h"

namespace tsaudit {
namespace {

TEST(Words, NumbersHaveCommas) {
  const std::pair<int64_t, const char*> numbers[] = {{0, "0"},
                                                     {7, "7"},
                                                     {999, "999"},
                                                     {1000, "1,000"},
                                                     {1'234'567, "1,234,567"},
                                                     {-999, "-999"},
                                                     {-1000, "-1,000"},
                                                     {INT64_MAX, "9,223,372,036,854,775,807"},
                                                     {INT64_MIN, "-9,223,372,036,854,775,808"}};
  for (const auto& [number, text] : numbers) EXPECT_EQ(with_commas(number), text);
}

TEST(Words, DurationsHaveTheUnitThatAReaderWants) {
  const std::pair<int64_t, const char*> durations[] = {{0, "0 ms"},
                                                       {250 * kMillisecond, "250 ms"},
                                                       {kSecond, "1.0 s"},
                                                       {3200 * kMillisecond, "3.2 s"},
                                                       {119 * kSecond, "119.0 s"},
                                                       {120 * kSecond, "2 min"},
                                                       {2700 * kSecond, "45 min"},
                                                       {7200 * kSecond, "2.0 h"},
                                                       {24 * 86400 * kSecond, "24.0 days"}};
  for (const auto& [ns, text] : durations) EXPECT_EQ(duration_text(ns), text);
}

TEST(Words, SidesAreNamed) {
  EXPECT_EQ(named(Side::client), "the client");
  EXPECT_EQ(named(Side::server), "the server");
}

}  // namespace
}  // namespace tsaudit
