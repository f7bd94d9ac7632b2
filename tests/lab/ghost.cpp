// SPDX-License-Identifier: Apache-2.0
#include "ghost.h"

#include <stdexcept>

namespace lab {
namespace {

bool after(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) > 0; }

}  // namespace

Ghost::Ghost(Lab& lab, const Options& options)
    : local{lab.net().moving_address(options.v6), options.port},
      remote{lab.net().peer_address(options.v6), options.peer_port},
      snd_nxt(options.isn),
      clock(options.tsval),
      ts_recent(options.tsval),
      window(options.window),
      timestamps(options.timestamps),
      lab_(lab),
      options_(options) {
  lab_.net().detach_address();
  lab_.poll();  // what came before is not for us
  lab_.on_host_received = [this](const Segment& segment) { receive(segment); };
}

Ghost::~Ghost() {
  lab_.on_host_received = nullptr;
  // Otherwise the peer's kernel would call after us for minutes.
  if (peer_) peer_->abort_on_close();
}

void Ghost::receive(const Segment& segment) {
  if (segment.dst != local || segment.src != remote) return;
  replies_.push_back(segment);
  // A request socket (6.15+) takes no echo but that of its SYN-ACKs, not even that of its own ACKs in
  // between.
  if (segment.ts && (segment.has(kSyn) || peer_)) peer_tsval = segment.ts->val;
  if (segment.has(kAck) && (!peer_acked || after(segment.ack, *peer_acked))) peer_acked = segment.ack;
  if (segment.has(kSyn))
    rcv_nxt = segment.seq + 1;
  else if (segment.seq == rcv_nxt)
    rcv_nxt = segment.end_seq();
}

bool Ghost::wait_for(const std::function<bool(const Segment&)>& reply, int milliseconds) {
  size_t seen = 0;
  return lab_.wait_until(
      [&] {
        for (; seen < replies_.size(); ++seen)
          if (reply(replies_[seen])) return true;
        return false;
      },
      milliseconds);
}

void Ghost::listen_at_peer() {
  listener_ = std::make_unique<TcpSocket>(TcpSocket::listen(lab_.net().ns(Host::peer), remote));
}

void Ghost::connect_from_peer() {
  peer_ = std::make_unique<TcpSocket>(TcpSocket::connect(lab_.net().ns(Host::peer), remote, local));
  if (!wait_for([](const Segment& s) { return s.has(kSyn); }))
    throw std::runtime_error("the peer sent no SYN");
}

Segment Ghost::syn() const {
  Segment s;
  s.src = local;
  s.dst = remote;
  s.seq = options_.isn;
  s.flags = kSyn;
  s.window = 64240;
  if (options_.timestamps) s.ts = Timestamps{clock, 0};
  s.mss = options_.mss;
  s.sack_permitted = options_.sack;
  s.window_scale = options_.window_scale;
  return s;
}

void Ghost::wait_accepted() {
  const bool accepted = lab_.wait_until([&] {
    auto socket = listener_->accept();
    if (socket) peer_ = std::make_unique<TcpSocket>(std::move(*socket));
    return peer_ != nullptr;
  });
  if (!accepted) throw std::runtime_error("the peer accepted no connection");
}

void Ghost::connect() {
  listen_at_peer();
  lab_.inject(syn());
  if (!wait_for([](const Segment& s) { return s.has(kSyn); })) throw std::runtime_error("no SYN-ACK");
  snd_nxt = options_.isn + 1;
  lab_.inject(next());
  wait_accepted();
}

void Ghost::accept() {
  connect_from_peer();
  Segment answer = syn();
  answer.flags = kSyn | kAck;
  answer.ack = rcv_nxt;
  if (answer.ts) answer.ts->ecr = peer_tsval;
  lab_.inject(answer);
  snd_nxt = options_.isn + 1;
  if (!lab_.wait_until([&] { return peer_->info().state == TcpState::established; }))
    throw std::runtime_error("the peer did not take our SYN-ACK");
}

Segment Ghost::next(uint8_t flags, uint32_t payload) const {
  Segment s;
  s.src = local;
  s.dst = remote;
  s.seq = snd_nxt;
  s.ack = flags & kAck ? rcv_nxt : 0;
  s.flags = flags;
  s.window = window;
  s.payload = payload;
  if (timestamps) s.ts = Timestamps{clock, flags & kAck ? peer_tsval : 0};
  return s;
}

Segment Ghost::stale(int64_t ticks, uint8_t flags, uint32_t payload) const {
  Segment s = next(flags, payload);
  if (s.ts) s.ts->val = ts_recent - static_cast<uint32_t>(ticks);
  return s;
}

void Ghost::send(const Segment& segment, const std::string& rule) { lab_.inject(segment, rule); }

void Ghost::advance(const Segment& segment, const std::string& rule) {
  lab_.inject(segment, rule);
  snd_nxt = segment.end_seq();
}

void Ghost::data(uint32_t bytes, uint32_t ticks) {
  clock += ticks;
  const Segment segment = next(kAck | kPsh, bytes);
  ts_recent = clock;
  advance(segment);
  if (!lab_.wait_until([&] { return peer_acked == segment.end_seq(); }))
    throw std::runtime_error("the peer did not acknowledge honest data");
  peer_->read();
}

void Ghost::peer_sends(uint32_t bytes) {
  const uint32_t end = rcv_nxt + bytes;
  peer_->write(bytes);
  if (!lab_.wait_until([&] { return rcv_nxt == end; })) throw std::runtime_error("the peer did not send");
}

void Ghost::close_peer() {
  peer_.reset();
  if (!wait_for([](const Segment& s) { return s.has(kFin); }))
    throw std::runtime_error("the peer sent no FIN");
}

void Ghost::restore_peer(bool probe) {
  TcpSocket old = std::move(*peer_);
  peer_.reset();
  const ConnectionImage image = checkpoint(std::move(old));
  RestoreOptions options;
  if (image.options.timestamps) options.timestamp = image.timestamp;
  options.probe = probe;
  peer_ = std::make_unique<TcpSocket>(restore(lab_.net().ns(Host::peer), image, options));
}

void Ghost::probe_from_peer() { probe(*peer_); }

}  // namespace lab
