// SPDX-License-Identifier: Apache-2.0
// The clock of the capturing host is set in the midst of a capture. No endpoint has moved then.
#include <gtest/gtest.h>

#include "talk.h"

namespace tsaudit {
namespace {

using enum Who;

constexpr double kSetAt = 3, kEnd = 6;  // s

struct Set {
  double capture = 0;  ///< s by which the capture's clock goes ahead
  double server = 0;   ///< and the server's own
  double silence = 0;  ///< s that pass before
  double at = kSetAt;  ///< s after the begin
  double hz = 1000;
};

/// Data of the client every 50 ms, and what the server answers. Times begin at 5,000 s, so that they can go
/// back.
Heard hear_set(const Set& set) {
  Talk talk;
  const auto say = [&](double t, Say what) {
    if (t >= set.at) t += set.silence;
    what.ms = (5000 + t + (t >= set.at ? set.capture : 0)) * 1000;
    const double own = t + (what.who == server && t >= set.at ? set.server : 0);
    if (what.tsval == 0) what.tsval = 100'000'000 + static_cast<uint32_t>(static_cast<int64_t>(own * set.hz));
    talk << what;
    return what.tsval;
  };
  uint32_t client_said = say(0, {.who = client, .seq = 1000, .flags = kSyn});
  uint32_t server_said =
      say(0.0001, {.who = server, .seq = 9000, .ack = 1001, .flags = kSyn | kAck, .tsecr = client_said});
  client_said = say(0.01, {.who = client, .seq = 1001, .ack = 9001, .tsecr = server_said});
  uint32_t seq = 1001;
  for (double t = 0.05; t < kEnd; t += 0.05) {
    client_said = say(t, {.who = client, .seq = seq, .ack = 9001, .length = 100, .tsecr = server_said});
    seq += 100;
    server_said = say(t + 0.0001, {.who = server, .seq = 9001, .ack = seq, .tsecr = client_said});
  }
  return hear(talk);
}

TEST(CaptureClock, ThatIsSetMovesNobody) {
  for (const double step : {0.7, 5.0, 3600.0, -5.0, -3600.0}) {
    const Heard heard = hear_set({.capture = step});
    EXPECT_TRUE(heard.flows.at(0).migrations.empty()) << step;
    EXPECT_FALSE(heard.found(RuleId::tsval_jump)) << step;
    EXPECT_FALSE(heard.found(RuleId::tsval_regression)) << step;
    ASSERT_EQ(heard.summary.capture_clock_steps.size(), 1u) << step;
    const CaptureClockStep& told = heard.summary.capture_clock_steps[0];
    EXPECT_NEAR(static_cast<double>(told.step_ns) / 1e9, step, 0.1);
    EXPECT_EQ(told.flows, 1u);
    EXPECT_NEAR(static_cast<double>(told.frame), 2 * kSetAt / 0.05 + 3, 3);
  }
}

/// Where it shows at once, what comes after it is told by the time before.
TEST(CaptureClock, TimeGoesOnWhereItIsSet) {
  for (const double step : {5.0, -3600.0})
    for (const double at : {0.02, kSetAt}) {  // before the rates are known, and after
      const Heard heard = hear_set({.capture = step, .at = at});
      ASSERT_EQ(heard.summary.capture_clock_steps.size(), 1u) << step << " " << at;
      EXPECT_TRUE(heard.flows.at(0).migrations.empty());
      EXPECT_NEAR(static_cast<double>(heard.flows[0].last_ns - heard.flows[0].first_ns) / 1e9, kEnd, 0.2);
      for (size_t i = 1; i < heard.rows.size(); ++i)
        EXPECT_LT(std::llabs(heard.rows[i].time_ns - heard.rows[i - 1].time_ns), kSecond) << i;
    }
}

TEST(CaptureClock, ThatGoesOnOverASilenceWasNotSet) {
  for (const double hz : {250.0, 1000.0, 1e6})
    for (const double silence :
         {7.0, 1000.0, 3600.0})  // a clock of 1 MHz has gone halfway round after 2147 s
      for (const double at : {0.02, kSetAt}) {
        const Heard heard = hear_set({.silence = silence, .at = at, .hz = hz});
        EXPECT_TRUE(heard.summary.capture_clock_steps.empty())
            << hz << " Hz, " << silence << " s after " << at;
      }
}

TEST(CaptureClock, TheClockOfOneEndIsItsOwn) {
  for (const double step : {5.0, -5.0}) {
    const Heard heard = hear_set({.server = step});
    ASSERT_EQ(heard.flows.at(0).migrations.size(), 1u) << step;
    EXPECT_EQ(heard.flows[0].migrations[0].endpoint, Side::server);
    EXPECT_TRUE(heard.summary.capture_clock_steps.empty()) << step;
  }
}

TEST(CaptureClock, AMoveWithinWhatItWasSetByIsAMove) {
  const Heard heard = hear_set({.capture = 5, .server = -7});
  EXPECT_FALSE(heard.flows.at(0).migrations.empty());
  EXPECT_TRUE(heard.summary.capture_clock_steps.empty());
}

}  // namespace
}  // namespace tsaudit
