// SPDX-License-Identifier: Apache-2.0
#include "random_move.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "dice.h"
#include "migration.h"
#include "rule_tests.h"

namespace lab {
namespace {

class MovingConnection {
 public:
  MovingConnection(Lab& lab, Dice& dice, uint16_t port)
      : lab_(lab), dice_(dice), flow_(lab, role(dice), dice.chance(30), port) {}

  void play(uint32_t steps) {
    disturb();
    for (uint32_t i = 0; i < steps; ++i) step();
    // What the kernels go on with by themselves belongs to it.
    lab_.wait_ms(static_cast<int>(dice_.between(50, 500)));
    flow_.peer().abort_on_close();
    flow_.moving().abort_on_close();
  }

 private:
  static Role role(Dice& dice) { return dice.chance(50) ? Role::client_moves : Role::server_moves; }

  void disturb() {
    if (Line* line = lab_.net().line())
      line->trouble({.lost = dice_.between(0, 2),
                     .late = dice_.between(0, 4),
                     .late_ms = 4,
                     .twice = dice_.between(0, 2),
                     .way_ms = dice_.between(0, 3)},
                    dice_.any());
  }

  void step() {
    switch (dice_.between(0, 9)) {
      case 0:
      case 1:
        return move();
      case 2:
        return lab_.wait_ms(static_cast<int>(dice_.between(1, 600)));
      case 3:
        reads_ = dice_.chance(70);  // the other end's window closes
        return;
      default:
        talk();
    }
  }

  /// What is written on one side, or both; whether it arrives, the timestamps decide.
  void talk() {
    const uint32_t who = dice_.between(1, 3), bytes = dice_.between(1, dice_.chance(30) ? 60'000 : 3000);
    for (uint32_t round = dice_.between(1, 5); round > 0; --round) {
      if (who & 1) flow_.moving().write(bytes);
      if (who & 2) flow_.peer().write(bytes);
      lab_.wait_until([&] { return read(), false; }, static_cast<int>(dice_.between(0, 25)));
    }
  }
  void read() {
    if (!reads_) return;
    flow_.peer().read();
    flow_.moving().read();
  }

  void move() {
    Move move{.probe = !dice_.chance(20), .downtime_ms = static_cast<int>(dice_.between(0, 300))};
    move.at_rest = false;
    const uint32_t roll = dice_.between(1, 100);
    if (roll <= 5)
      move.clock = Move::Clock::bare;
    else if (roll <= 10 && kernel_version() >= 607)
      move.clock = Move::Clock::usec;
    else if (roll <= 30)
      move.ticks = move.downtime_ms;  // as tsoffset would have it
    else if (roll <= 45)
      move.ticks = -static_cast<int64_t>(dice_.between(1, 1500));
    else if (roll <= 60)
      move.ticks = -static_cast<int64_t>(dice_.between(10'000, 1'000'000));
    else if (roll <= 70)
      move.ticks = dice_.any();
    flow_.move(move);
  }

  Lab& lab_;
  Dice& dice_;
  Flow flow_;
  bool reads_ = true;
};

}  // namespace

void play_random_moves(Lab& lab, const RandomPlan& plan) {
  for (uint32_t i = 0; i < plan.connections; ++i) {
    if (plan.only >= 0 && plan.only != i) continue;
    Dice dice(plan.seed * 1'000'003 + i);
    try {
      MovingConnection(lab, dice, static_cast<uint16_t>(30000 + i % 20000))
          .play(std::min(plan.steps, dice.between(5, 30)));
    } catch (const std::runtime_error& error) {
      // A connection that has been reset, or a queue that is acknowledged in part, cannot be moved.
      fmt::print("connection {} ended early: {}\n", i, error.what());
    }
  }
}

}  // namespace lab
