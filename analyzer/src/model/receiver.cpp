// SPDX-License-Identifier: Apache-2.0
#include "model/receiver.h"

#include <algorithm>
#include <array>

#include "model/host_steps.h"

namespace tsaudit {
namespace {

/// A window that excludes nothing: the offered one is not known well enough.
constexpr uint32_t kOpenWindow = 0x3fffffff;
constexpr int64_t kRtoMax = 120 * kSecond;     // TCP_RTO_MAX
constexpr int64_t kJiffy = 10 * kMillisecond;  // of the slowest HZ

/// The choices for one unknown of the state; the first is the likeliest.
template <class T, size_t N>
struct Choices {
  std::array<T, N> values{};
  size_t count = 0;
  void add(T value) {
    for (size_t i = 0; i < count; ++i)
      if (values[i] == value) return;
    values[count++] = value;
  }
};

struct Sequence {
  SeqNum rcv_nxt, rcv_wup, sack_edge;
  uint32_t rcv_wnd;
  friend bool operator==(const Sequence&, const Sequence&) = default;
};

struct Possibilities {
  std::array<PawsState, 72> base;  ///< what does not vary by itself; [0] is the likeliest
  size_t base_count = 1;
  Choices<TsVal, TsRecentSet::kCapacity> ts_recent;
  Choices<int64_t, 2> age;
  Choices<int64_t, 2> rto;
  Choices<Sequence, 11> sequence;
};

void add_sequences(Possibilities& p, const Flow& flow, const Host& receiver, const Host& sender,
                   const Segment& s, const DirectionTrouble* trouble) {
  // The SYN again; what came with it may have been taken, by fast open.
  const bool syn_again =
      receiver.state == TcpState::syn_recv && (s.flags & (kSyn | kAck | kRst)) == kSyn && s.seq == sender.isn;
  if (syn_again) return p.sequence.add({s.seq + 1, s.seq + 1, s.seq + 1, kOpenWindow});
  if (!receiver.acked) {
    // Nobody has heard of its state: take the segment as acceptable.
    const SeqNum nxt = s.seq + (s.has(kSyn) && receiver.state == TcpState::syn_crossed ? 1 : 0);
    p.sequence.add({nxt, nxt, nxt, kOpenWindow});
    return;
  }
  // Both ends agree on what the capture lacks.
  if (trouble && trouble->unseen_got == s.seq && after(s.seq, sender.snd_nxt))
    return p.sequence.add({s.seq, s.seq, s.seq, kOpenWindow});
  const bool exact = vantage_of(receiver, sender) == Vantage::at_receiver && !receiver.coalesces;
  const SeqNum wup = receiver.ack_max;
  const uint32_t window = receiver.scale_known
                              ? static_cast<uint32_t>(std::max(distance(wup, receiver.right_edge), 0))
                              : kOpenWindow;
  const SeqNum nxt = receiver.rcv_known ? receiver.rcv_nxt : wup;
  p.sequence.add({nxt, wup, nxt, window});
  // What MPTCP offers is rounded down.
  if (flow.mptcp) p.sequence.add({nxt, wup, nxt, window + (1u << receiver.window_scale) - 1});
  // A RST at the end of the last data that wait out of order counts as exact. They may be the last that were
  // sent, or what the receiver has told of.
  if (s.has(kRst) && after(sender.snd_nxt, nxt)) {
    p.sequence.add({nxt, wup, sender.snd_nxt, window});
    const auto told = trouble && receiver.holes ? trouble->sack_edge : std::nullopt;
    if (told) p.sequence.add({nxt, wup, told->right, window});
    const bool told_of_all = told && (!told->perhaps_more || !after(s.seq, told->right));
    if (receiver.holes && receiver.sacks && !told_of_all && !after(s.seq, sender.snd_nxt))
      p.sequence.add({nxt, wup, s.seq, window});
  }
  // A RST must hit RCV.NXT: what was not acknowledged may be lost unless the capture is certainly the
  // receiver's.
  if (s.has(kRst) && receiver.tap != Tap::here) p.sequence.add({wup, wup, wup, window});
  if (s.has(kRst) && flow.capture_loss && after(s.seq, sender.snd_nxt))
    p.sequence.add({s.seq, wup, s.seq, window});
  // Of data that are not acknowledged yet, some may be lost behind the capture, so that an old ACK is the
  // expected one, or data with one (which header prediction takes); or refused, so that what comes in their
  // place is.
  const bool pure_ack = s.length() == 0 && !s.has(kRst | kSyn);
  const bool old_ack = receiver.una_known && s.has(kAck) && before(s.ack, receiver.snd_una);
  if ((((pure_ack || old_ack) && receiver.tap != Tap::here) || receiver.rcv_doubtful) &&
      !before(s.seq, wup) && before(s.seq, nxt))
    p.sequence.add({s.seq, wup, s.seq, window});
  // Linux lets data stick out of the window into an empty receive queue, which no capture shows; what follows
  // such data begins where its window, of nothing, ends.
  const bool sticks_out = after(s.end_seq(), receiver.right_edge);
  // Or its sender was allowed more by what the capture lacks, and perhaps echoes.
  const bool taken_back = trouble && trouble->offered_edge && !after(s.end_seq(), *trouble->offered_edge);
  const bool allowed_unseen = (flow.capture_loss && !taken_back) || (s.has_ts() && receiver.clock.started() &&
                                                                     after(s.tsecr, receiver.clock.last()));
  if (!exact || (sticks_out && (!after(s.seq, receiver.right_edge) || s.seq == nxt || allowed_unseen)))
    p.sequence.add({nxt, wup, nxt, kOpenWindow});
  if (receiver.rcv_doubtful) p.sequence.add({wup, wup, wup, window});
  if (!exact) {
    p.sequence.add({wup, wup, wup, kOpenWindow});
    p.sequence.add({nxt, nxt, nxt, kOpenWindow});
  }
}

/// Since its SYN its clock has gone on, for as long as we saw and a little longer.
TsVal furthest_tsval(const Host& receiver, const Segment& s, bool usec_ts) {
  const auto elapsed_us = static_cast<uint32_t>(
      std::clamp<int64_t>((s.time_ns - receiver.last_ns) / 1000 + 50'000, 0, INT32_MAX / 2));
  return receiver.clock.last() + (usec_ts ? elapsed_us : elapsed_us / 1000);
}

/// What a capture cannot show of the rest of the state.
void add_bases(Possibilities& p, const Flow& flow, const Host& receiver, const Host& sender, const Segment& s,
               const DirectionTrouble* trouble) {
  const auto add = [&]() -> PawsState& {
    p.base[p.base_count] = p.base[0];
    return p.base[p.base_count++];
  };
  const bool syn_or_rst = s.has(kSyn | kRst);
  if (receiver.state == TcpState::syn_recv) {
    // The SYN-ACK may have been a SYN cookie. Then there is no request socket, and nothing to compare the
    // final ACK with (syncookies.c:cookie_v4_check()); after it there is a connection.
    const bool undecided = receiver.ts_recent.size() > 1;
    const bool refused_some = trouble && trouble->request_ack;  // which takes a request
    if (!refused_some && (undecided || (!syn_or_rst && s.ack == receiver.isn + 1))) {
      PawsState& cookie = add();
      cookie.state = TcpState::established;
      cookie.ts_recent_valid = undecided;
    }
  }
  if (echoes_refusal(flow, receiver, receiver.rcv_nxt, s, trouble)) add() = as_request(p.base[0]);
  // Its own SYN or the other one's may be lost on the way: then they have not crossed.
  const bool exact = vantage_of(receiver, sender) == Vantage::at_receiver;
  if (receiver.state == TcpState::syn_crossed && s.has(kSyn) && s.has(kAck) && !exact)
    add().state = TcpState::syn_sent;
  // Who sends data has its SYN-ACK acknowledged; then the capture lacks both.
  if (receiver.state == TcpState::syn_sent && s.payload != 0 && s.has(kAck) && !s.has(kSyn | kRst) &&
      s.ack == receiver.isn + 1)
    add().state = TcpState::established;
  // These are independent of one another: each of them goes with all that is possible so far.
  const auto either = [&](auto&& change) {
    for (size_t i = 0, count = p.base_count; i < count; ++i) {
      p.base[p.base_count] = p.base[i];
      change(p.base[p.base_count++]);
    }
  };
  // How far it has sent, and how much of it was acknowledged, are asked of different ACKs: one of them is
  // open.
  bool sent_open = false;
  if (receiver.seen && s.has(kAck)) {
    // Before the capture began it may have sent more than the capture shows, or not. And who was restored may
    // have got what the capture does not show, where it was before; or acknowledges too much. Or else the
    // capture lacks what was sent into the window.
    const bool perhaps_less = !knows_sent(flow, receiver, sender) && after(s.ack, receiver.snd_nxt);
    const bool perhaps_more =
        after(s.ack, p.base[0].snd_nxt) && (sender.restored || may_lack_data(receiver, sender, s));
    sent_open = perhaps_less || perhaps_more;
    if (sent_open) either([&](PawsState& state) { state.snd_nxt = perhaps_less ? receiver.snd_nxt : s.ack; });
  }
  if (receiver.una_known && !receiver.wl_known)
    either([&](PawsState& state) {  // it may have been the window of this segment
      state.snd_wl1 = receiver.snd_wl1;
      state.snd_wnd = UINT32_MAX;
    });
  if (trouble && trouble->doubtful_ack)
    either([&](PawsState& state) { state.snd_una = trouble->doubtful_ack->una; });
  if (receiver.clock.started() && receiver.clock.hz() == 0)
    either([&](PawsState& state) {  // not known yet
      state.usec_ts = true;
      if (receiver.state == TcpState::syn_sent) state.tsval_last = furthest_tsval(receiver, s, true);
    });
  // A FIN may wait for what comes before it, or be lost.
  if (s.has(kRst) && sender.fin_taken && (!exact || receiver.holes || receiver.rcv_doubtful))
    either([](PawsState& state) { state.fin_received = false; });
  if (receiver.restored && s.has(kAck) && before(s.ack, p.base[0].snd_una))
    add().max_window = 0;  // tcp_ack() bounds the age of an ACK by bytes_acked, which starts at 0 again
  // Of a connection that began before the capture, the peer has acknowledged this much at least.
  const auto acked_in_sight = static_cast<uint32_t>(std::max(distance(receiver.isn, p.base[0].snd_una), 0));
  if (!sent_open && receiver.una_known && !receiver.scale_known && s.has(kAck) &&
      before(s.ack, p.base[0].snd_una - acked_in_sight))
    either([&](PawsState& state) { state.max_window = acked_in_sight; });
  // It is bounded by the largest window that the peer has offered, too, which was this one at least.
  if (receiver.una_known && s.has(kAck) &&
      distance(s.ack, p.base[0].snd_una) > static_cast<int64_t>(receiver.snd_wnd))
    add().max_window = std::min(p.base[0].max_window, receiver.snd_wnd);
  const bool pure_ack = s.length() == 0 && s.has(kAck) && !syn_or_rst;
  if (pure_ack && receiver.state == TcpState::established && !exact && !before(s.ack, p.base[0].snd_una)) {
    // Which ACK was the last to reach the receiver decides whether this one would update its window.
    repeat_ack(add(), s.seq, s.ack);
    add().snd_wl1 = s.seq - 1;
  }
}

Possibilities possibilities(const Flow& flow, const Host& receiver, const Host& sender, const Segment& s,
                            const DirectionTrouble* trouble) {
  Possibilities p;
  PawsState& base = p.base[0];
  base.state = receiver.state;
  base.ts_recent_valid = receiver.ts_recent.known();
  base.snd_una = receiver.una_known                     ? receiver.snd_una
                 : receiver.state == TcpState::syn_sent ? receiver.isn
                                                        : s.ack;
  // What the receiver has sent is known for sure only where nothing escapes the capture.
  const bool all_seen = receiver.seen && !flow.capture_loss && knows_sent(flow, receiver, sender) &&
                        vantage_of(receiver, sender) == Vantage::at_receiver;
  const bool agreed = trouble && trouble->unseen_sent == s.ack && after(s.ack, receiver.snd_nxt);
  base.snd_nxt = receiver.seen && !agreed ? receiver.snd_nxt : s.ack;
  const bool only_syn = receiver.seen && receiver.state == TcpState::syn_sent;
  if (!all_seen && !only_syn && s.has(kAck) && after(s.ack, base.snd_nxt)) {
    base.snd_nxt = s.ack;
    if (base.state == TcpState::syn_recv) base.state = TcpState::established;  // it has sent data meanwhile
  }
  base.snd_wl1 = receiver.wl_known ? receiver.snd_wl1 : s.seq - 1;
  base.snd_wnd = receiver.snd_wnd;
  if (trouble && trouble->offered_edge)
    base.taken_back =
        static_cast<uint32_t>(std::max(distance(receiver.right_edge, *trouble->offered_edge), 0));
  base.usec_ts = receiver.clock.counts_us();
  base.fin_received = sender.fin_taken;
  // How old an ACK may be: no older than what the peer ever acknowledged (tcp_ack(): min(max_window,
  // bytes_acked)). The SYN of who opened the connection counts there, a SYN-ACK does not.
  if (receiver.una_known && receiver.scale_known) {
    const bool opened_it = &receiver == &flow.host[flow.client];
    base.max_window =
        static_cast<uint32_t>(std::max(distance(receiver.isn + (opened_it ? 0 : 1), receiver.snd_una), 0));
  }
  base.tsval_first = receiver.clock.started() ? receiver.clock.first() : s.tsecr;
  base.tsval_last = s.tsecr;
  if (echoes_refusal(flow, receiver, receiver.rcv_nxt, s, trouble)) {
    base.tsval_last = *trouble->request_ack;
  } else if (receiver.clock.started() && all_seen && receiver.state == TcpState::syn_recv) {
    // The range in SYN_RECV is what was sent.
    base.tsval_last = trouble && trouble->request_ack ? *trouble->request_ack : receiver.clock.last();
  }
  if (receiver.clock.started() && receiver.state == TcpState::syn_sent)
    base.tsval_last = furthest_tsval(receiver, s, base.usec_ts);

  if (receiver.ts_recent.known()) p.ts_recent.add(receiver.ts_recent.likeliest());
  for (unsigned i = receiver.ts_recent.size(); i-- > 0;) p.ts_recent.add(receiver.ts_recent[i]);
  if (p.ts_recent.count == 0) p.ts_recent.add(s.tsval);
  const RtoBounds rto = rto_bounds(receiver);
  p.age.add((s.time_ns - receiver.ts_recent.newest_store()) / kSecond);
  p.rto.add(rto.max);
  // How old TS.Recent is, and how long the RTO, is asked of an old TSval alone.
  const auto end = p.ts_recent.values.begin() + static_cast<ptrdiff_t>(p.ts_recent.count);
  if (std::any_of(p.ts_recent.values.begin(), end, [&](TsVal value) { return before(s.tsval, value); })) {
    p.age.add((s.time_ns - receiver.ts_recent.oldest_store()) / kSecond + 1);
    p.rto.add(rto.min);
  }
  add_sequences(p, flow, receiver, sender, s, trouble);
  add_bases(p, flow, receiver, sender, s, trouble);
  return p;
}

PawsState state_at(const Possibilities& p, size_t base, size_t ts, size_t age, size_t rto, size_t sequence) {
  PawsState state = p.base[base];
  state.ts_recent = p.ts_recent.values[ts];
  state.age_seconds = p.age.values[age];
  state.rto_ns = p.rto.values[rto];
  state.rcv_nxt = p.sequence.values[sequence].rcv_nxt;
  state.rcv_wup = p.sequence.values[sequence].rcv_wup;
  state.sack_edge = p.sequence.values[sequence].sack_edge;
  state.rcv_wnd = p.sequence.values[sequence].rcv_wnd;
  return state;
}

/// Which unknown alone turns the verdict of the likeliest state.
Reason reason_of_doubt(const ReceiverProfile& profile, const Host& receiver, const Possibilities& p,
                       const PawsSegment& segment) {
  const PawsOutcome likeliest = judge(profile, state_at(p, 0, 0, 0, 0, 0), segment);
  const auto turns = [&](size_t base, size_t ts, size_t age, size_t rto, size_t sequence) {
    const PawsOutcome outcome = judge(profile, state_at(p, base, ts, age, rto, sequence), segment);
    return outcome.verdict != likeliest.verdict || is_paws(outcome.reason) != is_paws(likeliest.reason) ||
           (receiver.rcv_doubtful && outcome.reason != likeliest.reason);
  };
  for (size_t i = 1; i < p.ts_recent.count; ++i)
    if (turns(0, i, 0, 0, 0)) return Reason::ts_recent_range;
  if (p.age.count > 1 && turns(0, 0, 1, 0, 0)) return Reason::idle_range;
  if (p.rto.count > 1 && turns(0, 0, 0, 1, 0)) return Reason::rto_range;
  for (size_t i = 1; i < p.sequence.count; ++i)
    if (turns(0, 0, 0, 0, i)) return Reason::sequence_range;
  return Reason::state_unknown;
}

}  // namespace

bool echoes_refusal(const Flow& flow, const Host& receiver, SeqNum rcv_nxt, const Segment& s,
                    const DirectionTrouble* trouble) {
  const bool next_data = s.payload > 0 && s.seq == rcv_nxt;
  return next_data && may_be_request(flow, receiver) && trouble && trouble->request_ack && s.has_ts() &&
         !s.has(kSyn | kRst) && after(s.tsecr, *trouble->request_ack);
}

PawsState as_request(PawsState state) {
  state.state = TcpState::syn_recv;
  return state;
}

int64_t settle_ns(const Host& receiver) {
  return 32'000 + int64_t{3000} * std::min(receiver.loop_us(), 1'000'000u);
}

RtoBounds rto_bounds(const Host& receiver) {
  // tcp_input.c:tcp_set_rto(): srtt plus at least 200 ms of variance; 1 s before the first sample; doubled by
  // every timeout since the last progress.
  const int backoff = std::min<int>(receiver.retransmit_run, 10);
  if (!receiver.rtt_measured || receiver.loop_16us == Host::kNoLoop)
    return {kRtoMin, std::min(kRtoFallback << backoff, kRtoMax)};
  // Its own round trips are longer than those seen at the capture by the way from there to it and back, half
  // of which is added once more: the shortest there was is not the usual one.
  const int64_t rtt = int64_t{receiver.rtt_max_ms + 1} * kMillisecond + 3 * shortest_way_ns(receiver);
  return {kRtoMin,
          std::min(std::min(rtt + std::max(kRtoMin, 4 * rtt) + kJiffy, kRtoMax) << backoff, kRtoMax)};
}

PawsSegment as_received(const Flow& flow, const Host& sender, const Segment& s) {
  const bool scaled = !s.has(kSyn) && sender.scale_known;
  return {.seq = s.seq,
          .end_seq = s.end_seq(),
          .ack = s.ack,
          .window = uint32_t{s.window} << (scaled ? sender.window_scale : 0),
          .flags = s.flags,
          .has_ts = s.has_ts() && flow.negotiated() != Negotiated::no,
          .tsval = s.tsval,
          .tsecr = s.tsecr};
}

PawsState likeliest_state(const Flow& flow, const Host& receiver, const Host& sender, const Segment& s,
                          const DirectionTrouble* trouble) {
  return state_at(possibilities(flow, receiver, sender, s, trouble), 0, 0, 0, 0, 0);
}

Judgement judge_segment(const ReceiverProfile& profile, const Flow& flow, Host& receiver, const Host& sender,
                        const Segment& s, const DirectionTrouble* trouble) {
  Judgement result;
  const Negotiated negotiated = flow.negotiated();
  if (negotiated == Negotiated::no || (negotiated == Negotiated::unknown && !s.has_ts())) {
    result.reason = s.has_ts() || negotiated == Negotiated::no ? Reason::not_negotiated : Reason::no_tsopt;
    return result;
  }
  if (receiver.ts_recent.size() > 1 && vantage_of(receiver, sender) == Vantage::at_receiver &&
      s.time_ns - receiver.ts_recent.newest_store() > settle_ns(receiver))
    receiver.ts_recent.settle();

  result.known = receiver.ts_recent.known();
  if (result.known) result.ts_recent = receiver.ts_recent.likeliest();
  const PawsSegment segment = as_received(flow, sender, s);
  if (!result.known && segment.has_ts && !s.has(kRst | kSyn) && receiver.state != TcpState::syn_sent) {
    result.verdict = Verdict::unknown;
    result.reason = Reason::ts_recent_unknown;
    result.may_store = true;
    return result;
  }

  result.window_doubtful = receiver.una_known && !receiver.wl_known;
  const Possibilities p = possibilities(flow, receiver, sender, s, trouble);
  bool agreed = true, refused = false;  // by timestamps, in any of the states
  result.stores = true;
  bool first = true;
  const auto ask = [&](const PawsState& state) {
    const PawsOutcome outcome = judge(profile, state, segment);
    if (first) {
      result.verdict = outcome.verdict;
      result.reason = outcome.reason;
      result.answered = outcome.answered;
      result.rate_limited = outcome.rate_limited;
      first = false;
    }
    agreed = agreed && outcome.verdict == result.verdict &&
             is_paws(outcome.reason) == is_paws(result.reason) &&
             (!receiver.rcv_doubtful || outcome.verdict != Verdict::drop || outcome.reason == result.reason);
    const bool by_timestamps = is_paws(outcome.reason) || outcome.reason == Reason::tsecr;
    refused = refused || by_timestamps;
    if (outcome.answered && by_timestamps) result.answered_refusal = outcome.reason;
    result.may_store = result.may_store || outcome.updates_ts_recent;
    result.stores = result.stores && outcome.updates_ts_recent;
  };
  // Header prediction is no matter of timestamps, but it takes TSval from an old ACK, and the slow path does
  // not.
  const bool old_ack = s.has(kAck) && before(s.ack, p.base[0].snd_una);
  const bool waiting = receiver.wl_known && data_wait(receiver, sender);
  for (size_t base = 0; base < p.base_count; ++base)
    for (size_t ts = 0; ts < p.ts_recent.count; ++ts)
      for (size_t age = 0; age < p.age.count; ++age)
        for (size_t rto = 0; rto < p.rto.count; ++rto)
          for (size_t sequence = 0; sequence < p.sequence.count; ++sequence) {
            PawsState state = state_at(p, base, ts, age, rto, sequence);
            ask(state);
            if (!old_ack || waiting) continue;
            state.predicted = true;
            if (!receiver.wl_known) state.snd_wnd = segment.window;  // it may be
            ask(state);
          }
  if (!agreed) {
    result.reason = reason_of_doubt(profile, receiver, p, segment);
    // Away from the receiver a test that comes after PAWS is in doubt; PAWS itself let the segment through.
    // So it is where the connection began before the capture.
    const bool exact = vantage_of(receiver, sender) == Vantage::at_receiver;
    const bool begun_before = !(flow.syn_seen && flow.synack_seen) && !refused && !s.has(kRst);
    if (((result.reason == Reason::sequence_range && !exact) || begun_before) && result.known &&
        segment.has_ts) {
      const Reason why = compare_tsval(profile, state_at(p, 0, 0, 0, 0, 0), s.tsval, profile.window_ticks);
      if (why != Reason::paws) {
        result.verdict = Verdict::accept;
        result.reason = why;
        result.answered = false;
        return result;
      }
    }
    result.verdict = Verdict::unknown;
    result.answered = false;
  }
  return result;
}

}  // namespace tsaudit
