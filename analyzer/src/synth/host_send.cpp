// SPDX-License-Identifier: Apache-2.0
// The sending half.
#include <algorithm>

#include "synth/host.h"
#include "synth/world.h"

namespace tsaudit::synth {
namespace {

constexpr int64_t kRto_ns = 210 * kMillisecond;  // TCP_RTO_MIN and the round trip
constexpr int64_t kInitialRto_ns = kSecond;      // TCP_TIMEOUT_INIT
constexpr int64_t kMaxRto_ns = 120 * kSecond;    // TCP_RTO_MAX
constexpr int kMaxBackoff = 12;                  // the simulation ends; kernels go on to tcp_retries2
constexpr uint64_t kMaxFlight = 10 * 1448;       // initial window, which does not grow here

}  // namespace

Packet Host::fresh(uint8_t flags) const {
  Packet packet;
  packet.from = side_;
  packet.flags = flags;
  packet.seq = snd_nxt();
  return packet;
}

void Host::send(Packet packet) {
  packet.machine = machine;
  if (!packet.announcement) ++machine.ip_id;
  const bool syn = packet.flags & kSyn;
  if (packet.flags & kAck) {
    packet.ack = rcv_nxt();
    if (!early_.empty() && !syn) {
      for (const auto& [start, end] : early_) {
        if (packet.sack.size() == 3) break;
        const SeqNum first = peer_isn_ + 1;
        packet.sack.push_back({first + static_cast<uint32_t>(start), first + static_cast<uint32_t>(end)});
      }
    }
    rcv_wup_ = rcv_nxt();
    unacked_segments_ = 0;
    ++ack_timer_;
  }
  const uint32_t space = free_space() < std::min(mss, receive_buffer / 2) ? 0 : free_space();
  packet.window =
      static_cast<uint16_t>(syn ? std::min(space, 65535u) : std::min(space >> kWindowScale, 65535u));
  rcv_wnd_ = syn ? packet.window : uint32_t{packet.window} << kWindowScale;
  if (timestamps_ || (syn && !(packet.flags & kAck))) {
    packet.ts = ts_form;
    packet.tsval = clock.at(world_.now());
    packet.tsecr = packet.flags & kAck ? ts_recent_ : TsVal{0};
    if (syn && syn_cookies) {
      // cookie_init_timestamp(): the low six bits say what was negotiated, and the value must not be ahead.
      const uint32_t value = (packet.tsval.raw & ~0x3fu) | kWindowScale | 0x10;
      packet.tsval = {value > packet.tsval.raw ? value - 0x40 : value};
    }
    if (syn) {
      if (tsval_last_.raw == 0) tsval_first_ = packet.tsval;
      tsval_last_ = packet.tsval;
    }
  }
  world_.transmit(std::move(packet));
}

void Host::send_syn(uint8_t flags) {
  Packet packet = fresh(flags);
  packet.seq = isn;
  packet.syn_options = true;
  send(packet);
  if (!syn_cookies) arm(kInitialRto_ns << std::min(backoff_, 6));
}

void Host::connect() {
  state_ = State::syn_sent;
  tsval_first_ = tsval_last_ = {0};
  send_syn(kSyn);
}

void Host::send_ack() { send(fresh(kAck)); }

void Host::send_data(uint64_t at, uint32_t length) {
  Packet packet = fresh(kAck | kPsh);
  packet.seq = seq_of(at);
  packet.stream_at = at;
  packet.length = length;
  send(packet);
}

void Host::send_fin() {
  Packet packet = fresh(kAck | kFin);
  packet.seq = seq_of(queued_);
  fin_sent_ = true;
  send(packet);
}

/// tcp_output.c:tcp_xmit_probe_skb(): one below what is acknowledged, so that it must be answered.
void Host::send_probe() {
  Packet packet = fresh(kAck);
  packet.seq = snd_una() - 1;
  send(packet);
}

/// RFC 9293 section 3.10.7.1. Has no TSopt: there is no connection that it could belong to.
void Host::refuse_with_reset(const Packet& packet) {
  Packet refusal;
  refusal.from = side_;
  refusal.machine = machine;
  ++machine.ip_id;
  refusal.flags = kRst;
  if (packet.flags & kAck) {
    refusal.seq = packet.ack;
  } else {
    refusal.flags |= kAck;
    refusal.ack = packet.end_seq();
  }
  world_.transmit(refusal);
}

void Host::write(uint32_t bytes) {
  queued_ += bytes;
  pump();
}

void Host::close() {
  closing_ = true;
  pump();
}

void Host::reset() {
  send(fresh(kRst | kAck));
  end();
}

void Host::pump() {
  if (frozen_ || (state_ != State::established && state_ != State::fin_wait)) return;
  const uint64_t edge = acked_ + std::min<uint64_t>(snd_wnd_, kMaxFlight);
  while (sent_ < queued_ && sent_ < edge) {
    const auto length = static_cast<uint32_t>(std::min<uint64_t>({mss, queued_ - sent_, edge - sent_}));
    if (length < mss && sent_ + length < queued_ && sent_ > acked_) break;  // no silly windows
    sent_ += length;
    send_data(sent_ - length, length);
  }
  if (closing_ && !fin_sent_ && sent_ == queued_) {
    if (!fin_received_) state_ = State::fin_wait;
    send_fin();
  }
  const bool waiting = sent_ > acked_ || (fin_sent_ && !fin_acked_) || sent_ < queued_;
  if (waiting && !armed_) arm(rto_measured_ ? kRto_ns : kInitialRto_ns);
}

void Host::arm(int64_t after_ns) {
  armed_ = true;
  world_.after(std::min(after_ns, kMaxRto_ns), [this, armed = ++timer_] {
    if (armed == timer_) time_out();
  });
}

void Host::time_out() {
  armed_ = false;
  if (++backoff_ > kMaxBackoff) return;
  if (state_ == State::syn_sent) return send_syn(kSyn);
  if (state_ == State::syn_recv) return send_syn(kSyn | kAck);
  const bool fin_waits = fin_sent_ && !fin_acked_;
  if (sent_ > acked_) {
    send_data(acked_, static_cast<uint32_t>(std::min<uint64_t>(mss, sent_ - acked_)));
  } else if (fin_waits) {
    send_fin();
  } else if (sent_ < queued_) {
    send_probe();  // the window is closed
  } else {
    return;
  }
  arm((rto_measured_ ? kRto_ns : kInitialRto_ns) << backoff_);
}

void Host::take_ack(const Packet& packet) {
  if (!(packet.flags & kAck)) return;
  const int32_t ahead = distance(snd_una(), packet.ack);
  if (ahead >= 0 && (after(packet.seq, snd_wl1_) || packet.seq == snd_wl1_ || ahead > 0)) {
    snd_wnd_ = uint32_t{packet.window} << kWindowScale;
    snd_wl1_ = packet.seq;
    max_window_ = std::max(max_window_, snd_wnd_);
  }
  if (ahead > 0) {
    const uint64_t to = acked_ + static_cast<uint64_t>(ahead);
    fin_acked_ = fin_sent_ && to > queued_;
    acked_ = std::min(to, sent_);
    backoff_ = 0;
    rto_measured_ = true;
    recovering_ = false;
    armed_ = false;
    ++timer_;
  } else if (ahead == 0 && packet.length == 0 && !packet.sack.empty() && sent_ > acked_ && !recovering_) {
    // Linux counts segments that SACK reports, not duplicate ACKs: three of them mean loss.
    uint32_t beyond = 0;
    for (const SackBlock& block : packet.sack)
      beyond += static_cast<uint32_t>(distance(block.left, block.right));
    if (beyond > 2 * mss) {
      recovering_ = true;
      send_data(acked_, static_cast<uint32_t>(std::min<uint64_t>(mss, sent_ - acked_)));
    }
  }
}

}  // namespace tsaudit::synth
