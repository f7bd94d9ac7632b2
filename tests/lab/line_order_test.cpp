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

/// Thirty segments that arrive as they were captured, from frame `from` on at both places.
void thirty_more(LineOrder& order, uint64_t from) {
  for (uint64_t frame = from; frame < from + 30; ++frame) order.add("a", "b", frame, frame);
}

TEST(LineOrder, WhatArrivesAsCapturedIsKept) {
  LineOrder order;
  order.add("a", "b", 1, 5);
  order.add("b", "a", 3, 7);
  EXPECT_THAT(order.kept(), ElementsAre(1, 3));
}

TEST(LineOrder, AnotherConnectionDoesNotMatter) {
  LineOrder order;
  order.add("a", "b", 1, 5);
  order.add("c", "b", 2, 4);
  EXPECT_THAT(order.kept(), ElementsAre(1, 2));
}

TEST(LineOrder, NeitherIsKeptOfTwoThatChangePlaces) {
  LineOrder order;
  order.add("a", "b", 2, 1);
  order.add("a", "b", 1, 2);
  EXPECT_THAT(order.kept(), IsEmpty());
}

TEST(LineOrder, ALossAndATwinDisturbTheNextTwenty) {
  for (const auto& [captured, at_receiver] : {std::pair{1, 0}, std::pair{0, 1}}) {
    LineOrder order;
    order.add("a", "b", captured, at_receiver);
    thirty_more(order, 2);
    EXPECT_THAT(order.kept(), AllOf(Not(Contains(2)), Not(Contains(20)), Contains(22), Contains(31)))
        << captured;
  }
}

}  // namespace
}  // namespace lab
