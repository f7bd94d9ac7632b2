// SPDX-License-Identifier: Apache-2.0
// A clock that falls behind: it runs slower now (TS005), stood still, or its segments wait in a queue.
#include <gtest/gtest.h>

#include <cmath>

#include "talk.h"

namespace tsaudit {
namespace {

using enum Who;

/// The client's data every `every` seconds for `seconds`, seen `delay(t)` seconds later; its clock has made
/// `ticks(t)`.
template <class Ticks, class Delay>
Heard hear_client(double seconds, Ticks ticks, Delay delay, double every = 0.1) {
  Talk talk;
  talk << Say{client, 0, 1000, 0, 0, kSyn, 7000, 0} << Say{server, 0.1, 9000, 1001, 0, kSyn | kAck, 500, 7000}
       << Say{client, 10, 1001, 9001, 0, kAck, 7010, 500};
  uint32_t seq = 1001;
  for (double t = every; t < seconds; t += every) {
    const auto tsval = 7000 + static_cast<uint32_t>(std::llround(ticks(t)));
    const double ms = (t + delay(t)) * 1000;
    talk << Say{client, ms, seq, 9001, 100, kAck, tsval, 500};
    seq += 100;
    talk << Say{server, ms + 0.1, 9001, seq, 0, kAck, 500 + static_cast<uint32_t>(ms), tsval};
  }
  return hear(talk);
}
double at_once(double) { return 0.01; }

const Finding* find(const Heard& heard, RuleId rule) {
  for (const FlowReport& flow : heard.flows)
    for (const Finding& f : flow.findings)
      if (f.rule == rule) return &f;
  return nullptr;
}

void expect_rates(double before, double after, double every = 0.1) {
  const Heard heard = hear_client(
      60, [&](double t) { return t < 10 ? t * before : 10 * before + (t - 10) * after; }, at_once, every);
  const Finding* f = find(heard, RuleId::clock_rate_change);
  ASSERT_TRUE(f) << before << " Hz, " << after << " Hz";
  EXPECT_GT(f->time_ns, heard.rows[0].time_ns + 10 * kSecond);
  EXPECT_LT(f->time_ns, heard.rows[0].time_ns + 16 * kSecond);
  EXPECT_EQ(heard.rows[f->frames.at(0) - 1].time_ns, f->time_ns);
  EXPECT_EQ(heard.flows[0].directions[0].clock.nominal_hz, after);
  EXPECT_FALSE(heard.found(RuleId::tsval_regression));
  EXPECT_EQ(heard.summary.totals.dropped, 0u);
  EXPECT_TRUE(heard.flows[0].migrations.empty()) << "it stands still in no silence";
}

TEST(ClockRate, ASlowerClockIsNamed) {
  expect_rates(1000, 250);
  expect_rates(1000, 100);
  expect_rates(250, 100);
  expect_rates(1e6, 1000);
}

/// Each silence is long enough for a clock that stood still.
TEST(ClockRate, ASlowerClockIsNamedHoweverSeldomItSpeaks) {
  for (const double every : {0.3, 1.0}) {
    expect_rates(1000, 250, every);
    expect_rates(1e6, 1000, every);
  }
}

TEST(ClockRate, AClockThatStoodStillIsNotSlower) {
  const Heard heard = hear_client(
      150, [](double t) { return 1000 * (t < 10 ? t : std::max(t - 20, 10.0)); }, at_once);
  EXPECT_FALSE(heard.found(RuleId::clock_rate_change));
  EXPECT_FALSE(heard.found(RuleId::tsval_regression));
  EXPECT_FALSE(heard.found(RuleId::tsval_jump));
  EXPECT_EQ(heard.flows[0].directions[0].clock.nominal_hz, 1000);
}

TEST(ClockRate, SegmentsThatWaitInAQueueAreOfTheSameClock) {
  // It fills over 15 s, holds 6 s worth of data for 20 s, and empties.
  const auto delay = [](double t) {
    return 0.01 + 6 * std::clamp(t < 45 ? (t - 10) / 15 : (51 - t) / 6, 0.0, 1.0);
  };
  const Heard heard = hear_client(
      80, [](double t) { return 1000 * t; }, delay);
  EXPECT_FALSE(heard.found(RuleId::clock_rate_change));
  EXPECT_FALSE(heard.found(RuleId::tsval_regression));
  EXPECT_FALSE(heard.found(RuleId::tsval_jump));
}

TEST(ClockRate, ACrystalThatIsSlowIsNoOtherRate) {
  // 300 ppm: 3 s behind after 10,000 s.
  Talk talk;
  uint32_t seq = 1000;
  for (double t = 0; t < 40'000; t += 20) {
    talk << Say{client, t * 1000, seq, 9001, 100, kAck, 7000 + static_cast<uint32_t>(t * 999.7), 500};
    seq += 100;
    talk << Say{server, t * 1000 + 0.1, 9001, seq, 0, kAck, 500, 7000 + static_cast<uint32_t>(t * 999.7)};
  }
  const Heard heard = hear(talk);
  EXPECT_FALSE(heard.found(RuleId::clock_rate_change));
  EXPECT_FALSE(heard.found(RuleId::tsval_regression));
  EXPECT_EQ(heard.flows[0].directions[0].clock.nominal_hz, 1000);
}

}  // namespace
}  // namespace tsaudit
