// SPDX-License-Identifier: Apache-2.0
// The series stage: plot data of any size, and what of it is worth drawing in a given number of pixels.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

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

/// Minimum and maximum of any range of an array in logarithmic time, and where they are, so that a peak can be
/// drawn at the very sample that made it. Every level holds the extremes of kFanOut entries of the level below;
/// the levels cost 16 bytes for each 15 values, and the values themselves stay where they are.
class MinMaxPyramid {
 public:
  static constexpr size_t kFanOut = 16;
  MinMaxPyramid() = default;
  /// `values` must outlive the pyramid and not change.
  explicit MinMaxPyramid(std::span<const double> values);
  /// Extremes of values[first, last); NaN is passed over. `last` is cut to the size.
  MinMax range(size_t first, size_t last) const;
  size_t bytes() const;

 private:
  struct Node {
    double min, max;  ///< min > max: there is no value
  };
  /// An entry: of the values, or of levels_[height - 1].
  struct Place {
    size_t height = 0, at = 0;
    size_t first() const;  ///< of its values
  };
  template <class Entry>
  static std::vector<Node> level_above(std::span<const Entry> below);
  /// The first of the values at `place` that is this extreme of it.
  size_t find(Place place, double extreme, double Node::*which) const;
  std::span<const double> values_;
  std::vector<std::vector<Node>> levels_;  ///< [0] over the values
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
  using Times = std::shared_ptr<const std::vector<TimeNs>>;
  Series() = default;
  explicit Series(std::vector<double> values);
  /// Before anything else is asked. `times` is in order, and as long as the values; else it throws
  /// std::invalid_argument.
  void run_over(Times times);
  Series(Series&&) noexcept = default;
  Series& operator=(Series&&) noexcept = default;

  size_t size() const { return values_.size(); }
  TimeNs time(size_t index) const { return (*times_)[index]; }
  double value(size_t index) const { return values_[index]; }
  /// First sample at or after `time`; size() if there is none.
  size_t lower_bound(TimeNs time) const;
  /// Extremes of the samples within [from, to].
  MinMax range(TimeNs from, TimeNs to) const;
  /// The sample nearest in time that has a value.
  std::optional<size_t> nearest(TimeNs time) const;
  /// What to draw of [from, to] in `columns` pixel columns, in time order: all samples when there are few,
  /// else for each column its first, smallest, largest and last sample. A line through these touches the
  /// pixels that a line through all samples would, but for an eighth of a column where columns hold many. The
  /// neighbours just outside of the range come along, so that lines reach the edges. `out` is cleared first.
  void sample(TimeNs from, TimeNs to, unsigned columns, std::vector<SeriesPoint>& out) const;
  size_t bytes() const;

 private:
  void add(size_t index, std::vector<SeriesPoint>& out) const;
  Times times_;
  std::vector<double> values_;
  MinMaxPyramid pyramid_;
};

}  // namespace tsaudit
