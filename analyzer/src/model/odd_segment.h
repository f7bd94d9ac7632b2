// SPDX-License-Identifier: Apache-2.0
// What is found out about a segment on its way through Tracker::process_odd().
#pragma once

#include <optional>

#include "model/fingerprint.h"
#include "model/host_steps.h"
#include "model/tracker.h"

namespace tsaudit {

/// A segment that is not the ordinary one: what it is to its sender and its receiver, and what is found of
/// it.
struct Tracker::Odd {
  Odd(Flow& in, unsigned sender, const Segment& segment, bool is_first)
      : flow(in), from(sender), s(segment), a(in.host[from]), b(in.host[from ^ 1]), first(is_first) {}
  Flow& flow;
  const unsigned from;
  const Segment& s;
  Host& a;           ///< its sender
  Host& b;           ///< its receiver
  const bool first;  ///< of its sender
  const Host was = a;
  const bool new_data = s.length() > 0 && (first || after(s.end_seq(), a.snd_nxt));
  /// New to the capture, but its sender has acknowledged more since.
  const bool late_data = new_data && s.has(kAck) && a.acked && before(s.ack, a.ack_max);
  /// The same packet once more, as a mirror port or the network makes it: no second word of its sender.
  const bool seen_before = !s.src.v6 && s.ip_id != 0 && s.ip_id == a.packet_id;
  const bool retransmitted = s.payload > 0 && !new_data && !is_keepalive(b, s);
  /// A FIN alone once more, which is all that its receiver has not acknowledged. (Of one that is not in the
  /// capture, nothing tells that it is there at all: the end of a connection from before.)
  const bool fin_again = s.has(kFin) && !s.has(kRst) && s.payload == 0 && s.end_seq() == a.snd_nxt &&
                         b.acked && b.ack_max == s.seq;
  const bool opening = (s.flags & (kSyn | kAck | kRst)) == kSyn;
  /// A SYN-ACK of another number than the one before: handshake() takes it, or nobody does.
  const bool other_answer = s.has(kSyn) && s.has(kAck) && flow.synack_seen && s.seq != a.isn;
  /// The next connection knocks, perhaps of another host behind the same address.
  const bool next_one = opening && b.state == TcpState::time_wait;
  /// A SYN inside of a connection: another one begins, if its SYN-ACK follows.
  const bool knocks =
      opening && !first && s.seq != was.isn && b.state != TcpState::unknown && b.state != TcpState::syn_sent;
  /// Later ones have overtaken it: it says nothing of the present, and answers nothing. (But the clock of
  /// another host may be behind.)
  const bool overtaken = s.has_ts() && a.clock.overtook(s.tsval) && a.mac == fold_mac(s.src_mac);

  bool new_ack = false, repeats_ack = false;
  bool heard_unseen =
      false;  ///< its sender has got something of the other side that the capture does not hold
  bool shown_first = false;  ///< data that the capture lacked: earlier copies were lost on their way to it
  SenderClock::Fit fit = SenderClock::Fit::good;
  Judgement j;
  std::optional<SeqNum> snd_una;  ///< of its receiver, before it
  bool window_closed = false;     ///< to its receiver
  bool dropped() const { return j.verdict == Verdict::drop; }
};

}  // namespace tsaudit
