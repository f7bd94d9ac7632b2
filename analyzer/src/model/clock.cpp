// SPDX-License-Identifier: Apache-2.0
#include "model/clock.h"

#include <algorithm>
#include <cmath>

namespace tsaudit {
namespace {

/// What one segment's way to the capture may have been delayed by, when the rate is measured from two of
/// them.
constexpr double kJitterNs = 10e6;

struct Nominal {
  double hz;
  double error;  ///< relative
};
Nominal nearest_nominal(double hz) {
  Nominal best{0, 1e9};
  for (const double candidate : SenderClock::kUsualHz) {
    const double error = std::abs(hz / candidate - 1);
    if (error < best.error) best = {candidate, error};
  }
  return best;
}

}  // namespace

void SenderClock::estimate(TimeNs now) {
  const int64_t elapsed = now - first_ns_;
  if (elapsed < (int64_t{1} << 24) || ticks_ < 4) return;  // 17 ms
  const bool longer = now >= review_ns();
  while (now >= review_ns() && review_shift_ < 62) review_shift_ = static_cast<uint8_t>(review_shift_ + 2);
  const double baseline = static_cast<double>(elapsed);
  const double hz = static_cast<double>(ticks_) * 1e9 / baseline;
  const Nominal nominal = nearest_nominal(hz);
  const double uncertainty = kJitterNs / baseline + 2.0 / static_cast<double>(ticks_);
  double period = 0;
  if (nominal.error < 0.02 + uncertainty && nominal.error < 0.5) {
    // Two rates that are both within reach (250 and 300) wait for a longer baseline.
    if (uncertainty < 0.08 || nominal.hz >= 1000) period = 1e9 / nominal.hz;
  } else if (elapsed > 5 * kSecond && hz >= 0.5 && hz <= 2e6) {
    period = 1e9 / hz;
  }
  const auto rounded = static_cast<uint32_t>(std::min(period + 0.5, 4e9));
  if (rounded == 0) return;
  // A segment that was held up, or a clock that stood still for a while, makes the clock look slower by an
  // amount that differs from one review to the next. So two reviews must agree before a known rate gives way,
  // and before a rate that no system uses is believed.
  const auto review = static_cast<uint16_t>(2000 * std::log(rounded + 1.0));
  const bool agreed = last_review_ != 0 && std::abs(review - last_review_) <= 40;  // 2 %
  last_review_ = review;
  const bool certain = uncertainty < 0.01;
  if (rounded == period_ns_) {
    rate_confirmed_ = rate_confirmed_ || longer || certain;
    return;
  }
  const bool usual = nominal.error < 0.02 + uncertainty && nominal.error < 0.5;
  if (!agreed && (period_ns_ != 0 || !usual)) return;
  period_ns_ = rounded;
  rate_confirmed_ = certain;
  set_lead(std::max<int64_t>((ticks_ * period_ns_ - elapsed) / 1000, 0));
}

double SenderClock::usual_rate(double hz) {
  const Nominal nominal = nearest_nominal(hz);
  return nominal.error < 0.02 ? nominal.hz : 0;
}

int64_t SenderClock::deviation(TsVal tsval, TimeNs now) const { return distance(expected(now), tsval); }

TsVal SenderClock::expected(TimeNs now) const {
  const int64_t elapsed = now - first_ns_ + int64_t{lead_max_us_} * 1000;
  return TsVal{first_tsval_} + static_cast<uint32_t>(elapsed / std::max<int64_t>(period_ns_, 1));
}

ClockReport SenderClock::report(TimeNs last_ns) const {
  ClockReport report;
  if (!started_ || period_ns_ == 0) return report;
  const double baseline = static_cast<double>(last_ns - first_ns_);
  if (baseline <= 0) return report;
  const double measured = static_cast<double>(ticks_) * 1e9 / baseline;
  const double uncertainty = kJitterNs / baseline + 2.0 / static_cast<double>(std::max<int64_t>(ticks_, 1));
  // Measured over a queue, and the rest of the connection was too short to tell.
  if (!rate_confirmed_ && std::abs(measured / hz() - 1) > 0.02 + uncertainty) return report;
  const Nominal nominal = nearest_nominal(hz());
  if (nominal.error < 1e-3) {
    report.nominal_hz = nominal.hz;
    report.hz = nominal.hz;
    // Below what the jitter allows to see, a deviation is noise.
    const double ppm = (measured / nominal.hz - 1) * 1e6;
    if (std::abs(ppm) < 1000 && uncertainty < 1e-3) report.ppm = std::round(ppm * 10) / 10;
  } else {
    report.hz = std::round(measured * 1000) / 1000;
  }
  report.confidence = std::round(std::clamp(1 - 4 * uncertainty, 0.0, 1.0) * 100) / 100;
  return report;
}

}  // namespace tsaudit
