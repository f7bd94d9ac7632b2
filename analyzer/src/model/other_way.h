// SPDX-License-Identifier: Apache-2.0
// Does a segment belong to a connection of which only the other side has been seen?
#pragma once

#include "model/flow_state.h"
#include "tsaudit/segment.h"

namespace tsaudit {

/// `s` is the first segment of flow.host[from] and came another way (Segment::scope) than those of the other
/// host: do its numbers fit theirs? It acknowledges what they sent, and starts near to what they
/// acknowledged.
inline bool answers(const Flow& flow, unsigned from, const Segment& s) {
  constexpr int32_t kNear = 1 << 20;  // bytes; by chance two strangers are as near once in 2^24
  const Host& other = flow.host[from ^ 1];
  if (flow.host[from].seen || !other.seen || !s.has(kAck)) return false;
  const int32_t unacknowledged = distance(s.ack, other.snd_nxt);
  const int32_t ahead = other.acked ? distance(other.ack_max, s.seq) : 0;
  if (s.has(kSyn) && (!flow.syn_seen || !after(s.ack, other.isn))) return false;
  return unacknowledged >= 0 && unacknowledged <= kNear && ahead >= -kNear && ahead <= kNear;
}

}  // namespace tsaudit
