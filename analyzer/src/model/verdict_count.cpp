// SPDX-License-Identifier: Apache-2.0
// Counts what became of each segment: the common in the flow, the odd in its trouble.
#include "model/host_steps.h"
#include "model/tracker.h"

namespace tsaudit {

void Tracker::note_options(Flow& flow, unsigned from, const Segment& s) {
  if (s.ts == TsOption::malformed || s.ts == TsOption::duplicated)
    trouble(flow).direction[from].malformed_tsopt.add(s.frame, s.time_ns);
  if (s.has(kRst | kSyn)) return;
  const Negotiated negotiated = flow.negotiated();
  if (negotiated == Negotiated::yes && !s.has_ts() && s.ts != TsOption::cut) {
    DirectionTrouble& direction = trouble(flow).direction[from];
    direction.missing_tsopt.add(s.frame, s.time_ns);
    if (s.length() > 0 && !is_keepalive(flow.host[from ^ 1], s)) ++direction.missing_tsopt_data;
  } else if (negotiated == Negotiated::no && s.has_ts()) {
    trouble(flow).direction[from].unnegotiated_tsopt.add(s.frame, s.time_ns);
  }
}

/// A stale ACK that acknowledges nothing new, ends no handshake, opens no window, answers no probe and is
/// none that goes unanswered is needed by nobody, nor is a copy of data that have arrived: an original that a
/// retransmission has overtaken. (That they have, their receiver says, where the capture is not its own.)
Needed Tracker::needed(Flow& flow, unsigned from, const Segment& s) {
  const Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  const Trouble& t = trouble(flow);
  const bool at_receiver = vantage_of(b, a) == Vantage::at_receiver;
  const bool copy = at_receiver ? b.rcv_known && !after(s.seq + s.length(), b.rcv_nxt)
                                : b.acked && !after(s.seq + s.length(), b.ack_max);
  const bool ends_handshake = b.state == TcpState::syn_recv && s.has(kAck) && s.ack == b.snd_nxt;
  const bool old_ack = !s.has(kAck) || (b.una_known && before(s.ack, b.snd_una));
  return {.data = s.length() > 0 && !copy,
          .ack = ends_handshake || (!old_ack && b.una_known && s.ack != b.snd_una),
          .window = opens_window(b, s, as_received(flow, a, s).window),
          .answer = !old_ack && t.direction[from ^ 1].probes,
          .probe = is_keepalive(b, s) && t.direction[from].probes && b.last_ns < a.last_ns};
}

/// Everything but an ordinary `newer` or `equal`.
void Tracker::odd_verdict(Flow& flow, unsigned from, const Segment& s, const Judgement& j,
                          const std::optional<PawsState>& open) {
  const Host& b = flow.host[from ^ 1];
  DirectionTrouble& direction = trouble(flow).direction[from];
  ++direction.reasons[static_cast<size_t>(j.reason)];
  FrameList DirectionTrouble::*list = nullptr;
  const Needed lost = needed(flow, from, s);
  if (is_paws_drop(j) && b.state == TcpState::time_wait && s.has(kSyn)) {
    list = &DirectionTrouble::refused_reuse;
  } else if (is_paws_drop(j)) {
    // A SYN on a live connection is no loss: no receiver takes it there.
    const bool live_syn = s.has(kSyn) && b.state == TcpState::established;
    if (lost && !live_syn) {
      note_loss(flow, from, j.reason, open ? open->state : b.state, j.ts_recent,
                !after(s.end_seq(), flow.host[from].snd_nxt));
      hold_up(flow, from, s.frame, s.time_ns, lost);
      list = &DirectionTrouble::paws_drops;
    } else if (s.length() > 0 && !lost.data) {
      list = &DirectionTrouble::stale_copies;
    } else if (!s.has(kRst)) {
      list = &DirectionTrouble::stale_acks;
    }
  }
  if (j.verdict == Verdict::unknown && s.has_ts() &&
      (s.length() > 0 || (open && after(s.ack, open->snd_una))))
    list = &DirectionTrouble::undecided;
  if (list) (direction.*list).add(s.frame, s.time_ns, distance(s.tsval, j.ts_recent));
  if (open) open_verdict(flow, from, s, j, *open, lost, list);
}

/// `receiver`, `ts_recent`: its state before. `repeated`: its sender has sent what follows it already.
void Tracker::note_loss(Flow& flow, unsigned from, Reason reason, TcpState receiver, TsVal ts_recent,
                        bool repeated) {
  DirectionTrouble& direction = trouble(flow).direction[from];
  if (direction.paws_drops) return;
  using Why = FirstLoss::Why;
  const Why why = reason == Reason::missing_tsopt  ? Why::no_tsopt
                  : reason == Reason::tsecr        ? Why::echo_of_request
                  : receiver == TcpState::syn_sent ? Why::echo_of_syn
                                                   : Why::old_tsval;
  direction.first_loss = {.why = why,
                          .stored_ns = flow.host[from ^ 1].ts_recent.newest_store(),
                          .overtaken = repeated && !after(ts_recent, flow.host[from].clock.last()),
                          .by = &profile_for(flow, from ^ 1)};
}

/// `open`: the receiver's likeliest state before the segment, when its next segments may decide the verdict.
/// What every connection has (a handshake, no timestamps, a first segment) is counted in the flow itself.
void Tracker::count_verdict(Flow& flow, unsigned from, const Segment& s, const Judgement& j,
                            const std::optional<PawsState>& open) {
  Host& a = flow.host[from];
  if (j.reason == Reason::newer) return;
  if (j.reason == Reason::equal) {
    ++flow.host[from ^ 1].equal_tsval;
    return;
  }
  uint8_t* few = nullptr;
  if (j.reason == Reason::handshake || j.reason == Reason::initial)
    few = &a.handshakes;
  else if (j.reason == Reason::ts_recent_unknown)
    few = &a.unknown;
  else if (j.verdict == Verdict::not_tested && flow.negotiated() == Negotiated::yes)
    few = &a.untested;
  else if (j.verdict == Verdict::not_tested)
    return;  // all the rest of such a flow
  if (!few)
    odd_verdict(flow, from, s, j, open);
  else if (*few < UINT8_MAX)
    ++*few;
  else
    ++trouble(flow).direction[from].reasons[static_cast<size_t>(j.reason)];
}

/// Changed on the way: its receiver never looked at the timestamps, and neither do we.
Judgement Tracker::damaged(Flow& flow, unsigned from, const Segment& s) {
  DirectionTrouble& direction = trouble(flow).direction[from];
  ++direction.reasons[static_cast<size_t>(Reason::tcp_csum)];
  // Of data that came in good order before, an ACK says nothing of this copy.
  if (s.length() > 0 && after(s.end_seq(), flow.host[from].snd_nxt)) direction.damaged_end = s.end_seq();
  flow.settled = false;
  ++flow.host[from].segments;
  flow.host[from].ts_segments += s.has_ts();
  flow.set_last_frame(s.frame);
  const TsRecentSet& recent = flow.host[from ^ 1].ts_recent;
  Judgement j;
  j.verdict = Verdict::drop;
  j.reason = Reason::tcp_csum;
  j.known = recent.known();
  if (j.known) j.ts_recent = recent.likeliest();
  return j;
}

}  // namespace tsaudit
