// SPDX-License-Identifier: Apache-2.0
#include "model/paws.h"

#include "tsaudit/segment.h"

namespace tsaudit {
namespace {

constexpr int64_t kTimeWaitRstSeconds = 60;  // TCP_PAWS_MSL, include/net/tcp.h

PawsOutcome drop(Reason reason) { return {.verdict = Verdict::drop, .reason = reason}; }
PawsOutcome drop_and_answer(Reason reason, bool rate_limited) {
  return {.verdict = Verdict::drop, .reason = reason, .answered = true, .rate_limited = rate_limited};
}

bool is_pure_ack(const PawsSegment& s) { return (s.flags & kAck) && s.end_seq == s.seq; }

/// tcp_input.c:tcp_may_update_window()
bool may_update_window(const ReceiverProfile& p, const PawsState& r, const PawsSegment& s) {
  return after(s.ack, r.snd_una) || after(s.seq, r.snd_wl1) ||
         (s.seq == r.snd_wl1 && (s.window > r.snd_wnd || (p.zero_window_is_update && s.window == 0)));
}

/// tcp_input.c:tcp_disordered_ack_check(): disordered_ack when the old segment is harmless, else the drop
/// reason.
Reason disordered_ack_check(const ReceiverProfile& p, const PawsState& r, const PawsSegment& s) {
  const ReplayTest fails = replay_test(p, r, s);
  if (fails == ReplayTest::harmless) return Reason::disordered_ack;
  const bool silent = p.silent_old_ack && fails == ReplayTest::sequence && before(s.seq, r.rcv_nxt);
  return silent ? Reason::paws_ack : Reason::paws;
}

/// tcp_input.c:tcp_sequence(). Reason::newer stands for "acceptable".
Reason sequence_check(const ReceiverProfile& p, const PawsState& r, const PawsSegment& s) {
  if (before(s.end_seq, r.rcv_wup)) return Reason::old_sequence;
  const SeqNum right_edge = r.rcv_wup + r.rcv_wnd + (p.keeps_offered_window ? r.taken_back : 0);
  if (after(s.seq, right_edge)) return Reason::invalid_sequence;
  // A FIN alone may stick out of the window.
  const SeqNum data_end = (s.flags & kFin) ? s.end_seq - 1 : s.end_seq;
  if (p.checks_end_sequence && after(data_end, right_edge)) return Reason::invalid_end_sequence;
  return Reason::newer;
}

/// Does it echo a TSval that the receiver, in SYN_RECV or SYN_SENT, has not sent?
bool echoes_unsent(const PawsState& r, const PawsSegment& s) {
  return s.has_ts && s.tsecr.raw != 0 && (before(s.tsecr, r.tsval_first) || after(s.tsecr, r.tsval_last));
}

/// tcp_minisocks.c:tcp_in_window(), of a request socket.
bool in_window(const PawsState& r, const PawsSegment& s) {
  const SeqNum edge = r.rcv_nxt + r.rcv_wnd;
  return s.seq == r.rcv_nxt || (after(s.end_seq, r.rcv_nxt) && before(s.seq, edge)) ||
         (s.seq == edge && s.end_seq == edge);
}

/// Both ends have sent a SYN, and this is the other one's SYN-ACK (tcp_input.c:tcp_validate_incoming()).
bool ends_crossing(const ReceiverProfile& p, const PawsState& r, const PawsSegment& s) {
  return p.takes_crossed_syn_ack && r.state == TcpState::syn_crossed &&
         (s.flags & (kSyn | kAck | kRst)) == (kSyn | kAck) && s.end_seq == s.seq + 1 &&
         s.end_seq == r.rcv_nxt && s.ack == r.snd_nxt;
}

/// TS.Recent moves only forward by the ordinary rule, and by a segment that starts at or before
/// Last.ACK.sent. tcp_input.c:tcp_replace_ts_recent(); FreeBSD: tcp_input.c:tcp_do_segment().
bool updates_ts_recent(const ReceiverProfile& p, const PawsState& r, const PawsSegment& s) {
  if (!s.has_ts || after(s.seq, r.rcv_wup)) return false;
  if (p.update_needs_overlap && before(s.end_seq, r.rcv_wup)) return false;
  return !p.update_needs_newer || !r.ts_recent_valid || compare_tsval(p, r, s.tsval, 0) != Reason::paws;
}

/// tcp_input.c:tcp_ack(), its range tests. Reason::newer stands for "in range".
Reason ack_check(const PawsState& r, const PawsSegment& s) {
  if (!(s.flags & kAck)) return Reason::newer;
  if (after(s.ack, r.snd_nxt)) return Reason::ack_unsent_data;
  if (before(s.ack, r.snd_una) && before(s.ack, r.snd_una - r.max_window)) return Reason::too_old_ack;
  return Reason::newer;
}

}  // namespace

int64_t replay_ticks(const ReceiverProfile& p, const PawsState& r) {
  if (r.usec_ts && p.replay_ticks_per_second != 0) return r.rto_ns / 1000;
  return r.rto_ns / kMillisecond * p.replay_ticks_per_second / 1000;
}

ReplayTest replay_test(const ReceiverProfile& p, const PawsState& r, const PawsSegment& s) {
  if (p.replay_ticks_per_second == 0) return ReplayTest::unknown_to_it;
  if (!is_pure_ack(s)) return ReplayTest::pure_ack;
  if (s.seq != r.rcv_nxt) return ReplayTest::sequence;
  if (s.ack != r.snd_una) return ReplayTest::ack;
  if (may_update_window(p, r, s)) return ReplayTest::window;
  if (distance(s.tsval, r.ts_recent) > replay_ticks(p, r)) return ReplayTest::age;
  return ReplayTest::harmless;
}

Reason compare_tsval(const ReceiverProfile& p, const PawsState& r, TsVal tsval, int32_t window_ticks) {
  const int32_t ticks_back = distance(tsval, r.ts_recent);
  const bool half_space = ticks_back == INT32_MIN && p.half_space_is_old;
  if (!half_space) {
    if (ticks_back == 0) return Reason::equal;
    if (ticks_back < 0) return Reason::newer;
    if (ticks_back <= window_ticks) return Reason::window1;
  }
  if (r.age_seconds >= p.idle_seconds) return Reason::idle;
  if (p.zero_is_unset && r.ts_recent.raw == 0) return Reason::ts_recent_zero;
  return Reason::paws;
}

PawsOutcome judge_synchronized(const ReceiverProfile& p, const PawsState& r, const PawsSegment& s) {
  if (!(s.flags & (kAck | kRst | kSyn))) return drop(Reason::tcp_flags);

  // PAWS comes first (RFC 7323 section 5.3, R1).
  Reason why = Reason::no_tsopt;
  if (!s.has_ts) {
    if (p.requires_tsopt && !(s.flags & kRst)) return drop(Reason::missing_tsopt);
  } else if (!r.ts_recent_valid) {
    why = Reason::initial;
  } else {
    why = compare_tsval(p, r, s.tsval, p.window_ticks);
    if (why == Reason::paws) {
      why = disordered_ack_check(p, r, s);
      if (why == Reason::disordered_ack) {
        // Harmless: go on.
      } else if (s.flags & kRst) {
        why = Reason::rst_exempt;
      } else if ((s.flags & kSyn) && p.challenge_old_syn) {
        return drop_and_answer(Reason::syn_challenge, true);
      } else if (why == Reason::paws_ack) {
        return drop(Reason::paws_ack);
      } else {
        const bool has_data = s.end_seq != s.seq;
        if (p.answers_only_data && !has_data) return drop(Reason::paws);
        const bool limited = p.dup_ack_rate_limited && (!has_data || (s.flags & kSyn));
        return drop_and_answer(Reason::paws, limited);
      }
    }
  }

  // RFC 9293 section 3.10.7.4: sequence number, RST, SYN, ACK.
  if (const Reason bad = sequence_check(p, r, s); bad != Reason::newer) {
    const bool kills = p.linux_states && (s.flags & kRst) && r.fin_received && s.seq == r.rcv_nxt - 1;
    if (!kills) {
      if (s.flags & kRst) return drop(bad);
      if (s.flags & kSyn) return drop_and_answer(Reason::invalid_syn, true);
      return drop_and_answer(bad, p.dup_ack_rate_limited && s.end_seq == s.seq);
    }
  }
  PawsOutcome outcome{.reason = why};
  if (s.flags & kRst) {
    const bool exact =
        s.seq == r.rcv_nxt ||
        (p.linux_states && (s.seq == r.sack_edge || (r.fin_received && s.seq == r.rcv_nxt - 1)));
    return exact ? outcome : drop_and_answer(Reason::reset, true);  // RFC 5961 section 3.2
  }
  if (p.update_before_ack_check) outcome.updates_ts_recent = updates_ts_recent(p, r, s);
  if ((s.flags & kSyn) && !ends_crossing(p, r, s))
    return drop_and_answer(Reason::invalid_syn, true);  // RFC 5961 section 4.2
  // The fast path looks at the ACK as well, but takes the segment whatever it finds there; those that let an
  // old ACK move TS.Recent look at it before. An old TSval, or none, does not get there
  // (tcp_rcv_established()).
  const bool fast_path = r.predicted && p.linux_states && !p.update_on_old_ack && s.seq == r.rcv_nxt &&
                         s.window == r.snd_wnd && !(s.flags & kFin) &&
                         (!r.ts_recent_valid || (s.has_ts && !before(s.tsval, r.ts_recent)));
  if (const Reason bad = ack_check(r, s); bad != Reason::newer && !fast_path) {
    PawsOutcome refused = drop_and_answer(bad, true);
    refused.updates_ts_recent = outcome.updates_ts_recent;
    return refused;
  }
  const bool old_ack = (s.flags & kAck) && before(s.ack, r.snd_una);
  if (!p.update_before_ack_check && (!old_ack || p.update_on_old_ack || fast_path))
    outcome.updates_ts_recent = updates_ts_recent(p, r, s);
  if (why == Reason::no_tsopt) outcome.verdict = Verdict::not_tested;
  return outcome;
}

PawsOutcome judge_request(const ReceiverProfile& p, const PawsState& r, const PawsSegment& s) {
  if (!p.linux_states) {
    PawsOutcome outcome = judge_synchronized(p, r, s);
    return outcome;
  }
  Reason why = Reason::no_tsopt;
  if (s.has_ts && r.ts_recent_valid) {
    // No tick of grace here, and the age is made up from the request's timer, so that `idle` cannot happen.
    PawsState fresh = r;
    fresh.age_seconds = 0;
    why = compare_tsval(p, fresh, s.tsval, 0);
  }
  const bool ts_refused = why == Reason::paws;
  // The same SYN again: the SYN-ACK is sent again, whatever TSval it carries unless that is old.
  const bool syn_again = (s.flags & (kSyn | kAck | kRst | kFin)) == kSyn && s.seq + 1 == r.rcv_nxt;
  if (syn_again && !ts_refused) return {.reason = why};
  // A wrong ACK number is handed to the listener, which refuses it and sends a RST.
  const bool needs_ack = (s.flags & kAck) && !((s.flags & kRst) && p.request_rst_by_sequence);
  if (!syn_again && needs_ack && s.ack != r.snd_nxt) return drop(Reason::tcp_flags);
  if (ts_refused) return drop_and_answer(Reason::paws, true);  // not even a RST passes
  if (p.checks_syn_recv_tsecr && echoes_unsent(r, s)) return drop_and_answer(Reason::tsecr, true);
  if (!in_window(r, s)) return drop_and_answer(Reason::over_window, true);
  if ((s.flags & kRst) && p.request_rst_by_sequence && s.seq != r.rcv_nxt)
    return drop_and_answer(Reason::reset, true);  // RFC 5961 section 3.2
  PawsOutcome outcome{.reason = why};
  if (s.flags & (kRst | kSyn)) return outcome;
  if (!(s.flags & kAck)) return drop(Reason::tcp_flags);
  outcome.updates_ts_recent = s.has_ts && !after(s.seq, r.rcv_nxt);
  if (why == Reason::no_tsopt) outcome.verdict = Verdict::not_tested;
  return outcome;
}

PawsOutcome judge_syn_sent(const ReceiverProfile& p, const PawsState& r, const PawsSegment& s) {
  if ((s.flags & kAck) && (after(s.ack, r.snd_nxt) || !after(s.ack, r.snd_una)))
    return drop(Reason::invalid_ack_sequence);
  // PAWSActive: the echo must be one of ours. Not a test of TSval, and no test of RFC 7323.
  if (p.linux_states && (s.flags & kAck) && echoes_unsent(r, s)) return drop_and_answer(Reason::paws, false);
  if (p.linux_states && (s.flags & (kRst | kAck)) == kRst) return drop(Reason::reset);
  if (p.linux_states && !(s.flags & (kSyn | kRst))) return drop(Reason::tcp_flags);
  PawsOutcome outcome{.reason = s.has_ts ? Reason::initial : Reason::no_tsopt};
  if (!s.has_ts) outcome.verdict = Verdict::not_tested;
  outcome.updates_ts_recent = s.has_ts && (s.flags & kSyn);
  return outcome;
}

PawsOutcome judge_time_wait(const ReceiverProfile& p, const PawsState& r, const PawsSegment& s) {
  if (!s.has_ts || !r.ts_recent_valid) return {.verdict = Verdict::not_tested, .reason = Reason::no_tsopt};
  const Reason why = compare_tsval(p, r, s.tsval, 0);
  const bool rst = s.flags & kRst;
  if (why == Reason::paws) {
    if (rst && (!p.linux_states || r.age_seconds >= kTimeWaitRstSeconds))
      return {.reason = Reason::rst_exempt};
    const Reason reason = p.checks_syn_recv_tsecr ? Reason::tw_paws : Reason::paws;
    return rst ? drop(reason) : drop_and_answer(reason, true);
  }
  // A new SYN reopens the connection when it is later by sequence number or by TSval.
  if ((s.flags & (kSyn | kAck | kRst)) == kSyn)
    return after(s.seq, r.rcv_nxt) || why == Reason::newer ? PawsOutcome{.reason = why}
                                                           : drop_and_answer(Reason::invalid_syn, true);
  PawsOutcome outcome{.reason = why};
  outcome.updates_ts_recent = s.seq == r.rcv_nxt && s.end_seq == s.seq;
  return outcome;
}

PawsOutcome judge(const ReceiverProfile& profile, const PawsState& state, const PawsSegment& segment) {
  switch (state.state) {
    case TcpState::syn_sent:
      return judge_syn_sent(profile, state, segment);
    case TcpState::syn_recv:
      return judge_request(profile, state, segment);
    case TcpState::time_wait:
      return judge_time_wait(profile, state, segment);
    case TcpState::closed:
      return {.verdict = Verdict::not_tested, .reason = Reason::state_unknown};
    case TcpState::unknown:
    case TcpState::syn_crossed:
    case TcpState::established:
      break;
  }
  return judge_synchronized(profile, state, segment);
}

}  // namespace tsaudit
