// SPDX-License-Identifier: Apache-2.0
// What only time brings: TS.Recent too old to count, and TIME_WAIT older than an MSL. For emulated machines,
// whose clock jumps over the time that they sleep.
#include "rule_tests.h"

namespace lab {
namespace {

const char* const kTaken = "taken";
const char* const kPaws = "TCP_RFC7323_PAWS";
constexpr int64_t kFar = 500'000;

/// TCP_PAWS_WRAP, TCP_PAWS_24DAYS: seconds.
int64_t idle_limit() { return kernel_version() >= 607 ? 2147 : 24 * 86400; }

/// The age is in whole seconds, both ends cut off: a second either way is the kernel's own uncertainty.
void idle(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  t.lab().sleep_s(2145);
  t.send(g, g.stale(kFar, kAck | kPsh, 50), "9c far back, idle for 2145 s", kPaws);
  t.lab().sleep_s(4);
  const bool healed = idle_limit() < 2149;
  const Segment late = g.stale(kFar, kAck | kPsh, 50);
  if (!healed) {
    t.send(g, late, "9c far back, idle for 2149 s", kPaws);
  } else {
    t.advance(g, late, "4/V8 far back, idle for 2149 s", kTaken);
    t.expect_ts_recent(g, "4 idle: TS.Recent goes back", late.ts->val);
  }
}

void twenty_four_days(RuleTests& t) {
  if (idle_limit() > t.patience_s() || idle_limit() < 2149) return;
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  t.lab().sleep_s(idle_limit() - 2);
  t.send(g, g.stale(kFar, kAck | kPsh, 50), "9c far back, idle for 24 days less 2 s", kPaws);
  t.lab().sleep_s(4);
  const Segment late = g.stale(kFar, kAck | kPsh, 50);
  t.advance(g, late, "4 far back, idle for 24 days and 2 s", kTaken);
  t.expect_ts_recent(g, "4 24 days: TS.Recent goes back", late.ts->val);
}

/// TIME_WAIT lasts 60 s, but a refused segment starts it anew; TS.Recent is not renewed by that.
void old_time_wait(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  g.close_peer();
  g.send(g.stale(0));
  g.advance(g.stale(0, kAck | kFin));
  t.lab().sleep_s(30);
  const char* refused = kernel_version() >= 615 ? "TCP_RFC7323_TW_PAWS" : kPaws;
  t.send(g, g.stale(kFar), "T TIME_WAIT, pure ACK, far back, 30 s old", refused);
  t.lab().sleep_s(32);
  t.send(g, g.stale(kFar, kRst), "T/V25 TIME_WAIT, RST, far back, 62 s old", "NOT_SPECIFIED");  // it obeys
}

constexpr RuleTest kTests[] = {
    {"old-time-wait", old_time_wait}, {"idle", idle}, {"24-days", twenty_four_days}};

}  // namespace

std::span<const RuleTest> idle_tests() { return kTests; }

}  // namespace lab
