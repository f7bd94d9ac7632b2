// SPDX-License-Identifier: Apache-2.0
// One segment at several points of the capture: where it gets lost, and what becomes of its timestamps on the
// way.
#include <tuple>

#include "flow/copies.h"
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
  Rewriter& rewriter = rewritten_[flow.id][from];
  rewriter.point = Copies::point_of(s);
  if (rewriter.ticks == distance(first, s.tsval)) return;
  rewriter.ticks = distance(first, s.tsval);
  Host& a = flow.host[from];
  TsRecentSet& recent = flow.host[from ^ 1].ts_recent;
  if (a.clock.started()) a.clock.start(s.tsval, s.time_ns);
  if (recent.known() && recent.may_hold(first)) recent.store(s.tsval, s.time_ns);
  flow.settled = false;
  if (flow.trouble == 0) return;
  Trouble& t = trouble(flow);
  t.direction[from].pending_step.reset();
  t.direction[from ^ 1].unseen_echo = {};  // it was of the other side
}

int32_t Tracker::rewritten_by(const Flow& flow, unsigned from, const Segment& s) const {
  const auto rewriters = rewritten_.empty() ? rewritten_.end() : rewritten_.find(flow.id);
  if (rewriters == rewritten_.end()) return 0;
  const Rewriter& rewriter = rewriters->second[from];
  return rewriter.point == Copies::point_of(s) ? 0 : rewriter.ticks;
}

/// The packet that its sender's last one was, from another point and with another TSval.
void Tracker::note_points(const Odd& odd) {
  const auto& [s, was] = std::tie(odd.s, odd.was);
  const bool elsewhere = is_other_mac(was.mac, s.src_mac) || s.ttl != was.ttl;
  if (!elsewhere || !odd.seen_before || !s.has_ts() || !was.clock.started() || s.tsval == was.clock.last() ||
      s.end_seq() != was.snd_nxt || s.time_ns - was.last_ns > Copies::kOnTheWay)
    return;
  saw_two_points_ = true;
  shown_rewritten(odd.flow, odd.from, s, was.clock.last());
}

}  // namespace tsaudit
