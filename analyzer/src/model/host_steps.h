// SPDX-License-Identifier: Apache-2.0
// The small steps by which a segment changes what is known of one host.
#pragma once

#include <algorithm>

#include "model/receiver.h"

namespace tsaudit {

inline uint16_t saturate16(int64_t value) {
  return static_cast<uint16_t>(std::clamp<int64_t>(value, 0, 0xfffe));
}

/// A round trip that `host` may have measured. Hardly ever the longest, so that nothing is divided.
inline void may_have_measured(Host& host, int64_t ns) {
  constexpr int64_t kMost = (1 << 13) - 1;
  if (ns < (int64_t{host.rtt_max_ms} + 1) * kMillisecond) return;
  host.rtt_max_ms = static_cast<uint16_t>(std::min(ns / kMillisecond, kMost) & kMost);
}

/// `receiver` answers what `sender` sent last: how long was the way from the capture point to it and back?
inline void measure_loop(Host& receiver, Host& sender, const Segment& s) {
  if (!sender.sent_data_last || s.ack != sender.snd_nxt) return;
  sender.sent_data_last = false;
  const int64_t elapsed = s.time_ns - sender.last_ns;
  if (elapsed < 0) return;
  receiver.loop_16us = std::min(receiver.loop_16us, saturate16(elapsed / 16'000));
  may_have_measured(sender, elapsed);
  sender.rtt_measured = true;
}

/// `sender` keeps what it sends until it is acknowledged. Before its SND.NXT moves.
inline void keep_data(Host& sender, const Segment& s) {
  if (!sender.una_known || sender.snd_una == sender.snd_nxt || s.seq == sender.snd_una)
    sender.unacked_since = coarse(s.time_ns);
}

/// An ACK of new data, before SND.UNA moves: the round trip that its receiver measures is no longer than
/// since the oldest of them was sent, or if something was sent again, since the segment whose TSval it echoes
/// (tcp_ack_update_rtt()). The oldest of the others was sent after that one.
inline void bound_rtt(Host& receiver, const Segment& s) {
  if (receiver.una_known && before(receiver.snd_una, receiver.snd_nxt))
    may_have_measured(receiver, ns_since(receiver.unacked_since, s.time_ns));
  // No RTO matters without timestamps, but for how long data wait.
  if (!receiver.clock.started()) receiver.unacked_since = coarse(s.time_ns);
  const int32_t ticks = distance(s.tsecr, receiver.clock.last());
  if (!s.has_ts() || s.tsecr.raw == 0 || !receiver.clock.started() || ticks < 0) return;
  const int64_t period = receiver.clock.period_ns() ? receiver.clock.period_ns() : kMillisecond;
  const int64_t ns = s.time_ns - receiver.last_ns + ticks * period;
  may_have_measured(receiver, ns);
  receiver.unacked_since = coarse(s.time_ns - ns);
}

/// tcp_input.c:tcp_ack(): SND.UNA, and tcp_ack_update_window(), which an old ACK does not reach.
inline void take_ack(Host& receiver, const Host& sender, const Segment& s, uint32_t window,
                     bool zero_window_is_update) {
  if (receiver.una_known && before(s.ack, receiver.snd_una)) return;
  // What is not known (a restored socket may hold the window of the old one, or none) is known again when
  // both would have moved.
  const bool anew = !receiver.una_known;
  if (anew || after(s.ack, receiver.snd_una) || after(s.seq, receiver.snd_wl1) ||
      (s.seq == receiver.snd_wl1 && (window > receiver.snd_wnd || (window == 0 && zero_window_is_update)))) {
    receiver.snd_wl1 = s.seq;
    receiver.snd_wnd = window;
    // The header prediction of a restored socket expects a window of 0, as when it was connected, and leaves
    // the one that TCP_REPAIR_WINDOW set.
    receiver.wl_known = window != 0 || !receiver.restored;
  } else if (s.payload != 0 && before(s.seq, receiver.snd_wl1) && window == receiver.snd_wnd &&
             !data_wait(receiver, sender)) {
    // Header prediction takes SEG.SEQ also backwards (tcp_update_wl()). Unless it is surely off, no capture
    // shows whether it was in force.
    receiver.wl_known = false;
  }
  if (!receiver.una_known || after(s.ack, receiver.snd_una)) {
    bound_rtt(receiver, s);
    receiver.snd_una = s.ack;
    receiver.una_known = true;
  }
}

/// What `receiver` sends sooner than this after a segment passed the capture, it cannot have sent because of
/// it. 0 while nothing is known of the way.
inline TimeNs shortest_way_ns(const Host& receiver) {
  return receiver.loop_16us == Host::kNoLoop ? 0 : int64_t{receiver.loop_us()} * 500;
}

/// `receiver` still echoes an earlier value than it should by now.
inline void doubt_if_late(Host& receiver, const Segment& s) {
  if (s.time_ns - receiver.ts_recent.newest_store() >= shortest_way_ns(receiver)) receiver.ts_recent.doubt();
}

/// The receiver holds a TSval from before the capture. How long before, its sender's clock tells, once it is
/// heard saying `tsval` at `now`: it takes a second for a tick at the most (RFC 7323 section 5.4).
inline void bound_age(Host& receiver, const Host& sender, TsVal tsval, TimeNs now) {
  const int64_t ticks = distance(receiver.ts_recent.back(), tsval);
  const int64_t tick = sender.clock.hz() == 0 ? kSecond : sender.clock.period_ns();
  if (ticks >= 0) receiver.ts_recent.not_stored_before(now - (ticks + 1) * tick);
}

/// `host` sends data again that it need not, had it taken the last ACK of `other`, which has passed long
/// since.
inline void take_back_ack(Host& host, const Host& other, const Segment& s) {
  const TimeNs loop = 2 * shortest_way_ns(host);
  if (host.una_known && before(s.seq, host.snd_una) && s.time_ns - other.last_ns > kRtoMin + loop)
    host.snd_una = s.seq;
}

/// Had `receiver` handled everything before `s` when it sent it? Then its TSecr refutes all later values.
inline bool knows_all(const Host& receiver, const Host& sender, const Segment& s) {
  if (receiver.ts_recent.exact()) return true;
  if (receiver.stored_by_data && s.ack == sender.snd_nxt) return true;
  return vantage_of(receiver, sender) == Vantage::at_receiver &&
         s.time_ns - receiver.ts_recent.newest_store() > settle_ns(receiver);
}

inline void take_data(Host& receiver, const Segment& s) {
  if (!receiver.rcv_known) {
    receiver.rcv_nxt = s.end_seq();
    receiver.rcv_known = true;
  } else if (after(s.seq, receiver.rcv_nxt)) {
    receiver.holes = true;
  } else if (after(s.end_seq(), receiver.rcv_nxt)) {
    receiver.rcv_nxt = s.end_seq();
  }
}

/// Is there such a SACK block? One below the ACK is none: a D-SACK answers a copy (RFC 2883).
template <class Such>
bool any_sack(const Segment& s, Such&& such) {
  if (!s.has_sack) return false;
  std::array<SackBlock, 4> blocks;
  const int count = sack_blocks(s, blocks);
  return std::any_of(blocks.begin(), blocks.begin() + count,
                     [&](const SackBlock& block) { return after(block.right, s.ack) && such(block); });
}

/// Data wait at its sender for what comes before them.
inline bool sacks_beyond_ack(const Segment& s) {
  return any_sack(s, [](const SackBlock&) { return true; });
}

/// All of [left, right) is among what waits there.
inline bool sacks(const Segment& s, SeqNum left, SeqNum right) {
  return any_sack(
      s, [&](const SackBlock& block) { return !after(block.left, left) && !before(block.right, right); });
}

inline std::optional<SackEdge> sack_edge(const Segment& s) {
  constexpr int kBeside = 3;  // so many blocks fit beside a TSopt
  std::array<SackBlock, 4> blocks;
  const int count = sack_blocks(s, blocks);
  if (count == 0) return std::nullopt;
  SackEdge edge{blocks[0].right, count >= kBeside};
  for (int i = 1; i < count; ++i)
    if (after(blocks[i].right, edge.right)) edge.right = blocks[i].right;
  return edge;
}

/// The D-SACK, which tells the copy, or the refused data, that the ACK answers: a first block below the ACK
/// or inside of the second (RFC 2883 section 4).
inline std::optional<SackBlock> d_sack(const Segment& s) {
  std::array<SackBlock, 4> blocks;
  const int count = sack_blocks(s, blocks);
  if (count == 0) return std::nullopt;
  const bool inside =
      count > 1 && !before(blocks[0].left, blocks[1].left) && !after(blocks[0].right, blocks[1].right);
  return inside || !after(blocks[0].right, s.ack) ? std::optional(blocks[0]) : std::nullopt;
}

/// What the segment says of its sender as a receiver: how far it has got, and what it allows.
inline void take_own_ack(Host& sender, const Segment& s, uint32_t window) {
  if (!sender.acked || after(s.ack, sender.ack_max)) sender.ack_max = s.ack;
  const SeqNum edge = s.ack + window;
  if (!sender.acked || after(edge, sender.right_edge)) sender.right_edge = edge;
  sender.acked = true;
  if (sender.holes) [[unlikely]] {
    if (sacks_beyond_ack(s))
      sender.sacks = true;
    else if (sender.sacks)
      sender.holes = false;
  }
  if (sender.rcv_doubtful && !before(s.ack, sender.rcv_nxt)) sender.rcv_doubtful = false;
  if (!sender.rcv_known || after(s.ack, sender.rcv_nxt)) {
    sender.rcv_nxt = s.ack;
    sender.rcv_known = true;
  }
}

/// TSecr is 0 although `was`, its sender before, had a TS.Recent: rebuilt by TCP_REPAIR, which does not
/// restore it.
inline bool lost_ts_recent(const Host& was, const Segment& s) {
  return s.has_ts() && s.tsecr.raw == 0 && s.has(kAck) && !s.has(kSyn) && was.ts_recent.known() &&
         was.ts_recent.back().raw != 0;
}

/// Is less room left of what its peer allows it to send than the least that a full segment takes (RFC 9293
/// section 3.7.1)?
inline bool is_window_closed(const Host& host) {
  constexpr int32_t kLeastMss = 536;
  return host.una_known && host.wl_known && distance(host.snd_nxt, host.snd_una + host.snd_wnd) < kLeastMss;
}

/// Would it be the news that a closed window is open, if `receiver` took it?
/// tcp_input.c:tcp_may_update_window()
inline bool opens_window(const Host& receiver, const Segment& s, uint32_t window) {
  return is_window_closed(receiver) && s.has(kAck) && !before(s.ack, receiver.snd_una) &&
         !before(s.seq, receiver.snd_wl1) && after(s.ack + window, receiver.snd_una + receiver.snd_wnd);
}

/// Will the receiver's next segments be held against this verdict? Drops by timestamps, and data that another
/// receiver might have dropped.
inline bool is_questionable(const Segment& s, const Judgement& j) {
  if (j.verdict == Verdict::drop) return is_paws(j.reason);
  return j.verdict == Verdict::accept && s.length() > 0 &&
         (j.reason == Reason::window1 || j.reason == Reason::idle || j.reason == Reason::ts_recent_zero);
}

/// Does `sender` repeat its ACK in this pure one, long after the capture has shown more in order? Then that
/// was taken away from it.
inline bool lacks_data_seen(const Host& sender, const Host& other, const Segment& s) {
  return s.ack == sender.ack_max && before(s.ack, sender.rcv_nxt) && sender.tap == Tap::estimated &&
         s.time_ns - other.last_ns > settle_ns(sender);
}

constexpr uint32_t kLargestSegment = 0xffff;

/// Does it acknowledge more than the capture shows of what `receiver` sent, and no more than `sender`
/// allowed, or the last of that stuck out?
inline bool may_lack_data(const Host& receiver, const Host& sender, const Segment& s) {
  const bool open = receiver.state == TcpState::established || receiver.state == TcpState::unknown;
  return receiver.seen && open && s.has(kAck) && !s.has(kRst | kSyn) && after(s.ack, receiver.snd_nxt) &&
         (!sender.scale_known || !after(s.ack, sender.right_edge + kLargestSegment));
}

/// May a later segment of the receiver decide this doubt? One about data that it lacks or that only TS.Recent
/// decides on, one about a pure ACK that would be answered if it was refused, one about a request socket, and
/// one about what the receiver has sent.
inline bool may_be_decided(const Host& receiver, const Host& sender, const Segment& s, const Judgement& j) {
  return j.verdict == Verdict::unknown && s.has_ts() && !s.has(kRst | kSyn) &&
         (receiver.state == TcpState::syn_recv || j.reason == Reason::ts_recent_range ||
          j.reason == Reason::idle_range || may_lack_data(receiver, sender, s) ||
          (s.payload > 0 ? after(s.end_seq(), receiver.rcv_known ? receiver.rcv_nxt : sender.snd_nxt)
                         : j.answered_refusal.has_value()));
}

inline bool is_keepalive(const Host& receiver, const Segment& s) {
  return s.payload <= 1 && receiver.acked && s.seq == receiver.ack_max - 1;
}

}  // namespace tsaudit
