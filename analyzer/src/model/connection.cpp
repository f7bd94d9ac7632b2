// SPDX-License-Identifier: Apache-2.0
// How a connection begins and ends: the first segments, SYN and SYN-ACK, FIN and RST.
#include <algorithm>

#include "model/fingerprint.h"
#include "model/host_steps.h"
#include "model/tracker.h"

namespace tsaudit {
namespace {

constexpr TimeNs kTimeWait = 60 * kSecond;  // TCP_TIMEWAIT_LEN

}  // namespace

bool Tracker::starts_new_connection(const Flow& flow, unsigned from, const Segment& s) const {
  const Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  const Trouble* t = trouble_of(flow);
  const auto kind = s.flags & (kSyn | kAck | kRst);
  // The ACK of a SYN-ACK that the capture lacks, unless it is the next one in the connection that there is.
  if (kind == kAck) {
    const bool is_next =
        s.seq == a.snd_nxt && a.acked && !before(s.ack, a.ack_max) && !after(s.ack, b.snd_nxt);
    return t && t->knock && t->knock->from == from && s.seq == t->knock->end && !is_next;
  }
  // After a RST that may have been refused, its SYN-ACK tells whether it is the first of another connection.
  const bool doubtful = t && (t->direction[0].doubtful_reset || t->direction[1].doubtful_reset);
  const bool was_reset = flow.reset && !doubtful;
  if (kind == (kSyn | kAck)) {
    // The SYN-ACK to a SYN that looked like one inside of the old connection, or that the capture lacks.
    const bool answers = t && t->knock && t->knock->from == (from ^ 1) && after(s.ack, t->knock->isn) &&
                         !after(s.ack, t->knock->end);  // some of its data, or none, with fast open
    const bool of_this = s.seq == a.isn || (flow.syn_seen && s.ack == b.isn + 1);
    // Of a client that is not in the capture, how it ended the old one is not either.
    const bool over = was_reset || (a.fin_sent && b.fin_sent) || (a.seen && !b.seen);
    return answers || (!of_this && over);
  }
  if (kind != kSyn) return false;
  const bool stale = s.time_ns - flow.last_ns() > kTimeWait;
  if (flow.syn_seen && flow.client == from && a.isn == s.seq && !(stale && flow.synack_seen))
    return false;                                                  // sent again
  if (flow.syn_seen && !flow.synack_seen && !b.seen) return true;  // another attempt
  // Who waits for the ACK of its FIN refuses it, with an ACK, and the answer to that is a RST.
  const bool waits = b.state == TcpState::established && a.acked && before(a.ack_max, b.snd_nxt) &&
                     vantage_of(b, a) == Vantage::at_receiver;
  const bool over = was_reset || b.state == TcpState::closed || (a.fin_sent && b.fin_sent && !waits);
  if (!over && !stale) return false;
  if (b.state != TcpState::time_wait || stale) return true;
  Host receiver = b;
  return judge_segment(profile_for(flow, from ^ 1), flow, receiver, a, s).verdict != Verdict::drop;
}

std::optional<Knock> Tracker::knock_before(const Flow& flow, unsigned from, const Segment& s) const {
  const Trouble* t = trouble_of(flow);
  if (!t || !t->knock || s.time_ns - t->knock->time_ns > kTimeWait) return std::nullopt;
  const bool of_other = t->knock->from != from;
  const bool again = !s.has(kAck) && t->knock->isn == s.seq;
  const bool goes_on = s.has(kAck) && t->knock->end == s.seq;
  return of_other || again || goes_on ? t->knock : std::nullopt;
}

void Tracker::begin_with(Flow& flow, const Knock& knock) const {
  Host& a = flow.host[knock.from];
  Host& b = flow.host[knock.from ^ 1];
  a.seen = true;
  a.state = TcpState::syn_sent;
  a.isn = knock.isn;
  a.snd_nxt = knock.end;
  a.last_ns = knock.time_ns;
  a.sent_data_last = true;
  a.mac = knock.mac;
  a.ttl = knock.ttl;
  a.window_scale = knock.window_scale & 0xf;
  a.scale_known = knock.scale_known;
  b.rcv_nxt = knock.isn + 1;
  b.rcv_known = true;
  if (knock.ts == TsOption::present || knock.ts == TsOption::duplicated) {
    a.clock.start(knock.tsval, knock.time_ns);
    b.ts_recent.store(knock.tsval, knock.time_ns);
  }
  flow.first_frame = knock.frame;
  flow.first_ns = knock.time_ns;
  place_tap(flow);
  flow.syn_seen = flow.roles_known = true;
  flow.syn_ts = knock.ts != TsOption::absent && knock.ts != TsOption::malformed;
  flow.set_client(knock.from);
}

void Tracker::take_knock(Flow& flow, const Knock& knock, const Segment& s) {
  DirectionTrouble& direction = trouble(flow).direction[knock.from];
  const auto syn = std::ranges::find(direction.open, knock.frame, &OpenVerdict::frame);
  if (!s.has(kAck) || syn == direction.open.end()) return;
  decide(flow, knock.from, *syn, Verdict::accept, Reason::handshake, s.frame);
  resolve(direction, *syn);
  direction.open.erase(syn);
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
  const Checksum checksum = verify_checksums(s);
  a.checksum_told = checksum == Checksum::good || checksum == Checksum::offloaded;
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
    a.ts_recent = {};  // was a guess
    // What it sent right before the capture began is on its way, or was lost; the capture cannot tell.
    constexpr int32_t kWindow = 1 << 24;
    const int32_t in_flight = distance(b.rcv_nxt, s.seq);
    if (b.rcv_known && in_flight > 0 && in_flight < kWindow) b.rcv_nxt = s.seq;
    // The capture begins with a restored socket.
    if (s.has(kAck) && !s.has(kRst) && s.length() == 0 && s.has_ts() && s.tsecr.raw == 0) {
      a.restored = true;
      trouble(flow).direction[from].zero_echo.add(s.frame, s.time_ns);
    }
  }
}

