// SPDX-License-Identifier: GPL-3.0-or-later
// What part of the data a plot shows, and how that maps to pixels. Plain numbers: no widget is needed to test
// it.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "tsaudit/types.h"

namespace tsaudit::gui {

struct TimeRange {
  TimeNs from = 0, to = 0;
  TimeNs span() const { return to - from; }
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

struct ValueRange {
  double from = 0, to = 1;
  double span() const { return to - from; }
  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};

/// All plots share the time; each has its own values, absent: what fits the data in sight.
struct ViewState {
  TimeRange time;
  std::map<int, ValueRange> values;  ///< by panel
  friend bool operator==(const ViewState&, const ViewState&) = default;
};

inline constexpr TimeNs kMinSpanNs = 200;  ///< below it a column of pixels is less than a nanosecond
inline constexpr TimeNs kMaxTimeNs = int64_t{1} << 62;  ///< the year 2116
inline constexpr TimeNs kMaxSpanNs = int64_t{1} << 61;  ///< so that no end overflows
inline constexpr double kMinValueSpan = 1e-9;
inline constexpr double kMaxValue = 1e18;

/// `factor` < 1 zooms in; the point at `fraction` (0 left, 1 right) stays where it is.
inline TimeRange zoom(TimeRange range, double fraction, double factor) {
  const double span = std::clamp(static_cast<double>(range.span()) * factor, static_cast<double>(kMinSpanNs),
                                 static_cast<double>(kMaxSpanNs));
  const double fixed = static_cast<double>(range.span()) * fraction;
  const TimeNs from = std::clamp<TimeNs>(range.from + std::llround(fixed - span * fraction), -kMaxTimeNs,
                                         kMaxTimeNs - kMaxSpanNs);
  return {from, from + std::llround(span)};
}

inline ValueRange zoom(ValueRange range, double fraction, double factor) {
  const double span = std::clamp(range.span() * factor, kMinValueSpan, kMaxValue);
  const double from = range.from + (range.span() - span) * fraction;
  return {from, from + span};
}

inline TimeRange pan(TimeRange range, double fractions) {
  const TimeNs by = std::llround(static_cast<double>(range.span()) * fractions);
  if (range.from < -kMaxTimeNs - by || range.to > kMaxTimeNs - by) return range;
  return {range.from + by, range.to + by};
}
inline ValueRange pan(ValueRange range, double fractions) {
  const double by = range.span() * fractions;
  return {range.from + by, range.to + by};
}

/// Room around data so that what is at the edge can be seen.
inline TimeRange padded(TimeRange range, double fraction = 0.03) {
  const TimeNs pad =
      std::max<TimeNs>(std::llround(static_cast<double>(range.span()) * fraction), kMillisecond);
  return {range.from - pad, range.to + pad};
}
inline ValueRange padded(ValueRange range, double fraction = 0.08) {
  double pad = range.span() * fraction;
  if (pad <= 0) pad = 1;  // one value alone: a tick, a byte, a second around it
  return {range.from - pad, range.to + pad};
}

/// The pixels of a plot and what they stand for.
struct ViewTransform {
  TimeRange time;
  ValueRange value;
  double left = 0, top = 0, width = 1, height = 1;  ///< the plot without its axes; y grows downward

  double x_of(TimeNs t) const {
    return left + static_cast<double>(t - time.from) / static_cast<double>(time.span()) * width;
  }
  double y_of(double v) const { return top + (value.to - v) / value.span() * height; }
  double x_fraction(double x) const { return (x - left) / width; }
  double y_fraction(double y) const { return 1 - (y - top) / height; }
  TimeNs time_at(double x) const {
    return time.from + std::llround(x_fraction(x) * static_cast<double>(time.span()));
  }
  double value_at(double y) const { return value.from + y_fraction(y) * value.span(); }
  bool contains(double x, double y) const {
    return x >= left && x <= left + width && y >= top && y <= top + height;
  }
};

}  // namespace tsaudit::gui
