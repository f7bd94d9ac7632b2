// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/series.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace tsaudit {
namespace {

/// Up to so many samples a column all are drawn: fewer points would not come of choosing.
constexpr size_t kDrawAll = 4;
/// How far to look for a neighbour over samples without a value. A line to one beyond would show nothing of
/// here.
constexpr size_t kReach = 4096;
/// Columns of many samples may end this part of a column later than they should, and an extreme may stand as
/// much too early. They then end where groups of the pyramid do, and neither times nor extremes need be
/// looked for among single samples.
constexpr size_t kColumnPart = 8;

/// Where a column ends: the first of [begin, last) at or after `time`, or a multiple of `group` that is at
/// most `slack` after it. `pace` samples a column are expected.
size_t column_end(const SharedArray<TimeNs>& times, size_t begin, size_t last, TimeNs time, size_t group,
                  long double slack, size_t pace) {
  const auto before = [&](size_t at) { return times[at] < time; };
  // The first group that starts late enough: a gallop from where samples of even pace would have it, halving.
  const size_t groups = (last + group - 1) / group;
  size_t low = (begin + group - 1) / group, high = low, step = (pace + pace / 8) / group + 1;
  for (; high < groups && before(high * group); step *= 2) {
    low = high + 1;
    high = std::min(groups, high + step);
  }
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    before(middle * group) ? low = middle + 1 : high = middle;
  }
  const size_t at = std::min(low * group, last);
  if (at < last && static_cast<long double>(times[at]) - static_cast<long double>(time) <= slack) return at;
  const TimeNs* from = times.begin() + std::max(begin, at - std::min(at, group));
  return static_cast<size_t>(std::lower_bound(from, times.begin() + at, time) - times.begin());
}

}  // namespace

Series::Series(SharedArray<TimeNs> times, MinMaxPyramid values)
    : times_(std::move(times)), values_(std::move(values)) {
  if (times_.size() != values_.size()) throw std::invalid_argument("as many values as times");
}

size_t Series::lower_bound(TimeNs time) const {
  return static_cast<size_t>(std::lower_bound(times_.begin(), times_.end(), time) - times_.begin());
}

MinMax Series::range(TimeNs from, TimeNs to) const {
  if (from > to) return {};
  return values_.range(lower_bound(from), to == INT64_MAX ? size() : lower_bound(to + 1));
}

std::optional<size_t> Series::nearest(TimeNs time) const {
  const auto has = [&](size_t i) { return !std::isnan(values_[i]); };
  size_t right = lower_bound(time);
  size_t left = right;
  while (right < size() && !has(right)) ++right;
  while (left > 0 && !has(left - 1)) --left;
  if (left == 0) return right < size() ? std::optional(right) : std::nullopt;
  --left;
  if (right == size()) return left;
  return time - times_[left] <= times_[right] - time ? left : right;
}

void Series::add(size_t index, std::vector<SeriesPoint>& out) const {
  if (!std::isnan(values_[index])) out.push_back(at(index));
}

void Series::sample(TimeNs from, TimeNs to, unsigned columns, std::vector<SeriesPoint>& out) const {
  out.clear();
  if (size() == 0 || columns == 0 || from > to) return;
  const size_t first = lower_bound(from);
  const size_t last = to == INT64_MAX ? size() : lower_bound(to + 1);
  size_t before = first;
  while (before > 0 && first - before < kReach && std::isnan(values_[before - 1])) --before;
  if (before > 0) add(before - 1, out);

  if (last - first <= kDrawAll * columns) {
    for (size_t i = first; i < last; ++i) add(i, out);
  } else {
    // In long double: a capture's span in ns times a column's number does not fit 64 bits.
    const long double width = (static_cast<long double>(to) - static_cast<long double>(from) + 1) / columns;
    const size_t pace = (last - first) / columns;
    size_t group = 1, height = 0;
    for (; group * MinMaxPyramid::kFanOut * kColumnPart <= pace; ++height) group *= MinMaxPyramid::kFanOut;
    size_t begin = first;
    for (unsigned column = 0; column < columns && begin < last; ++column) {
      const TimeNs end_time = from + static_cast<TimeNs>(width * (column + 1));
      const size_t end = column + 1 == columns
                             ? last
                             : column_end(times_, begin, last, end_time, group, width / kColumnPart, pace);
      if (begin == end) continue;
      const MinMax extremes = values_.range(begin, end, height);
      if (!extremes.empty()) {
        size_t head = begin, tail = end - 1;
        while (std::isnan(values_[head])) ++head;
        while (std::isnan(values_[tail])) --tail;
        // An extreme is known to be in a group, which may begin with samples that have no value.
        const size_t low = std::max(extremes.min_at, head), high = std::max(extremes.max_at, head);
        std::array<SeriesPoint, 4> picked{
            at(head), {times_[low], extremes.min, low}, {times_[high], extremes.max, high}, at(tail)};
        if (high < low) std::swap(picked[1], picked[2]);
        out.insert(out.end(), picked.begin(), std::unique(picked.begin(), picked.end()));
      }
      begin = end;
    }
  }

  size_t after = last;
  while (after < size() && after - last < kReach && std::isnan(values_[after])) ++after;
  if (after < size()) add(after, out);
}

}  // namespace tsaudit
