// SPDX-License-Identifier: Apache-2.0
// Was the capturing host's clock set between two packets? The clocks of those who speak next tell.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>

#include "model/flow_state.h"
#include "tsaudit/segment.h"

namespace tsaudit {

class CaptureClock {
 public:
  /// Can such a step from one packet to the next be anything but what it seems? (No queue holds packets
  /// longer than kMostDelayNs, and none lets them come before they were sent.)
  static bool may_be_set(TimeNs step) { return step > SenderClock::kMostDelayNs || step < -kLeastNs; }

  /// `s` comes after the step. `sender` is what was known of its sender before it, and stays where it is.
  /// False: that tells nothing more.
  bool hear(const Host& sender, const Segment& s) {
    const bool tells = sender.seen && sender.clock.started() && s.has_ts() && !s.has(kRst);
    const auto known = std::span(heard_).first(count_);
    if (!tells || count_ == heard_.size() || std::ranges::find(known, &sender, &Heard::host) != known.end())
      return false;
    heard_[count_++] = {&sender, s.src, s.time_ns - sender.last_ns, distance(sender.clock.last(), s.tsval)};
    return true;
  }

  /// By how much it went ahead; 0: nobody says that it was set, or not all of them do. Two hosts must. The
  /// rate of one clock at least is known, or `step`, from the packet before, is hardly more.
  int64_t set_by(TimeNs step) const {
    const auto heard = std::span(heard_).first(count_);
    if (heard.empty()) return 0;
    const auto known = std::ranges::find_if(heard, [](const Heard& h) { return h.period() != 0; });
    const Heard& first = known != heard.end() ? *known : heard.front();
    const int64_t ns = first.off(first.period() != 0 ? first.period() : kMillisecond);
    if (step < ns - kDelayNs) return 0;  // they have moved together, with clocks that are further behind
    if (first.period() == 0 && (first.may_be_right() || std::llabs(step - ns) > kSecond)) return 0;
    bool another = false;
    for (const Heard& h : heard) {
      const auto agrees = [&](int64_t period) {
        return std::llabs(h.elapsed) < period << 30 && std::llabs(h.off(period) - ns) <= kDelayNs;
      };
      const bool agreed =
          h.period() != 0 ? agrees(h.period()) : !h.may_be_right() && at_any_usual_rate(agrees);
      if (h.period() != 0 && !agreed) return 0;
      another = another || (agreed && h.address != first.address);
    }
    return another && may_be_set(ns) ? ns : 0;
  }

 private:
  static constexpr int64_t kLeastNs = 400 * kMillisecond, kDelayNs = 100 * kMillisecond;
  template <class Of>
  static bool at_any_usual_rate(Of&& of_period) {
    return std::ranges::any_of(SenderClock::kUsualHz,
                               [&](double hz) { return of_period(static_cast<int64_t>(1e9 / hz)); });
  }
  struct Heard {
    const Host* host = nullptr;
    IpAddress address;
    int64_t elapsed = 0, ticks = 0;
    int64_t period() const { return host->clock.period_ns(); }
    int64_t off(int64_t any_period) const { return elapsed - ticks * any_period; }
    /// Has a clock of a usual rate just gone on?
    bool may_be_right() const {
      return at_any_usual_rate([&](int64_t any) { return std::llabs(off(any)) <= kDelayNs; });
    }
  };
  std::array<Heard, 16> heard_;
  size_t count_ = 0;
};

}  // namespace tsaudit
