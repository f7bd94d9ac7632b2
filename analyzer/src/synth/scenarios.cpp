// SPDX-License-Identifier: Apache-2.0
// The scenarios. Each plays a connection that is healthy but for what its name says.
#include <array>
#include <memory>

#include "synth/world.h"

namespace tsaudit::synth {
namespace {

constexpr uint32_t kBack = 1'000'000;     // ticks by which a naive restore is behind
constexpr double kCut = 2.0, kGap = 0.3;  // seconds: when an endpoint moves, and for how long it is away

/// The client asks and the server answers, until `end`.
void converse(World& w, double start, double end, double period = 0.1) {
  for (double t = start; t < end; t += period) {
    const uint32_t bytes = w.random(120, 900);
    w.at(t, [&w, bytes] { w.client.write(bytes); });
  }
}

void open(World& w, double talk_until) {
  w.server.listen();
  if (w.server.reply_bytes == 0) w.server.reply_bytes = w.random(200, 1200);
  w.at(0, [&w] { w.client.connect(); });
  converse(w, 0.1, talk_until);
}

void close(World& w, double when) {
  w.at(when, [&w] { w.client.close(); });
  w.at(when + 0.1, [&w] { w.server.close(); });
}

/// The other machine, which got its address; the path to it may be longer.
Machine another(World& w, uint8_t number) {
  return {.number = number,
          .ttl = 63,
          .ip_id = static_cast<uint16_t>(w.random()),
          .flow_label = w.random(1, 0xfffff)};
}

/// `side` moves to another machine at `when`, where its clock is `ticks` off.
void move(World& w, Side side, double when, int64_t ticks, uint32_t hz = 0) {
  w.at(when, [&w, side] { w.host(side).freeze(); });
  w.at(when + kGap, [&w, side, ticks, hz] {
    Host& its = w.host(side);
    const Clock clock{.base = its.clock.at(w.now()).raw + static_cast<uint32_t>(ticks),
                      .hz = hz != 0 ? hz : its.clock.hz,
                      .since_ns = w.now()};
    its.restore({.machine = another(w, static_cast<uint8_t>(its.machine.number + 0x10)), .clock = clock});
  });
}

void healthy(World& w) {
  open(w, 4);
  close(w, 4.5);
}

void naive_restore(World& w, Side side) {
  open(w, 8);
  move(w, side, kCut, -int64_t{kBack});
}
void naive_restore_client(World& w) { naive_restore(w, Side::client); }
void naive_restore_server(World& w) { naive_restore(w, Side::server); }
void naive_restore_ipv6(World& w) {
  w.ipv6 = true;
  naive_restore(w, Side::client);
}
void naive_restore_vlan(World& w) {
  w.encapsulation = Encapsulation::vlan;
  naive_restore(w, Side::client);
}
void naive_restore_vxlan(World& w) {
  w.encapsulation = Encapsulation::vxlan;
  naive_restore(w, Side::client);
}

void offset_restore(World& w) {
  open(w, 6);
  move(w, Side::client, kCut, 0);
  close(w, 6.5);
}

void forward_then_back(World& w) {
  open(w, 10);
  move(w, Side::client, kCut, 500'000'000);
  w.at(5, [&w] { w.client.freeze(); });
  w.at(5 + kGap, [&w] {
    const Clock back{.base = w.client.clock.at(w.now()).raw - 500'000'000, .since_ns = w.now()};
    w.client.restore({.machine = another(w, 1), .clock = back});
  });
}

void usec_flip(World& w) {
  open(w, 8);
  move(w, Side::client, kCut, 0, 1'000'000);
  close(w, 8.5);
}

void hz_drop(World& w) {
  open(w, 40);
  move(w, Side::client, kCut, 0, 250);
  close(w, 40.5);
}

void hz_change(World& w) {
  open(w, 25);
  move(w, Side::client, kCut, 3'000'000, 250);
  close(w, 25.5);
}

/// The clock loses five seconds in place: nothing moved, and it heals when the clock has caught up.
void clock_step_back(World& w) {
  open(w, 12);
  w.at(kCut, [&w] { w.client.clock.base -= 5000; });
  close(w, 12.5);
}

void clock_step_forward(World& w) {
  open(w, 6);
  w.at(kCut, [&w] { w.client.clock.base += 300'000; });
  close(w, 6.5);
}

/// The peer has forgotten TS.Recent by the time the old clock speaks.
void idle_2147s(World& w) {
  open(w, 2);
  move(w, Side::client, 2200, -int64_t{10'000'000});
  converse(w, 2201, 2204);
  close(w, 2204.5);
}

/// Nothing moves, but a clock of 1 kHz laps half of its circle in 24.8 days.
void idle_24days(World& w) {
  w.client.profile = w.server.profile = find_profile("linux-5.10");
  open(w, 2);
  const double later = 25.0 * 86400;
  converse(w, later, later + 2);
  close(w, later + 2.5);
}

void tsval_wrap(World& w) {
  w.client.clock.base = UINT32_MAX - 1500;
  w.server.clock.base = UINT32_MAX - 2500;
  open(w, 5);
  close(w, 5.5);
}

void usec_clock(World& w) {
  w.client.clock.hz = w.server.clock.hz = 1'000'000;
  healthy(w);
}

/// The server sends `bytes` at once, `every` so often.
void bulk(World& w, int times, uint32_t bytes, double every = 0.2) {
  w.server.listen();
  w.at(0, [&w] { w.client.connect(); });
  for (int i = 0; i < times; ++i) w.at(0.1 + i * every, [&w, bytes] { w.server.write(bytes); });
  close(w, 0.1 + times * every + 1);
}

void reordering(World& w) {
  w.middle = [&w, count = 0](Packet& packet) mutable {
    const bool data = packet.from == Side::server && packet.length != 0;
    return Fate{.late_ns = data && ++count % 7 == 0 ? int64_t(w.random(2, 6)) * kMillisecond : 0};
  };
  bulk(w, 12, 12'000);
}

void loss(World& w) {
  w.middle = [count = 0](Packet& packet) mutable {
    const bool data = packet.from == Side::server && packet.length != 0;
    return Fate{.lost = data && ++count % 23 == 0};
  };
  bulk(w, 12, 12'000);
}

/// A pure ACK lingers on the way until later ones have passed it.
void late_acks(World& w) {
  w.middle = [count = 0](Packet& packet) mutable {
    const bool pure = packet.from == Side::client && packet.flags == kAck && packet.length == 0;
    return Fate{.late_ns = pure && ++count % 9 == 0 ? 700 * kMillisecond : 0};
  };
  bulk(w, 12, 12'000);
}

void one_sided(World& w) {
  w.captured = [](const Packet& packet) { return packet.from == Side::client; };
  naive_restore(w, Side::client);
}

void capture_loss(World& w) {
  w.captured = [count = 0](const Packet& packet) mutable { return packet.length == 0 || ++count % 17 != 0; };
  healthy(w);
}

void syn_cookies(World& w) {
  w.server.syn_cookies = true;
  healthy(w);
}

/// The application does not read for five seconds.
void zero_window(World& w) {
  w.server.listen();
  w.server.receive_buffer = 16 * 1024;
  w.at(0, [&w] { w.client.connect(); });
  w.at(0.1, [&w] { w.client.write(10'000); });
  w.at(1, [&w] { w.server.set_reading(false); });
  w.at(1.1, [&w] { w.client.write(40'000); });
  w.at(7, [&w] { w.server.set_reading(true); });
  close(w, 8);
}

/// The path loses everything that the client sends for six seconds; the server goes on to be heard.
void loss_stall(World& w) {
  open(w, 2);
  auto open_again = std::make_shared<bool>(true);
  w.middle = [open_again](Packet& packet) {
    return Fate{.lost = packet.from == Side::client && !*open_again};
  };
  w.at(kCut, [open_again] { *open_again = false; });
  w.at(kCut + 0.05, [&w] { w.client.write(700); });
  for (int i = 0; i < 6; ++i) w.at(kCut + 0.5 + i, [&w] { w.server.write(60); });
  w.at(8, [open_again] { *open_again = true; });
  close(w, 16);
}

void reset_by_peer(World& w) {
  open(w, 3);
  w.at(3.001, [&w] { w.client.write(600); });
  w.at(3.005, [&w] { w.server.reset(); });
}

/// A box strips the option of what the client sends from some time on.
void strip_option(World& w) {
  auto strips = std::make_shared<bool>(false);
  w.middle = [strips](Packet& packet) {
    if (*strips && packet.from == Side::client) packet.ts = TsForm::none;
    return Fate{};
  };
  w.at(kCut, [strips] { *strips = true; });
  open(w, 5);
  close(w, 5.5);
}

void spoil_option(World& w) {
  w.middle = [count = 0](Packet& packet) mutable {
    const bool data = packet.from == Side::client && packet.length != 0;
    if (data && ++count % 5 == 0) packet.ts = TsForm::bad_length;
    return Fate{};
  };
  open(w, 5);
  close(w, 5.5);
}

/// A box adds to the client's TSval. `offset` says how much, `inverse` whether it takes it off the echo
/// again.
template <class Offset>
void rewrite(World& w, Offset offset, bool inverse) {
  w.middle = [&w, offset, inverse](Packet& packet) {
    const uint32_t ticks = offset();
    if (packet.from == Side::client) packet.tsval = packet.tsval + ticks;
    const bool echoes = packet.from == Side::server && (packet.flags & kAck) && packet.tsecr.raw != 0;
    if (echoes && inverse) packet.tsecr = packet.tsecr - ticks;
    return Fate{};
  };
}

void rewrite_one_way(World& w) {
  // The box takes up its work with the connection established: in the handshake Linux would not have it.
  auto works = std::make_shared<bool>(false);
  w.at(0.05, [works] { *works = true; });
  rewrite(
      w, [works] { return *works ? 250'000u : 0u; }, false);
  open(w, 5);
  close(w, 5.5);
}

void rewrite_varying(World& w) {
  auto ticks = std::make_shared<uint32_t>(250'000);
  w.at(kCut, [ticks] { *ticks = 245'000; });  // the box forgot, and chose anew
  rewrite(
      w, [ticks] { return *ticks; }, true);
  open(w, 12);
  close(w, 12.5);
}

void rewrite_right(World& w) {
  rewrite(
      w, [] { return 250'000u; }, true);
  open(w, 5);
  close(w, 5.5);
}

/// Two clients behind one address translator, which gives the second the ports of the first.
void reuse_ports(World& w) {
  open(w, 2);
  w.at(2.5, [&w] { w.server.close(); });
  w.at(2.6, [&w] { w.client.close(); });
  w.at(6, [&w] {
    w.client.machine = {.number = 0x21, .ttl = 63, .ip_id = static_cast<uint16_t>(w.random())};
    w.client.clock = {.base = w.client.clock.at(w.now()).raw - 40'000'000, .since_ns = w.now()};
    w.client.reopen(w.client.isn - 100'000);
  });
  converse(w, 8, 10);
  close(w, 10.5);
}

using enum RuleId;

const std::vector<SynthScenario> kScenarios = {
    {"healthy", "nothing happens to it", {}, SynthPoint::server, healthy},
    {"naive-restore-client",
     "the client moves, and its clock is 1,000,000 ticks behind",
     {paws_drop, paws_stall, tsval_regression, endpoint_migrated, ts_recent_lost, stale_ack},
     SynthPoint::server,
     naive_restore_client},
    {"naive-restore-server",
     "the server moves, and its clock is 1,000,000 ticks behind",
     {paws_drop, paws_stall, tsval_regression, endpoint_migrated, ts_recent_lost, stale_ack},
     SynthPoint::client,
     naive_restore_server},
    {"naive-restore-ipv6",
     "the same as naive-restore-client, over IPv6",
     {paws_drop, paws_stall, tsval_regression, endpoint_migrated, ts_recent_lost, stale_ack},
     SynthPoint::server,
     naive_restore_ipv6},
    {"naive-restore-vlan",
     "the same, in a VLAN",
     {paws_drop, paws_stall, tsval_regression, endpoint_migrated, ts_recent_lost, stale_ack},
     SynthPoint::server,
     naive_restore_vlan},
    {"naive-restore-vxlan",
     "the same, through a VXLAN tunnel",
     {paws_drop, paws_stall, tsval_regression, endpoint_migrated, ts_recent_lost, stale_ack},
     SynthPoint::server,
     naive_restore_vxlan},
    {"offset-restore",
     "the client moves and keeps its clock",
     {endpoint_migrated, ts_recent_lost},
     SynthPoint::server,
     offset_restore},
    {"forward-then-back",
     "the client moves to a clock far ahead, and back again",
     {tsval_jump, tsval_regression, paws_drop, paws_stall, endpoint_migrated, ts_recent_lost, stale_ack},
     SynthPoint::server,
     forward_then_back},
    {"clock-step-back",
     "the client's clock loses five seconds, and catches up",
     {tsval_regression, paws_drop, paws_stall},
     SynthPoint::server,
     clock_step_back},
    {"clock-step-forward",
     "the client's clock leaps ahead by 300,000 ticks",
     {tsval_jump},
     SynthPoint::server,
     clock_step_forward},
    {"usec-flip",
     "the client moves, and its clock runs at 1 MHz instead of 1 kHz",
     {clock_rate_change, endpoint_migrated, ts_recent_lost},
     SynthPoint::server,
     usec_flip},
    {"hz-change",
     "the client moves to a clock that is ahead and runs at 250 Hz instead of 1 kHz",
     {tsval_jump, clock_rate_change, endpoint_migrated, ts_recent_lost},
     SynthPoint::server,
     hz_change},
    {"hz-drop",
     "the client moves and keeps its TSval, but its clock runs at 250 Hz instead of 1 kHz",
     {clock_rate_change, endpoint_migrated, ts_recent_lost},
     SynthPoint::server,
     hz_drop},
    {"usec-clock", "both clocks run at 1 MHz", {}, SynthPoint::server, usec_clock},
    {"idle-2147s",
     "the client moves to an older clock after 2200 seconds of silence: Linux 6.7+ lets it pass",
     {tsval_regression, endpoint_migrated, ts_recent_lost},
     SynthPoint::server,
     idle_2147s},
    {"idle-24days",
     "25 days of silence, after which TSval looks old and is let pass",
     {},
     SynthPoint::server,
     idle_24days},
    {"tsval-wrap", "TSval of both sides passes 2^32", {}, SynthPoint::server, tsval_wrap},
    {"reordering", "some segments overtake others", {}, SynthPoint::client, reordering},
    {"loss", "some segments are lost and sent again", {}, SynthPoint::client, loss},
    {"stale-ack",
     "pure ACKs arrive after newer ones and are discarded",
     {stale_ack},
     SynthPoint::server,
     late_acks},
    {"one-sided",
     "naive-restore-client, but the capture has the client's segments only",
     {paws_drop, paws_stall, tsval_regression, endpoint_migrated, capture_incomplete, stale_ack},
     SynthPoint::server,
     one_sided},
    {"capture-loss",
     "the capture lacks segments that arrived",
     {capture_incomplete},
     SynthPoint::server,
     capture_loss},
    {"syn-cookies",
     "the server keeps no state of the SYN, and its SYN-ACK's TSval is a cookie",
     {},
     SynthPoint::server,
     syn_cookies},
    {"zero-window",
     "the server's application does not read for some seconds",
     {not_timestamps},
     SynthPoint::server,
     zero_window},
    {"loss-stall",
     "the path loses all that the client sends for some seconds",
     {not_timestamps},
     SynthPoint::client,
     loss_stall},
    {"reset",
     "the server resets the connection with data unacknowledged",
     {not_timestamps},
     SynthPoint::server,
     reset_by_peer},
    {"tsopt-missing",
     "a box strips the client's timestamps in mid-connection",
     {tsopt_missing},
     SynthPoint::server,
     strip_option},
    {"tsopt-malformed",
     "a box spoils some of the client's timestamps",
     {tsopt_malformed, tsopt_missing},
     SynthPoint::server,
     spoil_option},
    {"offset-constant",
     "a box adds to the client's TSval and takes it off the echo",
     {},
     SynthPoint::server,
     rewrite_right},
    {"offset-not-constant",
     "the same, but what it adds varies (TS012: verify-offset, --at client and server)",
     {tsval_regression, paws_drop, paws_stall},
     SynthPoint::server,
     rewrite_varying},
    {"offset-not-inverse",
     "the same, but it leaves the echo alone (TS013: verify-offset, and TS008)",
     {tsecr_never_sent},
     SynthPoint::client,
     rewrite_one_way},
    {"time-wait-reuse",
     "another client behind the same address reopens a port pair with an older clock",
     {time_wait_reuse},
     SynthPoint::server,
     reuse_ports},
};

}  // namespace
}  // namespace tsaudit::synth

namespace tsaudit {
std::span<const SynthScenario> synth_scenarios() { return synth::kScenarios; }
}  // namespace tsaudit
