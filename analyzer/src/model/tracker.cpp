// SPDX-License-Identifier: Apache-2.0
#include "model/tracker.h"

#include <algorithm>

#include "model/fingerprint.h"
#include "model/migration.h"
#include "model/progress.h"

namespace tsaudit {
namespace {

/// So many segments of a host must have good checksums before a bad one counts as damage on the way.
constexpr uint32_t kEnoughGoodChecksums = 2;
constexpr TimeNs kTimeWait = 60 * kSecond;  // TCP_TIMEWAIT_LEN

uint16_t saturate16(int64_t value) { return static_cast<uint16_t>(std::clamp<int64_t>(value, 0, 0xfffe)); }

/// `receiver` answers what `sender` sent last: how long was the way from the capture point to it and back?
void measure_loop(Host& receiver, Host& sender, const Segment& s) {
  if (!sender.sent_data_last || s.ack != sender.snd_nxt) return;
  sender.sent_data_last = false;
  const int64_t elapsed = s.time_ns - sender.last_ns;
  if (elapsed < 0) return;
  receiver.loop_16us = std::min(receiver.loop_16us, saturate16(elapsed / 16'000));
  sender.rtt_max_ms = std::max(sender.rtt_max_ms, saturate16(elapsed / kMillisecond));
  sender.rtt_measured = true;
}

/// tcp_input.c:tcp_ack(): SND.UNA, and tcp_ack_update_window(), which an old ACK does not reach.
void take_ack(Host& receiver, const Segment& s, uint32_t window, bool zero_window_is_update) {
  if (receiver.una_known && before(s.ack, receiver.snd_una)) return;
  if (!receiver.wl_known || after(s.ack, receiver.snd_una) || after(s.seq, receiver.snd_wl1) ||
      (s.seq == receiver.snd_wl1 && (window > receiver.snd_wnd || (window == 0 && zero_window_is_update)))) {
    receiver.snd_wl1 = s.seq;
    receiver.snd_wnd = window;
    receiver.wl_known = true;
  }
  if (!receiver.una_known || after(s.ack, receiver.snd_una)) {
    receiver.snd_una = s.ack;
    receiver.una_known = true;
  }
}

/// Had `receiver` handled everything before `s` when it sent it? Then its TSecr refutes all later values.
bool knows_all(const Host& receiver, const Host& sender, const Segment& s) {
  if (receiver.ts_recent.exact()) return true;
  if (receiver.stored_by_data && s.ack == sender.snd_nxt) return true;
  return vantage_of(receiver, sender) == Vantage::at_receiver &&
         s.time_ns - receiver.ts_recent.newest_store() > settle_ns(receiver);
}

void take_data(Host& receiver, const Segment& s) {
  if (!receiver.rcv_known) {
    receiver.rcv_nxt = s.end_seq();
    receiver.rcv_known = true;
  } else if (!after(s.seq, receiver.rcv_nxt) && after(s.end_seq(), receiver.rcv_nxt)) {
    receiver.rcv_nxt = s.end_seq();
  }
}

/// What the segment says of its sender as a receiver: how far it has got, and what it allows.
void take_own_ack(Host& sender, const Segment& s, uint32_t window) {
  if (!sender.acked || after(s.ack, sender.ack_max)) sender.ack_max = s.ack;
  const SeqNum edge = s.ack + window;
  if (!sender.acked || after(edge, sender.right_edge)) sender.right_edge = edge;
  sender.acked = true;
  if (!sender.rcv_known || after(s.ack, sender.rcv_nxt)) {
    sender.rcv_nxt = s.ack;
    sender.rcv_known = true;
  }
}

/// Will the receiver's next segments be held against this verdict? Drops by timestamps, and data that another
/// receiver might have dropped.
bool is_questionable(const Segment& s, const Judgement& j) {
  if (j.verdict == Verdict::drop) return is_paws(j.reason);
  return j.verdict == Verdict::accept && s.length() > 0 &&
         (j.reason == Reason::window1 || j.reason == Reason::idle || j.reason == Reason::ts_recent_zero);
}

bool is_keepalive(const Host& receiver, const Segment& s) {
  return s.payload <= 1 && receiver.acked && s.seq == receiver.ack_max - 1;
}

}  // namespace

Tracker::Tracker(const AnalysisOptions& options, EvidenceSink* evidence)
    : options_(options), evidence_(evidence) {}

Trouble& Tracker::trouble(Flow& flow) {
  if (flow.trouble == 0) {
    if (pool_free_.empty()) {
      pool_.push_back(nullptr);
      pool_free_.push_back(static_cast<uint32_t>(pool_.size()));
    }
    flow.trouble = pool_free_.back();
    pool_free_.pop_back();
    pool_[flow.trouble - 1] = std::make_unique<Trouble>();
  }
  return *pool_[flow.trouble - 1];
}

const ReceiverProfile& Tracker::profile_for(const Flow& flow, unsigned receiver) const {
  const IpAddress address = (receiver == 0 ? flow.key.low() : flow.key.high()).address;
  for (const auto& [told, profile] : options_.receivers)
    if (told == address) return *profile;
  if (const auto* told = options_.side_profiles[receiver == flow.client ? 0 : 1]) return *told;
  if (options_.profile) return *options_.profile;
  if (flow.trouble)
    if (const auto* fitting = pool_[flow.trouble - 1]->direction[receiver ^ 1].fitting_profile)
      return *fitting;
  return default_profile();
}

bool Tracker::profile_is_told(const Flow& flow, unsigned receiver) const {
  const IpAddress address = (receiver == 0 ? flow.key.low() : flow.key.high()).address;
  return options_.profile || options_.side_profiles[receiver == flow.client ? 0 : 1] ||
         std::any_of(options_.receivers.begin(), options_.receivers.end(),
                     [&](const auto& entry) { return entry.first == address; });
}

void Tracker::announce(const Announcement& announcement) {
  announcements_[announcement_count_++ % announcements_.size()] = announcement;
}

bool Tracker::starts_new_connection(const Flow& flow, unsigned from, const Segment& s) const {
  const Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  if ((s.flags & (kSyn | kAck | kRst)) == (kSyn | kAck)) {
    // The SYN-ACK to a SYN that looked like one inside of the old connection.
    const Trouble* t = trouble_of(flow);
    return t && t->syn_pending && t->syn_from == (from ^ 1) && s.ack == t->syn_isn + 1;
  }
  if ((s.flags & (kSyn | kAck | kRst)) != kSyn) return false;
  if (flow.syn_seen && flow.client == from && a.isn == s.seq) return false;  // sent again
  if (flow.syn_seen && !flow.synack_seen && !b.seen) return true;            // another attempt
  const bool over = flow.reset || (a.fin_sent && b.fin_sent);
  const bool stale = s.time_ns - flow.last_ns() > kTimeWait;
  if (!over && !stale) return false;
  if (b.state != TcpState::time_wait || stale) return true;
  Host receiver = b;
  return judge_segment(profile_for(flow, from ^ 1), flow, receiver, a, s).verdict != Verdict::drop;
}

/// What the user knows of where the capture was taken.
void Tracker::place_tap(Flow& flow) const {
  if (options_.captured_at.empty() && !options_.captured_on_the_way) return;
  for (unsigned i = 0; i < 2; ++i) {
    const IpAddress address = (i == 0 ? flow.key.low() : flow.key.high()).address;
    const auto& hosts = options_.captured_at;
    flow.host[i].tap = std::find(hosts.begin(), hosts.end(), address) != hosts.end() ? Tap::here : Tap::away;
  }
}

void Tracker::first_segment(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  a.seen = true;
  a.snd_nxt = s.seq;
  a.isn = s.seq;
  a.mac = fold_mac(s.src_mac);
  a.ttl = s.ttl;
  a.last_ns = s.time_ns;
  a.checksum_good = verify_checksums(s) == Checksum::good;
  if (flow.first_frame == 0) {
    flow.first_frame = s.frame;
    flow.first_ns = s.time_ns;
    // A guess until a SYN tells: who speaks from the higher port is the client.
    flow.set_client(s.sport >= s.dport ? from : from ^ 1);
    place_tap(flow);
  }
  if (!flow.syn_seen && !flow.synack_seen && !s.has(kSyn)) {
    Host& b = flow.host[from ^ 1];
    a.state = b.state = TcpState::established;
    // What it sent right before the capture began is on its way, or was lost; the capture cannot tell.
    constexpr int32_t kWindow = 1 << 24;
    const int32_t in_flight = distance(b.rcv_nxt, s.seq);
    if (b.rcv_known && in_flight > 0 && in_flight < kWindow) b.rcv_nxt = s.seq;
  }
}

/// Roles, negotiation and the state changes of SYN and SYN-ACK (RFC 9293 section 3.5).
void Tracker::handshake(Flow& flow, unsigned from, const Segment& s, const Judgement& j) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  if (s.window_scale != Segment::kNoWindowScale) a.window_scale = s.window_scale & 0xf;
  if (!s.has(kAck)) {
    flow.set_client(from);
    flow.roles_known = true;
    flow.syn_seen = true;
    flow.syn_ts = flow.syn_ts || s.has_ts();
    a.isn = s.seq;
    a.scale_known = true;
    // Sent again, it has not taken whatever SYN-ACK the capture holds.
    if (a.state == TcpState::unknown || !a.acked) a.state = TcpState::syn_sent;
    if (b.state == TcpState::unknown || b.state == TcpState::syn_recv) {
      b.rcv_nxt = s.seq + 1;  // TFO data is acknowledged later, or not at all
      b.rcv_known = true;
      // A retransmitted SYN leaves the request's TS.Recent alone, unless the first one never arrived.
      if (s.has_ts() && !b.ts_recent.known())
        b.ts_recent.store(s.tsval, s.time_ns);
      else if (s.has_ts() && !b.seen)
        b.ts_recent.may_store(s.tsval, s.time_ns);
    }
    return;
  }
  if (j.verdict == Verdict::drop) return;
  if (flow.synack_seen && s.seq != a.isn) {
    // Two hosts answer; until the client has acknowledged one of them, the last may be the one.
    trouble(flow).direction[from].other_answers.add(s.frame, s.time_ns);
    a.snd_nxt = s.end_seq();
  }
  measure_loop(a, b, s);
  if (s.has_ts() && s.tsecr.raw != 0 && a.ts_recent.known() &&
      a.ts_recent.anchor(s.tsecr, a.last_ns, s.time_ns, true) > TsRecentSet::Echo::possible)
    a.ts_recent.replace(s.tsecr, s.time_ns);
  flow.set_client(from ^ 1);
  flow.roles_known = true;
  flow.synack_seen = true;
  flow.synack_ts = flow.synack_ts || s.has_ts();
  flow.negotiated_yes = flow.negotiated() == Negotiated::yes;
  // Without a scale in both SYNs there is none in either direction (RFC 7323 section 2.2).
  if (s.window_scale == Segment::kNoWindowScale || !flow.syn_seen) {
    b.scale_known = flow.syn_seen;
    if (flow.syn_seen) a.window_scale = b.window_scale = 0;
  }
  a.scale_known = flow.syn_seen;
  a.isn = s.seq;
  if (a.state != TcpState::established) a.state = TcpState::syn_recv;
  b.state = TcpState::established;
  b.rcv_nxt = s.end_seq();
  b.rcv_known = true;
  b.snd_una = s.ack;
  b.una_known = true;
  b.snd_wl1 = s.seq;
  b.snd_wnd = s.window;
  b.wl_known = true;
  if (s.has_ts()) b.ts_recent.store(s.tsval, s.time_ns);
}

void Tracker::apply_accepted(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  if (s.has(kRst)) return;
  if (s.length() > 0) take_data(b, s);
  if (!s.has(kAck)) return;
  measure_loop(a, b, s);
  take_ack(b, s, as_received(flow, a, s).window, profile_for(flow, from ^ 1).zero_window_is_update);
  if (b.state == TcpState::syn_recv) b.state = TcpState::established;
  if (a.state == TcpState::syn_sent) a.state = TcpState::established;
}

void Tracker::note_options(Flow& flow, unsigned from, const Segment& s) {
  if (s.ts == TsOption::malformed || s.ts == TsOption::duplicated)
    trouble(flow).direction[from].malformed_tsopt.add(s.frame, s.time_ns);
  if (s.has(kRst | kSyn)) return;
  const Negotiated negotiated = flow.negotiated();
  if (negotiated == Negotiated::yes && !s.has_ts() && s.ts != TsOption::cut) {
    DirectionTrouble& direction = trouble(flow).direction[from];
    direction.missing_tsopt.add(s.frame, s.time_ns);
    if (s.length() > 0 && !is_keepalive(flow.host[from ^ 1], s))
      direction.missing_tsopt_data.add(s.frame, s.time_ns);
  } else if (negotiated == Negotiated::no && s.has_ts()) {
    trouble(flow).direction[from].unnegotiated_tsopt.add(s.frame, s.time_ns);
  }
}

/// Everything but an ordinary `newer` or `equal`.
void Tracker::odd_verdict(Flow& flow, unsigned from, const Segment& s, const Judgement& j,
                          const PawsState& state) {
  const Host& b = flow.host[from ^ 1];
  DirectionTrouble& direction = trouble(flow).direction[from];
  ++direction.reasons[static_cast<size_t>(j.reason)];
  if (j.verdict == Verdict::drop && is_paws(j.reason) && b.state == TcpState::time_wait && s.has(kSyn))
    direction.refused_reuse.add(s.frame, s.time_ns);
  if (j.verdict == Verdict::drop && is_paws(j.reason)) {
    // A stale ACK that acknowledges nothing new is no loss, nor is a copy of data that has arrived: an original
    // that a retransmission has overtaken. Nor is a SYN on a live connection, which no receiver takes there.
    // Anything else is.
    const bool copy = s.length() > 0 && b.rcv_known && !after(s.seq + s.length(), b.rcv_nxt);
    const bool live_syn = s.has(kSyn) && b.state == TcpState::established;
    const bool harmful =
        !live_syn && ((s.length() > 0 && !copy) || (b.una_known && after(s.ack, b.snd_una)));
    if (harmful && !direction.paws_drops) {
      direction.ticks_behind = distance(s.tsval, j.ts_recent);
      direction.stored_ns = b.ts_recent.newest_store();
      direction.dropped_by = &profile_for(flow, from ^ 1);
    }
    if (harmful)
      direction.paws_drops.add(s.frame, s.time_ns);
    else if (copy)
      direction.stale_copies.add(s.frame, s.time_ns);
    else if (!s.has(kRst))
      direction.stale_acks.add(s.frame, s.time_ns);
  }
  if (is_questionable(s, j)) open_verdict(flow, from, s, j, state);
}

namespace {

/// Could the peer's clock, as far as the capture shows it, have said `tsecr` by now?
bool may_have_said(const Host& peer, const Segment& s) {
  constexpr int64_t kSlackSeconds = 2;
  const int64_t elapsed_us = (s.time_ns - peer.last_ns) / 1000;
  if (peer.clock.hz() == 0)
    return distance(peer.clock.last(), s.tsecr) <= elapsed_us + kSlackSeconds * 1'000'000;
  return static_cast<double>(peer.clock.deviation(s.tsecr, s.time_ns)) <= peer.clock.hz() * kSlackSeconds + 2;
}

}  // namespace

/// The echo of a segment that the capture does not hold predicts nothing and refutes nothing. False: it holds
/// it.
bool Tracker::echo_is_foreign(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  TsRecentCheck& misses = trouble(flow).direction[from ^ 1].misses;
  if (!b.clock.started()) {
    ++misses.missed_loss;
    a.ts_recent.replace(s.tsecr, s.time_ns);
    return true;
  }
  const DirectionTrouble& d = trouble(flow).direction[from ^ 1];
  const bool one_clock = d.epochs.empty() && !d.pending_step;
  const bool begin_seen = (from ^ 1) == flow.client ? flow.syn_seen : flow.synack_seen;
  if (one_clock && before(s.tsecr, b.clock.first())) {
    if (begin_seen) {
      if (!flow.capture_loss) trouble(flow).direction[from].unseen_echo.add(s.frame, s.time_ns);
    } else {
      ++misses.missed_loss;  // sent before the capture began
      a.ts_recent.precede(s.tsecr, s.time_ns);
    }
    return true;
  }
  if (!after(s.tsecr, b.clock.last()) || (d.pending_step && !after(s.tsecr, d.pending_step->tsval)))
    return false;
  ++misses.missed_loss;
  if (may_have_said(b, s)) {
    a.ts_recent.replace(s.tsecr, s.time_ns);
    return true;
  }
  DirectionTrouble& own = trouble(flow).direction[from];
  // One damaged TSecr says nothing of TS.Recent; a receiver that took a damaged TSval goes on to echo it.
  if (own.strange_echo == s.tsecr) a.ts_recent.replace(s.tsecr, s.time_ns);
  own.strange_echo = s.tsecr;
  if (!flow.capture_loss) own.unseen_echo.add(s.frame, s.time_ns);
  return true;
}

/// TSecr is nothing that TS.Recent of `from` was thought to hold.
void Tracker::echo_missed(Flow& flow, unsigned from, const Segment& s, TsRecentSet::Echo echo,
                          bool all_arrived) {
  if (echo_is_foreign(flow, from, s)) return;
  Host& a = flow.host[from];
  const TsVal modelled = a.ts_recent.back();
  if (all_arrived)
    a.ts_recent.replace(s.tsecr, s.time_ns);
  else
    a.ts_recent.precede(s.tsecr, s.time_ns);
  ++a.compared;
  // What the receiver at `from` got came from the other side: that is the direction which the model got
  // wrong.
  TsRecentCheck& misses = trouble(flow).direction[from ^ 1].misses;
  if (modelled.raw == 0) {
    ++misses.missed_restored;
  } else if (echo == TsRecentSet::Echo::older) {
    ++misses.missed_refused;
  } else {
    ++misses.missed_reorder;
    // A later segment than the first unacknowledged one: its receiver coalesces segments before TCP sees
    // them, and the last one's TSval stands for all.
    if (after(s.tsecr, modelled)) a.coalesces = true;
  }
}

/// TSecr and ACK of `from` tell its own receiver state: the anchor of the model (RFC 7323 section 4.3).
void Tracker::read_echo(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  if (a.acked && before(s.ack, a.ack_max)) return;  // overtaken by a later one
  if (!b.seen) {
    a.ts_recent = {};  // nothing to hold it against
    a.ts_recent.anchor(s.tsecr, a.last_ns, s.time_ns, false);
    return;
  }
  if (s.tsecr.raw == 0 && a.ts_recent.known() && a.ts_recent.front().raw != 0) {
    // A restored socket knows no TS.Recent; some stacks echo nothing on data. The next echo tells.
    trouble(flow).direction[from].zero_echo.add(s.frame, s.time_ns);
    if (s.length() == 0)
      a.ts_recent.store(s.tsecr, s.time_ns);
    else
      a.ts_recent.may_store(s.tsecr, s.time_ns);
    return;
  }
  take_echo(flow, from, s, knows_all(a, b, s));
}

void Tracker::take_echo(Flow& flow, unsigned from, const Segment& s, bool all_arrived) {
  Host& a = flow.host[from];
  const TsRecentSet::Echo echo = a.ts_recent.anchor(s.tsecr, a.last_ns, s.time_ns, all_arrived);
  if (echo == TsRecentSet::Echo::unknown) {
    const Host& b = flow.host[from ^ 1];
    if (b.clock.started() && s.ack != b.snd_nxt && after(b.clock.last(), s.tsecr))
      a.ts_recent.may_reach(b.clock.last());
    return;
  }
  if (echo > TsRecentSet::Echo::possible) [[unlikely]] {
    echo_missed(flow, from, s, echo, all_arrived);
    return;
  }
  ++a.compared;
  a.exact += echo == TsRecentSet::Echo::exact;
}

/// FIN and RST: the states that end a connection (RFC 9293 section 3.6).
void Tracker::close_down(Flow& flow, unsigned from, const Segment& s, bool taken) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  if (s.has(kRst) && taken) {
    const bool unacked = (b.acked && after(a.snd_nxt, b.ack_max)) || (a.acked && after(b.snd_nxt, a.ack_max));
    flow.reset = true;
    if (unacked || flow.trouble) {
      Trouble& t = trouble(flow);
      if (t.reset_frame == 0) {
        t.reset_frame = s.frame;
        t.reset_unacked = unacked;
        t.reset_from = from;
      }
    }
  }
  if (s.has(kFin) && !a.fin_sent) {
    a.fin_sent = true;
    a.fin_first = !b.fin_sent;
  }
  // Each side's FIN acknowledged: the active closer waits, the other is gone.
  if (a.fin_sent && b.fin_sent && a.acked && b.acked && a.ack_max == b.snd_nxt && b.ack_max == a.snd_nxt) {
    a.state = a.fin_first ? TcpState::time_wait : TcpState::closed;
    b.state = b.fin_first ? TcpState::time_wait : TcpState::closed;
  }
}

/// What every connection has (a handshake, no timestamps, a first segment) is counted in the flow itself.
void Tracker::count_verdict(Flow& flow, unsigned from, const Segment& s, const Judgement& j,
                            const PawsState& state) {
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
    odd_verdict(flow, from, s, j, state);
  else if (*few < UINT8_MAX)
    ++*few;
  else
    ++trouble(flow).direction[from].reasons[static_cast<size_t>(j.reason)];
}

/// Changed on the way: its receiver never looked at the timestamps, and neither do we.
Judgement Tracker::damaged(Flow& flow, unsigned from, const Segment& s) {
  DirectionTrouble& direction = trouble(flow).direction[from];
  ++direction.reasons[static_cast<size_t>(Reason::tcp_csum)];
  if (s.length() > 0) direction.damaged_end = s.end_seq();
  flow.watched = true;
  ++flow.host[from].segments;
  flow.host[from].ts_segments += s.has_ts();
  flow.set_last_frame(s.frame);
  const TsRecentSet& recent = flow.host[from ^ 1].ts_recent;
  Judgement j;
  j.verdict = Verdict::drop;
  j.reason = Reason::tcp_csum;
  j.known = recent.known();
  if (j.known) j.ts_recent = recent.back();
  return j;
}

/// A SYN-ACK that another host with the same address sends into a connection: judged, and that is all.
Judgement Tracker::other_answer(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  const Judgement j = judge_segment(profile_for(flow, from ^ 1), flow, b, a, s);
  count_verdict(flow, from, s, j, likeliest_state(flow, b, a, s));
  trouble(flow).direction[from].other_answers.add(s.frame, s.time_ns);
  ++a.segments;
  a.ts_segments += s.has_ts();
  return j;
}

Judgement Tracker::process(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  // Only where this sender's checksums are seen to be right: often its NIC puts them in after the capture.
  if (a.checksum_good && verify_checksums(s) == Checksum::bad) [[unlikely]] {
    if (a.segments >= kEnoughGoodChecksums) return damaged(flow, from, s);
    a.checksum_good = false;
  }
  const SeqNum end = s.end_seq();
  const bool probable = a.seen && flow.negotiated_yes && !flow.watched && s.ts == TsOption::present &&
                        (s.flags & (kAck | kSyn | kRst | kFin)) == kAck && s.window != 0 &&
                        s.tsecr.raw != 0 && a.state == TcpState::established &&
                        b.state == TcpState::established && b.retransmit_run == 0 &&
                        a.mac == fold_mac(s.src_mac) && a.ttl == s.ttl && a.ts_recent.may_hold(s.tsecr) &&
                        !is_cut(s.frame);
  // The ordinary segment: in order, TSval at or after all that TS.Recent may be, ACK in range.
  if (probable && b.ts_recent.known() && a.ts_recent.known() && distance(b.ts_recent.back(), s.tsval) >= 0 &&
      b.acked && a.acked && b.una_known && b.rcv_known && !before(end, b.ack_max) &&
      (!b.scale_known || !after(end, b.right_edge)) && !before(s.ack, b.snd_una) &&
      !after(s.ack, b.snd_nxt) && !before(s.ack, a.ack_max) && (s.payload == 0 || after(end, a.snd_nxt)) &&
      !before(s.tsval, a.clock.last())) [[likely]] {
    const TimeNs since = s.time_ns - a.last_ns;
    if (a.clock.observe(s.tsval, s.time_ns, since) == SenderClock::Fit::good) [[likely]] {
      const TsVal recent = b.ts_recent.back();
      const Judgement j{.verdict = Verdict::accept,
                        .reason = s.tsval == recent ? Reason::equal : Reason::newer,
                        .known = true,
                        .ts_recent = recent};
      b.equal_tsval += j.reason == Reason::equal;
      // At the receiver, what starts after the last ACK does not count; elsewhere that ACK may be on its way.
      if (!after(s.seq, b.ack_max) ||
          (!after(s.seq, b.rcv_nxt) && (b.coalesces || vantage_of(b, a) != Vantage::at_receiver))) {
        b.ts_recent.may_store(s.tsval, s.time_ns);
        b.stored_by_data = s.payload != 0;
      }
      const uint32_t window = uint32_t{s.window} << (a.scale_known ? a.window_scale : 0);
      if (s.payload != 0) take_data(b, s);
      measure_loop(a, b, s);
      take_ack(b, s, window, false);

      const bool all_arrived = knows_all(a, b, s);
      take_echo(flow, from, s, all_arrived);
      take_own_ack(a, s, window);
      if (s.payload != 0) a.snd_nxt = end;
      a.sent_data_last = s.payload != 0;
      a.payload_bytes += s.payload;
      if (a.first_payload_bits == 0) a.first_payload_bits = payload_bits(s.payload) & 0x1f;
      ++a.segments;
      ++a.ts_segments;
      a.packet_id = packet_id(s);
      a.last_ns = s.time_ns;
      flow.set_last_frame(s.frame);
      return j;
    }
  }
  return process_odd(flow, from, s);
}

Judgement Tracker::process_odd(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  flow.set_last_frame(s.frame);
  if (s.has(kSyn) && s.has(kAck) && flow.synack_seen && b.acked && s.seq != a.isn)
    return other_answer(flow, from, s);
  const bool first = !a.seen;
  if (first) first_segment(flow, from, s);
  const Host was = a;
  const SeqNum end = s.end_seq();
  const bool new_data = s.length() > 0 && (first || after(end, a.snd_nxt));
  const bool retransmitted = s.payload > 0 && !new_data && !is_keepalive(b, s);
  if (flow.capture_loss && a.acked && a.ack_max == b.snd_nxt && s.has(kAck) && before(s.ack, a.ack_max) &&
      s.has_ts() && was.clock.started() && after(s.tsval, was.clock.last()) && !s.has(kRst | kSyn)) {
    // It acknowledged what was never seen, and now its ACK goes back while its clock goes on: nothing was
    // missed, the high ACK was forged or damaged.
    a.ack_max = a.rcv_nxt = a.right_edge = s.ack;
    if (after(b.snd_nxt, s.ack)) b.snd_nxt = s.ack;
  }
  const bool new_ack = s.has(kAck) && a.acked && after(s.ack, a.ack_max);
  const bool pure_ack = (s.flags & (kAck | kSyn | kRst | kFin)) == kAck && s.payload == 0;
  const bool repeats_ack = pure_ack && a.acked && s.ack == a.ack_max;

  // The sender's clock. RST and zero in a SYN say nothing about it.
  SenderClock::Fit fit = SenderClock::Fit::good;
  const bool first_syn_ack =
      s.has(kSyn) && s.has(kAck) && (!flow.synack_seen || (s.seq != a.isn && !b.acked));
  if (first_syn_ack && s.has_ts() && s.tsval.raw != 0)
    a.clock.start(s.tsval, s.time_ns);  // whatever came before it was not this connection
  else if (s.has_ts() && !s.has(kRst) && !(s.has(kSyn) && s.tsval.raw == 0))
    fit = a.clock.observe(s.tsval, s.time_ns, s.time_ns - was.last_ns);

  Judgement j;
  const bool opening = (s.flags & (kSyn | kAck | kRst)) == kSyn;
  if (opening && b.state == TcpState::unknown) {
    j.reason = Reason::handshake;
  } else {
    j = judge_segment(profile_for(flow, from ^ 1), flow, b, a, s);
  }

  if (flow.trouble) {
    auto& sent_damaged = trouble(flow).direction[from].damaged_end;
    if (sent_damaged && s.length() > 0) sent_damaged.reset();  // now it came in good order
    auto& got_damaged = trouble(flow).direction[from ^ 1].damaged_end;
    if (got_damaged && s.has(kAck) && !before(s.ack, *got_damaged)) {
      // Acknowledged all the same: whatever spoiled the checksums did so in the capture only.
      b.checksum_good = false;
      got_damaged.reset();
    }
  }
  note_options(flow, from, s);
  const PawsState state = is_questionable(s, j) ? likeliest_state(flow, b, a, s) : PawsState{};
  const SeqNum receiver_nxt_before = a.rcv_nxt;
  if (s.has(kSyn)) handshake(flow, from, s, j);
  if (j.verdict != Verdict::drop) {
    if (!s.has(kSyn)) {
      if (j.stores && j.verdict == Verdict::accept && vantage_of(b, a) == Vantage::at_receiver &&
          distance(j.ts_recent, s.tsval) < 0)
        b.ts_recent.store(s.tsval, s.time_ns);  // moved back: idle or unset before
      else if (j.may_store && b.ts_recent.known())
        b.ts_recent.may_store(s.tsval, s.time_ns, !j.stores);
      if (j.may_store) b.stored_by_data = s.length() != 0;
      // Whether a doubtful ACK ends the handshake, the receiver's next segments tell.
      if (j.verdict != Verdict::unknown || b.state != TcpState::syn_recv) apply_accepted(flow, from, s);
    }
  }
  count_verdict(flow, from, s, j, state);

  // A SYN inside of a live connection may be the first of the next one.
  if (opening && j.verdict == Verdict::drop) {
    Trouble& t = trouble(flow);
    t.syn_pending = true;
    t.syn_from = from;
    t.syn_frame = s.frame;
    t.syn_isn = s.seq;
  }

  if (s.has(kAck) && b.seen && after(s.ack, b.snd_nxt) && j.verdict != Verdict::drop && !s.has(kRst)) {
    Trouble& t = trouble(flow);
    if (!flow.capture_loss) t.capture_loss_frame = s.frame;
    t.lost_bytes += static_cast<uint32_t>(distance(b.snd_nxt, s.ack));
    flow.capture_loss = true;
    b.snd_nxt = s.ack;
  }
  a.ts_segments += s.has_ts();
  // In the middle of a connection whose begin is not in the capture, an echo proves that timestamps are in
  // use.
  if (s.has(kAck) && !s.has(kRst | kSyn) && s.has_ts() &&
      (flow.negotiated() == Negotiated::yes ||
       (flow.negotiated() == Negotiated::unknown && s.tsecr.raw != 0)))
    read_echo(flow, from, s);

  if (a.state == TcpState::syn_recv && !s.has(kSyn | kRst) && (s.length() > 0 || after(s.ack, b.isn + 1)))
    a.state = TcpState::established;
  const uint32_t window = as_received(flow, a, s).window;
  if (s.has(kAck) && !s.has(kRst) && (!b.seen || !after(s.ack, b.snd_nxt))) take_own_ack(a, s, window);
  // It repeats an ACK although the capture holds more in order: that never reached it, so the capture was
  // taken somewhere before it. (Unless an open verdict explains it: then the profile may be wrong.)
  if (repeats_ack && a.tap == Tap::estimated && before(s.ack, a.rcv_nxt) &&
      vantage_of(a, b) == Vantage::at_receiver && s.time_ns - b.last_ns > settle_ns(a) &&
      (!flow.trouble || trouble(flow).direction[from ^ 1].open.empty()))
    a.tap = Tap::away;
  // Where the capture shows all that it got, its ACK is its RCV.NXT.
  if (s.has(kAck) && a.acked && s.ack == a.ack_max && vantage_of(a, b) == Vantage::at_receiver &&
      (repeats_ack || s.time_ns - b.last_ns > settle_ns(a)))
    a.rcv_nxt = s.ack;
  if (s.length() > 0 && after(end, a.snd_nxt)) a.snd_nxt = end;
  a.sent_data_last = new_data || s.has(kSyn);
  a.payload_bytes += s.payload;
  if (a.first_payload_bits == 0) a.first_payload_bits = payload_bits(s.payload) & 0x1f;
  a.retransmissions += retransmitted;
  ++a.segments;
  flow.negotiated_yes = flow.negotiated() == Negotiated::yes;

  const bool new_information = new_data || new_ack;
  if (!first && !s.has(kRst)) {
    if (fit == SenderClock::Fit::backward || fit == SenderClock::Fit::forward)
      odd_clock(flow, from, s, fit, new_information, was, j);
    else if (flow.trouble && s.has_ts())
      trouble(flow).direction[from].pending_step.reset();  // the old clock goes on: that was an outlier
    watch_migration(flow, from, s, was, j);
  }
  if (new_ack && j.verdict != Verdict::drop && flow.trouble) watch_recovery(flow, from, s);
  if (new_ack) b.retransmit_run = 0;
  if (retransmitted && a.retransmit_run < 15) a.retransmit_run = (a.retransmit_run + 1) & 0xf;
  watch_progress(flow, from, s, new_ack, retransmitted, was);
  if (flow.trouble) weigh_evidence(flow, from, s, repeats_ack, receiver_nxt_before);
  if (s.has(kFin | kRst) || a.fin_sent || b.fin_sent) close_down(flow, from, s, j.verdict != Verdict::drop);

  if (!s.has(kRst)) {
    a.mac = fold_mac(s.src_mac);
    a.ttl = s.ttl;
    a.packet_id = packet_id(s);
  }
  a.last_ns = s.time_ns;
  flow.watched = a.fin_sent || b.fin_sent || (flow.trouble && trouble(flow).has_open_questions());
  return j;
}

std::unique_ptr<Trouble> Tracker::finish(Flow& flow) {
  if (flow.trouble == 0) return nullptr;
  std::unique_ptr<Trouble> t = std::move(pool_[flow.trouble - 1]);
  for (unsigned from = 0; from < 2; ++from) {
    finish_clock(flow, from, *t);
    resolve_all(t->direction[from]);
  }
  for (MigrationCase& open : t->migrations) close_migration(flow, open);
  std::erase_if(t->migrations, [](const MigrationCase& m) { return m.result.confidence < kBelievable; });
  close_stalls(flow, *t);
  pool_free_.push_back(flow.trouble);
  flow.trouble = 0;
  return t;
}

}  // namespace tsaudit
