// SPDX-License-Identifier: Apache-2.0
// PAWS and its exceptions on an established socket: tcp_paws_discard(), tcp_disordered_ack().
#include "rule_tests.h"

namespace lab {
namespace {

constexpr uint32_t kHalf = 0x80000000;
constexpr int64_t kFar = 500'000;

const char* const kTaken = "taken";
const char* const kPaws = "TCP_RFC7323_PAWS";
/// Stale pure ACKs below RCV.NXT get a reason of their own, and silence, from 6.14 on.
const char* paws_ack() { return kernel_version() >= 614 ? "TCP_RFC7323_PAWS_ACK" : kPaws; }

/// One tick back is forgiven, two are not (TCP_PAWS_WINDOW).
void window(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  t.advance(g, g.stale(0, kAck | kPsh, 50), "2 equal", kTaken);
  t.advance(g, g.stale(1, kAck | kPsh, 50), "3/V1 data, 1 tick back", kTaken);
  t.expect_ts_recent(g, "3 one tick back is not stored", g.ts_recent);
  t.send(g, g.stale(1), "3 pure ACK, 1 tick back", kTaken);
  t.send(g, g.stale(2, kAck | kPsh, 50), "9c/V2 data, 2 ticks back", kPaws);
  t.send(g, g.stale(kFar, kAck | kPsh, 50), "9c data, far back", kPaws);
  t.send(g, g.stale(kHalf - 1, kAck | kPsh, 50), "9c data, 2^31-1 back", kPaws);
  t.advance(g, g.stale(-1, kAck | kPsh, 50), "2 one tick newer", kTaken);
}

void forward(RuleTests& t) {
  for (const auto& [ahead, rule, expected] :
       {std::tuple{int64_t{kHalf} - 1, "2 2^31-1 ahead", kTaken},
        std::tuple{int64_t{kHalf}, "2/V11 exactly 2^31 ahead", kTaken},
        std::tuple{int64_t{kHalf} + 1, "9c 2^31+1 ahead looks old", kPaws}}) {
    Ghost g(t.lab(), t.options());
    g.connect();
    g.data(100);
    const uint32_t before = g.ts_recent;
    t.send(g, g.stale(-ahead, kAck | kPsh, 50), rule, expected);
    t.expect_ts_recent(g, std::string(rule) + ", stored",
                       expected == kTaken ? before + static_cast<uint32_t>(ahead) : before);
  }
}

void stale_kinds(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  g.data(100);
  Segment s = g.stale(kFar);
  s.seq -= 1;
  g.forget_replies();
  t.send(g, s, "9a/V6 keepalive, far back", paws_ack());
  t.expect("9a/V6 keepalive, far back: the answer", kernel_version() >= 614 ? "silence" : "ACK", answer(g));
  s.seq -= 50;
  t.send(g, s, "9a old pure ACK, far back", paws_ack());
  t.send(g, g.stale(kFar), "9b pure ACK at RCV.NXT, far back", kPaws);
  s = g.stale(kFar);
  s.seq += 200;
  t.send(g, s, "9b pure ACK beyond RCV.NXT, far back", kPaws);
  g.forget_replies();
  s = g.stale(kFar, kAck | kPsh, 60);
  s.seq -= 100;
  t.send(g, s, "9c old data, far back", kPaws);
  t.expect("9c old data, far back: the answer", "ACK", answer(g));
  s.seq += 300;
  t.send(g, s, "9c out of order data, far back", kPaws);
  t.send(g, g.stale(kFar, kAck | kFin), "9c/V20 FIN, far back", kPaws);
  t.send(g, g.stale(kFar, kAck | kFin, 10), "9c data and FIN, far back", kPaws);
  s = g.stale(kFar, kAck | kPsh, 10);
  s.seq += 0x10000000;
  t.send(g, s, "9c data outside of the window, far back: PAWS comes first", kPaws);
  s = g.stale(kFar, kFin, 10);
  t.send(g, s, "0 neither ACK, RST nor SYN", "TCP_FLAGS");
  s = g.stale(0, kAck | kPsh, 10);
  s.bad_checksum = true;
  t.send(g, s, "0 wrong checksum", "TCP_CSUM");
}

void syn_and_reset(RuleTests& t) {
  {
    Ghost g(t.lab(), t.options());
    g.connect();
    g.data(100);
    t.send(g, g.stale(kFar, kSyn), "8/V13 SYN, far back",
           kernel_version() >= 604 ? "TCP_INVALID_SYN" : kPaws);
    t.send(g, g.stale(-10, kSyn), "10 SYN, newer", "TCP_INVALID_SYN");
    Segment s = g.stale(kFar, kRst);
    s.seq += 10;
    t.send(g, s, "11 RST in the window, not at RCV.NXT, far back", "TCP_RESET");
    s.seq += 0x10000000;
    t.send(g, s, "10 RST outside of the window, far back", "TCP_INVALID_SEQUENCE");
    t.send(g, g.stale(kFar, kRst), "7/V12 RST at RCV.NXT, far back", kTaken);
  }
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  t.send(g, g.stale(kFar, kRst | kAck), "7 RST and ACK at RCV.NXT, far back", kTaken);
}

/// How far back a repeated pure ACK may be: tcp_tsval_replay() of the peer's RTO.
int64_t replay_ticks(Ghost& g) {
  const int64_t per_second = kernel_version() >= 607 ? 1200 : 1024;
  return g.peer().info().rto_us * per_second / 1'000'000;
}

void disordered(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  g.peer_sends(100);
  Segment ack = g.stale(-5);
  g.ts_recent = ack.ts->val;
  g.send(ack);  // now the window was last updated at RCV.NXT
  const int64_t limit = replay_ticks(g);
  t.send(g, g.stale(limit - 40), "6/V3 repeated pure ACK within the replay window", kTaken);
  t.send(g, g.stale(limit), "6/V4 repeated pure ACK at its limit", kTaken);
  t.send(g, g.stale(limit + 1), "9b repeated pure ACK one tick beyond", kPaws);
  Segment s = g.stale(100);
  s.window = 0;
  t.send(g, s, "6a/V16 zero window, 100 back", kernel_version() >= 607 ? kPaws : kTaken);
  s = g.stale(100);
  s.window = static_cast<uint16_t>(g.window - 1);
  t.send(g, s, "6 smaller window, 100 back", kTaken);
  s.window = static_cast<uint16_t>(g.window + 1);
  t.send(g, s, "9b larger window, 100 back", kPaws);
  s = g.stale(100);
  s.ack -= 50;
  t.send(g, s, "9b repeats an older ACK, 100 back", kPaws);
  s = g.stale(100);
  s.seq -= 1;
  t.send(g, s, "9a repeated pure ACK below RCV.NXT, 100 back", paws_ack());
  t.expect_ts_recent(g, "6 disordered ACK is not stored", g.ts_recent);
  g.peer_sends(100);
  t.send(g, g.stale(50), "9b/V19 ACK of new data, 50 back", kPaws);
}

void data_came_last(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  t.send(g, g.stale(100), "9b/V5 repeated pure ACK, data came last", kPaws);
}

/// The receiver's own retransmissions widen the replay window.
void disordered_backoff(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  g.peer_sends(100);
  Segment ack = g.stale(-5);
  g.ts_recent = ack.ts->val;
  g.send(ack);
  const Segment repeated = g.next();
  g.peer_sends(100);
  t.lab().wait_ms(900);  // nobody acknowledges: RTO doubles twice
  const int64_t limit = replay_ticks(g);
  Segment s = repeated;
  s.ts->val = g.ts_recent - static_cast<uint32_t>(limit);
  t.send(g, s, "6 backed-off RTO, at its limit", kTaken);
  s.ts->val -= 1;
  t.send(g, s, "9b backed-off RTO, one tick beyond", kPaws);
}

/// A receiver that was itself restored has no TS.Recent and no RTT.
void restored_receiver(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  g.restore_peer();
  g.clock = 0x90000000;
  t.advance(g, g.next(kAck | kPsh, 50), "5/V10 TS.Recent 0, TSval 2^31 and more", kTaken);
  t.expect_ts_recent(g, "5 stored", 0x90000000);
  g.ts_recent = g.clock;
  t.send(g, g.stale(2, kAck | kPsh, 50), "9c restored receiver has learned", kPaws);
  g.send(g.stale(-1));
  g.ts_recent += 1;
  const int64_t limit = replay_ticks(g);
  t.send(g, g.stale(limit), "6 restored receiver, RTO never measured, at its limit", kTaken);
  t.send(g, g.stale(limit + 1), "9b restored receiver, one tick beyond", kPaws);
}

void wrap(RuleTests& t) {
  auto options = t.options();
  options.tsval = 0xffffff00;
  Ghost g(t.lab(), options);
  g.connect();
  g.data(100, 0x80);
  g.data(100, 0x100);  // over the top
  t.advance(g, g.stale(-1, kAck | kPsh, 50), "2 after the wrap", kTaken);
  g.ts_recent += 1;
  t.send(g, g.stale(0x100, kAck | kPsh, 50), "9c from before the wrap", kPaws);
  // TS.Recent 0 by arithmetic is not told from TS.Recent 0 by ignorance.
  auto zero = t.options();
  zero.tsval = 0xfffffff6;
  Ghost z(t.lab(), zero);
  z.connect();
  z.data(100, 10);
  t.advance(z, z.stale(1000, kAck | kPsh, 50), "5 TS.Recent 0 by wrap, 1000 back", kTaken);
}

void ipv6(RuleTests& t) {
  auto options = t.options();
  options.v6 = true;
  Ghost g(t.lab(), options);
  g.connect();
  g.data(100);
  t.advance(g, g.stale(1, kAck | kPsh, 50), "3 IPv6 data, 1 tick back", kTaken);
  t.send(g, g.stale(2, kAck | kPsh, 50), "9c IPv6 data, 2 ticks back", kPaws);
  Segment s = g.stale(kFar);
  s.seq -= 1;
  t.send(g, s, "9a IPv6 keepalive, far back", paws_ack());
}

constexpr RuleTest kTests[] = {
    {"window", window},
    {"forward", forward},
    {"stale-kinds", stale_kinds},
    {"syn-and-reset", syn_and_reset},
    {"disordered", disordered},
    {"data-came-last", data_came_last},
    {"disordered-backoff", disordered_backoff},
    {"restored-receiver", restored_receiver},
    {"wrap", wrap},
    {"ipv6", ipv6},
};

}  // namespace

std::span<const RuleTest> paws_tests() { return kTests; }

}  // namespace lab
