// SPDX-License-Identifier: Apache-2.0
#include "suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace tsaudit::cli {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsChangesAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", "abc"), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("recevier", "receiver"), 1u) << "two neighbours swapped";
  EXPECT_EQ(edit_distance("ab", "ba"), 1u);
}

TEST(EditDistance, IsSymmetric) {
  const std::vector<std::string> words = {"analyze", "analyse", "segments", "explain", "ex", ""};
  for (const auto& a : words) {
    for (const auto& b : words) EXPECT_EQ(edit_distance(a, b), edit_distance(b, a)) << a << " " << b;
  }
}

TEST(Nearest, FindsTheLikelyWord) {
  const std::vector<std::string> options = {"--filter", "--format", "--fail-on", "--receiver"};
  EXPECT_EQ(nearest("--recevier", options), "--receiver");
  EXPECT_EQ(nearest("--fromat", options), "--format");
  EXPECT_EQ(nearest("--rec", options), "--receiver") << "a beginning";
}

TEST(Nearest, IsSilentRatherThanWrong) {
  const std::vector<std::string> options = {"--filter", "--format"};
  EXPECT_EQ(nearest("--something-else", options), "");
  EXPECT_EQ(nearest("--x", options), "");
  EXPECT_EQ(nearest("anything", {}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), options), "");
}

}  // namespace
}  // namespace tsaudit::cli
