// SPDX-License-Identifier: Apache-2.0
#include "model/tracker.h"

#include <algorithm>
#include <tuple>

#include "model/fingerprint.h"
#include "model/host_steps.h"
#include "model/migration.h"
#include "model/progress.h"

namespace tsaudit {
namespace {

/// Of such a host only the numbers of the next segments can be odd.
bool all_known(const Host& host) {
  return host.state == TcpState::established && host.seen && host.acked && host.una_known && host.rcv_known &&
         host.ts_recent.known() && host.retransmit_run == 0 && !host.fin_sent;
}

/// What `receiver` acknowledged beyond `end`.
void was_never_sent(Host& sender, Host& receiver, SeqNum end) {
  receiver.ack_max = receiver.rcv_nxt = receiver.right_edge = end;
  if (after(sender.snd_nxt, end)) sender.snd_nxt = end;
  if (after(sender.snd_una, end)) sender.snd_una = end;
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

void Tracker::unexpected_echo(Flow& flow, unsigned from, const Segment& s, TsRecentSet::Echo echo,
                              bool all_arrived) {
  if (echo != TsRecentSet::Echo::unknown) return echo_missed(flow, from, s, echo, all_arrived);
  Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  if (b.clock.started()) bound_age(a, b, b.clock.last(), b.last_ns);
  if (b.clock.started() && s.ack != b.snd_nxt && after(b.clock.last(), s.tsecr))
    a.ts_recent.may_reach(b.clock.last());
}

[[gnu::always_inline]] inline void Tracker::note_own_ack(Flow& flow, unsigned from, const Segment& s,
                                                         uint32_t window) {
  take_own_ack(flow.host[from], s, window);
  if (flow.host[from].holes && flow.trouble) [[unlikely]]
    trouble(flow).direction[from ^ 1].sack_edge = sack_edge(s);
}

[[gnu::always_inline]] inline void Tracker::take_echo(Flow& flow, unsigned from, const Segment& s,
                                                      bool all_arrived) {
  Host& a = flow.host[from];
  const TsRecentSet::Echo echo = a.ts_recent.anchor(s.tsecr, a.last_ns, s.time_ns, all_arrived);
  if (echo != TsRecentSet::Echo::exact && echo != TsRecentSet::Echo::possible) [[unlikely]]
    return unexpected_echo(flow, from, s, echo, all_arrived);
  ++a.compared;
  a.exact += echo == TsRecentSet::Echo::exact;
  if (echo == TsRecentSet::Echo::possible) doubt_if_late(a, s);
}

Judgement Tracker::process(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  // Only where this sender's checksums told something at first: some NICs put them in after the capture.
  if (a.checksum_told && verify_checksums(s) == Checksum::bad) [[unlikely]]
    return damaged(flow, from, s);
  const SeqNum end = s.end_seq();
  const bool probable = flow.settled && s.ts == TsOption::present &&
                        (s.flags & (kAck | kSyn | kRst | kFin)) == kAck && s.window != 0 &&
                        s.tsecr.raw != 0 && a.mac == fold_mac(s.src_mac) && a.ttl == s.ttl &&
                        a.ts_recent.may_hold(s.tsecr) && !is_cut(s.frame);
  // The ordinary segment: in order, TSval at or after all that TS.Recent may be, ACK in range.
  if (probable && b.ts_recent.none_after(s.tsval) && !before(end, b.ack_max) &&
      (!b.scale_known || !after(end, b.right_edge)) && !before(s.ack, b.snd_una) &&
      !after(s.ack, b.snd_nxt) && !before(s.ack, a.ack_max) &&
      (s.payload == 0 ? !lacks_data_seen(a, b, s) : s.seq == a.snd_nxt) && !before(s.tsval, a.clock.last()) &&
      !a.clock.lags(s.tsval, s.time_ns - a.last_ns)) [[likely]] {
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
      take_ack(b, a, s, window, false);

      const bool all_arrived = knows_all(a, b, s);
      take_echo(flow, from, s, all_arrived);
      note_own_ack(flow, from, s, window);
      if (s.payload != 0) {
        keep_data(a, s);
        a.snd_nxt = end;
      }
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

/// A segment that is not the ordinary one: what it is to its sender and its receiver, and what is found of
/// it.
struct Tracker::Odd {
  Odd(Flow& in, unsigned sender, const Segment& segment, bool is_first)
      : flow(in), from(sender), s(segment), a(in.host[from]), b(in.host[from ^ 1]), first(is_first) {}
  Flow& flow;
  const unsigned from;
  const Segment& s;
  Host& a;           ///< its sender
  Host& b;           ///< its receiver
  const bool first;  ///< of its sender
  const Host was = a;
  const bool new_data = s.length() > 0 && (first || after(s.end_seq(), a.snd_nxt));
  /// New to the capture, but its sender has acknowledged more since.
  const bool late_data = new_data && s.has(kAck) && a.acked && before(s.ack, a.ack_max);
  /// The same packet once more, as a mirror port or the network makes it: no second word of its sender.
  const bool seen_before = !s.src.v6 && s.ip_id != 0 && s.ip_id == a.packet_id;
  const bool retransmitted = s.payload > 0 && !new_data && !is_keepalive(b, s);
  /// A FIN alone once more, which is all that its receiver has not acknowledged. (Of one that is not in the
  /// capture, nothing tells that it is there at all: the end of a connection from before.)
  const bool fin_again = s.has(kFin) && !s.has(kRst) && s.payload == 0 && s.end_seq() == a.snd_nxt &&
                         b.acked && b.ack_max == s.seq;
  const bool opening = (s.flags & (kSyn | kAck | kRst)) == kSyn;
  /// The next connection knocks, perhaps of another host behind the same address.
  const bool next_one = opening && b.state == TcpState::time_wait;
  /// A SYN inside of a connection: another one begins, if its SYN-ACK follows.
  const bool knocks =
      opening && !first && s.seq != was.isn && b.state != TcpState::unknown && b.state != TcpState::syn_sent;
  /// Later ones have overtaken it: it says nothing of the present, and answers nothing. (But the clock of
  /// another host may be behind.)
  const bool overtaken = s.has_ts() && a.clock.overtook(s.tsval) && a.mac == fold_mac(s.src_mac);

  bool new_ack = false, repeats_ack = false;
  SenderClock::Fit fit = SenderClock::Fit::good;
  Judgement j;
  std::optional<SeqNum> snd_una;  ///< of its receiver, before it
  bool window_closed = false;     ///< to its receiver
  bool dropped() const { return j.verdict == Verdict::drop; }
};

namespace {

/// An ACK of what was never seen has been believed. Now its sender's ACK goes back, or the other one sends a
/// pure ACK, which carries SND.NXT, from before it, while the clock goes on: that ACK was forged or damaged.
void refute_ack(const Flow& flow, Host& a, Host& b, const Segment& s) {
  if (!flow.capture_loss || !s.has(kAck) || s.has(kRst | kSyn) || !s.has_ts() || !a.clock.started() ||
      !after(s.tsval, a.clock.last()))
    return;
  if (a.acked && a.ack_max == b.snd_nxt && before(s.ack, a.ack_max)) was_never_sent(b, a, s.ack);
  if (b.acked && b.ack_max == a.snd_nxt && before(s.seq, a.snd_nxt) && s.length() == 0 && !is_keepalive(b, s))
    was_never_sent(a, b, s.seq);
}

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

}  // namespace

/// Its sender lived where the capture does not reach: it has moved away and come back. (Some stacks never
/// echo on data.)
void Tracker::note_absence(const Odd& odd) {
  const auto& [flow, s, a, b] = std::tie(odd.flow, odd.s, odd.a, odd.b);
  if (!after(s.seq, a.snd_nxt)) return;  // of all that it sent in sight
  const bool usual = flow.trouble && trouble(flow).direction[odd.from].zero_echo;
  const bool back = lost_ts_recent(odd.was, s) && !s.has(kRst) && (s.length() == 0 || !usual);
  // Or both ends say that they are beyond that.
  const bool agreed = flow.trouble && trouble(flow).direction[odd.from ^ 1].strange_ack == s.seq;
  if (!back && !agreed) return;
  flow.capture_loss = true;
  a.snd_nxt = s.seq;
  if (!back || s.length() != 0) return;
  // A probe, perhaps, which is one before SND.UNA.
  trouble(flow).direction[odd.from ^ 1].doubtful_ack = {a.snd_una, s.seq + 1, b.snd_nxt, b.snd_nxt};
  a.snd_nxt = a.snd_una = s.seq + 1;
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

/// It acknowledges what the capture does not hold.
void Tracker::note_capture_loss(Odd& odd) {
  const Segment& s = odd.s;
  if (s.length() == 0 && !s.has(kRst) && !odd.first && after(s.seq, odd.a.snd_nxt))
    trouble(odd.flow).direction[odd.from ^ 1].unseen_sent = s.seq;
  if (!s.has(kAck) || !odd.b.seen || !after(s.ack, odd.b.snd_nxt)) return;
  if (odd.a.restored) trouble(odd.flow).direction[odd.from].strange_ack = s.ack;
  if (!s.has(kRst)) trouble(odd.flow).direction[odd.from ^ 1].unseen_got = s.ack;
  const bool sent_before = !knows_sent(odd.flow, odd.b, odd.a);  // the capture began
  if (odd.dropped() || (odd.j.verdict == Verdict::unknown && !sent_before) || s.has(kRst)) return;
  if (!sent_before) return lack_data(odd.flow, odd.from ^ 1, odd.b.snd_nxt, s.ack, s.frame);
  odd.flow.capture_loss = true;
  odd.b.snd_nxt = s.ack;
}

/// The capture lacks what `sender` sent from `from` up to `to`, as that frame tells; others may have told of
/// a part.
void Tracker::lack_data(Flow& flow, unsigned sender, SeqNum from, SeqNum to, uint64_t frame) {
  Host& host = flow.host[sender];
  gaps_[key_of_gaps(flow, sender)].lack(from, to, frame);
  flow.capture_loss = true;
  if (after(to, host.snd_nxt)) host.snd_nxt = to;
}

/// With what the ACKs tell so far. Null: it has none.
Gaps* Tracker::gaps_of(const Flow& flow, unsigned sender) {
  const auto gaps = gaps_.empty() ? gaps_.end() : gaps_.find(key_of_gaps(flow, sender));
  if (gaps == gaps_.end()) return nullptr;
  const Host& receiver = flow.host[sender ^ 1];
  if (receiver.acked) gaps->second.acknowledge(receiver.ack_max);
  return &gaps->second;
}

Lacking Tracker::lacking_of(const Flow& flow) {
  Lacking all;
  for (unsigned sender = 0; sender < 2; ++sender)
    if (const Gaps* gaps = gaps_of(flow, sender)) all.add(gaps->lacking().bytes, gaps->lacking().frame);
  return all;
}

/// What it shows of the data that have not been shown in their place.
void Tracker::note_gaps(const Odd& odd) {
  const auto& [flow, s, a, b] = std::tie(odd.flow, odd.s, odd.a, odd.b);
  if (s.length() == 0) return;
  // After the end it is the next connection, whose handshake the capture lacks.
  const bool over = flow.reset || a.fin_sent;
  if (after(s.seq, a.snd_nxt) && knows_sent(flow, a, b) && !over)
    gaps_[key_of_gaps(flow, odd.from)].skip(a.snd_nxt, s.seq, s.frame);
  if (Gaps* gaps = gaps_of(flow, odd.from)) {
    gaps->show(s.seq, s.end_seq());
    if (gaps->none()) gaps_.erase(key_of_gaps(flow, odd.from));
  }
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
  if (tells && !odd.next_one && after(s.end_seq(), a.snd_nxt)) a.snd_nxt = s.end_seq();
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
    if (odd.fit == SenderClock::Fit::behind) lagging_clock(flow, odd.from, s);
    if ((s.has_ts() && !steps && odd.was.clock.lags(s.tsval, s.time_ns - odd.was.last_ns)) ||
        (flow.trouble && trouble(flow).direction[odd.from].pause))
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
  watch_progress(flow, odd.from, s,
                 {.of_other = (!odd.dropped() && odd.new_ack) || (taken && una_moved) || opened,
                  .of_own = goes_on,
                  .answers = answers,
                  .closes = s.has(kRst) && !odd.dropped()},
                 sent_again, odd.was);
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

  note_absence(odd);

  // What it is.
  if (s.length() > 0) keep_data(a, s);
  refute_ack(flow, a, b, s);
  odd.new_ack = s.has(kAck) && a.acked && after(s.ack, a.ack_max);
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
  // Or the RST before it was taken, and there is nobody any more; or somebody who has gone on to the next
  // connection.
  if (odd.j.verdict == Verdict::accept && flow.trouble && !s.has(kSyn | kRst) &&
      (trouble(flow).direction[from].doubtful_reset ||
       (trouble(flow).knock && trouble(flow).knock->from == (from ^ 1)))) {
    odd.j.verdict = Verdict::unknown;
    odd.j.reason = Reason::state_unknown;
  }
  // Its data came before their ACK and are shown late, or they come again and the capture lacks the first.
  const Gaps* const gaps = odd.j.reason == Reason::old_sequence ? gaps_of(flow, from) : nullptr;
  if (gaps && s.payload > 0 && gaps->lacks(s.seq, s.end_seq())) {
    odd.j.verdict = Verdict::unknown;
    odd.j.reason = Reason::sequence_range;
  }
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
  follow_open(odd);
  count_verdict(flow, from, s, odd.j, open);

  // What follows from it.
  note_capture_loss(odd);
  a.ts_segments += s.has_ts();
  listen(odd);
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
  a.last_ns = s.time_ns;
  flow.settled = flow.negotiated() == Negotiated::yes && all_known(a) && all_known(b) && !flow.mptcp &&
                 !flow.perhaps_request && !(flow.trouble && trouble(flow).has_open_questions());
  return odd.j;
}

/// Nothing decides any more what is open in `t`.
void Tracker::settle(const Flow& flow, Trouble& t) {
  for (unsigned from = 0; from < 2; ++from) {
    finish_clock(flow, from, t);
    DirectionTrouble& direction = t.direction[from];
    for (const OpenVerdict& verdict : direction.open) count(direction, verdict);
    direction.open.clear();
  }
  for (MigrationCase& open : t.migrations) close_migration(flow, t, open);
  find_capture_steps(flow, t);
  std::erase_if(t.migrations, [](const MigrationCase& m) { return m.result.confidence < kBelievable; });
  close_stalls(flow, t);
}

std::unique_ptr<Trouble> Tracker::finish(Flow& flow) {
  last_points_.erase(flow.id);
  const Lacking lacking = lacking_of(flow);
  for (unsigned sender = 0; sender < 2; ++sender) gaps_.erase(key_of_gaps(flow, sender));
  if (lacking.bytes != 0) trouble(flow).lacking = lacking;
  if (flow.trouble == 0) return nullptr;
  std::unique_ptr<Trouble> t = std::move(pool_[flow.trouble - 1]);
  if (evidence_)
    for (const DirectionTrouble& direction : t->direction)
      for (const OpenVerdict& verdict : direction.open) evidence_->resolved(verdict);
  settle(flow, *t);
  pool_free_.push_back(flow.trouble);
  flow.trouble = 0;
  return t;
}

std::unique_ptr<Trouble> Tracker::so_far(const Flow& flow) {
  if (flow.trouble == 0) return nullptr;
  auto t = std::make_unique<Trouble>(*trouble_of(flow));
  t->lacking = lacking_of(flow);
  settle(flow, *t);
  return t;
}

}  // namespace tsaudit
