// SPDX-License-Identifier: Apache-2.0
// Percentiles of any number of durations in 8 KB: buckets that grow with the value, 64 for each doubling.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "tsaudit/verify.h"

namespace tsaudit::verify {

class Latency {
 public:
  void add(int64_t ns) {
    min_ = count_ == 0 ? ns : std::min(min_, ns);
    max_ = count_ == 0 ? ns : std::max(max_, ns);
    ++count_;
    ++buckets_[bucket(ns)];
  }
  int64_t max_ns() const { return max_; }
  VerifyLatency report() const {
    return {.count = count_,
            .min_ns = min_,
            .median_ns = percentile(50),
            .p99_ns = percentile(99),
            .max_ns = max_};
  }

 private:
  static constexpr unsigned kSteps = 64;  // a doubling has
  static size_t bucket(int64_t ns) {
    const auto value = static_cast<uint64_t>(std::max<int64_t>(ns, 0));
    if (value < kSteps) return value;
    const auto octave = static_cast<unsigned>(std::bit_width(value)) - 7;  // value >> octave is 64 to 127
    return (octave + 1) * size_t{kSteps} + ((value >> octave) - kSteps);
  }
  static int64_t middle(size_t index) {
    if (index < kSteps) return static_cast<int64_t>(index);
    const unsigned octave = static_cast<unsigned>(index / kSteps) - 1;
    return static_cast<int64_t>(((index % kSteps + kSteps) << octave) + ((uint64_t{1} << octave) >> 1));
  }
  int64_t percentile(uint64_t percent) const {
    uint64_t left = (count_ * percent + 99) / 100;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      if (buckets_[i] >= left) return count_ == 0 ? 0 : std::clamp(middle(i), min_, max_);
      left -= buckets_[i];
    }
    return max_;
  }

  uint64_t count_ = 0;
  int64_t min_ = 0, max_ = 0;
  std::array<uint64_t, 58 * kSteps> buckets_{};
};

}  // namespace tsaudit::verify
