// SPDX-License-Identifier: Apache-2.0
#include "line_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

/// A frame a millisecond, and no time between the two places.
LineOrder::Place at(uint64_t frame, int64_t later_ns = 0) {
  return {frame, static_cast<int64_t>(frame) * 1'000'000 + later_ns};
}

/// Thirty segments that arrive as they were captured, from frame `from` on at both places.
void thirty_more(LineOrder& order, uint64_t from) {
  for (uint64_t frame = from; frame < from + 30; ++frame) order.add("a", "b", at(frame), at(frame));
}

TEST(LineOrder, WhatArrivesAsCapturedIsKept) {
  LineOrder order;
  order.add("a", "b", at(1), at(5));
  order.add("b", "a", at(3), at(7));
  EXPECT_THAT(order.kept(), ElementsAre(1, 3));
}

TEST(LineOrder, AnotherConnectionDoesNotMatter) {
  LineOrder order;
  order.add("a", "b", at(1), at(5));
  order.add("c", "b", at(2), at(4));
  EXPECT_THAT(order.kept(), ElementsAre(1, 2));
}

TEST(LineOrder, NeitherIsKeptOfTwoThatChangePlaces) {
  LineOrder order;
  order.add("a", "b", at(2), at(1));
  order.add("a", "b", at(1), at(2));
  EXPECT_THAT(order.kept(), IsEmpty());
}

TEST(LineOrder, ALossAndATwinDisturbTheNextTwenty) {
  for (const auto& [captured, at_receiver] : {std::pair{1, 0}, std::pair{0, 1}}) {
    LineOrder order;
    order.add("a", "b", at(captured), at(at_receiver));
    thirty_more(order, 2);
    EXPECT_THAT(order.kept(), AllOf(Not(Contains(2)), Not(Contains(20)), Contains(22), Contains(31)))
        << captured;
  }
}

/// Its receiver's RTO is not what the capture shows from then on.
TEST(LineOrder, WhatIsHeldUpDisturbsTheRest) {
  for (const int64_t held_ns : {7'000'000, 9'000'000}) {
    LineOrder order;
    thirty_more(order, 1);
    order.add("b", "a", at(31), at(31, -held_ns));
    thirty_more(order, 32);
    EXPECT_EQ(order.kept().contains(61), held_ns < 8'000'000) << held_ns;
    EXPECT_TRUE(order.kept().contains(30));
  }
}

TEST(LineOrder, TheSameLongWayForAllIsNotHeldUp) {
  LineOrder order;
  for (uint64_t frame = 1; frame <= 30; ++frame) order.add("a", "b", at(frame), at(frame, 50'000'000));
  EXPECT_TRUE(order.kept().contains(30));
}

}  // namespace
}  // namespace lab
