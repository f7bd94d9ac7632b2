// SPDX-License-Identifier: Apache-2.0
// Finds the stretches in which a direction made no progress, and what held it up.
#include <algorithm>

#include "model/fingerprint.h"
#include "model/host_steps.h"
#include "model/migration.h"
#include "model/tracker.h"

namespace tsaudit {
namespace {

/// Shorter ones are everyday life: a lost packet, a full window.
constexpr TimeNs kWorthNaming = 1 * kSecond;

/// Were segments that matter discarded by timestamps, in either direction, while it lasted?
bool paws_during(const Trouble& t, const Stall& stall) {
  return std::any_of(std::begin(t.direction), std::end(t.direction), [&](const DirectionTrouble& direction) {
    return direction.paws_drops.any_within(stall.start_ns, stall.end_ns);
  });
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

/// When the data that `sender` sends again now were sent before, or later if that is not known.
TimeNs sent_before(const Flow& flow, const Host& sender, TimeNs now) {
  if (sender.payload_bytes == 0) return sender.last_ns;  // not in sight
  const TimeNs sent = now - ns_since(sender.unacked_since, now);
  return std::max(std::min(sender.last_ns, sent), flow.first_ns);
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

void close_stall(DirectionTrouble& direction, TimeNs now, bool over) {
  Stall& stall = direction.stalls.back();
  stall.end_ns = now;
  stall.over = over;
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
    if (!direction.hold) direction.hold = {frame, time_ns};
    direction.hold->certain = direction.hold->certain || certain;
    direction.hold->data = direction.hold->data || data;
  };
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

/// `from` sent `s`: maybe news of progress, maybe a retransmission.
void Tracker::watch_progress(Flow& flow, unsigned from, const Segment& s, Progress progress,
                             bool retransmitted, const Host& was) {
  const Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  const bool window_closed = s.window == 0 && s.has(kAck) && !s.has(kSyn | kRst | kFin);
  if (!flow.trouble && !window_closed && !(retransmitted && a.retransmit_run >= 2)) return;
  Trouble& t = trouble(flow);

  DirectionTrouble& incoming = t.direction[from ^ 1];
  const bool answered = progress.answers && incoming.hold && !incoming.hold->data && !incoming.stalls_now();
  // An ACK that is only said once more may get lost as it did before.
  const bool said_before = incoming.needless_seq && !after(s.ack, was.ack_max);
  if ((progress.of_other && !said_before) || answered) end_stall(incoming, s.time_ns, true);
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

  for (unsigned sender = 0; progress.closes && sender < 2; ++sender)
    if (!t.direction[sender].hold && lacks_fin_only(flow.host[sender], flow.host[sender ^ 1]))
      end_stall(t.direction[sender], s.time_ns, true);

  DirectionTrouble& outgoing = t.direction[from];
  if (progress.of_own) end_stall(outgoing, s.time_ns, true);
  if (outgoing.stall_open) {
    Stall& stall = outgoing.stalls.back();
    stall.answers_unseen = stall.answers_unseen || progress.heard_unseen;
    // Whoever had to send again sends no more than a few new segments until something of it is acknowledged.
    constexpr uint8_t kFewNew = 3;
    const bool sends_on =
        progress.new_data && stall.cause == StallCause::no_answer && ++stall.new_segments > kFewNew;
    if (sends_on || (progress.new_data && progress.heard_unseen)) end_out_of_sight(outgoing);
  }
  outgoing.probes = is_keepalive(b, s) && !s.has(kSyn | kRst | kFin);
  if (outgoing.hold && (retransmitted || outgoing.probes)) outgoing.hold->certain = true;
  const bool needless = retransmitted && had_arrived(b, s) && !misses_acks(t, from);
  // Who goes on to what follows has made progress.
  const bool another = needless && outgoing.needless_seq && after(s.seq, *outgoing.needless_seq);
  if (retransmitted && (!needless || another)) end_needless(outgoing);
  if (retransmitted && !outgoing.stall_open) {
    const TimeNs sent = needless ? s.time_ns : sent_before(flow, was, s.time_ns);
    const DirectionTrouble::Hold since = outgoing.hold.value_or(DirectionTrouble::Hold{s.frame, sent});
    outgoing.stalls.push_back(
        {.frame = since.frame, .start_ns = since.time_ns, .again_ns = s.time_ns, .end_ns = s.time_ns});
    outgoing.stall_open = true;
    if (needless) outgoing.needless_seq = s.seq;
  }
  if (needless && outgoing.needless_seq) outgoing.needless_seq = s.seq;
  if (retransmitted && outgoing.stall_open) {
    Stall& stall = outgoing.stalls.back();
    ++stall.segments;
    note_point(stall, flow, from, s);
    stall.sent_to = is_other_mac(b.mac, s.dst_mac) && !moved_on(s, b.last_ns) ? s.dst_mac : 0;
    stall.end_ns = s.time_ns;
    if (outgoing.zero_window_open)
      stall.cause = StallCause::zero_window;
    else if (b.last_ns < (stall.segments > 1 ? stall.again_ns : stall.start_ns))
      stall.cause = StallCause::no_answer;
    else if (outgoing.reasons[static_cast<size_t>(Reason::invalid_sequence)] != 0 || moved_off_sequence(t))
      stall.cause = StallCause::refused_sequence;
    else
      stall.cause = StallCause::loss;
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
    for (Stall& stall : direction.stalls)
      if (paws_during(t, stall)) stall.cause = StallCause::paws;
    std::erase_if(direction.stalls,
                  [](const Stall& stall) { return stall.end_ns - stall.start_ns < kWorthNaming; });
  }
}

}  // namespace tsaudit
