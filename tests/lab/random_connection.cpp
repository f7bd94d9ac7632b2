// SPDX-License-Identifier: Apache-2.0
#include "random_connection.h"

#include <fmt/format.h>

#include <stdexcept>

#include "dice.h"
#include "ghost.h"

namespace lab {
namespace {

constexpr uint32_t kHalf = 0x80000000;

/// Per cent of the steps.
struct Weights {
  static constexpr int kData = 24, kPeerData = 9, kAck = 8, kStaleData = 13, kOddAck = 14, kOutOfOrder = 6,
                       kAgain = 5, kControl = 5, kOptions = 3, kOddAckData = 3, kWait = 4,
                       kRead = 4;  // rest: rare
};

class RandomConnection {
 public:
  RandomConnection(Lab& lab, Dice& dice, uint16_t port, std::string name, bool far)
      : lab_(lab), dice_(dice), far_(far), ghost_(lab, options(dice, port)), name_(std::move(name)) {}

  void play(uint32_t steps) {
    const uint32_t way_ms = far_ ? dice_.between(1, 10) : 0;
    disturb({.way_ms = way_ms});  // a connection that is not made tells nothing
    open();
    if (!far_)
      disturb({.lost = dice_.between(0, 2),
               .late = dice_.between(0, 4),
               .late_ms = 4,
               .twice = dice_.between(0, 2)});
    for (uint32_t i = 0; i < steps && alive(); ++i) {
      step();
      if (far_) lab_.wait_ms(static_cast<int>(dice_.between(0, 5 * way_ms)));
      listen_to_peer();
    }
    close();
  }
  uint64_t sent() const { return sent_; }

 private:
  static Ghost::Options options(Dice& dice, uint16_t port) {
    Ghost::Options o;
    o.port = port;
    o.peer_port = static_cast<uint16_t>(port - 20000);
    o.v6 = dice.chance(30);
    o.isn = dice.chance(20) ? 0xffffffff - dice.between(0, 3000) : dice.any();
    o.tsval = dice.chance(20)   ? 0u - dice.between(1, 300)
              : dice.chance(10) ? kHalf - dice.between(0, 300)
                                : dice.any();
    o.timestamps = !dice.chance(3);
    o.sack = dice.chance(80);
    if (dice.chance(20)) o.window_scale.reset();
    o.window = static_cast<uint16_t>(dice.between(200, 60000));
    return o;
  }

  void send(const Segment& segment) {
    ++sent_;
    ghost_.send(segment, name_);
  }
  void advance(const Segment& segment) {
    ++sent_;
    ghost_.advance(segment, name_);
  }
  void disturb(const Trouble& trouble) {
    if (Line* line = lab_.net().line()) line->trouble(trouble, dice_.any());
  }
  bool alive() { return ghost_.peer().info().state == TcpState::established; }

  void open() {
    if (dice_.chance(40)) return ghost_.accept();
    ghost_.listen_at_peer();
    send(ghost_.syn());
    if (!ghost_.wait_for([](const Segment& s) { return s.has(kSyn); }))
      throw std::runtime_error("no SYN-ACK");
    if (dice_.chance(10)) {  // the SYN again, from a clock that went on
      ghost_.clock += dice_.between(1, 3000);
      send(ghost_.syn());
    }
    ghost_.snd_nxt = ghost_.syn().end_seq();
    if (dice_.chance(20)) send(ghost_.stale(dice_.between(1, 5000)));
    if (dice_.chance(10)) {
      Segment s = ghost_.next();
      if (s.ts) s.ts->ecr += dice_.chance(50) ? 100'000 : 0u - dice_.between(1, 100'000);
      send(s);
    }
    send(ghost_.next());
    ghost_.wait_accepted();
  }

  /// Where the peer says it is: the sequence that it wants and the TSval that it holds.
  void listen_to_peer() {
    lab_.poll();
    for (const Segment& reply : ghost_.replies())
      if (reply.has(kAck) && reply.ts && reply.ts->ecr) ghost_.ts_recent = reply.ts->ecr;
    ghost_.forget_replies();
    if (ghost_.peer_acked && static_cast<int32_t>(*ghost_.peer_acked - ghost_.snd_nxt) > 0)
      ghost_.snd_nxt = *ghost_.peer_acked;
  }

