// SPDX-License-Identifier: Apache-2.0
// The series stage: plot data of any size, and what of it is worth drawing in a given number of pixels.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "tsaudit/growing_array.h"
#include "tsaudit/types.h"

namespace tsaudit {

/// Value of a sample that is not there. Lines go past it, ranges do not count it.
inline constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

/// Smallest and largest value of a range and where they are (the first such index); empty() if it has no
/// value.
struct MinMax {
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  size_t min_at = 0, max_at = 0;
  bool empty() const { return min > max; }
};

/// A clock that never errs: its line over time is straight.
struct EvenClock {
  TimeNs origin_ns = 0;
  double at_origin = 0;  ///< ticks
  double hz = 1;         ///< more than 0
  /// Seconds; kNoValue of kNoValue.
  double ahead(double ticks, TimeNs time) const {
    return (ticks - at_origin) / hz - static_cast<double>(time - origin_ns) / 1e9;
  }
};

/// Values, and minimum and maximum of any range of them in logarithmic time, and where they are, so that a
/// peak can be drawn at the very sample that made it. Every level holds the extremes of kFanOut entries of
/// the level below; the levels cost 16 bytes for each 15 values.
class MinMaxPyramid {
 public:
  static constexpr size_t kFanOut = 16;
  struct Node {
    double min, max;  ///< min > max: there is no value
  };
  MinMaxPyramid() = default;
  size_t size() const { return values_.size(); }
  double operator[](size_t index) const {
    return times_.empty() ? values_[index] : clock_.ahead(values_[index], times_[index]);
  }
  /// By how many seconds each of these values, ticks at `times`, is ahead of that clock. Costs the levels
  /// alone: the values are the same.
  MinMaxPyramid ahead_of(const EvenClock& clock, SharedArray<TimeNs> times) const;
  /// Extremes of the values [first, last); NaN is passed over. `last` is cut to the size. `find_to`: where
  /// they are is told no more exactly than by the first of kFanOut ^ find_to values that one is among, which
  /// takes less time.
  MinMax range(size_t first, size_t last, size_t find_to = 0) const;
  size_t bytes() const;  ///< without those of another pyramid's values

 private:
  friend class GrowingPyramid;
  /// An entry: of the values, or of levels_[height - 1].
  struct Place {
    size_t height = 0, at = 0;
    size_t first() const;  ///< of its values
  };
  /// The first of the values at `place` that is this extreme of it, or of an entry at `height` with it.
  size_t find(Place place, double extreme, double Node::*which, size_t height) const;
  SharedArray<double> values_;
  SharedArray<TimeNs> times_;  ///< empty, or what is looked at is how far the values are ahead of clock_
  EvenClock clock_;
  std::vector<SharedArray<Node>> levels_;  ///< [0] over the values; whole groups alone have a node
};

/// The levels of a pyramid, as its groups become full.
class GrowingLevels {
 public:
  /// The extremes of the next group of values.
  void add(MinMaxPyramid::Node node);
  std::vector<SharedArray<MinMaxPyramid::Node>> share() const;

 private:
  std::vector<GrowingArray<MinMaxPyramid::Node>> levels_;
};

/// A pyramid that is appended to, by one thread.
class GrowingPyramid {
 public:
  size_t size() const { return values_.size(); }
  double operator[](size_t index) const { return values_[index]; }
  void reserve(size_t size) { values_.reserve(size); }
  void append(double value) {
    values_.push_back(value);
    if (values_.size() % MinMaxPyramid::kFanOut == 0) add_node();
  }
  /// As it is now, and stays.
  MinMaxPyramid share() const;

 private:
  void add_node();
  GrowingArray<double> values_;
  GrowingLevels levels_;
};

struct SeriesPoint {
  TimeNs time_ns = 0;
  double value = 0;
  size_t index = 0;  ///< of the sample
  friend bool operator==(const SeriesPoint&, const SeriesPoint&) = default;
};

/// Values over time, at most 2^32 - 2 of them. Several series share their times.
class Series {
 public:
  Series() = default;
  /// `times` is in order, and as long as the values; else it throws std::invalid_argument.
  Series(SharedArray<TimeNs> times, MinMaxPyramid values);

  /// The same samples, in seconds by which the values, ticks, are ahead of that clock.
  Series ahead_of(const EvenClock& clock) const { return {times_, values_.ahead_of(clock, times_)}; }

  size_t size() const { return values_.size(); }
  TimeNs time(size_t index) const { return times_[index]; }
  double value(size_t index) const { return values_[index]; }
  /// First sample at or after `time`; size() if there is none.
  size_t lower_bound(TimeNs time) const;
  /// Extremes of the samples within [from, to].
  MinMax range(TimeNs from, TimeNs to) const;
  /// The sample nearest in time that has a value.
  std::optional<size_t> nearest(TimeNs time) const;
  /// What to draw of [from, to] in `columns` pixel columns, in time order: all samples when there are few,
  /// else for each column its first, smallest, largest and last sample; where columns hold many, the smallest
  /// and the largest stand up to an eighth of a column too early, by their index as well. A line through
  /// these touches the pixels that a line through all samples would, but for that eighth. The neighbours just
  /// outside of the range come along, so that lines reach the edges. `out` is cleared first.
  void sample(TimeNs from, TimeNs to, unsigned columns, std::vector<SeriesPoint>& out) const;
  size_t bytes() const { return values_.bytes(); }  ///< without the times

 private:
  SeriesPoint at(size_t index) const { return {times_[index], values_[index], index}; }
  void add(size_t index, std::vector<SeriesPoint>& out) const;
  SharedArray<TimeNs> times_;
  MinMaxPyramid values_;
};

}  // namespace tsaudit
