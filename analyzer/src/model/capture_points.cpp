// SPDX-License-Identifier: Apache-2.0
// One segment at several points of the capture: where it gets lost, and what becomes of its timestamps on the
// way.
#include "model/odd_segment.h"

namespace tsaudit {

void Tracker::shown_again(Flow& flow, unsigned from, const Segment& s) {
  uint32_t& last_point = last_points_[flow.id][from];
  DirectionTrouble* direction = flow.trouble ? &trouble(flow).direction[from] : nullptr;
  if (!direction || !direction->stall_open)
    last_point = s.point;
  else
    ++direction->stalls.back().arrived;
}

/// Is `s`, one of its retransmissions, seen where its sender's segments were last?
void Tracker::note_point(Stall& stall, const Flow& flow, unsigned from, const Segment& s) const {
  const auto points = last_points_.find(flow.id);
  if (points == last_points_.end() || points->second[from] == 0) return;
  stall.last_point_known = true;
  stall.arrived += s.point == points->second[from];
}

/// What its receiver gets is what is seen last. The first one may have been judged before it was known.
void Tracker::shown_rewritten(Flow& flow, unsigned from, const Segment& s, TsVal first) {
  int32_t& ticks = rewritten_[flow.id][from];
  Trouble& t = trouble(flow);
  for (DirectionTrouble& direction : t.direction) direction.unseen_echo = {};  // it was of the other side
  if (ticks == distance(first, s.tsval)) return;
  ticks = distance(first, s.tsval);
  Host& a = flow.host[from];
  TsRecentSet& recent = flow.host[from ^ 1].ts_recent;
  if (a.clock.started()) a.clock.start(s.tsval, s.time_ns);
  if (recent.known() && recent.may_hold(first)) recent.store(s.tsval, s.time_ns);
  t.direction[from].pending_step.reset();
  flow.settled = false;
}

/// The packet that its sender's last one was, with another TSval: there are two points, and that is how it
/// shows.
void Tracker::note_points(const Odd& odd) {
  if (!odd.seen_before || !odd.s.has_ts() || !odd.was.clock.started() ||
      odd.s.tsval == odd.was.clock.last() || odd.s.end_seq() != odd.was.snd_nxt)
    return;
  saw_two_points_ = true;
  shown_rewritten(odd.flow, odd.from, odd.s, odd.was.clock.last());
}

}  // namespace tsaudit
