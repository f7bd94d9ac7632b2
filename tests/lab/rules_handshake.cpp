// SPDX-License-Identifier: Apache-2.0
// Before the connection is there: tcp_check_req(), tcp_rcv_synsent_state_process(), SYN cookies.
#include "rule_tests.h"

namespace lab {
namespace {

const char* const kTaken = "taken";
const char* const kPaws = "TCP_RFC7323_PAWS";
constexpr uint32_t kFar = 500'000;

bool is_syn_ack(const Segment& s) { return s.has(kSyn) && s.has(kAck); }

/// The peer holds a request socket.
void half_open(Ghost& g) {
  g.listen_at_peer();
  g.send(g.syn());
  g.wait_for(is_syn_ack);
  g.snd_nxt = g.syn().end_seq();
}

void syn_recv(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  half_open(g);
  t.send(g, g.stale(1), "S/V21 SYN_RECV, final ACK, 1 tick back", kPaws);
  t.send(g, g.stale(kFar, kAck | kPsh, 20), "S SYN_RECV, data, far back", kPaws);
  t.send(g, g.stale(kFar, kRst), "S SYN_RECV, RST, far back", kPaws);
  Segment s = g.stale(0);
  s.ack += 5;
  t.send(g, s, "S SYN_RECV, ACK number wrong", kernel_version() >= 612 ? "TCP_FLAGS" : "NOT_SPECIFIED");
  t.send(g, g.stale(0), "2 final ACK", kTaken);
  g.wait_accepted();
  t.expect_ts_recent(g, "S TS.Recent after the handshake", g.clock);
}

/// A RST says nothing of what it acknowledges.
void syn_recv_reset(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  half_open(g);
  Segment s = g.stale(0, kRst | kAck);
  s.ack += 5;
  s.seq -= 1;
  t.send(g, s, "S SYN_RECV, RST before the window, ACK number wrong",
         kernel_version() >= 615 ? "TCP_OVERWINDOW" : "NOT_SPECIFIED");
  s.flags = kAck;
  t.send(g, s, "S SYN_RECV, ACK before the window, its number wrong",
         kernel_version() >= 612 ? "TCP_FLAGS" : "NOT_SPECIFIED");
  s = g.stale(0);
  s.seq -= 1;
  t.send(g, s, "S SYN_RECV, ACK before the window",
         kernel_version() >= 615 ? "TCP_OVERWINDOW" : "NOT_SPECIFIED");
  t.send(g, g.stale(0), "2 final ACK, after what was out of the window", kTaken);
  g.wait_accepted();
  Ghost h(t.lab(), t.options());
  half_open(h);
  s = h.stale(0, kRst | kAck);
  s.ack += 5;
  t.send(h, s, "S SYN_RECV, RST, ACK number wrong", "NOT_SPECIFIED");
  h.forget_replies();
  t.send(h, h.stale(0), "S SYN_RECV, ACK after that RST",
         kernel_version() >= 612 ? "TCP_FLAGS" : "NOT_SPECIFIED");
  t.expect("S SYN_RECV, ACK after that RST: is the request gone?", kernel_version() < 601 ? "silence" : "RST",
           answer(h));
}

/// Both ends have sent a SYN: no request socket, no test of the echo.
void crossed(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect_from_peer();
  Segment syn = g.syn();
  syn.flags = kSyn;
  syn.ack = 0;
  syn.ts->ecr = 0;
  g.forget_replies();
  t.send(g, syn, "S SYN_SENT, the other end's SYN", kTaken);
  g.wait_for(is_syn_ack);
  Segment answer = g.syn();
  answer.flags = kSyn | kAck;
  answer.ack = g.rcv_nxt;
  answer.ts->val += 1;
  g.clock += 1;
  t.send(g, answer, "S SYN_RECV without a request, SYN-ACK",
         kernel_version() < 601 ? "TCP_INVALID_SYN" : "TCP_OLD_DATA");
  g.snd_nxt = answer.end_seq();
  t.send(g, g.next(), "2 ACK after crossed SYNs", kTaken);
  t.lab().wait_until([&] { return g.peer().info().state == TcpState::established; });
  t.expect_ts_recent(g, "S TS.Recent is the SYN-ACK's that has crossed", g.clock);
}

void syn_recv_echo(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  half_open(g);
  const char* expected = kernel_version() >= 615 ? "TCP_RFC7323_TSECR" : kTaken;
  Segment s = g.stale(0);
  s.ts->ecr -= 1;
  t.send(g, s, "S/V22 SYN_RECV, echo one tick before the SYN-ACK", expected);
  s = g.stale(0);
  s.ts->ecr += 100'000;
  t.send(g, s, "S/V22 SYN_RECV, echo of the future", expected);
  s = g.stale(0);
  s.ts->ecr = 0;
  t.send(g, s, "S SYN_RECV, echo 0", kTaken);
  g.wait_accepted();
}

/// The ACK with which a request refuses a segment is no SYN-ACK.
void syn_recv_echo_of_refusal(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  half_open(g);
  const uint32_t of_syn_ack = g.peer_tsval;
  t.lab().wait_ms(20);
  Segment s = g.stale(0);
  s.seq -= 1;
  g.forget_replies();
  t.send(g, s, "S SYN_RECV, keepalive", kernel_version() >= 615 ? "TCP_OVERWINDOW" : "NOT_SPECIFIED");
  g.wait_for([&](const Segment& answer) {
    g.peer_tsval = answer.ts ? answer.ts->val : of_syn_ack;
    return g.peer_tsval != of_syn_ack;
  });
  s = g.next(kAck | kPsh, 20);
  if (kernel_version() >= 615)
    t.send(g, s, "S SYN_RECV, data that echo the answer to it", "TCP_RFC7323_TSECR");
  s.ts->ecr = of_syn_ack;
  t.advance(g, s, "S SYN_RECV, data that echo the SYN-ACK", kTaken);
  g.wait_accepted();
}

void syn_again(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  half_open(g);
  Segment s = g.syn();
  s.ts->val -= 2;
  t.send(g, s, "S SYN again, 2 ticks back", kPaws);
  s = g.syn();
  s.ts->val += 1000;
  g.forget_replies();
  t.send(g, s, "S SYN again, newer", "NOT_SPECIFIED");
  g.wait_for(is_syn_ack, 3000);  // its answer to the old one holds this one up
  g.clock += 1;
  t.send(g, g.next(), "S final ACK between the two SYNs", kTaken);
  g.wait_accepted();
}

void syn_sent(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  g.connect_from_peer();
  Segment answer = g.syn();
  answer.flags = kSyn | kAck;
  answer.ack = g.rcv_nxt;
  answer.ts->ecr = g.peer_tsval - 1;
  t.send(g, answer, "S/V23 SYN_SENT, echo one tick before the SYN", kPaws);
  answer.ts->ecr = g.peer_tsval + 100'000;
  t.send(g, answer, "S/V23 SYN_SENT, echo of the future", kPaws);
  Segment other = g.next();
  t.send(g, other, "S SYN_SENT, ACK alone", "TCP_FLAGS");
  other.ack += 5;
  t.send(g, other, "S SYN_SENT, ACK number wrong",
         t.knows("TCP_INVALID_ACK_SEQUENCE") ? "TCP_INVALID_ACK_SEQUENCE" : "NOT_SPECIFIED");
  Segment reset = g.next(kRst | kAck);
  reset.seq = 0;
  reset.ts = Timestamps{0, g.peer_tsval - 1};
  t.send(g, reset, "S SYN_SENT, RST with a wrong echo", kPaws);
  answer.ts->ecr = 0;
  t.send(g, answer, "S SYN_SENT, echo 0", kTaken);
  g.snd_nxt = answer.end_seq();
  t.lab().wait_until([&] { return g.peer().info().state == TcpState::established; });
  t.expect_ts_recent(g, "S TS.Recent is the SYN-ACK's", g.clock);
}

void syn_sent_without_option(RuleTests& t) {
  auto options = t.options();
  options.timestamps = false;
  Ghost g(t.lab(), options);
  g.accept();
  g.timestamps = true;
  t.advance(g, g.stale(kFar, kAck | kPsh, 20), "1 TSopt not in the SYN-ACK, far back", kTaken);
}

void reset_after_half_open(RuleTests& t) {
  Ghost g(t.lab(), t.options());
  half_open(g);
  t.send(g, g.stale(0, kRst), "S SYN_RECV, RST", "NOT_SPECIFIED");
}

/// With cookies the SYN's TSval is forgotten: the final ACK's counts, whatever it is.
void cookies(RuleTests& t) {
  const Namespace& peer = t.lab().net().ns(Host::peer);
  peer.sysctl("net/ipv4/tcp_syncookies", "2");
  Ghost g(t.lab(), t.options());
  half_open(g);
  g.clock -= kFar;
  t.send(g, g.next(), "S cookie, final ACK, far back", kTaken);
  g.wait_accepted();
  g.ts_recent = g.clock;
  t.expect_ts_recent(g, "S cookie, TS.Recent is the final ACK's", g.clock);
  t.send(g, g.stale(2, kAck | kPsh, 20), "9c cookie, data, 2 ticks back", kPaws);
  peer.sysctl("net/ipv4/tcp_syncookies", "1");
}

constexpr RuleTest kTests[] = {
    {"syn-recv", syn_recv},
    {"syn-recv-reset", syn_recv_reset},
    {"crossed", crossed},
    {"syn-recv-echo", syn_recv_echo},
    {"syn-recv-echo-of-refusal", syn_recv_echo_of_refusal},
    {"syn-again", syn_again},
    {"syn-sent", syn_sent},
    {"syn-sent-without-option", syn_sent_without_option},
    {"reset-half-open", reset_after_half_open},
    {"cookies", cookies},
};

}  // namespace

std::span<const RuleTest> handshake_tests() { return kTests; }

}  // namespace lab
