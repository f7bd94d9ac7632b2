// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

#include <sys/socket.h>

#include <algorithm>

#include "migration.h"

namespace lab {
namespace {

constexpr uint16_t kPort = 40000;
constexpr int kPatience = 3000;  // how long a stalled connection is watched, ms

struct Plan {
  Role role = Role::client_moves;
  bool v6 = false;
  Move move;
  int rounds_after = 8;
};

/// Talk, move, talk on; a round that stalls ends it.
void move_once(Lab& lab, const Plan& plan) {
  Flow flow(lab, plan.role, plan.v6, kPort);
  flow.exchange(4, 300, 1000);
  flow.move(plan.move);
  flow.exchange(plan.rounds_after, 300, kPatience);
}

void healthy(Lab& lab) { move_once(lab, {}); }
void healthy_server(Lab& lab) { move_once(lab, {.role = Role::server_moves, .move = {}}); }
void healthy_ipv6(Lab& lab) { move_once(lab, {.v6 = true, .move = {}}); }
void no_probe(Lab& lab) { move_once(lab, {.move = {.probe = false}}); }

void naive(Lab& lab) { move_once(lab, {.move = {.ticks = -1'000'000}}); }
void naive_server(Lab& lab) { move_once(lab, {.role = Role::server_moves, .move = {.ticks = -1'000'000}}); }
void naive_ipv6(Lab& lab) { move_once(lab, {.v6 = true, .move = {.ticks = -1'000'000}}); }
void bare(Lab& lab) { move_once(lab, {.move = {.clock = Move::Clock::bare}}); }
void heals(Lab& lab) { move_once(lab, {.move = {.ticks = -1500}}); }
void usec_flip(Lab& lab) { move_once(lab, {.move = {.clock = Move::Clock::usec}}); }

/// A jump ahead goes unpunished and poisons TS.Recent: the way back is fatal.
void forward_and_back(Lab& lab) {
  Flow flow(lab, Role::client_moves, false, kPort);
  flow.exchange(4, 300, 1000);
  flow.move({.ticks = 1'000'000'000});
  flow.exchange(6, 300, 1000);
  flow.move({.ticks = -1'000'000'000});
  flow.exchange(1, 300, kPatience);
}

// Stalls after a move that have nothing to do with timestamps.

void zero_window(Lab& lab) {
  Flow flow(lab, Role::client_moves, false, kPort);
  flow.exchange(4, 300, 1000);
  flow.move({});
  for (int i = 0; i < 100 && flow.moving().write(8192); ++i) lab.wait_ms(2);
  lab.wait_ms(kPatience);  // the peer's application sleeps
}

void reset(Lab& lab) {
  Flow flow(lab, Role::client_moves, false, kPort);
  flow.exchange(4, 300, 1000);
  flow.move({});
  flow.exchange(2, 300, 1000);
  flow.abort_peer();
  lab.wait_ms(50);
  flow.exchange(1, 300, 200);
}

void lost(Lab& lab) {
  Flow flow(lab, Role::client_moves, false, kPort);
  flow.exchange(4, 300, 1000);
  flow.move({});
  flow.exchange(2, 300, 1000);
  lab.net().cut_cable(Host::new_host);
  flow.exchange(1, 300, kPatience);
}

/// The peer answers SYNs without keeping state, with its clock's low bits as a message to itself.
void syn_cookies(Lab& lab) {
  lab.net().ns(Host::peer).sysctl("net/ipv4/tcp_syncookies", "2");
  move_once(lab, {});
}

constexpr Scenario kScenarios[] = {
    {"healthy", "the client moves and keeps its clock", healthy},
    {"healthy-server", "the server moves and keeps its clock", healthy_server},
    {"healthy-ipv6", "the same over IPv6", healthy_ipv6},
    {"no-probe", "the client moves and keeps its clock; no probe gives the restore away", no_probe},
    {"naive-restore", "the client moves and its clock goes back by 1,000,000 ms: a black hole", naive},
    {"naive-restore-server", "the same for a server that moves", naive_server},
    {"naive-restore-ipv6", "the same over IPv6", naive_ipv6},
    {"bare-restore", "the client moves without TCP_TIMESTAMP: it sends the new host's bare clock", bare},
    {"short-stall", "the clock goes back by 1,500 ms: the stall heals when it has caught up", heals},
    {"forward-and-back", "a move ahead by 1,000,000,000 ms is taken; the move back is a black hole",
     forward_and_back},
    {"usec-flip", "TCP_TIMESTAMP with bit 0 set: ms become us on the way (Linux 6.7+)", usec_flip},
    {"zero-window", "a stall after a healthy move: the peer does not read", zero_window},
    {"reset", "an end after a healthy move: the peer resets the connection", reset},
    {"lost", "a stall after a healthy move: the new host's cable is cut", lost},
    {"syn-cookies", "a healthy move of a connection that began with a SYN cookie", syn_cookies},
};

}  // namespace

std::span<const Scenario> scenarios() { return kScenarios; }

const Scenario* find_scenario(std::string_view name) {
  const auto found = std::find_if(std::begin(kScenarios), std::end(kScenarios),
                                  [&](const Scenario& scenario) { return name == scenario.name; });
  return found == std::end(kScenarios) ? nullptr : &*found;
}

}  // namespace lab
