// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers mod 2^32 put in a row.
#pragma once

#include <cmath>
#include <cstdint>

#include "tsaudit/types.h"

namespace tsaudit::gui {

inline constexpr double kNumberCircle = 4294967296.0;  ///< 2^32
inline constexpr double kHalfCircle = kNumberCircle / 2;

/// Ticks that a clock of this rate makes meanwhile, if they are so many that a value alone does not tell how
/// often it went round; else 0, and the nearest value is the one.
inline double ticks_beyond_half(TimeNs passed, double hz) {
  const double ticks = static_cast<double>(passed) / 1e9 * hz;
  return ticks >= kHalfCircle ? ticks : 0;
}

/// A mod-2^32 counter without its wraps: each value is placed next to the last one.
class Unwrapper {
 public:
  bool started() const { return started_; }
  double place(uint32_t raw) { return place(raw, static_cast<double>(value_)); }
  /// Next to `expected` instead.
  double place(uint32_t raw, double expected) {
    value_ = started_ ? std::llround(peek(raw, expected)) : raw;
    started_ = true;
    raw_ = raw;
    return static_cast<double>(value_);
  }
  /// Where `raw` would be, without following it.
  double peek(uint32_t raw) const { return started_ ? static_cast<double>(next_to_last(raw)) : raw; }
  double peek(uint32_t raw, double expected) const {
    const double near = peek(raw);
    return near + std::round((expected - near) / kNumberCircle) * kNumberCircle;
  }

 private:
  int64_t next_to_last(uint32_t raw) const { return value_ + static_cast<int32_t>(raw - raw_); }
  bool started_ = false;
  uint32_t raw_ = 0;
  int64_t value_ = 0;
};

}  // namespace tsaudit::gui
