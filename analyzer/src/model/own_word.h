// SPDX-License-Identifier: Apache-2.0
// What each segment says of its sender as a receiver, read alike on the ordinary path and on the odd one.
// Inline: the ordinary path has no call to spare.
#pragma once

#include "model/host_steps.h"
#include "model/tracker.h"

namespace tsaudit {

[[gnu::always_inline]] inline void Tracker::note_own_ack(Flow& flow, unsigned from, const Segment& s,
                                                         uint32_t window) {
  take_own_ack(flow.host[from], s, window);
  if (flow.host[from].holes && flow.trouble) [[unlikely]]
    trouble(flow).direction[from ^ 1].sack_edge = sack_edge(s);
}

[[gnu::always_inline]] inline void Tracker::take_echo(Flow& flow, unsigned from, const Segment& s,
                                                      bool all_arrived) {
  Host& a = flow.host[from];
  const TsRecentSet::Echo echo = a.ts_recent.anchor(s.tsecr, a.last_ns, s.time_ns, all_arrived);
  if (echo != TsRecentSet::Echo::exact && echo != TsRecentSet::Echo::possible) [[unlikely]]
    return unexpected_echo(flow, from, s, echo, all_arrived);
  ++a.compared;
  a.exact += echo == TsRecentSet::Echo::exact;
  if (echo == TsRecentSet::Echo::possible) doubt_if_late(a, s);
}

}  // namespace tsaudit
