// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

#include <netinet/in.h>

#include <algorithm>

#include "ghost.h"
#include "migration.h"

namespace lab {
namespace {

constexpr uint16_t kPort = 40000;
constexpr int kPatience = 3000;  // how long a stalled connection is watched, ms
constexpr int kPause = 15;       // between two rounds, ms: a clock that is to be measured needs time

struct Plan {
  Role role = Role::client_moves;
  bool v6 = false;
  Move move = {};
  int pause_ms = 0;
};

std::shared_ptr<Flow> connect(Lab& lab, const Plan& plan = {}) {
  return std::make_shared<Flow>(lab, plan.role, plan.v6, kPort);
}

/// Talk, move, talk on; a round that stalls ends it.
std::shared_ptr<Flow> move_once(Lab& lab, const Plan& plan) {
  auto flow = connect(lab, plan);
  flow->exchange(plan.pause_ms ? 12 : 4, 300, 1000, plan.pause_ms);
  flow->move(plan.move);
  flow->exchange(plan.pause_ms ? 16 : 8, 300, kPatience, plan.pause_ms);
  return flow;
}

// A clock that is kept.

Stage healthy(Lab& lab) { return move_once(lab, {}); }
Stage healthy_server(Lab& lab) {
  return move_once(lab, {.role = Role::server_moves, .move = {}, .pause_ms = kPause});
}
Stage healthy_ipv6(Lab& lab) { return move_once(lab, {.v6 = true, .move = {}, .pause_ms = kPause}); }
Stage no_probe(Lab& lab) { return move_once(lab, {.move = {.probe = false}, .pause_ms = kPause}); }
/// As tsoffset would have it: the old clock goes on through the gap.
Stage offset_restore(Lab& lab) {
  constexpr int kGap = 200;
  return move_once(lab, {.move = {.ticks = kGap, .downtime_ms = kGap}, .pause_ms = kPause});
}
Stage usec_clock(Lab& lab) {
  return move_once(lab, {.move = {.clock = Move::Clock::usec}, .pause_ms = kPause});
}

// A clock that is not.

Stage naive(Lab& lab) { return move_once(lab, {.move = {.ticks = -1'000'000}}); }
Stage naive_server(Lab& lab) {
  return move_once(lab, {.role = Role::server_moves, .move = {.ticks = -1'000'000}, .pause_ms = kPause});
}
Stage naive_ipv6(Lab& lab) {
  return move_once(lab, {.v6 = true, .move = {.ticks = -1'000'000}, .pause_ms = kPause});
}
/// The moved end does not read at first. When it does, PAWS refuses the news.
Stage naive_zero_window(Lab& lab) {
  for (const Host host : {Host::old_host, Host::new_host})
    lab.net().ns(host).sysctl("net/ipv4/tcp_rmem", "4096 16384 16384");
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  for (int i = 0; i < 100 && flow->peer().write(8192); ++i) lab.wait_ms(2);
  lab.wait_ms(50);
  flow->move({.ticks = -1'000'000});
  for (int i = 0; i < kPatience / 10; ++i) {
    flow->moving().read();
    lab.wait_ms(10);
  }
  return flow;
}
/// Keepalive: after a second, three times.
void ask_after(TcpSocket& socket) {
  socket.set(SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE");
  for (const auto& [option, value] : {std::pair{TCP_KEEPIDLE, 1}, {TCP_KEEPINTVL, 1}, {TCP_KEEPCNT, 3}})
    socket.set(IPPROTO_TCP, option, value, "keepalive");
}
/// Nobody has anything to send, but the peer asks whether the other end is there. PAWS refuses each answer.
Stage naive_keepalive(Lab& lab) {
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  ask_after(flow->peer());
  flow->move({.ticks = -1'000'000});
  lab.wait_ms(2 * kPatience);
  return flow;
}
/// It is the moved end that asks, and PAWS refuses the question (from 6.14 on in silence).
Stage naive_own_keepalive(Lab& lab) {
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  lab.wait_ms(100);  // the last ACK, too, is there before the move
  flow->move({.ticks = -1'000'000});
  ask_after(flow->moving());
  lab.wait_ms(2 * kPatience);
  return flow;
}
Stage bare(Lab& lab) { return move_once(lab, {.move = {.clock = Move::Clock::bare}, .pause_ms = kPause}); }
Stage heals(Lab& lab) { return move_once(lab, {.move = {.ticks = -1500}, .pause_ms = kPause}); }
Stage usec_flip(Lab& lab) {
  return move_once(lab, {.move = {.clock = Move::Clock::usec}, .pause_ms = kPause});
}

/// A jump ahead goes unpunished and poisons TS.Recent: the way back is fatal.
Stage forward_and_back(Lab& lab) {
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  flow->move({.ticks = 1'000'000'000});
  flow->exchange(12, 300, 1000, kPause);
  flow->move({.ticks = -1'000'000'000});
  flow->exchange(1, 300, kPatience);
  return flow;
}

/// Older than 2147 s, TS.Recent binds nobody any more (6.7+). For machines whose clock jumps over a sleep.
Stage idle_naive(Lab& lab) {
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  lab.sleep_s(2150);
  flow->move({.ticks = -10'000'000});
  flow->exchange(16, 300, kPatience, kPause);
  return flow;
}

// Stalls after a move that have nothing to do with timestamps.

Stage zero_window(Lab& lab) {
  lab.net().ns(Host::peer).sysctl("net/ipv4/tcp_rmem", "4096 16384 16384");
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  flow->move({});
  for (int i = 0; i < 100 && flow->moving().write(8192); ++i) lab.wait_ms(2);
  lab.wait_ms(kPatience);  // the peer's application sleeps
  return flow;
}

// Timestamps, and no move.

/// A server that waits for data (TCP_DEFER_ACCEPT) answers a keepalive that comes before them. The data echo
/// that answer and no SYN-ACK, so it refuses them (Linux 6.15+) until its SYN-ACK goes out again.
Stage deferred_accept(Lab& lab) {
  struct Ends {
    TcpSocket listener, client;
    std::optional<TcpSocket> server;
  };
  Topology& net = lab.net();
  const Endpoint server{net.peer_address(false), kPort + 10000}, client{net.moving_address(false), kPort};
  auto ends = std::make_shared<Ends>(Ends{TcpSocket::listen(net.ns(Host::peer), server),
                                          TcpSocket::open(net.ns(net.home()), false), std::nullopt});
  ends->listener.set(IPPROTO_TCP, TCP_DEFER_ACCEPT, 10, "TCP_DEFER_ACCEPT");
  ends->client.set(SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE");
  ends->client.set(IPPROTO_TCP, TCP_KEEPIDLE, 2, "TCP_KEEPIDLE");
  ends->client.bind(client);
  ends->client.connect(server);
  lab.wait_ms(2200);  // the keepalive
  ends->client.write(3000);
  lab.wait_until(
      [&] {
        if (!ends->server) ends->server = ends->listener.accept();
        return ends->server && ends->server->read() > 0;
      },
      5000);
  lab.wait_ms(100);
  return ends;
}

Stage reset(Lab& lab) {
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  flow->move({});
  flow->exchange(12, 300, 1000, kPause);
  flow->abort_peer();
  lab.wait_ms(50);
  flow->exchange(1, 300, 200);
  return flow;
}

/// The restore goes on behind where the old host stopped: those bytes never come.
Stage wrong_sequence(Lab& lab) {
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  flow->move({.ticks = 20, .skipped = 300});
  flow->exchange(1, 300, kPatience);
  return flow;
}

/// The new host has the address before it has the connection. (CRIU's firewall rule is there to prevent it.)
Stage too_late(Lab& lab) {
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  checkpoint(std::move(flow->moving()));
  lab.net().detach_address();
  lab.wait_ms(50);
  lab.net().attach_address(Host::new_host);
  flow->peer().write(300);
  lab.wait_ms(500);
  return flow;
}

Stage cut(Lab& lab) {
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  flow->move({});
  flow->exchange(12, 300, 1000, kPause);
  lab.net().cut_cable(Host::new_host);
  flow->exchange(1, 300, kPatience);
  return flow;
}

/// The peer, or a proxy before it, has not heard that the address has moved.
Stage stale_neighbour(Lab& lab) {
  auto flow = connect(lab);
  flow->exchange(12, 300, 1000, kPause);
  flow->move({});
  const Topology& net = lab.net();
  set_neighbour(net.ns(Host::peer), net.device(Host::peer), net.moving_address(false),
                net.mac(Host::old_host));
  flow->exchange(1, 300, kPatience);
  return flow;
}

// Lines, tunnels and handshakes.

/// A connection that stays where it is, with several segments on the way at once.
Stage stays(Lab& lab, const Trouble& trouble, bool naive_move = false) {
  auto flow = connect(lab);
  lab.net().line()->trouble(trouble, 1);
  flow->exchange(16, 5000, kPatience, 5);
  if (naive_move) flow->move({.ticks = -1'000'000});
  flow->exchange(4, 5000, kPatience, 5);
  return flow;
}
Stage loss(Lab& lab) { return stays(lab, {.lost = 3}); }
Stage reordering(Lab& lab) { return stays(lab, {.late = 10, .late_ms = 8}); }
Stage naive_loss(Lab& lab) { return stays(lab, {.lost = 2, .late = 3, .twice = 1}, true); }

/// Bulk, so that several segments wait for the receiver at once and are merged.
Stage bulk(Lab& lab) {
  auto flow = connect(lab);
  flow->exchange(8, 40'000, kPatience, 5);
  flow->move({.ticks = -1'000'000});
  flow->exchange(2, 40'000, kPatience, 5);
  return flow;
}

Stage vlan(Lab& lab) {
  lab.net().line()->tag_middle(7);
  return move_once(lab, {.move = {.ticks = -1'000'000}, .pause_ms = kPause});
}
Stage naive_paced(Lab& lab) { return move_once(lab, {.move = {.ticks = -1'000'000}, .pause_ms = kPause}); }

/// The peer answers SYNs without keeping state, with its clock's low bits as a message to itself.
Stage syn_cookies(Lab& lab) {
  lab.net().ns(Host::peer).sysctl("net/ipv4/tcp_syncookies", "2");
  return move_once(lab, {.pause_ms = kPause});
}

/// TSval goes over the top in mid-connection. The client is played by hand, by the real time: no kernel would
/// let its clock be set without a move.
Stage wrap(Lab& lab) {
  Ghost::Options options;
  options.tsval = 0u - 200;
  auto client = std::make_shared<Ghost>(lab, options);
  client->connect();
  for (int i = 0; i < 30; ++i) {
    lab.wait_ms(kPause);
    client->data(300, kPause);
    if (i % 3) continue;
    client->peer_sends(500);
    client->send(client->next());
  }
  return client;
}

constexpr Topology::Options kBadLine{.bad_line = true}, kVxlan{.vxlan = true}, kUsec{.usec = true},
    kOffloads{.offloads = true}, kGro{.gro = true};

const Scenario kScenarios[] = {
    {"healthy", "the client moves and keeps its clock", healthy},
    {"healthy-server", "the server moves and keeps its clock", healthy_server},
    {"healthy-ipv6", "the client moves and keeps its clock, over IPv6", healthy_ipv6},
    {"no-probe", "the client moves and keeps its clock; no probe gives the restore away", no_probe},
    {"offset-restore", "the client moves; an offset lets its clock go on through the gap of 200 ms",
     offset_restore},
    {"usec-clock",
     "the client moves and keeps its clock, which ticks once a microsecond (Linux 6.7+)",
     usec_clock,
     {.net = kUsec}},
    {"naive-restore", "the client moves and its clock goes back by 1,000,000 ms: a black hole", naive},
    {"naive-restore-server", "the server moves and its clock goes back by 1,000,000 ms: a black hole",
     naive_server},
    {"naive-restore-ipv6", "the client moves and its clock goes back by 1,000,000 ms, over IPv6", naive_ipv6},
    {"naive-restore-loss",
     "the client moves and its clock goes back by 1,000,000 ms, on a line that loses frames",
     naive_loss,
     {.net = kBadLine}},
    {"naive-restore-vxlan",
     "the client moves and its clock goes back by 1,000,000 ms, in a VXLAN tunnel",
     naive_paced,
     {.net = kVxlan}},
    {"naive-restore-vlan",
     "the client moves and its clock goes back by 1,000,000 ms, in a VLAN (in the middle)",
     vlan,
     {.net = kBadLine}},
    {"naive-zero-window",
     "the client moves while its window is closed, and its clock goes back by 1,000,000 ms: that it is open "
     "again "
     "the peer never hears",
     naive_zero_window},
    {"naive-keepalive",
     "the client moves while nobody sends, and its clock goes back by 1,000,000 ms: the peer asks for it in "
     "vain, and "
     "gives up",
     naive_keepalive},
    {"naive-own-keepalive",
     "the client moves while nobody sends, and its clock goes back by 1,000,000 ms: it asks for the peer in "
     "vain, and "
     "gives up (Linux 6.14+)",
     naive_own_keepalive},
    {"one-sided",
     "the client moves and its clock goes back by 1,000,000 ms; only its own packets are captured",
     naive_paced,
     {.one_sided = true}},
    {"gro",
     "a naive move in the midst of bulk data whose segments GRO merges at the receiver",
     bulk,
     {.net = kGro}},
    {"super-segments",
     "a naive move in the midst of bulk data that is sent and captured in super-segments",
     bulk,
     {.net = kOffloads}},
    {"bare-restore", "the client moves without TCP_TIMESTAMP: it sends the new host's bare clock", bare},
    {"short-stall", "the clock goes back by 1,500 ms: the stall heals when it has caught up", heals},
    {"forward-and-back", "a move ahead by 1,000,000,000 ms is taken; the move back is a black hole",
     forward_and_back},
    {"usec-flip", "TCP_TIMESTAMP with bit 0 set: ms become us on the way (Linux 6.7+)", usec_flip},
    {"idle-naive",
     "the clock goes back by 10,000,000 ms after 2150 s without a segment: nobody minds (Linux 6.7+)",
     idle_naive},
    {"wrap", "TSval goes from 4,294,967,295 to 0 in mid-connection", wrap},
    {"loss",
     "a connection that stays, on a line that loses 3 % of the frames on either side of the capture",
     loss,
     {.net = kBadLine}},
    {"reordering",
     "a connection that stays, on a line that holds back one frame in ten",
     reordering,
     {.net = kBadLine}},
    {"deferred-accept",
     "a server with TCP_DEFER_ACCEPT refuses data that echo its answer to a keepalive (Linux 6.15+)",
     deferred_accept},
    {"zero-window", "a stall after a healthy move: the peer does not read", zero_window},
    {"reset", "an end after a healthy move: the peer resets the connection", reset},
    {"wrong-sequence",
     "a stall after a move that keeps the clock, but goes on 300 bytes behind where the old host stopped",
     wrong_sequence},
    {"too-late", "the new host has the address before the connection, and resets it", too_late},
    {"lost", "a stall after a healthy move: the new host's cable is cut", cut},
    {"stale-neighbour", "a healthy move, and the peer's neighbour entry has not gone along", stale_neighbour},
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