/// Roles, negotiation and the state changes of SYN and SYN-ACK (RFC 9293 section 3.5).
void Tracker::handshake(Flow& flow, unsigned from, const Segment& s, const Judgement& j) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  // A SYN-ACK that is sent again: the ACK has not been taken, or not to heart (TCP_DEFER_ACCEPT).
  if (s.has(kAck) && a.state == TcpState::established && a.snd_nxt == s.end_seq() && a.acked &&
      a.ack_max == s.ack && vantage_of(a, b) == Vantage::at_receiver)
    a.state = TcpState::syn_recv;
  const bool another = s.has(kAck) && flow.synack_seen && s.seq != a.isn;
  if (another && !b.acked) trouble(flow).direction[from].other_isn = s.seq;
  if (j.verdict == Verdict::drop) return;  // inside of a connection it opens nothing
  if (s.window_scale != Segment::kNoWindowScale) a.window_scale = s.window_scale & 0xf;
  if (s.has(kAck) && s.mptcp) flow.mptcp = true;
  if (!s.has(kAck)) {
    const bool crossed = b.state == TcpState::syn_sent;
    if (!crossed) flow.set_client(from);
    flow.roles_known = true;
    flow.syn_seen = true;
    flow.syn_ts = flow.syn_ts || s.has_ts() || s.ts == TsOption::cut;
    a.isn = s.seq;
    a.scale_known = a.scale_known || s.window_scale != Segment::kNoWindowScale || !options_cut(s);
    // Sent again, it has not taken whatever SYN-ACK the capture holds. (The first time it may come late.)
    const bool late = a.segments == 0 && flow.synack_seen && s.time_ns - b.last_ns < kMillisecond;
    if (crossed)
      a.state = b.state = TcpState::syn_crossed;
    else if ((a.state == TcpState::unknown || !a.acked) && !late)
      a.state = TcpState::syn_sent;
    if (b.state == TcpState::unknown || b.state == TcpState::syn_recv || crossed) {
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
  // It answers another SYN: a firewall that changes sequence numbers was captured on both of its sides.
  if (flow.syn_seen && (!after(s.ack, b.isn) || after(s.ack, b.snd_nxt))) return;
  if (another) {
    // Two hosts answer; until the client has acknowledged one of them, the last may be the one.
    trouble(flow).direction[from].other_answers.add(s.frame, s.time_ns);
    trouble(flow).direction[from].other_isn = a.isn;
  }
  if (s.seq != a.isn) a.snd_nxt = s.end_seq();
  measure_loop(a, b, s);
  if (s.has_ts() && s.tsecr.raw != 0 && a.ts_recent.known() &&
      a.ts_recent.anchor(s.tsecr, a.last_ns, s.time_ns, true) > TsRecentSet::Echo::possible)
    a.ts_recent.replace(s.tsecr, s.time_ns);
  const bool crossed = s.seq == a.isn && (a.state == TcpState::syn_sent || a.state == TcpState::syn_crossed);
  if (!crossed) flow.set_client(from ^ 1);
  flow.roles_known = true;
  flow.synack_seen = true;
  flow.synack_ts = flow.synack_ts || s.has_ts() || s.ts == TsOption::cut;
  // Without a scale in both SYNs there is none in either direction (RFC 7323 section 2.2).
  const bool both_seen =
      flow.syn_seen && b.scale_known && (s.window_scale != Segment::kNoWindowScale || !options_cut(s));
  if (s.window_scale == Segment::kNoWindowScale || !both_seen) {
    b.scale_known = both_seen;
    if (both_seen) a.window_scale = b.window_scale = 0;
  }
  a.scale_known = both_seen;
  a.isn = s.seq;
  if (a.state != TcpState::established) a.state = crossed ? TcpState::syn_crossed : TcpState::syn_recv;
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

/// Of two hosts that answered its SYN, the client has taken one, and says which.
void Tracker::choose_answer(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  const bool answered = flow.synack_seen && !a.acked && b.snd_nxt == b.isn + 1;
  if (!answered || !flow.trouble || (s.flags & (kAck | kSyn | kRst)) != kAck) return;
  const auto other = trouble(flow).direction[from ^ 1].other_isn;
  if (!other || s.ack != *other + 1) return;
  b.isn = s.ack - 1;
  b.snd_nxt = a.rcv_nxt = s.ack;
  a.snd_wl1 = b.isn;
  b.clock = {};
  if (s.has_ts()) a.ts_recent.store(s.tsecr, s.time_ns);
}

/// Who has taken a RST sends nothing more but RSTs: what `from` sends after it may have got one shows that it
/// has not taken it.
void Tracker::outlive_reset(Flow& flow, unsigned from, const Segment& s) {
  Trouble& t = trouble(flow);
  auto& reset = t.direction[from ^ 1].doubtful_reset;
  if (!reset || s.has(kRst) || s.time_ns - reset->time_ns < 2 * shortest_way_ns(flow.host[from])) return;
  flow.reset = false;
  if (t.reset_frame == reset->frame) t.reset_frame = 0;
  reset.reset();
}

namespace {

/// Does this RST of `a` end a connection in the middle of something? Who has sent its FIN answers with a RST
/// what still comes, and some programs close with a RST that acknowledges all that they got: that is how
/// connections end. `again`: there was one before, whose sender, or receiver, gives nothing up any more.
bool cuts_off(const Host& a, const Host& b, const Segment& s, bool again) {
  if (a.fin_sent) return false;
  const SeqNum acked = s.has(kAck) && after(s.ack, a.ack_max) ? s.ack : a.ack_max;
  const bool lacks_data = b.seen && a.acked && after(b.snd_nxt - (b.fin_sent ? 1 : 0), acked);
  const bool gives_up =
      !again && b.acked && after(a.snd_nxt, b.ack_max) && (!b.fin_sent || a.retransmit_run != 0);
  return lacks_data || gives_up;
}

}  // namespace

/// FIN and RST: the states that end a connection (RFC 9293 section 3.6).
void Tracker::close_down(Flow& flow, unsigned from, const Segment& s, Verdict verdict) {
  const bool taken = verdict != Verdict::drop;
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  // SYN_SENT takes none without an ACK (RFC 9293 section 3.10.7.3): it is for what was there before.
  if ((s.flags & (kRst | kAck)) == kRst && b.state == TcpState::syn_sent) return;
  // Who sends a RST has no such connection any more, unless somebody sent it in its name: then it goes on.
  // Nor has who took it.
  if (s.has(kRst) && a.state == TcpState::established) a.state = TcpState::closed;
  if (s.has(kRst) && verdict == Verdict::accept &&
      (b.state == TcpState::established || b.state == TcpState::syn_recv))
    b.state = TcpState::closed;
  // tcp_minisocks.c:tcp_timewait_state_process(): an exact one ends TIME_WAIT, but for net.ipv4.tcp_rfc1337.
  if (s.has(kRst) && taken && b.state == TcpState::time_wait && s.seq == a.snd_nxt)
    b.state = TcpState::closed;
  if (s.has(kRst) && taken) {
    const bool again = flow.reset;
    flow.reset = true;
    if (verdict == Verdict::unknown) trouble(flow).direction[from].doubtful_reset = {s.frame, s.time_ns};
    if (cuts_off(a, b, s, again) && trouble(flow).reset_frame == 0) {
      Trouble& t = trouble(flow);
      t.reset_frame = s.frame;
      t.reset_from = from;
      t.reset_ttl = t.ttl_before_reset = s.ttl;
      if (!t.at_two_points[from]) {
        t.ttl_before_reset = a.ttl;
        if (is_other_mac(a.mac, s.src_mac)) t.reset_mac = s.src_mac;
      }
    }
    // Its last word on what it got, for another RST without one.
    if (s.has(kAck) && a.acked && after(s.ack, a.ack_max) && !after(s.ack, b.snd_nxt)) a.ack_max = s.ack;
  }
  if (s.has(kFin)) {
    if (!a.fin_sent && !b.fin_sent) flow.active_closer = from & 1;
    a.fin_sent = true;
    a.fin_taken = a.fin_taken || taken;
  }
  // Each side's FIN acknowledged: the active closer waits, the other is gone.
  if (!s.has(kRst) && !flow.reset && a.fin_sent && b.fin_sent && a.acked && b.acked &&
      a.ack_max == b.snd_nxt && b.ack_max == a.snd_nxt) {
    const bool closed_it = flow.active_closer == from;
    a.state = closed_it ? TcpState::time_wait : TcpState::closed;
    b.state = closed_it ? TcpState::closed : TcpState::time_wait;
  }
}

/// A SYN-ACK that another host with the same address sends into a connection: judged, and that is all.
Judgement Tracker::other_answer(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  const Judgement j = judge_segment(profile_for(flow, from ^ 1), flow, b, a, s);
  std::optional<PawsState> open;
  if (is_questionable(s, j)) open = likeliest_state(flow, b, a, s);
  count_verdict(flow, from, s, j, open);
  trouble(flow).direction[from].other_answers.add(s.frame, s.time_ns);
  ++a.segments;
  a.ts_segments += s.has_ts();
  return j;
}

}  // namespace tsaudit
