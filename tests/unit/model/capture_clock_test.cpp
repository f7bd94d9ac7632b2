// SPDX-License-Identifier: Apache-2.0
#include "model/capture_clock.h"

#include <gtest/gtest.h>

#include <tuple>

namespace tsaudit {
namespace {

/// A sender that has said a TSval every millisecond for two seconds.
Host sender_at(TimeNs now) {
  Host host;
  host.seen = true;
  for (uint32_t i = 0; i <= 2000; ++i)
    host.clock.observe(TsVal{7'000'000 + i}, now - (2000 - i) * kMillisecond, kMillisecond);
  host.last_ns = now;
  return host;
}

/// Two containers of one host go to another together: their clocks are behind by the same time, but by more
/// than the capture has made meanwhile. Only what it has made can it have been set by.
TEST(CaptureClock, HostsThatMoveTogetherHaveNotSetIt) {
  constexpr TimeNs kNow = 1'700'000'000 * kSecond;
  for (const auto& [silence, behind, expected] :
       {std::tuple{4, 1000, 0}, std::tuple{1004, 1000, 1000}, std::tuple{-1000, -1000, -1000}}) {
    CaptureClock clock;
    const Host hosts[2] = {sender_at(kNow), sender_at(kNow)};
    for (uint32_t i = 0; i < 2; ++i) {
      Segment s;
      s.src = {0, 0x0a000001 + i, false};
      s.flags = kAck;
      s.ts = TsOption::present;
      s.time_ns = kNow + silence * kSecond;
      s.tsval = hosts[i].clock.last() + static_cast<uint32_t>((silence - behind) * 1000);
      EXPECT_TRUE(clock.hear(hosts[i], s));
      EXPECT_FALSE(clock.hear(hosts[i], s)) << "it has spoken";
      EXPECT_TRUE(i == 1 || clock.set_by(silence * kSecond) == 0) << "one alone has moved";
    }
    EXPECT_NEAR(static_cast<double>(clock.set_by(silence * kSecond)) / 1e9, expected, 0.1) << silence;
  }
}

}  // namespace
}  // namespace tsaudit
