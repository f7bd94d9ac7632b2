// SPDX-License-Identifier: Apache-2.0
// At the end of a connection: FIN_WAIT2 and TIME_WAIT as mini sockets, tcp_timewait_state_process().
#include "rule_tests.h"

namespace lab {
namespace {

const char* const kTaken = "taken";
constexpr int64_t kFar = 500'000;
const char* tw_paws() { return kernel_version() >= 615 ? "TCP_RFC7323_TW_PAWS" : "TCP_RFC7323_PAWS"; }

/// The peer closed first and has our ACK of its FIN: nothing but a mini socket is left of it.
void to_fin_wait2(Ghost& g) {
  g.connect();
  g.data(100);
  g.close_peer();
  g.send(g.stale(0));
}

void to_time_wait(Ghost& g) {
  to_fin_wait2(g);
  g.advance(g.stale(0, kAck | kFin));
}

void fin_wait2(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  to_fin_wait2(g);
  g.forget_replies();
  t.send(g, g.stale(kFar, kRst), "T/V26 FIN_WAIT2, RST, far back", "NOT_SPECIFIED");
  t.expect("T/V26 FIN_WAIT2, RST, far back: the answer", "ACK", answer(g));
  t.send(g, g.stale(kFar), "T FIN_WAIT2, pure ACK, far back", "NOT_SPECIFIED");
  t.send(g, g.stale(1), "T FIN_WAIT2, pure ACK, 1 tick back", "NOT_SPECIFIED");
  t.send(g, g.stale(kFar, kAck | kFin), "T FIN_WAIT2, FIN, far back", "NOT_SPECIFIED");
}

void time_wait(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  to_time_wait(g);
  g.forget_replies();
  t.send(g, g.stale(kFar, kRst), "T/V24 TIME_WAIT, RST, far back, young", tw_paws());
  t.expect("T/V24 TIME_WAIT, RST, far back: the answer", "silence", answer(g));
  t.send(g, g.stale(1), "T TIME_WAIT, pure ACK, 1 tick back", tw_paws());
  t.send(g, g.stale(kFar, kAck | kPsh, 20), "T TIME_WAIT, data, far back", tw_paws());
  Segment s = g.stale(kFar, kSyn);
  s.seq += 100'000;
  t.send(g, s, "T TIME_WAIT, SYN, far back", tw_paws());
  s = g.stale(0, kSyn);
  s.seq -= 50;
  t.send(g, s, "T TIME_WAIT, SYN, lower sequence, equal TSval", "NOT_SPECIFIED");
  s = g.syn();
  s.seq = g.snd_nxt - 50;
  s.ts->val = g.ts_recent + 1;
  g.forget_replies();
  t.send(g, s, "T/V27 TIME_WAIT, SYN, lower sequence, TSval one newer", kTaken);
  g.wait_for([](const Segment& r) { return r.has(kSyn); });
}

void half_closed(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  t.advance(g, g.stale(0, kAck | kFin), "2 FIN", kTaken);
  t.send(g, g.stale(kFar), "9b CLOSE_WAIT, pure ACK, far back", "TCP_RFC7323_PAWS");
  g.peer().shutdown_write();
  g.wait_for([](const Segment& s) { return s.has(kFin); });
  t.send(g, g.stale(kFar), "9b LAST_ACK, final ACK, far back", "TCP_RFC7323_PAWS");
  t.send(g, g.stale(0), "2 LAST_ACK, final ACK", kTaken);
}

constexpr RuleTest kTests[] = {
    {"fin-wait2", fin_wait2}, {"time-wait", time_wait}, {"half-closed", half_closed}};

}  // namespace

std::span<const RuleTest> closing_tests() { return kTests; }

}  // namespace lab
