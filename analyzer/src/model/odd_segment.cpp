// SPDX-License-Identifier: Apache-2.0
// The segment that is not the ordinary one: what it is, what becomes of it at its receiver, what it tells of
// its sender.
#include "model/odd_segment.h"

#include <algorithm>
#include <tuple>

#include "flow/copies.h"
#include "model/fingerprint.h"
#include "model/own_word.h"
#include "model/progress.h"

namespace tsaudit {
namespace {

/// RST and zero in a SYN say nothing about their sender's clock, and who knocks next may have another one.
SenderClock::Fit observe_clock(const Flow& flow, Host& a, Host& b, const Segment& s, bool next_one) {
  SenderClock::Fit fit = SenderClock::Fit::good;
  const bool started = a.clock.started();
  const bool first_syn_ack =
      s.has(kSyn) && s.has(kAck) && (!flow.synack_seen || (s.seq != a.isn && !b.acked));
  if (first_syn_ack && s.has_ts() && s.tsval.raw != 0)
    a.clock.start(s.tsval, s.time_ns);  // whatever came before it was not this connection
  else if (s.has_ts() && !s.has(kRst) && !(s.has(kSyn) && s.tsval.raw == 0) && !next_one)
    fit = a.clock.observe(s.tsval, s.time_ns, s.time_ns - a.last_ns);
  if (!started && a.clock.started() && b.ts_recent.known()) bound_age(b, a, s.tsval, s.time_ns);
  return fit;
}

/// The clock of `sender`, as it was before `s`, goes on in order towards a TSval that `receiver` has echoed
/// before the capture shows it: the capture shows this way later than the other one.
bool shown_after_echo(const Host& sender, const Host& receiver, const Segment& s) {
  constexpr TimeNs kTapsDiffer = 2 * kSecond;
  if (!receiver.ts_recent.unseen() || !sender.clock.started()) return false;
  const int64_t period = sender.clock.period_ns() ? sender.clock.period_ns() : kMillisecond;
  const int64_t ahead_ns = distance(sender.clock.last(), receiver.ts_recent.likeliest()) * period;
  return ahead_ns >= 0 && ahead_ns <= s.time_ns - sender.last_ns + kTapsDiffer;
}

/// Of such a host only the numbers of the next segments can be odd.
bool all_known(const Host& host) {
  return host.state == TcpState::established && host.seen && host.acked && host.una_known && host.rcv_known &&
         host.ts_recent.known() && host.retransmit_run == 0 && !host.fin_sent;
}

}  // namespace

void Tracker::apply_accepted(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  if (s.has(kRst)) return;
  if (s.length() > 0) take_data(b, s);
  if (!s.has(kAck)) return;
  measure_loop(a, b, s);
  take_ack(b, a, s, as_received(flow, a, s).window, profile_for(flow, from ^ 1).zero_window_is_update);
  // A server that waits for data lets the ACK pass and remains a request.
  if (b.state == TcpState::syn_recv) flow.perhaps_request = s.length() == 0;
  if (b.state == TcpState::syn_recv || b.state == TcpState::syn_crossed) b.state = TcpState::established;
  if (a.state == TcpState::syn_sent) a.state = TcpState::established;
}

/// `s` may have been taken, and its ACK with it. `was`: the receiver before.
void Tracker::doubt_ack(Flow& flow, unsigned from, const Segment& s, const Host& was) {
  Host& b = flow.host[from ^ 1];
  if (b.snd_wl1 != was.snd_wl1 || b.snd_wnd != was.snd_wnd) b.wl_known = false;
  if (was.una_known && after(b.snd_una, was.snd_una))
    trouble(flow).direction[from].doubtful_ack = {was.snd_una, b.snd_una, s.seq, s.end_seq()};
}

/// `s` has been taken for sure: so is its ACK, whatever was in doubt before.
void Tracker::trust_ack(Flow& flow, unsigned from, const Segment& s) {
  if (!flow.trouble) return;
  auto& doubtful = trouble(flow).direction[from].doubtful_ack;
  if (doubtful && s.has(kAck) && !before(s.ack, doubtful->ack)) doubtful.reset();
}

/// `receiver` has taken what came up to `ack`, and of what follows there nothing. (Whether it took a segment
/// without data, it does not tell.)
void Tracker::settle_ack(Flow& flow, unsigned receiver, SeqNum ack) {
  if (!flow.trouble) return;
  auto& doubtful = trouble(flow).direction[receiver ^ 1].doubtful_ack;
  if (!doubtful || after(doubtful->seq, ack) || doubtful->end == doubtful->seq) return;
  SeqNum& una = flow.host[receiver].snd_una;
  if (before(ack, doubtful->end) && una == doubtful->ack) una = doubtful->una;
  doubtful.reset();
}

/// What came damaged before has been sent again, or was not damaged.
void Tracker::make_up_damage(const Odd& odd) {
  if (!odd.flow.trouble) return;
  auto& sent_damaged = trouble(odd.flow).direction[odd.from].damaged_end;
  if (sent_damaged && odd.s.length() > 0) sent_damaged.reset();  // now it came in good order
  auto& got_damaged = trouble(odd.flow).direction[odd.from ^ 1].damaged_end;
  if (got_damaged && odd.s.has(kAck) && after(odd.s.ack, odd.b.snd_nxt)) {
    // Acknowledged all the same: whatever spoiled the checksums did so in the capture only.
    odd.b.checksum_told = false;
    odd.b.snd_nxt = *got_damaged;
    got_damaged.reset();
  }
}

/// Its receiver has not refused it: TS.Recent, data and ACK as it takes them, or may have.
void Tracker::take(Odd& odd) {
  const auto& [flow, s, a, b, j] = std::tie(odd.flow, odd.s, odd.a, odd.b, odd.j);
  if (odd.dropped() || s.has(kSyn)) return;
  if (j.stores && j.verdict == Verdict::accept && vantage_of(b, a) == Vantage::at_receiver &&
      distance(j.ts_recent, s.tsval) < 0)
    b.ts_recent.store(s.tsval, s.time_ns);  // moved back: idle or unset before
  else if (j.may_store && b.ts_recent.known())
    b.ts_recent.may_store(s.tsval, s.time_ns, !j.stores);
  else if (j.may_store && !b.seen && odd.new_data && a.retransmissions == 0 &&
           s.time_ns - flow.first_ns > kRtoFallback)
    b.ts_recent.store(s.tsval, s.time_ns);  // until it speaks itself: what it had not taken would come again
  if (j.may_store) b.stored_by_data = s.length() != 0;
  // A Linux that can do TCP-AO refuses options that it cannot walk through (tcp_inbound_hash()), and any
  // receiver an ACK of what it has not sent, unless we have missed that.
  const bool acks_unseen = b.seen && after(s.ack, b.snd_nxt) && knows_sent(flow, b, a);
  const bool doubtful = j.verdict == Verdict::unknown || s.options_malformed || acks_unseen;
  // Whether a doubtful ACK ends the handshake, or acknowledges what is not in the capture, the receiver's
  // next segments tell.
  const bool waits = b.state == TcpState::syn_recv || acks_unseen;
  if (j.verdict != Verdict::unknown || !waits) {
    const Host before_ack = b;
    apply_accepted(flow, odd.from, s);
    if (doubtful)
      doubt_ack(flow, odd.from, s, before_ack);
    else
      trust_ack(flow, odd.from, s);
  }
  if (doubtful && s.length() > 0) b.rcv_doubtful = true;
  if (!doubtful && s.length() > 0 && may_be_request(flow, b)) flow.perhaps_request = false;
}

/// What is open of segments before it, it comes after, and may carry their data as well.
void Tracker::follow_open(const Odd& odd) {
  if (!odd.flow.trouble) return;
  const Segment& s = odd.s;
  for (OpenVerdict& v : trouble(odd.flow).direction[odd.from].open) {
    if (s.has_ts()) v.followed_by(s.tsval);
    const bool overlaps = s.payload > 0 && v.overlaps(s.seq, s.end_seq());
    v.repeated = v.repeated || overlaps;
    if (overlaps && !odd.dropped()) v.may_have(s.seq, s.end_seq());
  }
}

/// Who goes on with the old connection has not begun another one.
void Tracker::withdraw_knock(const Odd& odd) {
  if (!odd.flow.trouble || odd.s.has(kSyn | kRst) || odd.overtaken) return;
  std::optional<Knock>& knock = trouble(odd.flow).knock;
  if (knock && knock->from == odd.from) knock.reset();
}

/// A SYN of another ISN inside of a connection: the first of the next one, if its SYN-ACK follows. It is not
/// refused if its receiver has taken a RST before, or was a request that is gone with its listener.
bool Tracker::note_syn(Odd& odd) {
  if (!odd.knocks) return false;
  Trouble& t = trouble(odd.flow);
  const bool scaled = odd.s.window_scale != Segment::kNoWindowScale;
  t.knock = {.from = odd.from,
             .frame = odd.s.frame,
             .time_ns = odd.s.time_ns,
             .isn = odd.s.seq,
             .end = odd.s.end_seq(),
             .tsval = odd.s.tsval,
             .ts = odd.s.ts,
             .scale_known = scaled || !options_cut(odd.s),
             .window_scale = scaled ? odd.s.window_scale : uint8_t{0},
             .ttl = odd.s.ttl,
             .mac = fold_mac(odd.s.src_mac)};
  if (odd.dropped() && (t.direction[odd.from].doubtful_reset || odd.b.state == TcpState::syn_recv))
    odd.j.verdict = Verdict::unknown;
  return true;
}

/// What it says of its sender as a receiver: TS.Recent by its echo, RCV.NXT and the window by its ACK.
void Tracker::listen(Odd& odd) {
  const auto& [flow, s, a, b] = std::tie(odd.flow, odd.s, odd.a, odd.b);
  // In the middle of a connection whose begin is not in the capture, an echo proves that timestamps are in
  // use. (One of 0 is a restored socket's, whose clock may be behind.)
  if (s.has(kAck) && !s.has(kRst | kSyn) && s.has_ts() &&
      (flow.negotiated() == Negotiated::yes ||
       (flow.negotiated() == Negotiated::unknown && s.tsecr.raw != 0)) &&
      (!odd.overtaken || s.tsecr.raw == 0) && echo_tells(flow, odd.from, s))
    take_echo(flow, odd.from, s, knows_all(a, b, s));

  if (s.has(kAck) && s.has_ts() && s.tsecr.raw != 0 && !odd.overtaken && flow.trouble)
    trouble(flow).direction[odd.from].zero_echo_open = false;

  // Whoever closed it with a RST of its own sends nothing more: somebody else sent that RST.
  const bool closed_by_reset = a.state == TcpState::closed && !(a.fin_sent && b.fin_sent);
  if (closed_by_reset && !s.has(kSyn | kRst)) a.state = TcpState::established;
  // What no request says.
  const bool speaks = !s.has(kSyn | kRst);
  const bool is_socket = speaks && (s.length() > 0 || (a.acked && after(s.ack, a.ack_max)));
  if (is_socket && (a.state == TcpState::syn_recv || a.state == TcpState::syn_crossed))
    a.state = TcpState::established;
  if (is_socket && &a == &flow.host[flow.client ^ 1]) flow.perhaps_request = false;
  // A request refuses with an ACK, whose TSval is not among those that may be echoed (tcp_check_req()).
  if (speaks && (a.state == TcpState::syn_recv || may_be_request(flow, a)) && s.has_ts() &&
      odd.was.clock.started()) {
    auto& last = trouble(flow).direction[odd.from ^ 1].request_ack;
    if (!last) last = odd.was.clock.last();
  }
  if (s.has(kSyn) && flow.trouble) trouble(flow).direction[odd.from ^ 1].request_ack.reset();
  const uint32_t window = as_received(flow, a, s).window;
  // The first data of a capture that begins later than the connection were not the next in order, perhaps.
  if (s.has(kAck) && !a.acked && a.rcv_known && before(s.ack, a.rcv_nxt)) a.rcv_doubtful = true;
  if (s.has(kAck) && !s.has(kRst) && (!b.seen || !after(s.ack, b.snd_nxt)))
    note_own_ack(flow, odd.from, s, window);
  // Without memory it takes back the window that it had offered: tcp_output.c:tcp_select_window() (6.7+). So
  // it does when other subflows have used it: mptcp/options.c:mptcp_set_rwin().
  if ((window == 0 || flow.mptcp) && s.has(kAck) && !s.has(kSyn | kRst) && s.ack == a.ack_max &&
      !odd.overtaken && after(a.right_edge, s.ack + window)) {
    trouble(flow).direction[odd.from ^ 1].offered_edge = a.right_edge;
    a.right_edge = s.ack + window;
  }
  // It repeats an ACK although the capture holds more in order: that never reached it, so the capture was
  // taken somewhere before it. (Unless an open verdict explains it: then the profile may be wrong. Or there
  // was no room for them.)
  if (odd.repeats_ack && lacks_data_seen(a, b, s) && window != 0 &&
      vantage_of(a, b) == Vantage::at_receiver &&
      (!flow.trouble || trouble(flow).direction[odd.from ^ 1].open.empty()))
    a.tap = Tap::away;
  // Where the capture shows all that it got, its ACK is its RCV.NXT. What an ACK makes it send, again or,
  // after an RTO, anew (tcp_xmit_recovery()), it sends before it takes the data that came with that ACK:
  // tcp_ack() comes first.
  const TimeNs settled = settle_ns(a) + (s.payload > 0 ? kMillisecond : 0);
  if (s.has(kAck) && a.acked && s.ack == a.ack_max && !odd.overtaken &&
      vantage_of(a, b) == Vantage::at_receiver && (odd.repeats_ack || s.time_ns - b.last_ns > settled)) {
    a.rcv_nxt = s.ack;
    a.rcv_doubtful = false;
    settle_ack(flow, odd.from, s.ack);
  }
}

/// What it adds to what its sender has sent.
void Tracker::count_sent(Odd& odd) {
  const auto& [s, a] = std::tie(odd.s, odd.a);
  // Without data it tells how far it has sent before the capture began, or less (a probe, a closed window):
  // tcp_output.c:tcp_acceptable_seq().
  const bool tells = s.length() > 0 || (!odd.dropped() && !s.has(kRst) && !knows_sent(odd.flow, a, odd.b));
  if (tells && !odd.next_one && !odd.other_answer && after(s.end_seq(), a.snd_nxt)) a.snd_nxt = s.end_seq();
  a.sent_data_last = odd.new_data || s.has(kSyn);
  a.payload_bytes += s.payload;
  if (a.first_payload_bits == 0) a.first_payload_bits = payload_bits(s.payload) & 0x1f;
  a.retransmissions += odd.retransmitted;
  ++a.segments;
}

/// What it tells of longer stories: the clock, a move, a stall.
void Tracker::go_on(Odd& odd) {
  const auto& [flow, s, a, b, j] = std::tie(odd.flow, odd.s, odd.a, odd.b, odd.j);
  if (!odd.first && !s.has(kRst) && !odd.next_one) {
    const bool steps = odd.fit == SenderClock::Fit::backward || odd.fit == SenderClock::Fit::forward;
    if (steps && !odd.seen_before)
      odd_clock(flow, odd.from, s, odd.fit, (odd.new_data && !odd.late_data) || odd.new_ack, odd.was, j);
    else if (!steps && flow.trouble && s.has_ts())
      drop_outlier(flow, odd.from, j);
    const bool slower = odd.fit == SenderClock::Fit::behind && lagging_clock(flow, odd.from, s);
    const bool lags = s.has_ts() && !steps && odd.was.clock.lags(s.tsval, s.time_ns - odd.was.last_ns);
    if (!slower && (lags || (flow.trouble && trouble(flow).direction[odd.from].pause)))
      paused_clock(flow, odd.from, s, odd.was, j);
    watch_migration(flow, odd.from, s, odd.was, j);
  }
  if (odd.new_ack && !odd.dropped() && flow.trouble) watch_recovery(flow, odd.from, s);
  if (odd.new_ack) b.retransmit_run = 0;
  if ((odd.retransmitted || odd.fin_again) && a.retransmit_run < 15)
    a.retransmit_run = (a.retransmit_run + 1) & 0xf;
  // Nobody waits for the ACK of a FIN as for that of data: one lost FIN is nothing, nor is any after a RST.
  const bool sent_again = odd.retransmitted || (odd.fin_again && a.retransmit_run > 1 && !flow.reset);
  const bool una_moved = odd.snd_una && after(b.snd_una, *odd.snd_una);
  const bool taken = !odd.dropped() && j.verdict != Verdict::unknown;
  const bool opened = taken && odd.window_closed && !is_window_closed(b);
  const bool answers = taken && s.has(kAck) && flow.trouble && trouble(flow).direction[odd.from ^ 1].probes;
  // Where the other side is not in the capture, what follows the data tells that they got through: there is
  // no more to send before their ACK once they had to be sent again.
  const bool goes_on = !b.seen && odd.new_data && !odd.first && !odd.dropped();
  if (goes_on) a.retransmit_run = 0;
  const bool more =
      odd.new_data && !odd.first && before(s.seq, odd.was.snd_nxt);  // beside what was sent before
  const bool copy = odd.seen_before && s.time_ns - odd.was.last_ns <= Copies::kOnTheWay;
  if ((odd.retransmitted || odd.fin_again || more) && !copy) note_resent(odd);
  const bool present = !odd.overtaken && !s.has(kRst);
  const bool misplaced =
      odd.dropped() && (j.reason == Reason::old_sequence || j.reason == Reason::invalid_sequence);
  watch_progress(odd,
                 {.of_other = (!odd.dropped() && odd.new_ack) || (taken && una_moved) || opened,
                  .of_own = goes_on,
                  .answers = answers,
                  .new_data = odd.new_data,
                  .heard_unseen = odd.heard_unseen,
                  .closes = s.has(kRst) && !odd.dropped(),
                  .misplaced = misplaced && present && s.has_ts() && !is_keepalive(b, s),
                  .speaks = present},
                 sent_again);
}

/// What the receiver's state alone does not tell.
void Tracker::doubt_verdict(Odd& odd) {
  const auto& [flow, s, b] = std::tie(odd.flow, odd.s, odd.b);
  const auto is_open = [&](Reason reason) {
    odd.j.verdict = Verdict::unknown;
    odd.j.reason = reason;
  };
  // The RST before it was taken, and there is nobody any more; or somebody who has gone on to the next
  // connection.
  const bool over = flow.trouble && (trouble(flow).direction[odd.from].doubtful_reset ||
                                     (trouble(flow).knock && trouble(flow).knock->from == (odd.from ^ 1)));
  if (odd.j.verdict == Verdict::accept && over && !s.has(kSyn | kRst)) is_open(Reason::state_unknown);
  // Its data came before their ACK and are shown late, or they come again and the capture lacks the first.
  const Gaps* const gaps = odd.j.reason == Reason::old_sequence ? gaps_of(flow, odd.from) : nullptr;
  if (gaps && s.payload > 0 && gaps->lacks(s.seq, s.end_seq())) is_open(Reason::sequence_range);
  if (is_paws_drop(odd.j) && !odd.seen_before && odd.fit == SenderClock::Fit::good &&
      shown_after_echo(odd.was, b, s))
    is_open(Reason::ts_recent_range);
}

Judgement Tracker::process_odd(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  flow.set_last_frame(s.frame);
  flow.settled = false;
  if (s.has(kSyn) && s.has(kAck) && flow.synack_seen && b.acked && s.seq != a.isn)
    return other_answer(flow, from, s);
  flow.options_cut = flow.options_cut || s.ts == TsOption::cut;
  flow.capture_loss = flow.capture_loss || lacking_of(flow).bytes != 0;
  const bool first = !a.seen;
  if (first) first_segment(flow, from, s);
  Odd odd(flow, from, s, first);

  choose_answer(flow, from, s);
  note_absence(odd);
  note_points(odd);

  // What it is.
  if (s.length() > 0 && !odd.other_answer) keep_data(a, s);
  refute_ack(flow, a, b, s);
  odd.new_ack = s.has(kAck) && after(s.ack, a.acked ? a.ack_max : b.seen ? b.isn + 1 : s.ack);
  const bool pure_ack = (s.flags & (kAck | kSyn | kRst | kFin)) == kAck && s.payload == 0;
  odd.repeats_ack = pure_ack && a.acked && s.ack == a.ack_max && !odd.overtaken;
  odd.fit = observe_clock(flow, a, b, s, odd.next_one);

  // What becomes of it.
  // The capture lacks the SYN that it answers, or shows it after its own ACK, as one of several processors
  // may.
  const bool late_syn_ack = (first || b.state == TcpState::established) && !flow.synack_seen && b.acked &&
                            b.ack_max == s.end_seq() && flow.syn_seen && s.ack == b.isn + 1;
  if (s.has(kSyn) && s.has(kAck) && (b.state == TcpState::unknown || late_syn_ack)) {
    b.state = TcpState::syn_sent;
    b.isn = b.snd_una = s.ack - 1;
  }
  const DirectionTrouble* const known_trouble = flow.trouble ? &trouble(flow).direction[from] : nullptr;
  if (odd.opening && b.state == TcpState::unknown)
    odd.j.reason = Reason::handshake;
  else
    odd.j = judge_segment(profile_for(flow, from ^ 1), flow, b, a, s, known_trouble);
  doubt_verdict(odd);
  make_up_damage(odd);
  if (odd.retransmitted) take_back_ack(a, b, s);
  note_options(flow, from, s);
  if (b.una_known) odd.snd_una = b.snd_una;
  odd.window_closed = is_window_closed(b);
  std::optional<PawsState> open;
  if (is_questionable(s, odd.j) || may_be_decided(b, a, s, odd.j) || odd.knocks)
    open = likeliest_state(flow, b, a, s, known_trouble);
  const ReceiverBefore before_echo{.repeats_ack = odd.repeats_ack && !odd.seen_before,
                                   .echo_expected = a.ts_recent.may_hold(s.tsecr),
                                   .rcv_nxt = a.rcv_nxt,
                                   .right_edge = a.right_edge};
  withdraw_knock(odd);
  if (s.has(kSyn) && !note_syn(odd)) handshake(flow, from, s, odd.j);
  take(odd);
  if (odd.dropped() && odd.j.answered && !is_paws(odd.j.reason))
    trouble(flow).direction[from].answer_owed = s.time_ns;
  follow_open(odd);
  count_verdict(flow, from, s, odd.j, open);

  // What follows from it.
  const bool acks_unseen = s.has(kAck) && b.seen && after(s.ack, b.snd_nxt);
  note_capture_loss(odd);
  a.ts_segments += s.has_ts();
  listen(odd);
  odd.heard_unseen = (acks_unseen && flow.capture_loss && s.ack == b.snd_nxt) ||
                     (a.ts_recent.unseen() && odd.was.ts_recent.known() && a.ts_recent.back() == s.tsecr &&
                      after(s.tsecr, odd.was.ts_recent.back()));
  note_gaps(odd);
  count_sent(odd);
  go_on(odd);
  if (flow.trouble) {
    if (!odd.overtaken) weigh_evidence(flow, from, s, before_echo);
    outlive_reset(flow, from, s);
  }
  if (s.has(kFin | kRst) || a.fin_sent || b.fin_sent) close_down(flow, from, s, odd.j.verdict);

  if (!s.has(kRst) && !odd.next_one) {
    a.mac = fold_mac(s.src_mac);
    a.ttl = s.ttl;
    a.packet_id = packet_id(s);
  }
  // Its clock goes with the last one.
  if (!odd.overtaken || s.time_ns > a.last_ns) a.last_ns = s.time_ns;
  flow.settled = flow.negotiated() == Negotiated::yes && all_known(a) && all_known(b) && !flow.mptcp &&
                 !flow.perhaps_request && !(flow.trouble && trouble(flow).has_open_questions());
  return odd.j;
}

}  // namespace tsaudit
