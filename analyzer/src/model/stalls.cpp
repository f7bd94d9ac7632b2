// SPDX-License-Identifier: Apache-2.0
// Finds the stretches in which a direction made no progress, and what held it up.
#include <algorithm>

#include "model/fingerprint.h"
#include "model/host_steps.h"
#include "model/migration.h"
#include "model/odd_segment.h"

namespace tsaudit {
namespace {

/// Shorter ones are everyday life: a lost packet, a full window.
constexpr TimeNs kWorthNaming = 1 * kSecond;

/// Were segments that matter discarded by timestamps, in either direction, while it lasted? And by nothing
/// else: what is refused for its numbers would be with any timestamp.
bool paws_during(const Trouble& t, const Stall& stall) {
  for (unsigned from = 0; from < 2; ++from)
    if (!stall.misplaced[from] && t.direction[from].paws_drops.any_within(stall.start_ns, stall.end_ns))
      return true;
  return false;
}

/// Has an endpoint moved and gone on with sequence numbers that the other end cannot make sense of?
bool moved_off_sequence(const Trouble& t) {
  return std::any_of(t.migrations.begin(), t.migrations.end(),
                     [](const MigrationCase& m) { return has_signal(m, "sequence"); });
}

/// Has `receiver` acknowledged all of `s` before, in sight?
bool had_arrived(const Host& receiver, const Segment& s) {
  return receiver.acked && !after(s.end_seq(), receiver.ack_max);
}

bool closes_window(const Segment& s) { return s.window == 0 && s.has(kAck) && !s.has(kSyn | kRst | kFin); }

/// Do the ACKs of what `from` sends not reach it, for all that is known: refused, or lost as the data beside
/// them?
bool misses_acks(const Trouble& t, unsigned from) {
  const DirectionTrouble& back = t.direction[from ^ 1];
  const bool lost = back.stalls_now() && back.stalls.back().cause != StallCause::zero_window;
  return lost || t.direction[from].hold || moved_off_sequence(t) ||
         back.reasons[static_cast<size_t>(Reason::invalid_sequence)] != 0;
}

/// Is nothing of what `sender` sent unacknowledged but its FIN?
bool lacks_fin_only(const Host& sender, const Host& receiver) {
  return sender.fin_sent && receiver.acked && receiver.ack_max == sender.snd_nxt - 1;
}

std::optional<SeqNum> una_of(const Host& sender) {
  return sender.una_known ? std::optional(sender.snd_una) : std::nullopt;
}

/// When the data that `sender` sends again now were sent before, or later if that is not known.
TimeNs sent_before(const Flow& flow, const Host& sender, TimeNs now) {
  if (sender.payload_bytes == 0) return sender.last_ns;  // not in sight
  const TimeNs sent = now - ns_since(sender.unacked_since, now);
  return std::max(std::min(sender.last_ns, sent), flow.first_ns);
}

/// `heard_ns`: when the receiver was heard last. `again`: it has had time to answer a copy.
StallCause cause_of(const Trouble& t, unsigned from, const Stall& stall, TimeNs heard_ns, bool again) {
  const DirectionTrouble& direction = t.direction[from];
  if (direction.zero_window_open) return StallCause::zero_window;
  if (heard_ns < (again ? stall.again_ns : stall.start_ns)) return StallCause::no_answer;
  if (direction.reasons[static_cast<size_t>(Reason::invalid_sequence)] != 0 || moved_off_sequence(t))
    return StallCause::refused_sequence;
  return StallCause::loss;
}

/// Of more than fit, the longest stay: the one that matters may be the last.
void leave_out_shortest(DirectionTrouble& direction) {
  auto& stalls = direction.stalls;
  if (stalls.size() <= Trouble::kMaxStalls) return;
  const auto lasted = [](const Stall& s) { return s.over ? s.end_ns - s.start_ns : INT64_MAX; };
  stalls.erase(std::ranges::min_element(stalls, {}, lasted));
  ++direction.stalls_left_out;
}

void add_stall(DirectionTrouble& direction, Stall stall) {
  direction.stalls.push_back(std::move(stall));
  leave_out_shortest(direction);
}

/// From the first discard on. What kept it for long before that was something else, and all the time if
/// nothing much followed.
void blame_paws(const Trouble& t, DirectionTrouble& direction) {
  std::vector<Stall> before;
  for (Stall& stall : direction.stalls) {
    if (!paws_during(t, stall)) continue;
    const FrameList::Kept* first = nullptr;
    for (unsigned from = 0; from < 2; ++from) {
      const FrameList::Kept* const one =
          t.direction[from].paws_drops.first_within(stall.start_ns, stall.end_ns);
      if (one && !stall.misplaced[from] && (!first || one->time_ns < first->time_ns)) first = one;
    }
    const auto cause_before =
        stall.cause == StallCause::zero_window ? std::optional(stall.cause) : stall.cause_before;
    if (first && cause_before && first->time_ns - stall.start_ns >= kWorthNaming) {
      Stall part = stall;
      part.cause = *cause_before;
      part.end_ns = first->time_ns;
      part.over = true;
      if (stall.end_ns - first->time_ns < kWorthNaming) {
        stall.cause = part.cause;
        continue;
      }
      before.push_back(part);
      stall.frame = first->frame;
      stall.start_ns = first->time_ns;
    }
    stall.cause = StallCause::paws;
  }
  for (Stall& part : before) add_stall(direction, part);
}

/// Since its data were sent first, or since PAWS refused them.
void open_stall(DirectionTrouble& direction, const Resent& sent) {
  const auto& hold = direction.hold;
  direction.stalls.push_back({.frame = hold ? hold->frame : sent.frame,
                              .start_ns = hold ? hold->time_ns : sent.since_ns,
                              .again_ns = sent.again_ns,
                              .end_ns = sent.again_ns});
  direction.stall_open = true;
}

void close_stall(DirectionTrouble& direction, TimeNs now, bool over) {
  Stall& stall = direction.stalls.back();
  stall.end_ns = now;
  stall.over = over;
  // What is lost is not answered.
  constexpr uint8_t kNoAccident = 2;
  if (stall.cause == StallCause::loss && stall.answered_copies >= kNoAccident)
    stall.cause = StallCause::refused;
  if (over && now - stall.start_ns < kWorthNaming)
    direction.stalls.pop_back();
  else if (direction.icmp && (stall.cause == StallCause::no_answer || stall.cause == StallCause::loss)) {
    stall.cause = StallCause::icmp;
    stall.icmp = direction.icmp;
  }
  if (!over) return;
  direction.stall_open = false;
  leave_out_shortest(direction);
}

/// Data that had been acknowledged were sent again. Once may be for nothing, or for an ACK that got lost
/// behind the capture and has come by now; only whoever sends them once more shows that he still had not got
/// it.
void end_needless(DirectionTrouble& direction) {
  if (!direction.needless_seq) return;
  direction.needless_seq.reset();
  close_stall(direction, direction.stalls.back().end_ns, true);
}

/// What the last stall is, or has been if it is `over`: open since a retransmission, or a refused segment.
void end_stall(DirectionTrouble& direction, TimeNs now, bool over) {
  end_needless(direction);
  if (direction.stall_open) {
    close_stall(direction, now, over);
  } else if (direction.hold && direction.hold->certain && now - direction.hold->time_ns >= kWorthNaming) {
    add_stall(direction, {.cause = StallCause::paws,
                          .frame = direction.hold->frame,
                          .start_ns = direction.hold->time_ns,
                          .end_ns = now,
                          .over = over});
  }
  if (!over) return;
  direction.hold.reset();
  direction.icmp.reset();
}

/// It got through, out of sight, some time after it was sent the last time.
void end_out_of_sight(DirectionTrouble& direction) {
  end_needless(direction);
  if (direction.stall_open) {
    direction.stalls.back().answers_unseen = true;
    close_stall(direction, direction.stalls.back().end_ns, true);
  }
  direction.hold.reset();
  direction.icmp.reset();
}

}  // namespace

std::string_view to_string(StallCause cause) {
  switch (cause) {
    case StallCause::paws:
      return "PAWS";
    case StallCause::zero_window:
      return "zero window";
    case StallCause::no_answer:
      return "no answer";
    case StallCause::loss:
      return "loss";
    case StallCause::refused:
      return "refused";
    case StallCause::refused_sequence:
      return "sequence numbers refused";
    case StallCause::reset:
      return "reset";
    case StallCause::icmp:
      return "ICMP";
  }
  return "";
}

/// PAWS refused a segment of `from` that its receiver needs.
void Tracker::hold_up(Flow& flow, unsigned from, uint64_t frame, TimeNs time_ns, Needed refused) {
  Trouble& t = trouble(flow);
  const auto hold = [&](DirectionTrouble& direction, bool certain, bool data) {
    if (!direction.hold) direction.hold = {from, frame, time_ns};
    direction.hold->certain = direction.hold->certain || certain;
    direction.hold->data = direction.hold->data || data;
  };
  for (DirectionTrouble& direction : t.direction)
    if (direction.stall_open && !direction.stalls.back().cause_before)
      direction.stalls.back().cause_before = direction.stalls.back().cause;
  if (refused.data) hold(t.direction[from], true, true);
  // Whether more is to be sent through an open window, its probes will tell.
  if (refused.ack || refused.window || refused.answer)
    hold(t.direction[from ^ 1], refused.ack || refused.answer, refused.ack);
  if (refused.probe) hold(t.direction[from], true, false);
}

/// PAWS may not have refused that segment after all.
void Tracker::let_go(Flow& flow, uint64_t frame) {
  for (DirectionTrouble& direction : trouble(flow).direction)
    if (direction.hold && direction.hold->frame == frame) direction.hold.reset();
}

/// It sends again what has not been acknowledged.
void Tracker::note_resent(const Odd& odd) {
  const auto& [flow, s, a, b] = std::tie(odd.flow, odd.s, odd.a, odd.b);
  if (had_arrived(b, s)) return;
  TimeNs since = sent_before(flow, odd.was, s.time_ns);
  if (flow.trouble) since = std::max(since, trouble(flow).direction[odd.from].progress_ns);
  Resent& resent = resent_[key_of(flow, odd.from)];
  if (resent.frame == 0 || resent.una != una_of(a))
    resent = {una_of(a), s.frame, since, s.time_ns, false, odd.shown_first};
  resent.data = resent.data || !odd.fin_again;
}

/// Before that segment.
const Resent* Tracker::resent_by(const Odd& odd, unsigned sender) const {
  const auto at = resent_.empty() ? resent_.end() : resent_.find(key_of(odd.flow, sender));
  const bool present =
      at != resent_.end() && at->second.una == (sender == odd.from ? una_of(odd.a) : odd.snd_una);
  return present ? &at->second : nullptr;
}

/// Once is everyday life, unless it is long until it is acknowledged. Null: nothing is.
const Resent* Tracker::overdue(const Odd& odd, unsigned sender) const {
  const Resent* const resent = resent_by(odd, sender);
  const bool long_ago = resent && resent->data && odd.s.time_ns - resent->since_ns >= kWorthNaming;
  return long_ago ? resent : nullptr;
}

/// News of progress, maybe, or a retransmission.
void Tracker::watch_progress(const Odd& odd, Progress progress, bool retransmitted) {
  const auto& [flow, s, a] = std::tie(odd.flow, odd.s, odd.a);
  if (flow.trouble || closes_window(s) || (retransmitted && a.retransmit_run >= 2) || overdue(odd, 0) ||
      overdue(odd, 1))
    follow_stalls(odd, progress, retransmitted);
  if (progress.of_other) resent_.erase(key_of(flow, odd.from ^ 1));
  if (progress.of_own) resent_.erase(key_of(flow, odd.from));
}

void Tracker::follow_stalls(const Odd& odd, Progress progress, bool retransmitted) {
  const auto& [flow, s, a, b] = std::tie(odd.flow, odd.s, odd.a, odd.b);
  const unsigned from = odd.from;
  Trouble& t = trouble(flow);
  for (unsigned sender = 0; sender < 2; ++sender) {
    const Resent* const resent = t.direction[sender].stall_open ? nullptr : overdue(odd, sender);
    if (!resent) continue;
    open_stall(t.direction[sender], *resent);
    Stall& stall = t.direction[sender].stalls.back();
    stall.cause = resent->shown_first ? StallCause::loss
                                      : cause_of(t, sender, stall, flow.host[sender ^ 1].last_ns, false);
  }

  DirectionTrouble& incoming = t.direction[from ^ 1];
  const bool answered = progress.answers && incoming.hold && !incoming.hold->data && !incoming.stalls_now();
  // An ACK that is only said once more may get lost as it did before.
  const bool said_before = incoming.needless_seq && !after(s.ack, odd.was.ack_max);
  if ((progress.of_other && !said_before) || answered) end_stall(incoming, s.time_ns, true);
  if (odd.new_ack && !odd.dropped()) incoming.progress_ns = s.time_ns;
  if (incoming.stall_open && incoming.stalls.back().copy_open && odd.repeats_ack && !sacks_beyond_ack(s)) {
    Stall& stall = incoming.stalls.back();
    stall.copy_open = false;
    if (stall.answered_copies < UINT8_MAX) ++stall.answered_copies;
  }
  const bool window_closed = closes_window(s);
  if (window_closed && !incoming.zero_window_open) {
    incoming.zero_window_open = true;
    incoming.zero_window_ns = s.time_ns;
    incoming.zero_window_frame = s.frame;
  } else if (!window_closed && incoming.zero_window_open && s.has(kAck) && !s.has(kRst)) {
    incoming.zero_window_open = false;
    if (s.time_ns - incoming.zero_window_ns >= kWorthNaming && !incoming.stalls_now()) {
      end_needless(incoming);
      add_stall(incoming, {.cause = StallCause::zero_window,
                           .frame = incoming.zero_window_frame,
                           .start_ns = incoming.zero_window_ns,
                           .end_ns = s.time_ns,
                           .over = true});
    }
  }
  if (progress.speaks && b.state != TcpState::closed && incoming.stall_open &&
      incoming.stalls.back().cause == StallCause::no_answer)
    incoming.stalls.back().cause = cause_of(t, from ^ 1, incoming.stalls.back(), s.time_ns, true);

  for (unsigned sender = 0; progress.closes && sender < 2; ++sender) {
    if (t.direction[sender].hold || !lacks_fin_only(flow.host[sender], flow.host[sender ^ 1])) continue;
    end_stall(t.direction[sender], s.time_ns, true);
    resent_.erase(key_of(flow, sender));
  }

  DirectionTrouble& outgoing = t.direction[from];
  if (progress.of_own) end_stall(outgoing, s.time_ns, true);
  // What it heard, out of sight, was most likely the ACK that lets it go on.
  if (progress.new_data && progress.heard_unseen) outgoing.progress_ns = s.time_ns;
  if (outgoing.stall_open) {
    Stall& stall = outgoing.stalls.back();
    stall.answers_unseen = stall.answers_unseen || progress.heard_unseen;
    stall.copy_open = false;
    // Whoever had to send again sends no more than a few new segments until something of it is acknowledged.
    constexpr uint8_t kFewNew = 3;
    const bool sends_on =
        progress.new_data && stall.cause == StallCause::no_answer && ++stall.new_segments > kFewNew;
    if (sends_on || (progress.new_data && progress.heard_unseen)) {
      end_out_of_sight(outgoing);
      resent_.erase(key_of(flow, from));
    }
  }
  outgoing.probes = is_keepalive(b, s) && !s.has(kSyn | kRst | kFin);
  if (outgoing.hold && (retransmitted || outgoing.probes)) outgoing.hold->certain = true;
  const bool needless = retransmitted && had_arrived(b, s) && !misses_acks(t, from);
  // Who goes on to what follows has made progress.
  const bool another = needless && outgoing.needless_seq && after(s.seq, *outgoing.needless_seq);
  if (retransmitted && (!needless || another)) end_needless(outgoing);
  if (retransmitted && !outgoing.stall_open) {
    const Resent* const resent = needless ? nullptr : resent_by(odd, from);
    const TimeNs since = needless ? s.time_ns : sent_before(flow, odd.was, s.time_ns);
    open_stall(outgoing, resent ? *resent : Resent{una_of(a), s.frame, since, s.time_ns});
    if (needless) outgoing.needless_seq = s.seq;
  }
  if (needless && outgoing.needless_seq) outgoing.needless_seq = s.seq;
  if (retransmitted && outgoing.stall_open) {
    Stall& stall = outgoing.stalls.back();
    ++stall.segments;
    note_point(stall, flow, from, s);
    stall.sent_to = is_other_mac(b.mac, s.dst_mac) && !moved_on(s, b.last_ns) ? s.dst_mac : 0;
    stall.end_ns = s.time_ns;
    stall.copy_open = b.acked && s.seq == b.ack_max;
    const bool another_copy = s.time_ns > stall.again_ns;
    // Nobody could answer what was lost before the capture point.
    if (odd.shown_first) stall.again_ns = s.time_ns;
    stall.cause = odd.shown_first ? StallCause::loss : cause_of(t, from, stall, b.last_ns, another_copy);
  }
  for (DirectionTrouble& direction : t.direction) {
    if (!progress.misplaced) break;
    if (direction.stall_open) direction.stalls.back().misplaced[from] = true;
    if (direction.hold && direction.hold->by == from) direction.hold.reset();
  }
}

/// Its sender believes one that quotes what is under way (tcp_ipv4.c:tcp_v4_err()), or a probe, one before.
bool Tracker::told_by_icmp(Flow& flow, unsigned from, const IcmpError& error) {
  const Host& a = flow.host[from];
  constexpr int32_t kLargestWindow = 1 << 30;  // RFC 7323 section 2.3
  const int32_t back = distance(error.seq, a.snd_nxt);
  if (!a.seen || back < 0 || back > kLargestWindow || (a.una_known && before(error.seq, a.snd_una - 1)))
    return false;
  std::optional<IcmpError>& first = trouble(flow).direction[from].icmp;
  if (!first) first = error;
  return true;
}

void Tracker::close_stalls(const Flow& flow, Trouble& t) {
  for (unsigned from = 0; from < 2; ++from) {
    DirectionTrouble& direction = t.direction[from];
    end_stall(direction, flow.last_ns(), false);
    if (direction.zero_window_open && !direction.stall_open)
      add_stall(direction, {.cause = StallCause::zero_window,
                            .frame = direction.zero_window_frame,
                            .start_ns = direction.zero_window_ns,
                            .end_ns = flow.last_ns()});
    blame_paws(t, direction);
    std::erase_if(direction.stalls,
                  [](const Stall& stall) { return stall.end_ns - stall.start_ns < kWorthNaming; });
    std::ranges::stable_sort(direction.stalls, {}, &Stall::start_ns);
  }
}

}  // namespace tsaudit
