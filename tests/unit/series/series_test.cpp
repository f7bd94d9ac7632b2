// SPDX-License-Identifier: Apache-2.0
// The pyramid and the choice of samples against brute force.
#include "tsaudit/series.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <span>

namespace tsaudit {
namespace {

MinMax brute(std::span<const double> values, size_t first, size_t last) {
  MinMax out;
  for (size_t i = first; i < std::min(last, values.size()); ++i) {
    if (values[i] < out.min) out.min = values[i], out.min_at = i;
    if (values[i] > out.max) out.max = values[i], out.max_at = i;
  }
  return out;
}

/// Steps, plateaus (equal values), and holes, as real series have them.
std::vector<double> wild(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<double> values(count);
  double level = 0;
  for (double& value : values) {
    if (random() % 97 == 0) level = static_cast<double>(static_cast<int32_t>(random()));
    level += static_cast<double>(random() % 3);
    value = random() % 11 == 0 ? kNoValue : level;
  }
  return values;
}

MinMaxPyramid pyramid_of(const std::vector<double>& values) {
  GrowingPyramid growing;
  for (const double value : values) growing.append(value);
  return growing.share();
}

TEST(Pyramid, EveryRangeOfSmallArraysEqualsBruteForce) {
  for (const size_t count : {0, 1, 2, 15, 16, 17, 31, 255, 256, 257, 300}) {
    const std::vector<double> values = wild(count, static_cast<uint32_t>(count));
    const MinMaxPyramid pyramid = pyramid_of(values);
    for (size_t first = 0; first <= count; ++first) {
      for (size_t last = first; last <= count + 1; ++last) {
        const MinMax expected = brute(values, first, last), got = pyramid.range(first, last);
        ASSERT_EQ(got.empty(), expected.empty()) << count << ": " << first << ".." << last;
        if (expected.empty()) continue;
        ASSERT_EQ(got.min, expected.min) << count << ": " << first << ".." << last;
        ASSERT_EQ(got.max, expected.max) << count << ": " << first << ".." << last;
        ASSERT_EQ(got.min_at, expected.min_at) << count << ": " << first << ".." << last;
        ASSERT_EQ(got.max_at, expected.max_at) << count << ": " << first << ".." << last;
      }
    }
  }
}

/// Also where the places of the extremes need not be exact: each is the begin of its group then.
TEST(Pyramid, RandomRangesOfAHundredThousandEqualBruteForce) {
  const std::vector<double> values = wild(100'003, 7);
  const MinMaxPyramid pyramid = pyramid_of(values);
  std::mt19937 random(8);
  for (int i = 0; i < 500; ++i) {
    size_t first = random() % values.size(), last = random() % values.size();
    if (first > last) std::swap(first, last);
    const MinMax expected = brute(values, first, last), got = pyramid.range(first, last);
    ASSERT_EQ(got.min_at, expected.min_at) << first << ".." << last;
    ASSERT_EQ(got.max_at, expected.max_at) << first << ".." << last;
    const MinMax rough = pyramid.range(first, last, 2);
    ASSERT_EQ(rough.min, expected.min) << first << ".." << last;
    ASSERT_EQ(rough.max, expected.max) << first << ".." << last;
    for (const auto& [at, near] :
         {std::pair(expected.min_at, rough.min_at), {expected.max_at, rough.max_at}}) {
      ASSERT_TRUE(near <= at && at - near < MinMaxPyramid::kFanOut * MinMaxPyramid::kFanOut)
          << near << ", " << at;
      ASSERT_TRUE(near >= first || expected.empty()) << near << ", " << first;
    }
  }
}

TEST(Pyramid, NothingButHolesIsEmpty) {
  const std::vector<double> values(1000, kNoValue);
  EXPECT_TRUE(pyramid_of(values).range(3, 900).empty());
}

TEST(Pyramid, CostsLessThanHalfOfItsValuesMore) {
  const std::vector<double> values(1'000'000, 1.0);
  EXPECT_LT(pyramid_of(values).bytes(), values.size() * sizeof(double) * 3 / 2);
}

Series series_of(const std::vector<TimeNs>& times, const std::vector<double>& values) {
  GrowingArray<TimeNs> column;
  for (const TimeNs time : times) column.push_back(time);
  return {column.share(), pyramid_of(values)};
}

Series regular(size_t count, TimeNs step, const std::vector<double>& values) {
  std::vector<TimeNs> times(count);
  for (size_t i = 0; i < count; ++i) times[i] = static_cast<TimeNs>(i) * step;
  return series_of(times, values);
}

/// Extremes of what is computed and not stored.
TEST(Pyramid, AheadOfAClockEqualsBruteForce) {
  const std::vector<double> ticks = wild(10'007, 21);
  const EvenClock clock{.origin_ns = 5'000, .at_origin = 40, .hz = 250};
  const Series ahead = regular(ticks.size(), 3 * kMillisecond, ticks).ahead_of(clock);
  std::vector<double> seconds(ticks.size());
  for (size_t i = 0; i < ticks.size(); ++i) seconds[i] = clock.ahead(ticks[i], ahead.time(i));
  EXPECT_DOUBLE_EQ(clock.ahead(290, 5'000 + kSecond), 0);  // 250 ticks later, a second later
  std::mt19937 random(22);
  for (int i = 0; i < 300; ++i) {
    size_t first = random() % ticks.size(), last = random() % ticks.size();
    if (first > last) std::swap(first, last);
    if (first == last) continue;
    const MinMax expected = brute(seconds, first, last),
                 got = ahead.range(ahead.time(first), ahead.time(last - 1));
    ASSERT_EQ(got.min_at, expected.min_at) << first << ".." << last;
    ASSERT_EQ(got.max_at, expected.max_at) << first << ".." << last;
    ASSERT_EQ(got.empty() || got.max == expected.max, true);
  }
}

/// What was shared stays, while more comes: within the room that there is, and beyond it.
TEST(Pyramid, WhatWasSharedIsNotChangedByWhatComesLater) {
  const std::vector<double> values = wild(70'000, 12);
  GrowingPyramid growing;
  growing.reserve(5'000);
  std::vector<MinMaxPyramid> shared;
  for (const double value : values) {
    growing.append(value);
    if (growing.size() % 1'000 == 1) shared.push_back(growing.share());
  }
  for (const MinMaxPyramid& part : shared) {
    const MinMax expected = brute(std::span(values).first(part.size()), 3, part.size()),
                 got = part.range(3, values.size());
    ASSERT_EQ(got.min_at, expected.min_at) << part.size();
    ASSERT_EQ(got.max_at, expected.max_at) << part.size();
  }
}

TEST(GrowingArray, SharesWhatItHasAndGoesOn) {
  GrowingArray<uint32_t> growing;
  EXPECT_TRUE(growing.share().empty());
  std::vector<SharedArray<uint32_t>> shared;
  for (uint32_t i = 0; i < 3'000'000; ++i) {
    growing.push_back(i);
    if (i % 300'000 == 7) shared.push_back(growing.share());
  }
  for (const SharedArray<uint32_t>& part : shared) {
    EXPECT_EQ(part.front(), 0u);
    EXPECT_EQ(part.back(), part.size() - 1);
    EXPECT_TRUE(std::is_sorted(part.begin(), part.end()));
  }
  EXPECT_EQ(growing.share().size(), 3'000'000u);
}

TEST(Sample, FewSamplesAllComeInOrderWithTheirNeighbours) {
  const Series series = regular(10, 100, {0, 1, 2, kNoValue, 4, 5, 6, 7, 8, 9});
  std::vector<SeriesPoint> points;
  series.sample(150, 550, 800, points);
  ASSERT_EQ(points.size(), 5u);
  EXPECT_EQ(points.front(), (SeriesPoint{100, 1, 1}));  // just outside, so that the line reaches the edge
  EXPECT_EQ(points[1], (SeriesPoint{200, 2, 2}));
  EXPECT_EQ(points[2], (SeriesPoint{400, 4, 4}));  // past the hole
  EXPECT_EQ(points.back(), (SeriesPoint{600, 6, 6}));
}

TEST(Sample, EachColumnKeepsFirstSmallestLargestAndLast) {
  const std::vector<double> values = wild(51'200, 21);
  const Series series = regular(values.size(), 1000, values);
  const unsigned columns = 100;
  const TimeNs to = 51'200 * 1000 - 1;
  std::vector<SeriesPoint> points;
  series.sample(0, to, columns, points);
  EXPECT_LE(points.size(), 4u * columns);
  EXPECT_TRUE(
      std::is_sorted(points.begin(), points.end(), [](auto& a, auto& b) { return a.index < b.index; }));
  std::map<size_t, std::vector<SeriesPoint>> by_column;
  for (const SeriesPoint& point : points) by_column[point.index / 512].push_back(point);
  ASSERT_EQ(by_column.size(), columns);
  for (const auto& [column, kept] : by_column) {
    const MinMax expected = brute(values, column * 512, column * 512 + 512);
    const auto [low, high] =
        std::minmax_element(kept.begin(), kept.end(), [](auto& a, auto& b) { return a.value < b.value; });
    EXPECT_EQ(low->value, expected.min);
    EXPECT_EQ(high->value, expected.max);
    size_t first = column * 512, last = first + 511;
    while (std::isnan(values[first])) ++first;
    while (std::isnan(values[last])) --last;
    EXPECT_EQ(kept.front().index, first);
    EXPECT_EQ(kept.back().index, last);
  }
}

/// Bursts of very different density: what is drawn of a column is what lies in it, an eighth of it apart.
TEST(Sample, ColumnsOfUnevenDensityEndWhereTheyShould) {
  std::mt19937 random(33);
  std::vector<TimeNs> times;
  TimeNs now = 0;
  while (times.size() < 400'000) {
    const TimeNs step = random() % 4 == 0 ? 5'000'000 : 1 + static_cast<TimeNs>(random() % 300);
    for (int n = 1 + static_cast<int>(random() % 3000); n > 0; --n) times.push_back(now += step);
  }
  const std::vector<double> values = wild(times.size(), 34);
  const Series series = series_of(times, values);
  const unsigned columns = 700;
  const double width = static_cast<double>(times.back() + 1 - times.front()) / columns;
  std::vector<SeriesPoint> points;
  series.sample(times.front(), times.back(), columns, points);
  ASSERT_LE(points.size(), 4u * columns);
  const auto at = [&](double column) { return series.lower_bound(times[0] + std::llround(column * width)); };
  for (unsigned column = 0; column < columns; ++column) {
    const MinMax inner = brute(values, at(column + 0.13), at(column + 0.99));  // surely this column's
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const SeriesPoint& point : points) {
      const double where = static_cast<double>(point.time_ns - times[0]) / width - column;
      if (where < -0.01 || where > 1.14) continue;
      low = std::min(low, point.value);
      high = std::max(high, point.value);
    }
    if (inner.empty()) continue;
    EXPECT_LE(low, inner.min) << column;
    EXPECT_GE(high, inner.max) << column;
  }
}

TEST(Sample, ALoneSpikeAmongMillionsIsSeen) {
  std::vector<double> values(2'000'000, 5.0);
  values[1'234'567] = -1e9;
  const Series series = regular(2'000'000, 10, values);
  std::vector<SeriesPoint> points;
  series.sample(0, 20'000'000, 300, points);
  constexpr TimeNs kSpike = 12'345'670, kPartOfColumn = 20'000'000 / 300 / 8;
  EXPECT_TRUE(std::any_of(points.begin(), points.end(), [](auto& p) {
    return p.value == -1e9 && p.time_ns <= kSpike && p.time_ns > kSpike - kPartOfColumn;
  }));
}

TEST(Sample, TimesOfDecadesDoNotOverflow) {
  const TimeNs year = 365 * 86400 * kSecond;
  std::vector<TimeNs> times;
  std::vector<double> values;
  for (int i = 0; i < 10'000; ++i) {
    times.push_back(i * (year / 200));
    values.push_back(i);
  }
  const Series series = series_of(times, values);
  std::vector<SeriesPoint> points;
  series.sample(INT64_MIN / 2, INT64_MAX / 2, 50, points);
  ASSERT_FALSE(points.empty());
  EXPECT_EQ(points.front().index, 0u);
  EXPECT_EQ(points.back().index, 9999u);
}

TEST(Sample, EqualTimesAndEmptySeries) {
  std::vector<SeriesPoint> points{{1, 1, 1}};
  Series().sample(0, 10, 10, points);
  EXPECT_TRUE(points.empty());
  const Series series = series_of(std::vector<TimeNs>(1000, 5), wild(1000, 3));
  series.sample(5, 5, 10, points);
  EXPECT_FALSE(points.empty());
  series.sample(6, 9, 10, points);
  ASSERT_EQ(points.size(), 1u);  // the neighbour to the left
  EXPECT_EQ(points[0].time_ns, 5);
}

TEST(Series, RangeIsInclusiveAndNearestPassesOverHoles) {
  const Series series = regular(6, 10, {3, 9, kNoValue, kNoValue, 1, 7});
  EXPECT_EQ(series.range(10, 40).max, 9);
  EXPECT_EQ(series.range(10, 40).min, 1);
  EXPECT_EQ(series.range(11, 39).empty(), true);
  EXPECT_EQ(series.nearest(21), 1u);
  EXPECT_EQ(series.nearest(29), 4u);
  EXPECT_EQ(series.nearest(-100), 0u);
  EXPECT_EQ(series.nearest(1000), 5u);
  EXPECT_EQ(Series().nearest(0), std::nullopt);
}

TEST(Series, UnequalLengthsAreAnErrorOfTheProgrammer) {
  EXPECT_THROW(series_of({1, 2}, {1}), std::invalid_argument);
}

}  // namespace
}  // namespace tsaudit
