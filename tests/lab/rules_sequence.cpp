// SPDX-License-Identifier: Apache-2.0
// What comes after PAWS: tcp_sequence(), tcp_ack(), and who may move TS.Recent.
#include <algorithm>

#include "rule_tests.h"

namespace lab {
namespace {

const char* const kTaken = "taken";
const char* const kPaws = "TCP_RFC7323_PAWS";

void sequence(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(500);
  Segment s = g.stale(-10);
  s.seq -= 1;
  const char* old_sequence = t.knows("TCP_OLD_SEQUENCE") ? "TCP_OLD_SEQUENCE" : "TCP_INVALID_SEQUENCE";
  t.send(g, s, "10/V7 keepalive, newer", old_sequence);
  s = g.stale(-10, kAck | kPsh, 100);
  s.seq -= 200;
  t.send(g, s, "10/V18 old data, newer", old_sequence);
  t.expect_ts_recent(g, "12 old sequence is not stored", g.ts_recent);
  s = g.stale(-10, kAck | kPsh, 100);
  s.seq += 0x10000000;
  t.send(g, s, "10 beyond the window, newer", "TCP_INVALID_SEQUENCE");
  t.expect_ts_recent(g, "12 beyond the window is not stored", g.ts_recent);
}

/// From 6.17 on a segment may not stick out of the window either, unless nothing waits to be read.
void end_sequence(RuleTests& t) {
  for (const bool unread : {false, true}) {
    Ghost g(t.lab(), t.options());
    g.connect();
    g.data(500);
    if (unread) g.advance(g.stale(-10, kAck | kPsh, 100));  // nobody reads it
    const ReceiverState receiver = t.state(g);
    Segment s = g.stale(-20, kAck | kPsh, 1000);
    s.seq = receiver.rcv_wup + receiver.rcv_wnd - 100;
    if (unread)
      t.send(g, s, "10 sticks out of the window, unread data",
             kernel_version() >= 617 ? "TCP_INVALID_END_SEQUENCE" : kTaken);
    else
      t.send(g, s, "10 sticks out of the window, nothing to read", kTaken);
  }
}

/// A FIN needs no room.
void fin_sticks_out(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(500);
  g.advance(g.stale(-10, kAck | kPsh, 100));  // nobody reads it
  const ReceiverState receiver = t.state(g);
  Segment s = g.stale(-20, kAck | kFin, 100);
  s.seq = receiver.rcv_wup + receiver.rcv_wnd - 100;
  t.send(g, s, "10 only a FIN sticks out of the window, unread data", kTaken);
}

/// Where else than at RCV.NXT a RST is obeyed.
void reset_elsewhere(RuleTests& t) {
  {
    Ghost g(t.lab(), t.options());
    g.connect();
    g.data(100);
    Segment hole = g.stale(-1, kAck | kPsh, 100);
    hole.seq += 300;
    g.send(hole);
    Segment s = g.stale(500'000, kRst);
    s.seq = hole.end_seq();
    t.send(g, s, "7 RST at the end of the SACK block, far back", kTaken);
  }
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  g.advance(g.stale(0, kAck | kFin));
  Segment s = g.stale(500'000, kRst);
  s.seq -= 1;
  t.send(g, s, "7 RST at the FIN, far back", kTaken);
}

/// TS.Recent moves only for segments at or before the last ACK sent (rcv_wup).
void last_ack_sent(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  Segment s = g.stale(-500, kAck | kPsh, 100);
  s.seq += 300;
  t.send(g, s, "12/V15 out of order, newer", kTaken);
  t.expect_ts_recent(g, "12/V15 out of order is not stored", g.ts_recent);
  t.advance(g, g.stale(-10, kAck | kPsh, 300), "2 in order, older than the one out of order", kTaken);
  t.expect_ts_recent(g, "12 in order is stored", g.ts_recent + 10);
}

void delayed_ack(RuleTests& t) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    Ghost g(t.lab(), t.options());
    g.connect();
    g.data(100);
    g.peer_sends(50);  // an answer at once: a dialogue, and the peer delays its next ACK
    const auto acked = g.peer_acked;
    g.advance(g.stale(-10, kAck | kPsh, 50));
    t.advance(g, g.stale(-500, kAck | kPsh, 50), "12/V17 in order, ACK of the one before is pending", kTaken);
    t.advance(g, g.stale(-20, kAck | kPsh, 50), "2 older than the unstored one", kTaken);
    if (g.peer_acked == acked)
      return t.expect_ts_recent(g, "12/V17 the first since the last ACK is stored", g.ts_recent + 10);
    t.withdraw(2);
  }
}

/// Another window keeps header prediction out, which would store TSval first (see old_ack).
void refused_ack(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  g.peer_sends(100);
  g.send(g.stale(0));
  Segment s = g.stale(-10, kAck | kPsh, 50);
  s.window = static_cast<uint16_t>(s.window - 1);
  s.ack += 100'000;
  t.send(g, s, "12 ACK of data never sent, newer", "TCP_ACK_UNSENT_DATA");
  t.expect_ts_recent(g, "12 ACK of data never sent is not stored", g.ts_recent);
  s.ack = g.rcv_nxt - 0x10000000;
  t.send(g, s, "12 far too old ACK, newer", "TCP_TOO_OLD_ACK");
  t.expect_ts_recent(g, "12 far too old ACK is not stored", g.ts_recent);
}

/// An ACK may be as old as all that was ever acknowledged. The SYN of who opened the connection is part of
/// that.
void oldest_ack(RuleTests& t) {
  for (const bool peer_opens : {false, true}) {
    Ghost g(t.lab(), t.options());
    peer_opens ? g.accept() : g.connect();
    g.peer_sends(100);
    g.send(g.stale(0));
    const uint32_t oldest = g.rcv_nxt - 100 - (peer_opens ? 1 : 0);
    const std::string who = peer_opens ? "active opener" : "passive opener";
    Segment s = g.stale(-10, kAck | kPsh, 50);
    s.ack = oldest - 1;
    t.send(g, s, "10 ACK older than any, " + who, "TCP_TOO_OLD_ACK");
    s.ack = oldest;
    t.advance(g, s, "2 the oldest ACK, " + who, kTaken);
  }
}

/// A segment whose ACK is below SND.UNA. Whether tcp_ack() lets it move TS.Recent changed with point
/// releases. Header prediction stores TSval before it looks at the ACK; but which way a segment takes depends
/// on things that no capture shows (memory that the socket has in stock), so where the two differ only
/// segments that header prediction cannot take have one certain outcome.
void old_ack(RuleTests& t) {
  struct Case {
    uint32_t payload;
    bool predicted;
    const char *rule, *stored;
  };
  for (const Case& c : {Case{0, true, "12 old ACK, newer", "12 old ACK by header prediction"},
                        Case{0, false, "12 old ACK and another window, newer", "12 old ACK by the slow path"},
                        Case{50, false, "12 old ACK with new data and another window, newer",
                             "12 old ACK with new data by the slow path"}}) {
    Ghost g(t.lab(), t.options());
    g.connect();
    g.data(100);
    g.peer_sends(200);
    g.send(g.stale(0));
    Segment s = g.stale(-10, kAck, c.payload);
    s.ack -= 100;
    if (!c.predicted) s.window = static_cast<uint16_t>(s.window - 1);
    t.advance(g, s, c.rule, kTaken);
    const bool slow_path_stores =
        kernel_version() >= 601 && kernel_version() != 618;  // as of 6.1.192, 6.18.44
    t.expect_ts_recent(g, c.stored, g.ts_recent + (c.predicted || slow_path_stores ? 10 : 0));
  }
}

void old_data_below_rcv_nxt(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(500);
  Segment s = g.stale(-10, kAck | kPsh, 300);
  s.seq -= 200;
  t.send(g, s, "12 overlaps RCV.NXT, newer", kTaken);
  g.snd_nxt += 100;
  t.expect_ts_recent(g, "12 overlap is stored", g.ts_recent + 10);
}

void zero_window(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect();
  g.data(100);
  const uint8_t scale = g.peer().info().rcv_wscale;
  for (int i = 0; i < 2000 && g.replies().back().window; ++i) {  // nobody reads
    const Segment& last = g.replies().back();
    const uint32_t room = last.ack + (uint32_t{last.window} << scale) - g.snd_nxt;
    g.clock += 1;
    g.advance(g.next(kAck | kPsh, std::min(room, 1400u)));
    t.lab().wait_until([&] { return *g.peer_acked == g.snd_nxt; }, 300);
  }
  g.ts_recent = t.state(g).ts_recent;
  g.clock += 10;
  const bool checks_end = kernel_version() >= 617;
  t.send(g, g.next(kAck | kPsh, 1), "10 window probe into a full buffer, newer",
         checks_end ? "TCP_INVALID_END_SEQUENCE" : "TCP_ZEROWINDOW");
  if (!checks_end) g.ts_recent = g.clock;
  t.expect_ts_recent(g, "12 window probe into a full buffer", g.ts_recent);
  g.ts_recent = g.clock;
  t.send(g, g.next(), "2 pure ACK into a full buffer", kTaken);
  t.send(g, g.stale(500, kAck | kPsh, 1), "9c window probe into a full buffer, far back", kPaws);
}

constexpr RuleTest kTests[] = {
    {"sequence", sequence},
    {"end-sequence", end_sequence},
    {"fin-sticks-out", fin_sticks_out},
    {"reset-elsewhere", reset_elsewhere},
    {"last-ack-sent", last_ack_sent},
    {"delayed-ack", delayed_ack},
    {"refused-ack", refused_ack},
    {"oldest-ack", oldest_ack},
    {"old-ack", old_ack},
    {"overlap", old_data_below_rcv_nxt},
    {"zero-window", zero_window},
};

}  // namespace

std::span<const RuleTest> sequence_tests() { return kTests; }

}  // namespace lab