  void resynchronize() {
    if (ghost_.peer_acked) ghost_.snd_nxt = *ghost_.peer_acked;
    if (static_cast<int32_t>(ghost_.ts_recent - ghost_.clock) > 0) ghost_.clock = ghost_.ts_recent;
  }

  /// How far back a TSval may be: near every limit that the receiver has, and anywhere.
  int64_t ticks_back() {
    switch (dice_.between(0, 9)) {
      case 0:
        return 1;
      case 1:
        return 2;
      case 2:
        return dice_.between(3, 20);
      case 3:
        return dice_.between(21, 300);
      case 4:
        return ghost_.peer().info().rto_us * 12 / 10'000 + dice_.between(0, 4) - 2;
      case 5:
        return dice_.between(301, 5000);
      case 6:
        return dice_.between(1'000'000, 2'000'000);
      case 7:
        return int64_t{kHalf} + dice_.between(0, 4) - 2;
      case 8:
        return -static_cast<int64_t>(dice_.between(0, 50));
      default:
        return dice_.any();
    }
  }

  void step() {
    using W = Weights;
    auto roll = static_cast<int>(dice_.between(1, 100));
    const auto pick = [&](int weight) { return (roll -= weight) <= 0; };
    if (pick(W::kData)) return honest_data();
    if (pick(W::kPeerData)) return static_cast<void>(ghost_.peer().write(dice_.between(1, 3000)));
    if (pick(W::kAck)) return tick(), send(ghost_.next());
    if (pick(W::kStaleData)) return send(ghost_.stale(ticks_back(), kAck | kPsh, dice_.between(1, 1400)));
    if (pick(W::kOddAck)) return odd_ack();
    if (pick(W::kOutOfOrder)) return moved(static_cast<int32_t>(dice_.between(1, 5000)));
    if (pick(W::kAgain)) return moved(-static_cast<int32_t>(dice_.between(1, 3000)));
    if (pick(W::kControl)) return control();
    if (pick(W::kOptions)) return odd_options();
    if (pick(W::kOddAckData)) return odd_ack_data();
    if (pick(W::kWait)) return lab_.wait_ms(static_cast<int>(dice_.between(1, dice_.chance(5) ? 600 : 50)));
    if (pick(W::kRead)) return static_cast<void>(ghost_.peer().read());
    rare();
  }

  void tick() { ghost_.clock += dice_.chance(50) ? 0 : dice_.between(1, 20); }

  void honest_data() {
    if (dice_.chance(25)) resynchronize();
    tick();
    advance(ghost_.next(kAck | kPsh, dice_.between(1, 1400)));
  }

