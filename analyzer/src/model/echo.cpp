// SPDX-License-Identifier: Apache-2.0
// What TSecr says of its sender's TS.Recent, and what to make of an echo that nothing explains.
#include <algorithm>

#include "model/host_steps.h"
#include "model/tracker.h"

namespace tsaudit {
namespace {

/// Could the peer's clock, as far as the capture shows it, have said `tsecr` by now?
bool may_have_said(const Host& peer, const Segment& s) {
  constexpr int64_t kSlackSeconds = 2;
  const int64_t elapsed_us = (s.time_ns - peer.last_ns) / 1000;
  if (peer.clock.hz() == 0)
    return distance(peer.clock.last(), s.tsecr) <= elapsed_us + kSlackSeconds * 1'000'000;
  return static_cast<double>(peer.clock.deviation(s.tsecr, s.time_ns)) <= peer.clock.hz() * kSlackSeconds + 2;
}

/// Is it a TSval that does not fit its sender's clock, or not the one of now? The capture holds it then.
bool is_of_another_clock(const DirectionTrouble& sent, TsVal tsval) {
  return sent.outliers.hold(tsval) || (sent.pending_step && !after(tsval, sent.pending_step->tsval)) ||
         std::any_of(sent.epochs.begin(), sent.epochs.end(),
                     [&](const ClockEpoch& epoch) { return epoch.said(tsval); });
}

}  // namespace

/// The echo of a segment that the capture does not hold predicts nothing and refutes nothing. False: it holds
/// it.
bool Tracker::echo_is_foreign(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  TsRecentCheck& misses = trouble(flow).direction[from ^ 1].misses;
  if (!b.clock.started()) {
    ++misses.missed_loss;
    a.ts_recent.replace(s.tsecr, s.time_ns);
    return true;
  }
  // And each with the TSval that its receiver gets: of a rewritten one, not every copy is recognised.
  const bool all_in_sight = !flow.capture_loss && !rewritten_.contains(flow.id);
  const DirectionTrouble& d = trouble(flow).direction[from ^ 1];
  if (is_of_another_clock(d, s.tsecr)) return false;
  const bool one_clock = d.epochs.empty() && !d.pending_step;
  const bool begin_seen = (from ^ 1) == flow.client ? flow.syn_seen : flow.synack_seen;
  if (one_clock && before(s.tsecr, b.clock.first())) {
    if (begin_seen) {
      if (all_in_sight) trouble(flow).direction[from].unseen_echo.add(s.frame, s.time_ns);
    } else {
      ++misses.missed_loss;  // sent before the capture began
      a.ts_recent.precede(s.tsecr, s.time_ns);
    }
    return true;
  }
  if (!after(s.tsecr, b.clock.last())) return false;
  ++misses.missed_loss;
  if (may_have_said(b, s)) {
    a.ts_recent.replace_unseen(s.tsecr, s.time_ns);
    return true;
  }
  DirectionTrouble& own = trouble(flow).direction[from];
  // One damaged TSecr says nothing of TS.Recent, nor does a TSecr that is rewritten on the way, which follows
  // its peer's clock. A receiver that took a damaged TSval is stuck with it, while its peer's clock goes on.
  const auto& last = own.strange_echo;
  const bool same = last && last->tsecr == s.tsecr && last->ack == s.ack;
  if (same && after(b.clock.last(), last->peer_clock)) a.ts_recent.replace(s.tsecr, s.time_ns);
  if (!same) own.strange_echo = {s.tsecr, s.ack, b.clock.last()};
  if (all_in_sight) own.unseen_echo.add(s.frame, s.time_ns);
  return true;
}

/// TSecr is nothing that TS.Recent of `from` was thought to hold.
void Tracker::echo_missed(Flow& flow, unsigned from, const Segment& s, TsRecentSet::Echo echo,
                          bool all_arrived) {
  if (echo_is_foreign(flow, from, s)) return;
  Host& a = flow.host[from];
  const TsVal modelled = a.ts_recent.back();
  if (all_arrived) {
    a.ts_recent.replace(s.tsecr, s.time_ns);
  } else {
    a.ts_recent.precede(s.tsecr, s.time_ns);
    doubt_if_late(a, s);
  }
  ++a.compared;
  // What the receiver at `from` got came from the other side: that is the direction which the model got
  // wrong.
  TsRecentCheck& misses = trouble(flow).direction[from ^ 1].misses;
  if (modelled.raw == 0) {
    ++misses.missed_restored;
  } else if (echo == TsRecentSet::Echo::older) {
    ++misses.missed_refused;
  } else {
    ++misses.missed_reorder;
    // A later segment than the first unacknowledged one: its receiver coalesces segments before TCP sees
    // them, and the last one's TSval stands for all.
    if (after(s.tsecr, modelled)) a.coalesces = true;
  }
}

/// TSecr and ACK of `from` tell its own receiver state: the anchor of the model (RFC 7323 section 4.3). False
/// when there is nothing to hold TSecr against.
bool Tracker::echo_tells(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  if (a.acked && before(s.ack, a.ack_max)) return false;  // overtaken by a later one
  if (!b.seen) {
    a.ts_recent = {};  // nothing to hold it against
    a.ts_recent.anchor(s.tsecr, a.last_ns, s.time_ns, false);
    return false;
  }
  if (s.tsecr.raw == 0 && a.ts_recent.known() && a.ts_recent.front().raw != 0) {
    // A restored socket knows no TS.Recent; some stacks echo nothing on data. The next echo tells.
    DirectionTrouble& own = trouble(flow).direction[from];
    own.zero_echo.add(s.frame, s.time_ns);
    if (own.leaves_out_echo()) return false;
    if (s.length() == 0)
      a.ts_recent.store(s.tsecr, s.time_ns);
    else
      a.ts_recent.may_store(s.tsecr, s.time_ns);
    return false;
  }
  return true;
}

void Tracker::unexpected_echo(Flow& flow, unsigned from, const Segment& s, TsRecentSet::Echo echo,
                              bool all_arrived) {
  if (echo != TsRecentSet::Echo::unknown) return echo_missed(flow, from, s, echo, all_arrived);
  Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  if (b.clock.started()) bound_age(a, b, b.clock.last(), b.last_ns);
  if (b.clock.started() && s.ack != b.snd_nxt && after(b.clock.last(), s.tsecr))
    a.ts_recent.may_reach(b.clock.last());
}

}  // namespace tsaudit
