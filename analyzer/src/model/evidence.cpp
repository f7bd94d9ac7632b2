// SPDX-License-Identifier: Apache-2.0
// Holds each questionable verdict against what the receiver itself sends afterwards.
#include <algorithm>
#include <utility>

#include "model/doubt.h"
#include "model/host_steps.h"
#include "model/tracker.h"

namespace tsaudit {
namespace {

/// How long after it data may still be answered.
constexpr TimeNs kAnswerWithin = 500 * kMillisecond;

constexpr TimeNs kDelayedAck = 40 * kMillisecond;  // TCP_DELACK_MIN, include/net/tcp.h

/// A pure ACK is answered at once or, rate-limited, never. What comes later, or after another segment,
/// answers another one.
TimeNs at_once(const Host& receiver) { return settle_ns(receiver) + kMillisecond; }

/// New data are acknowledged at once or when the timer for it runs out. In between an ACK is for data that
/// came late, perhaps after the segment.
bool is_late(const Host& receiver, const OpenVerdict& v, const Segment& s) {
  const TimeNs since = s.time_ns - v.time_ns;
  return s.length() == 0 && since > at_once(receiver) && since < kDelayedAck;
}

void note(OpenVerdict& v, Evidence evidence, uint64_t frame) {
  if (v.evidence != evidence) v.evidence_frames = {};
  v.evidence = evidence;
  for (uint64_t& slot : v.evidence_frames)
    if (slot == 0) {
      slot = frame;
      return;
    }
}

/// It was taken, or may have been: as far as it would have moved SND.WL1, that is not known any more.
void may_have_moved_window(Host& receiver, const OpenVerdict& v) {
  if (!(v.segment.flags & kAck) || before(v.segment.ack, receiver.snd_una) || !after(v.seq, receiver.snd_wl1))
    return;
  receiver.snd_wl1 = v.seq;
  receiver.snd_wnd = v.segment.window;
  receiver.wl_known = false;
}

/// Would that TS.Recent have refused it?
bool refuses(const ReceiverProfile& profile, const OpenVerdict& v, TsVal ts_recent) {
  return is_paws_drop(judge(profile, state_with(v, ts_recent, v.state.age_seconds), v.segment));
}

/// Is TSval so far behind that it would be refused whatever else of its time had come before it, or had not?
bool is_far_behind(const OpenVerdict& v) {
  constexpr int32_t kTicks = 1 << 16;  // 65 ms of a clock that counts microseconds
  const int32_t back = distance(v.tsval, v.state.ts_recent);
  return is_paws(v.reason) && back > kTicks && back < INT32_MAX - kTicks;
}

/// It was refused: those after it in `open` did not meet its TSval, if nothing else brought that.
void not_met(std::vector<OpenVerdict>& open, const OpenVerdict& refused) {
  const auto first = open.begin() + (&refused - open.data()) + 1;
  for (auto v = first; v != open.end(); ++v) {
    const bool all_open = v->sent - refused.sent == static_cast<uint32_t>(v - first) + 1;
    if (v->state.ts_recent == refused.tsval && (all_open || !refused.later_holds(refused.tsval)))
      v->state.ts_recent = refused.state.ts_recent;
    if (v->tsval == refused.tsval) break;  // those behind may have met this one's
  }
}

}  // namespace

/// `state`: the receiver's likeliest, before the segment.
void Tracker::open_verdict(Flow& flow, unsigned from, const Segment& s, const Judgement& j,
                           const PawsState& state, Needed needed, FrameList DirectionTrouble::*list) {
  DirectionTrouble& direction = trouble(flow).direction[from];
  if (direction.open.size() == kMaxOpen) {
    resolve(direction, direction.open.front());
    direction.open.erase(direction.open.begin());
  }
  const bool repeated = !after(s.end_seq(), flow.host[from].snd_nxt);
  const bool waits = flow.host[from ^ 1].holes;
  OpenVerdict v{.frame = s.frame,
                .time_ns = s.time_ns,
                .seq = s.seq,
                .end_seq = s.end_seq(),
                .tsval = s.tsval,
                .verdict = j.verdict,
                .reason = j.reason,
                .answered = j.answered,
                .answered_refusal = j.answered_refusal,
                .list = list,
                .sent = flow.host[from].segments + 1,
                .repeated = repeated,
                // Among what waits there, perhaps: but what is next does not.
                .first_elsewhere = before(s.seq, state.rcv_nxt) || (waits && s.seq != state.rcv_nxt &&
                                                                    before(s.seq, flow.host[from].snd_nxt)),
                .last_elsewhere = waits && repeated,
                .rcv_doubtful = flow.host[from ^ 1].rcv_doubtful != 0,
                .window_doubtful = j.window_doubtful,
                .knocks = trouble(flow).knock && trouble(flow).knock->frame == s.frame,
                .perhaps_request = echoes_refusal(flow, flow.host[from ^ 1], state.rcv_nxt, s, &direction),
                .needed = needed,
                .ts_recent_shown = flow.host[from ^ 1].ts_recent.echoed(),
                .state = state,
                .segment = as_received(flow, flow.host[from], s)};
  for (const OpenVerdict& other : direction.open)
    if (other.verdict != Verdict::drop) v.may_have(other.seq, other.end_seq);
  if (j.verdict != Verdict::drop) v.evidence = Evidence::none;
  direction.open.push_back(v);
  if (evidence_) evidence_->opened(s.frame);
}

/// Away from the receiver a segment can be lost, or overtaken, behind the capture. Does `s`, the first to
/// tell, show another TS.Recent than the one that refused that segment, and would that have let it pass?
bool Tracker::was_another(const Flow& flow, unsigned receiver, const OpenVerdict& v, const Segment& s) const {
  const Host& a = flow.host[receiver];
  if (v.verdict != Verdict::drop || v.ts_recent_shown || a.tap == Tap::here || !s.has_ts() ||
      s.tsecr == v.state.ts_recent || v.state.ts_recent.raw == 0 || before(s.tsval, a.clock.last()) ||
      s.time_ns - v.time_ns < shortest_way_ns(a))
    return false;
  const ReceiverProfile& profile = profile_for(flow, receiver);
  // Once it is too old to count, TS.Recent goes back.
  if (v.state.age_seconds + (s.time_ns - v.time_ns) / kSecond + 1 >= profile.idle_seconds) return false;
  return !refuses(profile, v, s.tsecr);
}

/// The verdict was another one.
void Tracker::decide(Flow& flow, unsigned sender, OpenVerdict& v, Verdict now, Reason reason,
                     uint64_t frame) {
  DirectionTrouble& direction = trouble(flow).direction[sender];
  --direction.reasons[static_cast<size_t>(v.reason)];
  if (v.list) (direction.*v.list).remove(v.frame);
  v.list = nullptr;
  if (reason == Reason::equal)
    ++flow.host[sender ^ 1].equal_tsval;
  else if (reason != Reason::newer)  // that is the rest
    ++direction.reasons[static_cast<size_t>(reason)];
  if (now == Verdict::unknown) {
    v.list = &DirectionTrouble::undecided;
  } else if (now == Verdict::drop && is_paws(reason)) {
    Host& receiver = flow.host[sender ^ 1];
    const bool acknowledges = v.state.state == TcpState::syn_recv ? v.segment.ack == v.state.snd_nxt
                                                                  : after(v.segment.ack, v.state.snd_una);
    Needed lost = v.needed;
    lost.data = v.end_seq != v.seq;
    lost.ack = acknowledges;
    if (lost) {
      note_loss(flow, sender, reason, v.state.state, v.state.ts_recent, v.repeated);
      hold_up(flow, sender, v.frame, v.time_ns, lost);
    }
    v.list = lost ? &DirectionTrouble::paws_drops : &DirectionTrouble::stale_acks;
    // Its ACK had counted as long as it was in doubt.
    if (acknowledges && receiver.snd_una == v.segment.ack) receiver.snd_una = v.state.snd_una;
  }
  if (v.list) (direction.*v.list).add(v.frame, v.time_ns, distance(v.tsval, v.state.ts_recent));
  if (now != Verdict::drop) let_go(flow, v.frame);
  if (v.verdict == Verdict::drop && now != Verdict::drop) may_have_moved_window(flow.host[sender ^ 1], v);
  v.verdict = now;
  v.reason = reason;
  v.evidence = now == Verdict::drop ? Evidence::confirmed : Evidence::none;
  v.evidence_frames = {frame};
}

/// What the capture left open when the segment passed. True when nothing more is to be expected.
bool Tracker::settle_doubt(Flow& flow, unsigned sender, OpenVerdict& v, const Segment& s, bool answers,
                           bool repeats_ack) {
  Host& receiver = flow.host[sender ^ 1];
  v.state.usec_ts = receiver.clock.counts_us();  // perhaps it is known by now
  // A new ACK may be for what came before it in one batch.
  const TimeNs settled = repeats_ack ? settle_ns(receiver) : at_once(receiver);
  const Sequel sequel{.segment = s,
                      .last = flow.host[sender].segments == v.sent,
                      .at_receiver = vantage_of(receiver, flow.host[sender]) == Vantage::at_receiver,
                      .settled = s.time_ns - v.time_ns > settled,
                      .tick_known = receiver.clock.hz() != 0,
                      .restored = receiver.restored,
                      .late = !repeats_ack && is_late(receiver, v, s),
                      .answers = answers};
  const DoubtWeighed weighed = weigh_doubt(profile_for(flow, sender ^ 1), v, sequel);
  if (!weighed.decision) return weighed.over;
  if (v.perhaps_request && weighed.decision->reason == Reason::tsecr) {
    receiver.state = TcpState::syn_recv;
    flow.perhaps_request = false;
  }
  if (weighed.decision->by_echo) {
    v.state.ts_recent = s.tsecr;
    receiver.ts_recent.only(s.tsecr);
  }
  if (weighed.decision->verdict == Verdict::accept && after(v.segment.ack, v.state.snd_nxt)) {
    if (after(v.segment.ack, receiver.snd_una)) receiver.snd_una = v.segment.ack;
    may_have_moved_window(receiver, v);
    lack_data(flow, sender ^ 1, v.state.snd_nxt, v.segment.ack, v.frame);
  }
  decide(flow, sender, v, weighed.decision->verdict, weighed.decision->reason, s.frame);
  if (v.verdict == Verdict::drop) not_met(trouble(flow).direction[sender].open, v);
  // An echo tells what it met, its own answer alone what became of it.
  if (v.verdict == Verdict::drop && !(sequel.answers && sequel.last)) v.evidence = Evidence::predicted;
  return true;
}

/// `from` has spoken: what does that say about the segments that the model made it refuse?
/// `was`: the receiver as the model had it, without what this ACK itself claims.
void Tracker::weigh_evidence(Flow& flow, unsigned from, const Segment& s, const ReceiverBefore& was) {
  DirectionTrouble& direction = trouble(flow).direction[from ^ 1];
  if (direction.open.empty() || s.has(kSyn) || !s.has(kAck)) return;
  const Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  if (before(s.ack, a.ack_max)) return;  // overtaken: says nothing of the present
  const bool at_receiver = vantage_of(a, b) == Vantage::at_receiver;
  const TimeNs way = at_receiver ? 0 : shortest_way_ns(a);
  const auto owed_since = was.repeats_ack ? std::exchange(direction.answer_owed, {}) : std::nullopt;
  const bool owed = owed_since && s.time_ns - *owed_since <= kAnswerWithin + 2 * way;
  const auto copy = d_sack(s);
  bool answer_spent = false;   // one repeated ACK answers one segment
  bool data_in_doubt = false;  // data that it may answer are before the one that is looked at
  std::vector<OpenVerdict>& open = direction.open;
  for (size_t i = 0; i < open.size();) {
    OpenVerdict& v = open[i];
    if (s.time_ns - v.time_ns < way) break;  // it cannot know of this one yet
    const bool has_data = v.end_seq != v.seq && !v.knocks;
    // What comes sooner than a segment can go to the receiver and its answer come back is for an earlier one.
    // (An eighth is for the way there and back that was measured, which is not the shortest there is.)
    const bool back = s.time_ns - v.time_ns >= 2 * way * 7 / 8;
    const bool to_another = copy && !(has_data && v.overlaps(copy->left, copy->right));
    const bool may_answer = was.repeats_ack && !answer_spent && back && !to_another;
    const bool in_time = s.time_ns - v.time_ns - way < (has_data ? kAnswerWithin : at_once(a));
    const bool covered = has_data && !before(s.ack, v.end_seq);
    bool decided = false;
    const bool another = was_another(flow, from, v, s);
    if (s.has_ts() && s.tsecr.raw != 0 && !v.ts_recent_shown)
      v.ts_recent_shown = !before(s.tsecr, v.state.ts_recent) ||
                          (back && !before(s.tsval, a.clock.last()) && v.verdict == Verdict::drop &&
                           refuses(profile_for(flow, from), v, s.tsecr));
    if (another) {
      decide(flow, from ^ 1, v, Verdict::unknown, Reason::ts_recent_range, s.frame);
      if (direction.lone_jump && direction.lone_jump->tsval == v.state.ts_recent) direction.lone_jump.reset();
      decided = true;
    } else if (s.has(kRst)) {
      // It tells TS.Recent and nothing else.
    } else if (v.knocks && v.verdict != Verdict::drop) {
      // Its SYN-ACK would, if one came.
      decided = !trouble(flow).knock;
    } else if (v.verdict == Verdict::unknown) {
      const bool answers = may_answer && in_time;
      // Data get an answer if they are refused, out of order, or a copy; a pure ACK only if it is refused.
      decided = settle_doubt(flow, from ^ 1, v, s, answers && (has_data || !data_in_doubt), was.repeats_ack);
      answer_spent = answer_spent || (answers && decided && (has_data || v.verdict == Verdict::drop));
      data_in_doubt = data_in_doubt || (answers && has_data && !decided);
    } else if (v.verdict == Verdict::drop) {
      const bool echoed =
          s.has_ts() && s.tsecr == v.tsval && !was.echo_expected && v.state.ts_recent != v.tsval;
      const bool sacked = has_data && !covered && sacks(s, v.seq, v.end_seq);
      // Acknowledged: by what else but this segment?
      const bool by_it = !v.elsewhere() && (sacked || (covered && before(was.rcv_nxt, v.end_seq)));
      if (echoed || by_it) contradict(flow, from ^ 1, v, s.frame);
      if (echoed || covered || sacked) {
        decided = true;
        answer_spent = answer_spent || (may_answer && v.answered);  // a late copy is answered, too
      } else if (has_data) {
        // It is confirmed when they are still asked for long after, and by their answer. That is surely
        // theirs if nothing came since, and as good as theirs if TS.Recent refuses them in any order.
        const bool refused = at_receiver && !after(v.seq, s.ack) && s.time_ns - v.time_ns > kDelayedAck;
        const bool answers = may_answer && v.answered && !v.answer_came;
        const bool its_own =
            answers && (b.segments == v.sent || is_far_behind(v)) &&
            (!is_paws(v.reason) || !s.has_ts() || refuses(profile_for(flow, from), v, s.tsecr));
        answer_spent = answer_spent || answers;
        v.answer_came = v.answer_came || answers;
        if (v.evidence == Evidence::predicted && (refused || its_own)) note(v, Evidence::confirmed, s.frame);
      } else if (v.answered && may_answer && in_time && v.evidence == Evidence::predicted &&
                 b.segments == v.sent) {
        answer_spent = true;
        note(v, Evidence::confirmed, s.frame);
        decided = true;
      } else if (was.repeats_ack && !answer_spent && answered_after_all(flow, from ^ 1, v, s, was)) {
        answer_spent = decided = true;
      } else if (s.time_ns - v.time_ns > kAnswerWithin + 2 * way) {
        decided = true;  // nothing will decide it any more
      }
    } else if (covered) {
      note(v, Evidence::confirmed, s.frame);
      decided = true;
    } else if (was.repeats_ack && !owed && !answer_spent && !after(v.seq, s.ack) && at_receiver &&
               s.has_ts() && s.tsecr != v.tsval) {
      // The model accepts, the receiver asks for the same byte again.
      answer_spent = true;
      contradict(flow, from ^ 1, v, s.frame);
      decided = true;
    }
    if (decided) {
      resolve(direction, v);
      open.erase(open.begin() + static_cast<ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

/// An old ACK that the profile drops in silence got an answer at once, from a receiver that had no other
/// reason for one: an older kernel.
bool Tracker::answered_after_all(Flow& flow, unsigned sender, OpenVerdict& v, const Segment& s,
                                 const ReceiverBefore& was) {
  const Host& receiver = flow.host[sender ^ 1];
  if (v.answered || flow.host[sender].segments != v.sent || profile_is_told(flow, sender ^ 1) ||
      vantage_of(receiver, flow.host[sender]) != Vantage::at_receiver ||
      s.time_ns - v.time_ns > settle_ns(receiver) ||
      s.ack + as_received(flow, receiver, s).window != was.right_edge)
    return false;
  const ReceiverProfile* fitting = nullptr;
  PawsOutcome outcome;
  for (const ReceiverProfile& profile : receiver_profiles()) {
    const PawsOutcome asked = judge(profile, v.state, v.segment);
    if (!profile.linux_states || asked.verdict != Verdict::drop || !asked.answered) continue;
    fitting = &profile;  // the newest
    outcome = asked;
  }
  if (!fitting) return false;
  decide(flow, sender, v, Verdict::drop, outcome.reason, s.frame);
  trouble(flow).direction[sender].fitting_profile = fitting;
  return true;
}

/// The receiver evidently did otherwise. Another profile may explain it; if none does, the capture lost
/// something.
void Tracker::contradict(Flow& flow, unsigned sender, OpenVerdict& v, uint64_t frame) {
  note(v, Evidence::contradicted, frame);
  DirectionTrouble& direction = trouble(flow).direction[sender];
  if (profile_is_told(flow, sender ^ 1)) return;
  const ReceiverProfile* fitting = nullptr;
  for (const ReceiverProfile& profile : receiver_profiles()) {
    if (flow.host[sender ^ 1].restored && !profile.linux_states) continue;  // TCP_REPAIR is Linux's
    const bool drops = judge(profile, v.state, v.segment).verdict == Verdict::drop;
    if (drops == (v.verdict == Verdict::drop)) continue;
    // The newest Linux that fits, else another real stack, else the RFC, which comes first.
    if (!fitting || profile.linux_states || !fitting->linux_states) fitting = &profile;
  }
  if (fitting) direction.fitting_profile = fitting;
}

void Tracker::count(DirectionTrouble& direction, const OpenVerdict& v) {
  if (is_paws_drop(v)) {
    direction.confirmed += v.evidence == Evidence::confirmed;
    direction.predicted += v.evidence == Evidence::predicted;
  }
  direction.contradicted += v.evidence == Evidence::contradicted;
  if (v.evidence != Evidence::contradicted || v.verdict != Verdict::drop) return;
  ++direction.contradicted_drops;
  if (!v.list) return;
  (direction.*v.list).remove(v.frame);
  if (v.list == &DirectionTrouble::paws_drops)
    direction.taken_all_the_same.add(v.frame, v.time_ns, distance(v.tsval, v.state.ts_recent));
}

void Tracker::resolve(DirectionTrouble& direction, const OpenVerdict& v) {
  count(direction, v);
  if (evidence_) evidence_->resolved(v);
}

}  // namespace tsaudit
