// SPDX-License-Identifier: Apache-2.0
// What the capture does not hold: data that were acknowledged all the same, a stay where it does not reach.
#include <tuple>

#include "model/odd_segment.h"

namespace tsaudit {
namespace {

/// What `receiver` acknowledged beyond `end`.
void was_never_sent(Host& sender, Host& receiver, SeqNum end) {
  receiver.ack_max = receiver.rcv_nxt = receiver.right_edge = end;
  if (after(sender.snd_nxt, end)) sender.snd_nxt = end;
  if (after(sender.snd_una, end)) sender.snd_una = end;
}

}  // namespace

/// An ACK of what was never seen has been believed. Now its sender's ACK goes back, or the other one sends a
/// pure ACK, which carries SND.NXT, from before it, while the clock goes on: that ACK was forged or damaged.
void Tracker::refute_ack(const Flow& flow, Host& a, Host& b, const Segment& s) {
  if (!flow.capture_loss || !s.has(kAck) || s.has(kRst | kSyn) || !s.has_ts() || !a.clock.started() ||
      !after(s.tsval, a.clock.last()))
    return;
  if (a.acked && a.ack_max == b.snd_nxt && before(s.ack, a.ack_max)) was_never_sent(b, a, s.ack);
  if (b.acked && b.ack_max == a.snd_nxt && before(s.seq, a.snd_nxt) && s.length() == 0 && !is_keepalive(b, s))
    was_never_sent(a, b, s.seq);
}

/// Its sender lived where the capture does not reach: it has moved away and come back. (Some stacks never
/// echo on data.)
void Tracker::note_absence(const Odd& odd) {
  const auto& [flow, s, a, b] = std::tie(odd.flow, odd.s, odd.a, odd.b);
  if (!after(s.seq, a.snd_nxt)) return;  // of all that it sent in sight
  const bool usual = flow.trouble && trouble(flow).direction[odd.from].zero_echo;
  const bool back = lost_ts_recent(odd.was, s) && !s.has(kRst) && (s.length() == 0 || !usual);
  // Or both ends say that they are beyond that.
  const bool agreed = flow.trouble && trouble(flow).direction[odd.from ^ 1].strange_ack == s.seq;
  if (!back && !agreed) return;
  flow.capture_loss = true;
  a.snd_nxt = s.seq;
  if (!back || s.length() != 0) return;
  // A probe, perhaps, which is one before SND.UNA.
  trouble(flow).direction[odd.from ^ 1].doubtful_ack = {a.snd_una, s.seq + 1, b.snd_nxt, b.snd_nxt};
  a.snd_nxt = a.snd_una = s.seq + 1;
}

/// It acknowledges what the capture does not hold.
void Tracker::note_capture_loss(Odd& odd) {
  const Segment& s = odd.s;
  if (s.length() == 0 && !s.has(kRst) && !odd.first && after(s.seq, odd.a.snd_nxt))
    trouble(odd.flow).direction[odd.from ^ 1].unseen_sent = s.seq;
  if (!s.has(kAck) || !odd.b.seen || !after(s.ack, odd.b.snd_nxt)) return;
  if (s.has(kSyn) && odd.flow.syn_seen) return;  // it answers another SYN
  if (odd.a.restored) trouble(odd.flow).direction[odd.from].strange_ack = s.ack;
  if (!s.has(kRst)) trouble(odd.flow).direction[odd.from ^ 1].unseen_got = s.ack;
  const bool sent_before = !knows_sent(odd.flow, odd.b, odd.a);  // the capture began
  if (odd.dropped() || (odd.j.verdict == Verdict::unknown && !sent_before) || s.has(kRst)) return;
  if (!sent_before) return lack_data(odd.flow, odd.from ^ 1, odd.b.snd_nxt, s.ack, s.frame);
  odd.flow.capture_loss = true;
  odd.b.snd_nxt = s.ack;
}

/// The capture lacks what `sender` sent from `from` up to `to`, as that frame tells; others may have told of
/// a part.
void Tracker::lack_data(Flow& flow, unsigned sender, SeqNum from, SeqNum to, uint64_t frame) {
  Host& host = flow.host[sender];
  gaps_[key_of(flow, sender)].lack(from, to, frame);
  flow.capture_loss = true;
  if (after(to, host.snd_nxt)) host.snd_nxt = to;
}

/// With what the ACKs tell so far. Null: it has none.
Gaps* Tracker::gaps_of(const Flow& flow, unsigned sender) {
  const auto gaps = gaps_.empty() ? gaps_.end() : gaps_.find(key_of(flow, sender));
  if (gaps == gaps_.end()) return nullptr;
  const Host& receiver = flow.host[sender ^ 1];
  if (receiver.acked) gaps->second.acknowledge(receiver.ack_max);
  return &gaps->second;
}

Lacking Tracker::lacking_of(const Flow& flow) {
  Lacking all;
  for (unsigned sender = 0; sender < 2; ++sender)
    if (const Gaps* gaps = gaps_of(flow, sender)) all.add(gaps->lacking().bytes, gaps->lacking().frame);
  return all;
}

/// What it shows of the data that have not been shown in their place.
void Tracker::note_gaps(Odd& odd) {
  const auto& [flow, s, a, b] = std::tie(odd.flow, odd.s, odd.a, odd.b);
  if (s.length() == 0 || odd.other_answer) return;
  // After the end it is the next connection, whose handshake the capture lacks.
  const bool over = flow.reset || a.fin_sent;
  if (after(s.seq, a.snd_nxt) && knows_sent(flow, a, b) && !over)
    gaps_[key_of(flow, odd.from)].skip(a.snd_nxt, s.seq, s.frame);
  if (Gaps* gaps = gaps_of(flow, odd.from)) {
    odd.shown_first = gaps->show(s.seq, s.end_seq());
    if (gaps->none()) gaps_.erase(key_of(flow, odd.from));
  }
}

}  // namespace tsaudit
