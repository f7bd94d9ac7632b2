// SPDX-License-Identifier: Apache-2.0
#include "model/doubt.h"

#include "model/host_steps.h"
#include "model/receiver.h"

namespace tsaudit {
namespace {

using Decision = DoubtWeighed::Decision;

bool is_pure_ack(const OpenVerdict& v) { return v.end_seq == v.seq; }

/// At the receiver the words for a pure ACK's refusal depend on RCV.NXT, which the next ACK tells if nothing
/// came since.
bool needs_rcv_nxt(const OpenVerdict& v, const Sequel& next) {
  return v.rcv_doubtful && is_pure_ack(v) && next.at_receiver;
}

/// Could it have been harmless: the ACK that the receiver had last, of a segment that it expected next?
bool may_be_disordered(const ReceiverProfile& profile, const OpenVerdict& v, PawsState state) {
  state.rcv_nxt = v.seq;
  repeat_ack(state, v.seq, v.segment.ack);
  return is_pure_ack(v) && judge(profile, state, v.segment).verdict == Verdict::accept;
}

/// The ACK of a SYN-ACK that may have been a SYN cookie. Then there was no TS.Recent before that ACK, and the
/// first echo is its TSval; the echo of the SYN's is a request socket's, which may be the same one.
std::optional<Decision> of_request(const ReceiverProfile& profile, const OpenVerdict& v, const Sequel& next) {
  const Segment& s = next.segment;
  if (!next.last || !s.has_ts()) return std::nullopt;
  const PawsOutcome outcome = judge(profile, v.state, v.segment);
  const bool told = v.tsval != v.state.ts_recent;
  const bool another_before = v.reason == Reason::ts_recent_range;  // whose TSval it may be as well
  if (told && s.tsecr == v.tsval)
    return another_before ? std::nullopt : std::optional(Decision{Verdict::accept, Reason::initial});
  const bool refused =
      told ? is_paws_drop(outcome)
           : outcome.verdict == Verdict::drop && next.answers && v.answered_refusal == outcome.reason;
  if (s.tsecr != v.state.ts_recent || !refused) return std::nullopt;
  return Decision{Verdict::drop, outcome.reason, true};
}

/// It asks again for data that were next in order, at once: a request that waits for data had let the ACK
/// before pass, and takes no echo of what it said since.
std::optional<Decision> of_perhaps_request(const ReceiverProfile& profile, const OpenVerdict& v,
                                           const Sequel& next) {
  const Segment& s = next.segment;
  if (is_pure_ack(v) || !next.last || !next.answers || !next.at_receiver || s.length() != 0 ||
      s.ack != v.seq || v.seq != v.state.rcv_nxt)
    return std::nullopt;
  const PawsOutcome outcome = judge(profile, as_request(v.state), v.segment);
  if (outcome.reason != Reason::tsecr) return std::nullopt;
  return Decision{Verdict::drop, outcome.reason, s.has_ts() && s.tsecr == v.state.ts_recent};
}

/// Had TS.Recent been too old to count, it would be this TSval now, and a pure ACK would have got no answer.
std::optional<Decision> of_age(const ReceiverProfile& profile, const OpenVerdict& v, const Sequel& next) {
  const TsVal echo = next.segment.tsecr;
  if (echo == v.tsval) return std::nullopt;
  const bool would_store =
      judge(profile, state_with(v, echo, profile.idle_seconds), v.segment).updates_ts_recent;
  const PawsState young = state_with(v, echo, 0);
  const PawsOutcome outcome = judge(profile, young, v.segment);
  const bool tells = would_store && !(v.window_doubtful && may_be_disordered(profile, v, young));
  if (!is_paws_drop(outcome) || !(tells || (is_pure_ack(v) && next.answers && outcome.answered)))
    return std::nullopt;
  return Decision{Verdict::drop, outcome.reason, true};
}

/// The first echo after it tells the TS.Recent that it met, unless it is its own.
std::optional<Decision> of_ts_recent(const ReceiverProfile& profile, const OpenVerdict& v,
                                     const Sequel& next) {
  const TsVal echo = next.segment.tsecr;
  PawsState state = state_with(v, echo, v.state.age_seconds);
  if (next.last && needs_rcv_nxt(v, next)) state.rcv_nxt = next.segment.ack;
  const PawsOutcome outcome = judge(profile, state, v.segment);
  const bool ack_may_be_too_old = next.restored && before(v.segment.ack, v.state.snd_una);
  const auto judge_with = [&](auto change) {
    PawsState other = state;
    change(other);
    return judge(profile, other, v.segment);
  };
  // The state has the longest RTO that is possible; the shortest must do, too.
  const bool passed = outcome.verdict == Verdict::accept && !outcome.updates_ts_recent &&
                      !ack_may_be_too_old && (next.last || !v.rcv_doubtful) &&
                      judge_with([](PawsState& r) { r.rto_ns = kRtoMin; }).verdict == Verdict::accept;
  // Away from the receiver, or where RCV.NXT or SND.WL1 is in doubt, TS.Recent alone does not decide on an
  // old ACK.
  const bool in_order = next.at_receiver && next.last && !v.rcv_doubtful && !v.window_doubtful;
  const bool refused =
      is_paws_drop(outcome) && (in_order || !may_be_disordered(profile, v, state)) &&
      (next.tick_known || is_paws_drop(judge_with([](PawsState& r) { r.usec_ts = !r.usec_ts; })));
  if (v.reason == Reason::ts_recent_range && echo != v.tsval && !next.late && (refused || passed))
    return Decision{outcome.verdict, outcome.reason, true};
  const bool old = compare_tsval(profile, state, v.tsval, profile.window_ticks) == Reason::paws;
  if (is_pure_ack(v) && old && next.last && next.answers && v.answered_refusal)
    return Decision{Verdict::drop, *v.answered_refusal};
  return std::nullopt;
}

/// It asks for the data still, and they were next in order; or it has got a part of them by another segment,
/// and no more. Their ACK was too old. (Its own data may have been on their way for longer.)
std::optional<Decision> of_old_ack(const ReceiverProfile& profile, const OpenVerdict& v, const Sequel& next) {
  const Segment& s = next.segment;
  const bool asks_for_them = s.ack == v.seq && s.ack == v.state.rcv_nxt;
  const bool has_a_part = after(s.ack, v.seq) && before(s.ack, v.end_seq) && !before(s.ack, v.state.rcv_nxt);
  if (!next.at_receiver || s.length() != 0 || !(next.settled || next.answers) ||
      !(asks_for_them || has_a_part) || !before(v.segment.ack, v.state.snd_una))
    return std::nullopt;
  const auto refusal = [&](TsVal ts_recent) {
    PawsState state = state_with(v, ts_recent, v.state.age_seconds);
    state.max_window = 0;
    return judge(profile, state, v.segment);
  };
  const PawsOutcome outcome = refusal(v.state.ts_recent);
  // What the echo says of the TS.Recent that it met does not count if what came since may have changed it.
  const bool echo_agrees = s.has_ts() && !v.later_holds(s.tsecr) && refusal(s.tsecr).reason == outcome.reason;
  if (outcome.verdict != Verdict::drop || (v.reason == Reason::ts_recent_range && !echo_agrees))
    return std::nullopt;
  return Decision{Verdict::drop, outcome.reason};
}

/// It acknowledges what the capture does not show. If the receiver had sent that, it goes on behind it. (What
/// comes right after the ACK may have come before it: captures of several processors are not always in
/// order.)
DoubtWeighed of_unseen_data(const ReceiverProfile& profile, const OpenVerdict& v, const Sequel& next) {
  const Segment& s = next.segment;
  if (!before(s.seq, v.segment.ack)) {
    PawsState state = v.state;
    state.snd_nxt = v.segment.ack;
    const PawsOutcome outcome = judge(profile, state, v.segment);
    return {Decision{outcome.verdict, outcome.reason}};
  }
  if (s.seq != v.state.snd_nxt) return {};
  if (s.length() != 0 && !before(s.end_seq(), v.segment.ack) && s.time_ns - v.time_ns < kMillisecond)
    return {.over = true};
  // An ACK of unsent data before it may have been thought to move TS.Recent, which it did not: the echo
  // tells.
  const bool earlier = before(s.tsecr, v.state.ts_recent) && !v.later_holds(s.tsecr);
  const bool echo_tells = next.at_receiver && s.has_ts() && s.tsecr.raw != 0 && (next.last || earlier);
  const PawsState met = echo_tells ? state_with(v, s.tsecr, v.state.age_seconds) : v.state;
  const PawsOutcome outcome = judge(profile, met, v.segment);
  if (is_paws_drop(outcome) && needs_rcv_nxt(v, next) && !next.last) return {.over = true};
  // Of several that it may have met the echo is one, too, though something since may have stored it again.
  if (v.reason == Reason::ts_recent_range && !echo_tells && s.has_ts() &&
      judge(profile, state_with(v, s.tsecr, v.state.age_seconds), v.segment).reason != outcome.reason)
    return {.over = true};
  const bool by_echo = echo_tells && next.last && next.answers;
  return {Decision{outcome.verdict, outcome.reason, by_echo}};
}

/// Of data that were sent more than once, and `s` acknowledges: if TS.Recent alone was in question, and is
/// this copy's TSval now, it was this copy.
bool is_the_copy(const ReceiverProfile& profile, const OpenVerdict& v, const Segment& s) {
  const auto passes_otherwise = [&] {
    return judge(profile, state_with(v, v.tsval, v.state.age_seconds), v.segment).verdict == Verdict::accept;
  };
  return v.reason == Reason::ts_recent_range && s.has_ts() && s.tsecr == v.tsval &&
         v.tsval != v.state.ts_recent && after(v.end_seq, v.state.rcv_nxt) &&
         !before(v.segment.ack, v.state.snd_una) && passes_otherwise();
}

}  // namespace

PawsState state_with(const OpenVerdict& v, TsVal ts_recent, int64_t age_seconds) {
  PawsState state = v.state;
  state.ts_recent = ts_recent;
  state.age_seconds = age_seconds;
  return state;
}

DoubtWeighed weigh_doubt(const ReceiverProfile& profile, OpenVerdict& v, const Sequel& next) {
  if (v.perhaps_request)
    if (const auto decision = of_perhaps_request(profile, v, next)) return {decision};
  if (v.state.state == TcpState::syn_recv) return {of_request(profile, v, next), true};
  if (after(v.segment.ack, v.state.snd_nxt)) return of_unseen_data(profile, v, next);
  const Segment& s = next.segment;
  const bool covered = !is_pure_ack(v) && (!before(s.ack, v.end_seq) || sacks(s, v.seq, v.end_seq));
  const bool brings_new = after(v.end_seq, v.state.rcv_nxt);
  if (covered && ((brings_new && (!v.repeated || !v.elsewhere())) || is_the_copy(profile, v, s))) {
    const Reason why = compare_tsval(profile, v.state, v.tsval, profile.window_ticks);
    return {Decision{Verdict::accept, why == Reason::paws ? Reason::initial : why}};
  }
  // What came since does not matter either, if none of it had that TSval.
  const bool told = next.last || (v.reason == Reason::ts_recent_range && !needs_rcv_nxt(v, next) &&
                                  !v.later_holds(s.tsecr));
  if (told && (next.at_receiver || next.answers) && s.has_ts()) {
    if (v.reason == Reason::idle_range)
      if (const auto decision = of_age(profile, v, next)) return {decision};
    if (!v.asked) {
      v.asked = true;
      if (const auto decision = of_ts_recent(profile, v, next)) return {decision};
    }
  }
  if (is_pure_ack(v) || covered) return {.over = true};
  return {of_old_ack(profile, v, next)};
}

}  // namespace tsaudit