  void odd_ack() {
    Segment s = ghost_.stale(ticks_back());
    if (dice_.chance(30)) s.seq += dice_.between(0, 6) - 3;
    if (dice_.chance(10)) s.seq += dice_.any();
    if (dice_.chance(30)) s.ack -= dice_.between(0, 3000);
    if (dice_.chance(5)) s.ack += dice_.between(1, 100'000);
    if (dice_.chance(30))
      s.window = static_cast<uint16_t>(dice_.chance(30) ? 0 : s.window + dice_.between(0, 4) - 2);
    send(s);
  }

  void moved(int32_t by) {
    Segment s = dice_.chance(50) ? ghost_.next(kAck | kPsh, dice_.between(1, 1400))
                                 : ghost_.stale(ticks_back(), kAck | kPsh, dice_.between(1, 1400));
    s.seq += static_cast<uint32_t>(by);
    send(s);
  }

  void control() {
    switch (dice_.between(0, 4)) {
      case 0: {  // a SYN in the middle
        Segment s = ghost_.stale(ticks_back(), kSyn);
        s.seq += dice_.between(0, 2000) - 1000;
        return send(s);
      }
      case 1: {  // a RST that must not take effect
        Segment s = ghost_.stale(ticks_back(), kRst);
        s.seq += dice_.between(10, 3000);
        return send(s);
      }
      case 2:
        return send(ghost_.stale(2 + dice_.between(0, 100'000), kAck | kFin, dice_.between(0, 20)));
      case 3:
        return send(ghost_.stale(ticks_back(), kPsh, dice_.between(1, 20)));  // no ACK, RST nor SYN
      default: {
        Segment s = ghost_.next(kAck | kPsh, dice_.between(1, 100));
        s.bad_checksum = true;
        return send(s);
      }
    }
  }

  void odd_options() {
    Segment s = ghost_.next(kAck | (dice_.chance(50) ? kPsh : 0), dice_.between(0, 200));
    const Timestamps ts{ghost_.ts_recent - static_cast<uint32_t>(ticks_back()), ghost_.peer_tsval};
    s.ts.reset();
    if (dice_.chance(60)) {
      Bytes option = {8, static_cast<uint8_t>(dice_.chance(40) ? 10 : dice_.between(0, 30))};
      for (const uint32_t word : {ts.val, ts.ecr})
        for (int shift = 24; shift >= 0; shift -= 8) option.push_back(static_cast<uint8_t>(word >> shift));
      const Bytes nops(dice_.between(0, 3), 1);
      s.raw_options.insert(s.raw_options.end(), nops.begin(), nops.end());
      s.raw_options.insert(s.raw_options.end(), option.begin(), option.end());
    }
    send(s);
  }

  /// Data in order whose ACK is old, far too old, or from the future.
  void odd_ack_data() {
    Segment s = ghost_.next(kAck | kPsh, dice_.between(1, 500));
    tick();
    if (s.ts) s.ts->val = ghost_.clock;
    s.ack += dice_.chance(60)   ? 0u - dice_.between(1, 3000)
             : dice_.chance(50) ? 0u - 0x10000000
                                : dice_.between(1, 100'000);
    if (dice_.chance(50)) s.window = static_cast<uint16_t>(s.window + 1);
    send(s);
  }

  void rare() {
    switch (dice_.between(0, 3)) {
      case 0:  // poison: TS.Recent goes far ahead, the honest clock is old from now on
        return advance(ghost_.stale(-static_cast<int64_t>(dice_.between(1000, kHalf - 1)), kAck | kPsh, 10));
      case 1:
        ghost_.window = static_cast<uint16_t>(dice_.between(0, 60000));
        return;
      case 2:
        if (!dice_.chance(30)) return;
        resynchronize();
        send(ghost_.next());
        lab_.wait_ms(50);  // whatever either side still had to acknowledge is acknowledged
        ghost_.peer().read();
        if (!alive() || ghost_.peer().info().unacked) return;
        return restore();
      default:
        ghost_.clock = ghost_.ts_recent;
    }
  }

  /// Without the probe nothing shows the restore until the peer speaks, so it speaks at once, or sends the
  /// probe where our window lets it say nothing: what no packet shows, nobody can be asked to know.
  void restore() {
    const bool probe = dice_.chance(50);
    ghost_.restore_peer(probe);
    if (probe) return;
    listen_to_peer();
    ghost_.peer().write(dice_.between(1, 500));
    if (!ghost_.wait_for([](const Segment&) { return true; }, 50)) ghost_.probe_from_peer();
  }

  void close() {
    if (!alive()) return;
    resynchronize();
    switch (dice_.between(0, 2)) {
      case 0:
        return send(ghost_.stale(ticks_back(), kRst));
      case 1:
        return;  // the peer's kernel is told to forget it
      default:
        ghost_.peer().read();
        ghost_.clock = ghost_.ts_recent;
        advance(ghost_.next(kAck | kFin));
        for (int i = 0; i < 3; ++i) send(ghost_.stale(ticks_back()));
    }
  }

  Lab& lab_;
  Dice& dice_;
  bool far_;
  Ghost ghost_;
  std::string name_;  // how to play it again
  uint64_t sent_ = 0;
};

}  // namespace

uint64_t play_random(Lab& lab, const RandomPlan& plan) {
  uint64_t sent = 0;
  for (uint32_t i = 0; i < plan.connections; ++i) {
    if (plan.only >= 0 && plan.only != i) continue;
    // A seed of its own for each connection: any one can be played alone.
    Dice dice(plan.seed * 1'000'003 + i);
    RandomConnection connection(
        lab, dice, static_cast<uint16_t>(30000 + i % 20000),
        fmt::format("random{} --seed {} --steps {} --only {}", plan.network, plan.seed, plan.steps, i),
        plan.far);
    try {
      connection.play(plan.steps);
    } catch (const SystemError&) {
      throw;
    } catch (const std::runtime_error& error) {  // the odd segments had more success than expected
      fmt::print("connection {} ended early: {}\n", i, error.what());
    }
    sent += connection.sent();
  }
  return sent;
}

}  // namespace lab
