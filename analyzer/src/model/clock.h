// SPDX-License-Identifier: Apache-2.0
// The timestamp clock of one sender, followed with a few words of state: rate, unwrapped ticks, and whether a
// TSval fits it. Queues can only delay what a capture sees, so the largest offset observed is nearest the
// truth.
#pragma once

#include <array>
#include <cstdint>

#include "tsaudit/report.h"
#include "tsaudit/types.h"

namespace tsaudit {

class SenderClock {
 public:
  enum class Fit : uint8_t { first, good, backward, forward, behind };

  bool started() const { return started_; }
  TsVal first() const { return {first_tsval_}; }
  TsVal last() const { return TsVal{first_tsval_} + static_cast<uint32_t>(ticks_); }
  /// 0 until the rate is known.
  double hz() const { return period_ns_ == 0 ? 0 : 1e9 / period_ns_; }
  int64_t period_ns() const { return period_ns_; }  ///< 0 until the rate is known
  /// A long baseline has that rate, or two of which one is four times the other: it is not what one queue
  /// made of it.
  bool rate_confirmed() const { return rate_confirmed_; }
  /// A tick is a microsecond. Nothing lies between that and 1 kHz.
  bool counts_us() const { return hz() > 500'000; }

  /// Begins (again) with this value.
  void start(TsVal tsval, TimeNs now) { *this = SenderClock(tsval, now); }

  /// No queue holds a packet longer.
  static constexpr int64_t kMostDelayNs = 3'000'000'000;

  /// Takes a TSval. `backward` and `forward` leave the clock as it was; `behind` is further behind than queues
  /// explain: the clock stood still, or runs slower now.
  /// `since_last_ns`: time since the sender's previous segment.
  Fit observe(TsVal tsval, TimeNs now, TimeNs since_last_ns) {
    if (!started_) {
      start(tsval, now);
      return Fit::first;
    }
    int64_t step = distance(last(), tsval);
    if (since_last_ns > int64_t{period_ns_} << 31 && period_ns_ != 0) [[unlikely]]
      step = over_wraps(step, since_last_ns);
    if (step < 0) return Fit::backward;
    const int64_t ticks = ticks_ + step;
    if (period_ns_ != 0) {
      Fit fit = Fit::good;
      const int64_t lead_ns = ticks * period_ns_ - (now - first_ns_);
      const int64_t ahead_ns = lead_ns - int64_t{lead_max_us_} * 1000;
      // Seldom, so that nothing is divided.
      if (static_cast<uint64_t>(ahead_ns + kMostDelayNs) >= uint64_t{kMostDelayNs + 1000}) {
        if (ahead_ns < 0) {
          fit = Fit::behind;
        } else {
          const int64_t lead_us = lead_ns / 1000;
          if (lead_us > lead_max_us_ + tolerance_us(since_last_ns)) {
            if (!may_run_faster(ticks, now, since_last_ns)) return Fit::forward;
            period_ns_ = 0;
          } else {
            set_lead(lead_us);
          }
        }
      }
      ticks_ = ticks;
      if (now >= review_ns() || period_ns_ == 0) estimate(now);
      return fit;
    }
    if (step > step_limit(since_last_ns)) return Fit::forward;
    ticks_ = ticks;
    estimate(now);
    return Fit::good;
  }
  /// No queue that grows from one packet to the next holds the second longer by so much, as a rule; and a
  /// clock may seem to be two ticks behind.
  int64_t sudden_ns() const { return 50'000'000 + int64_t{period_ns_} * 2; }
  /// Did the clock go on by so much less than the time since the last TSval that its packet has been delayed,
  /// or the clock stood still?
  bool lags(TsVal tsval, TimeNs since_last_ns) const {
    const int64_t halfway_ns = int64_t{period_ns_} << 31;  // round the number circle; 0: not known
    return since_last_ns - distance(last(), tsval) * int64_t{period_ns_} > sudden_ns() &&
           since_last_ns < halfway_ns;
  }
  /// Is `tsval` older than the last one, by no more than what a queue holds a packet? Then later ones have
  /// overtaken it.
  bool overtook(TsVal tsval) const {
    const int64_t behind = distance(tsval, last());
    return started_ && behind > 0 && behind * (period_ns_ != 0 ? period_ns_ : kMillisecond) <= kMostDelayNs;
  }
  /// Tick rates in the field: Linux jiffies at HZ 100/250/300/1000, then 1 ms since 4.13, 1 us per route
  /// since 6.7.
  static constexpr std::array kUsualHz{100.0, 250.0, 300.0, 1000.0, 1'000'000.0};
  /// The rate in use by real systems that `hz` is within 2 % of; 0: none.
  static double usual_rate(double hz);
  /// It stood still for a while and goes on at its rate: how far it is behind at `now` is no delay. Needs hz()
  /// != 0.
  void resume(TimeNs now) {
    first_ns_ = now - ticks_ * period_ns_;
    lead_max_us_ = 0;
  }

  /// Ticks by which `tsval` at `now` is ahead of what this clock would say (negative: behind). Needs hz() !=
  /// 0.
  int64_t deviation(TsVal tsval, TimeNs now) const;
  /// What this clock would say at `now`. Needs hz() != 0.
  TsVal expected(TimeNs now) const;

  ClockReport report(TimeNs last_ns) const;

 private:
  SenderClock(TsVal tsval, TimeNs now) : first_ns_(now), first_tsval_(tsval.raw), started_(true) {}

  /// A clock that runs fast for weeks gets further ahead than the number holds: from then on that is counted
  /// anew, as if it had begun earlier.
  void set_lead(int64_t lead_us) {
    const bool fits = lead_us < int64_t{1} << 30;
    if (!fits) first_ns_ -= lead_us * 1000;
    lead_max_us_ = fits ? static_cast<int32_t>(lead_us) : 0;
  }
  /// After a silence of half the number circle or more, the step that is nearest to what the clock has made
  /// meanwhile.
  int64_t over_wraps(int64_t step, TimeNs since_last_ns) const {
    constexpr int64_t kCircle = int64_t{1} << 32;
    const int64_t lacking = since_last_ns / period_ns_ - step;
    return step + (lacking + kCircle / 2) / kCircle * kCircle;
  }
  /// How far ahead of its own past a clock may seem to run: two ticks, 200 ppm of drift, and half a second
  /// for the queues that may have held up all that was seen of it so far.
  int64_t tolerance_us(TimeNs since_last_ns) const {
    return 2 * period_ns_ / 1000 + 500'000 + since_last_ns / 5'000'000;
  }
  /// Had the rate been measured over a queue, so that the clock is the usual one of a millisecond?
  bool may_run_faster(int64_t ticks, TimeNs now, TimeNs since_last_ns) const {
    const int64_t lead_us = (ticks * kMillisecond - (now - first_ns_)) / 1000;
    return !rate_confirmed_ && period_ns_ > kMillisecond && lead_us <= tolerance_us(since_last_ns);
  }
  /// Before the rate is known only the fastest clock (1 MHz), with two seconds of slack, bounds a step.
  static int64_t step_limit(TimeNs since_last_ns) { return since_last_ns / 1000 + 2'000'000; }
  /// The rate is looked at again when the baseline has grown fourfold.
  TimeNs review_ns() const { return first_ns_ + (int64_t{1} << review_shift_); }
  void estimate(TimeNs now);
 public:
  SenderClock() = default;

 private:
  TimeNs first_ns_ = 0;
  int64_t ticks_ = 0;  ///< since the first TSval, wraps removed
  uint32_t first_tsval_ = 0;
  int32_t lead_max_us_ = 0;    ///< largest (clock - capture time), relative to the first segment
  uint32_t period_ns_ = 0;     ///< 0: not known yet
  uint16_t last_review_ = 0;   ///< the period that the last review found, on a logarithmic scale; 0: none
  uint8_t review_shift_ = 24;  ///< log2 of the baseline (ns) at which the rate is estimated again
  bool started_ : 1 = false;
  bool rate_confirmed_ : 1 = false;
};

}  // namespace tsaudit
