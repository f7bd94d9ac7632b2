// SPDX-License-Identifier: Apache-2.0
#include "suggest.h"

#include <algorithm>
#include <vector>

namespace tsaudit::cli {

size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the usual table: the one in work, and the two before it for swaps.
  std::vector<size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  constexpr size_t kLongest = 64;  // a longer word is no misspelling, and would cost time
  std::string best;
  if (word.size() > kLongest) return best;
  size_t smallest = word.size() / 3 + 2;  // more edits than that, and it is another word
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < smallest) {
      smallest = distance;
      best = candidate;
    }
  }
  // What is typed is often the beginning: "--rec" for "--receiver".
  if (best.empty() && word.size() >= 4) {
    for (const std::string& candidate : candidates) {
      if (candidate.starts_with(word)) return candidate;
    }
  }
  return best;
}

}  // namespace tsaudit::cli
