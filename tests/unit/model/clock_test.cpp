// SPDX-License-Identifier: Apache-2.0
#include "model/clock.h"

#include <gtest/gtest.h>

#include <random>

namespace tsaudit {
namespace {

using Fit = SenderClock::Fit;
constexpr TimeNs kStart = 1'700'000'000 * kSecond;

struct Sender {
  double hz;
  uint32_t first;
  TsVal at(TimeNs now) const {
    return {first +
            static_cast<uint32_t>(static_cast<uint64_t>(static_cast<double>(now - kStart) * hz / 1e9))};
  }
};

/// Segments every 7 ms or so, each delayed by up to `delay_ms` on its way.
SenderClock followed(const Sender& sender, double seconds, int delay_ms = 5) {
  std::mt19937 random(1);
  SenderClock clock;
  TimeNs last = kStart;
  for (double t = 0; t < seconds; t += 0.007) {
    const TimeNs sent = kStart + static_cast<TimeNs>(t * 1e9);
    const TimeNs seen = std::max(last, sent + static_cast<TimeNs>(random() % (delay_ms * 1000 + 1)) * 1000);
    const Fit fit = clock.observe(sender.at(sent), seen, seen - last);
    EXPECT_TRUE(fit == Fit::good || fit == Fit::first) << sender.hz << " at " << t;
    last = seen;
  }
  return clock;
}

TEST(SenderClock, FindsEveryRateOfTheField) {
  for (const double hz : {100.0, 250.0, 300.0, 1000.0, 1'000'000.0}) {
    const SenderClock clock = followed({hz, 0xfffff000}, 10);
    EXPECT_NEAR(clock.hz() / hz, 1, 1e-3) << hz;
    const ClockReport report = clock.report(kStart + 10 * kSecond);
    EXPECT_EQ(report.nominal_hz, hz);
    EXPECT_GT(report.confidence, 0.7) << hz;
  }
}

TEST(SenderClock, MeasuresARateOfItsOwn) {
  const SenderClock clock = followed({64.0, 5}, 60);
  const ClockReport report = clock.report(kStart + 60 * kSecond);
  EXPECT_NEAR(report.hz, 64, 0.5);
  EXPECT_EQ(report.nominal_hz, 0);
}

TEST(SenderClock, KnowsNoRateFromTwoSegments) {
  SenderClock clock;
  EXPECT_EQ(clock.observe({1000}, kStart, 0), Fit::first);
  EXPECT_EQ(clock.observe({1001}, kStart + kMillisecond, kMillisecond), Fit::good);
  EXPECT_EQ(clock.hz(), 0);
  EXPECT_EQ(clock.report(kStart + kMillisecond).hz, 0);
}

TEST(SenderClock, ExpectsWhatComes) {
  const Sender sender{1000, 0xffffff00};  // wraps in the first second
  const SenderClock clock = followed(sender, 30);
  for (const TimeNs later : {TimeNs{0}, kSecond, 3600 * kSecond}) {
    const TimeNs now = kStart + 30 * kSecond + later;
    EXPECT_NEAR(distance(sender.at(now), clock.expected(now)), 0, 10);
    EXPECT_NEAR(static_cast<double>(clock.deviation(sender.at(now) - 5000, now)), -5000, 10);
    EXPECT_NEAR(static_cast<double>(clock.deviation(sender.at(now) + 5000, now)), 5000, 10);
  }
}

TEST(SenderClock, StepsAreNoticedAndLeaveItAsItWas) {
  const Sender sender{1000, 1000};
  SenderClock clock = followed(sender, 30);
  const TimeNs now = kStart + 31 * kSecond;
  const TsVal last = clock.last();
  EXPECT_EQ(clock.observe(sender.at(now) - 40'000, now, kSecond), Fit::backward);
  EXPECT_EQ(clock.observe(sender.at(now) + 10'000, now, kSecond), Fit::forward);
  EXPECT_EQ(clock.last(), last);
  EXPECT_EQ(clock.observe(sender.at(now), now, kSecond), Fit::good);
}

TEST(SenderClock, ALongSilenceIsNoStep) {
  const Sender sender{1000, 1000};
  SenderClock clock = followed(sender, 10);
  const TimeNs later = kStart + 3 * 86400 * kSecond;
  EXPECT_EQ(clock.observe(sender.at(later), later, later - kStart - 10 * kSecond), Fit::good);
  EXPECT_NEAR(clock.hz(), 1000, 1);
}

TEST(SenderClock, ASilenceThatGoesAroundTheNumberCircleIsNoStep) {
  for (const double hz : {1000.0, 1e6}) {
    const Sender sender{hz, 1000};
    const auto turn = static_cast<TimeNs>(4294967296.0 / hz * 1e9);
    for (const double turns : {0.45, 0.55, 0.95, 1.05, 2.5, 7.0}) {
      SenderClock clock = followed(sender, 10);
      const auto silence = static_cast<TimeNs>(turns * static_cast<double>(turn));
      const TimeNs later = kStart + 10 * kSecond + silence;
      EXPECT_EQ(clock.observe(sender.at(later), later, silence), Fit::good) << hz << " Hz, " << turns;
      EXPECT_EQ(clock.last(), sender.at(later));
      EXPECT_NEAR(static_cast<double>(clock.deviation(sender.at(later), later)), 0, 10);
    }
    SenderClock clock = followed(sender, 10);
    const TimeNs later = kStart + 10 * kSecond + turn * 55 / 100;
    constexpr uint32_t kStep = 1u << 29;  // of the circle an eighth
    EXPECT_EQ(clock.observe(sender.at(later) + kStep, later, turn * 55 / 100), Fit::forward);
  }
}

/// What it is ahead by outgrows 32 bits of microseconds in time.
TEST(SenderClock, ThatRunsFastForMonthsStepsNowhere) {
  const Sender sender{1000.5, 1000};
  SenderClock clock = followed(sender, 10);
  TimeNs last = kStart + 10 * kSecond;
  for (TimeNs now = last; now < kStart + 120 * 86400 * kSecond; now += 600 * kSecond) {
    ASSERT_EQ(clock.observe(sender.at(now), now, now - last), Fit::good) << (now - kStart) / kSecond;
    EXPECT_NEAR(static_cast<double>(clock.deviation(sender.at(now), now)), 0, 3000);
    last = now;
  }
}

TEST(SenderClock, BehindQueuesExplainIsSaidAndTaken) {
  const Sender sender{1000, 1000};
  SenderClock clock = followed(sender, 60);
  const auto observe = [&](double seconds, double behind) {
    const TimeNs now = kStart + static_cast<TimeNs>(seconds * 1e9);
    return clock.observe(sender.at(now - static_cast<TimeNs>(behind * 1e9)), now, kSecond);
  };
  EXPECT_EQ(observe(62, 1.5), Fit::good);
  EXPECT_EQ(observe(66, 4), Fit::behind);
  EXPECT_EQ(clock.last(), sender.at(kStart + 62 * kSecond));
  EXPECT_EQ(observe(67, 2), Fit::good);
  EXPECT_EQ(observe(80, 10), Fit::behind);
  clock.resume(kStart + 80 * kSecond);  // ten seconds that it did not count
  EXPECT_EQ(observe(81, 10), Fit::good);
  EXPECT_EQ(observe(90, 10), Fit::good);
  EXPECT_EQ(observe(91, 6), Fit::forward);
  EXPECT_EQ(observe(100, 14), Fit::behind);
  EXPECT_NEAR(clock.hz(), 1000, 1);
}

TEST(SenderClock, OneSegmentThatWasHeldUpDoesNotChangeTheRate) {
  const Sender sender{1000, 1000};
  SenderClock clock = followed(sender, 60);
  const TimeNs sent = kStart + 61 * kSecond;
  clock.observe(sender.at(sent), sent + 1000 * kSecond, 1001 * kSecond);
  EXPECT_NEAR(clock.hz(), 1000, 1);
  const TimeNs next = sent + 1000 * kSecond + kMillisecond;
  EXPECT_EQ(clock.observe(sender.at(next), next, kMillisecond), Fit::good) << "the clock went on meanwhile";
}

}  // namespace
}  // namespace tsaudit
