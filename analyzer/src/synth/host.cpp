// SPDX-License-Identifier: Apache-2.0
// The receiving half, and what ties the halves together.
#include "synth/host.h"

#include <algorithm>

#include "synth/world.h"

namespace tsaudit::synth {
namespace {

constexpr int64_t kRefusalInterval_ns = 500 * kMillisecond;  // sysctl tcp_invalid_ratelimit

}  // namespace

SeqNum Host::sack_edge() const {
  return early_.empty() ? rcv_nxt() : peer_isn_ + 1 + static_cast<uint32_t>(early_.rbegin()->second);
}

PawsState Host::paws_state(const Packet& packet) const {
  PawsState state;
  state.state = state_ == State::syn_sent    ? TcpState::syn_sent
                : state_ == State::syn_recv  ? TcpState::syn_recv
                : state_ == State::time_wait ? TcpState::time_wait
                                             : TcpState::established;
  state.ts_recent = ts_recent_;
  state.ts_recent_valid = timestamps_;
  state.age_seconds = world_.now() / kSecond - ts_recent_ns_ / kSecond;
  state.rcv_nxt = rcv_nxt();
  state.rcv_wup = rcv_wup_;
  state.sack_edge = sack_edge();
  state.rcv_wnd = rcv_wnd_;
  state.snd_una = snd_una();
  state.snd_nxt = snd_nxt();
  state.snd_wl1 = snd_wl1_;
  state.snd_wnd = snd_wnd_;
  state.rto_ns = rto_measured_ ? 210 * kMillisecond : kSecond;
  state.max_window = std::max(max_window_, 1u);
  state.tsval_first = tsval_first_;
  state.tsval_last = tsval_last_;
  state.fin_received = fin_received_;
  (void)packet;
  return state;
}

PawsSegment Host::paws_segment(const Packet& packet) const {
  const bool syn = packet.flags & kSyn;
  return {.seq = packet.seq,
          .end_seq = packet.end_seq(),
          .ack = packet.ack,
          .window = syn ? packet.window : uint32_t{packet.window} << kWindowScale,
          .flags = packet.flags,
          .has_ts = packet.ts == TsForm::good && (timestamps_ || syn),
          .tsval = packet.tsval,
          .tsecr = packet.tsecr};
}

void Host::arrive(const Packet& packet) {
  if (frozen_) return;
  if (state_ == State::closed) {
    if (!(packet.flags & kRst)) refuse_with_reset(packet);
    return;
  }
  if (state_ == State::listen) {
    if (packet.flags & kSyn) {
      synchronize(packet);
      state_ = State::syn_recv;
      send_syn(kSyn | kAck);
    } else if (!(packet.flags & kRst)) {
      refuse_with_reset(packet);
    }
    return;
  }
  const bool cookie_comes_back = syn_cookies && state_ == State::syn_recv && !(packet.flags & kSyn);
  if (cookie_comes_back) {
    // The request was never kept: this ACK is the first thing that the server knows of the connection.
    ts_recent_ = packet.tsval;
    ts_recent_ns_ = world_.now();
  }
  const PawsSegment segment = paws_segment(packet);
  const PawsOutcome outcome = judge(*profile, paws_state(packet), segment);
  if (outcome.verdict == Verdict::drop) return answer_refused(packet, outcome);
  if (outcome.updates_ts_recent) {
    ts_recent_ = packet.tsval;
    ts_recent_ns_ = world_.now();
  }
  take(packet, outcome);
}

void Host::answer_refused(const Packet& packet, const PawsOutcome& outcome) {
  if (state_ == State::syn_sent) {  // RFC 9293 section 3.10.7.3: not for us
    if (outcome.answered || outcome.reason == Reason::invalid_ack_sequence) refuse_with_reset(packet);
    return;
  }
  if (!outcome.answered) return;
  if (outcome.rate_limited) {
    if (world_.now() - last_refusal_ns_ < kRefusalInterval_ns) return;
    last_refusal_ns_ = world_.now();
  }
  send_ack();
}

void Host::synchronize(const Packet& syn) {
  peer_isn_ = syn.seq;
  received_ = unread_ = 0;
  fin_received_ = false;
  early_.clear();
  rcv_wup_ = rcv_nxt();
  timestamps_ = syn.ts == TsForm::good;
  ts_recent_ = syn.tsval;
  ts_recent_ns_ = world_.now();
  snd_wnd_ = max_window_ = syn.window;
  snd_wl1_ = syn.seq;
}

void Host::take(const Packet& packet, const PawsOutcome&) {
  if (packet.flags & kRst) return end();
  switch (state_) {
    case State::time_wait:
      if ((packet.flags & (kSyn | kAck)) == kSyn) {  // reopened: back to a listener, as Linux does
        end();
        arrive(packet);
      } else if (packet.end_seq() != packet.seq) {
        send_ack();
      }
      return;
    case State::syn_sent:
      if (!(packet.flags & kSyn)) return;
      synchronize(packet);
      state_ = State::established;
      ++timer_;
      armed_ = false;
      backoff_ = 0;
      send_ack();
      pump();
      return;
    case State::syn_recv:
      if (packet.flags & kSyn) return send_syn(kSyn | kAck);
      state_ = State::established;
      ++timer_;
      armed_ = false;
      backoff_ = 0;
      break;
    default:
      break;
  }
  take_ack(packet);
  take_data(packet);
  pump();
  finish_if_closed();
}

void Host::take_data(const Packet& packet) {
  if (packet.end_seq() == packet.seq) return;
  const auto base = static_cast<int64_t>(received_);
  const SeqNum next = peer_isn_ + 1 + static_cast<uint32_t>(received_);
  const int64_t start = base + distance(next, packet.seq), end = start + packet.length;
  const bool had_gap = !early_.empty();
  if (start > base) {
    if (packet.length != 0) {
      auto& its_end = early_[static_cast<uint64_t>(start)];
      its_end = std::max(its_end, static_cast<uint64_t>(end));
    }
    return send_ack();  // RFC 5681 section 4.2: at once
  }
  if (end > base) {
    received_ = static_cast<uint64_t>(end);
    while (!early_.empty() && early_.begin()->first <= received_) {
      received_ = std::max(received_, early_.begin()->second);
      early_.erase(early_.begin());
    }
    if (!reading_) unread_ += received_ - static_cast<uint64_t>(base);
    if (reply_bytes != 0 && state_ == State::established) queued_ += reply_bytes;
  }
  const bool fin = (packet.flags & kFin) && early_.empty() && static_cast<uint64_t>(end) == received_;
  if (fin) fin_received_ = true;
  const bool nothing_new = end <= base && !fin;
  if (fin || had_gap || nothing_new || ++unacked_segments_ >= 2) return send_ack();
  delay_ack();
}

void Host::finish_if_closed() {
  if (!fin_received_ || !fin_acked_) return;
  if (state_ == State::fin_wait) {
    state_ = State::time_wait;
  } else if (state_ == State::established) {
    end();
  }
}

void Host::listen() {
  listening_ = true;
  state_ = State::listen;
}

/// The connection is gone; a listener is still there, and starts the next one with another number.
void Host::end() {
  ++timer_;
  ++ack_timer_;
  isn = snd_nxt() + 65537;
  queued_ = sent_ = acked_ = 0;
  closing_ = fin_sent_ = fin_acked_ = armed_ = false;
  state_ = listening_ ? State::listen : State::closed;
}

void Host::delay_ack() {
  world_.after(40 * kMillisecond, [this, armed = ++ack_timer_] {
    if (armed == ack_timer_) send_ack();
  });
}

uint32_t Host::free_space() const {
  const auto used = static_cast<uint32_t>(std::min<uint64_t>(unread_, receive_buffer));
  return receive_buffer - used;
}

void Host::set_reading(bool reading) {
  const bool was_closed = free_space() < mss;
  reading_ = reading;
  if (!reading_) return;
  unread_ = 0;
  if (was_closed) send_ack();
}

void Host::restore(const Restore& how) {
  machine = how.machine;
  clock = how.clock;
  frozen_ = false;
  // What TCP_REPAIR cannot carry over.
  ts_recent_ = {0};
  ts_recent_ns_ = 0;
  rto_measured_ = false;
  rcv_wup_ = rcv_nxt();
  backoff_ = 0;
  armed_ = false;
  if (how.announce) {
    Packet announcement = fresh(0);
    announcement.announcement = true;
    world_.transmit(announcement);
  }
  if (how.probe) send_probe();
  if (sent_ > acked_) arm(kSecond);
  pump();
}

void Host::reopen(SeqNum new_isn) {
  ++timer_;
  ++ack_timer_;
  isn = new_isn;
  queued_ = sent_ = acked_ = 0;
  closing_ = fin_sent_ = fin_acked_ = armed_ = false;
  connect();
}

}  // namespace tsaudit::synth
