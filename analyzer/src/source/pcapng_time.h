// SPDX-License-Identifier: Apache-2.0
// Timestamps of pcapng: 64 bits in a unit that each interface states, a power of 10 or of 2.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tsaudit/types.h"

namespace tsaudit::source {

class PcapngClock {
 public:
  /// `resolution` is if_tsresol as it stands in the file, `offset_seconds` is if_tsoffset.
  explicit PcapngClock(uint8_t resolution = 6, int64_t offset_seconds = 0)
      : offset_(Wide{offset_seconds} * kSecond) {
    const int exponent = resolution & 0x7f;
    if (resolution & 0x80) {
      multiply_ = kSecond;
      shift_ = exponent;
    } else if (exponent <= 9) {
      multiply_ = power_of_10(9 - exponent);
    } else {
      // 64 bits hold less than 10^20, so anything finer than that is 0 ns.
      divide_ = power_of_10(std::min(exponent - 9, 20));
    }
  }

  /// No capture is from before 1833 or after 2106. Between any two of these times lies no more than TimeNs
  /// holds, with room for what a clock of 100 Hz takes to go round: nobody has to ask before he subtracts.
  static constexpr TimeNs kFarthest = (int64_t{1} << 32) * kSecond;

  /// Rounded down, exact otherwise; clamped to kFarthest from 1970.
  TimeNs to_ns(uint64_t timestamp) const {
    Wide ns = Wide{timestamp} * multiply_ >> shift_;
    if (divide_ != 1) ns /= divide_;
    return static_cast<TimeNs>(std::clamp<Wide>(ns + offset_, -kFarthest, kFarthest));
  }

 private:
  __extension__ using Wide = __int128;  // 64 bits of timestamp times 30 bits of nanoseconds a second

  static Wide power_of_10(int exponent) {
    Wide power = 1;
    while (exponent-- > 0) power *= 10;
    return power;
  }

  Wide multiply_ = 1;
  Wide divide_ = 1;
  Wide offset_;
  int shift_ = 0;
};

}  // namespace tsaudit::source
