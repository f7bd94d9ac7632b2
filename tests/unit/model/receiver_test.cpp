// SPDX-License-Identifier: Apache-2.0
// A drop only when every possible state refuses, unknown with the reason when they disagree.
#include "model/receiver.h"

#include <gtest/gtest.h>

#include "conversation.h"

namespace tsaudit {
namespace {

struct Scene {
  Conversation c;
  Segment s;
  Scene() {
    c.handshake();
    c.talk(50);
    s.time_ns = c.now;
    s.flags = kAck;
    s.payload = 100;
    s.seq = {c.next[0]};
    s.ack = {c.next[1]};
    s.window = 1000;
    s.ts = TsOption::present;
    s.tsval = {c.clock[0]};
    s.tsecr = {c.echo[0]};
  }
  Judgement judge(Host receiver, const char* profile = "linux-6.18",
                  const DirectionTrouble* trouble = nullptr) {
    const unsigned client = c.flow().client;
    return judge_segment(*find_profile(profile), c.flow(), receiver, c.flow().host[client], s, trouble);
  }
  Host server() { return c.flow().host[c.flow().client ^ 1]; }
};

TEST(Receiver, RefusesOnlyWhatEveryPossibleValueRefuses) {
  Scene scene;
  Host server = scene.server();
  server.ts_recent.store({1000}, scene.s.time_ns - kSecond);
  server.ts_recent.may_store({2000}, scene.s.time_ns);
  scene.s.tsval = {2000};
  EXPECT_EQ(scene.judge(server).verdict, Verdict::accept);
  scene.s.tsval = {1500};
  const Judgement between = scene.judge(server);
  EXPECT_EQ(between.verdict, Verdict::unknown);
  EXPECT_EQ(between.reason, Reason::ts_recent_range);
  EXPECT_TRUE(between.may_store) << "if it was 1000, it is 1500 now";
  EXPECT_FALSE(between.stores);
  scene.s.tsval = {500};
  EXPECT_EQ(scene.judge(server).verdict, Verdict::drop);
}

TEST(Receiver, TheAgeOfTsRecentMayDecide) {
  Scene scene;
  Host server = scene.server();
  scene.s.tsval = {scene.c.echo[1] - 1'000'000};
  const auto at_age = [&](double seconds) {
    server.ts_recent.store({scene.c.echo[1]}, scene.s.time_ns - static_cast<TimeNs>(seconds * 1e9));
    return scene.judge(server);
  };
  EXPECT_EQ(at_age(2140).verdict, Verdict::drop);
  EXPECT_EQ(at_age(2150).verdict, Verdict::accept);
  EXPECT_EQ(at_age(2150).reason, Reason::idle);
  const Judgement near = at_age(2146.5);  // of two clocks cut to whole seconds
  EXPECT_EQ(near.verdict, Verdict::unknown);
  EXPECT_EQ(near.reason, Reason::idle_range);
}

TEST(Receiver, WithoutTsRecentNothingIsKnown) {
  Scene scene;
  Host server = scene.server();
  server.ts_recent = {};
  const Judgement j = scene.judge(server);
  EXPECT_EQ(j.verdict, Verdict::unknown);
  EXPECT_EQ(j.reason, Reason::ts_recent_unknown);
  EXPECT_FALSE(j.known);
}

TEST(Receiver, ProfilesDisagreeWhereKernelsDo) {
  Scene scene;
  scene.s.tsval = {scene.c.echo[1] - 1};
  EXPECT_EQ(scene.judge(scene.server(), "rfc7323").verdict, Verdict::drop);
  EXPECT_EQ(scene.judge(scene.server(), "freebsd").verdict, Verdict::drop);
  for (const char* name : {"linux-3.6", "linux-5.10", "linux-6.1", "linux-6.6", "linux-6.12", "linux-6.18"})
    EXPECT_EQ(scene.judge(scene.server(), name).reason, Reason::window1) << name;
}

TEST(Receiver, AnAckMayBeDisorderedWhenItsWindowMayBeTheOneInUse) {
  Scene scene;
  Host server = scene.server();
  scene.s.payload = 0;
  scene.s.tsval = {scene.c.echo[1] - 100};
  server.snd_wl1 = scene.s.seq;
  server.snd_wnd = 0;
  EXPECT_EQ(scene.judge(server).verdict, Verdict::drop) << "it would open the window";
  server.wl_known = false;
  EXPECT_EQ(scene.judge(server).verdict, Verdict::unknown);
}

/// A RST at `ahead` bytes beyond RCV.NXT, where data that were sent wait for others from 100 on.
Verdict rst_at(uint32_t ahead, std::optional<SackEdge> told) {
  Scene scene;
  Host server = scene.server();
  server.holes = server.sacks = true;
  scene.c.flow().host[scene.c.flow().client].snd_nxt = scene.s.seq + 500;
  scene.s.flags = kRst;
  scene.s.payload = 0;
  scene.s.seq = scene.s.seq + ahead;
  DirectionTrouble trouble;
  trouble.sack_edge = told;
  return scene.judge(server, "linux-6.18", &trouble).verdict;
}

TEST(Receiver, ARstAtTheEndOfWhatWaitsMayCount) {
  const uint32_t nxt = Scene().s.seq.raw;
  const SackEdge at_200{{nxt + 200}}, or_beyond{{nxt + 200}, true};
  EXPECT_EQ(rst_at(200, at_200), Verdict::unknown) << "unless it has got what was sent last";
  EXPECT_EQ(rst_at(150, at_200), Verdict::drop);
  EXPECT_EQ(rst_at(300, at_200), Verdict::drop);
  EXPECT_EQ(rst_at(150, or_beyond), Verdict::drop);
  EXPECT_EQ(rst_at(300, or_beyond), Verdict::unknown);
  EXPECT_EQ(rst_at(300, std::nullopt), Verdict::unknown);
  EXPECT_EQ(rst_at(501, std::nullopt), Verdict::drop) << "nothing was sent up to there";
}

TEST(Receiver, RtoGrowsWithTimeoutsUpToTwoMinutes) {
  Host host;
  host.rtt_measured = true;
  host.rtt_max_ms = 10;
  int64_t last = 0;
  for (unsigned run = 0; run < 15; ++run) {
    host.retransmit_run = run & 0xf;
    const RtoBounds rto = rto_bounds(host);
    EXPECT_GE(rto.max, last);
    EXPECT_LE(rto.min, rto.max);
    EXPECT_GE(rto.min, 200 * kMillisecond);
    EXPECT_LE(rto.max, 120 * kSecond);
    last = rto.max;
  }
  EXPECT_EQ(last, 120 * kSecond);
}

TEST(Receiver, SeesTheWindowScaledExceptOnASyn) {
  Scene scene;
  Host sender;
  sender.scale_known = true;
  sender.window_scale = 7;
  scene.s.window = 100;
  EXPECT_EQ(as_received(scene.c.flow(), sender, scene.s).window, 12'800u);
  scene.s.flags = kSyn;
  EXPECT_EQ(as_received(scene.c.flow(), sender, scene.s).window, 100u);
}

TEST(Receiver, ItsRoundTripsAreNotKnownWhereTheWayToItIsNot) {
  Host host;
  host.rtt_measured = true;
  EXPECT_GE(rto_bounds(host).max, kSecond) << "the capture may be at the other end of a long way";
}

TEST(Receiver, ItsRoundTripsAreLongerThanThoseSeenFromAfar) {
  Host host;
  host.rtt_measured = true;
  host.rtt_max_ms = 5;
  host.loop_16us = 40'000 / 16;
  // The kernel's RTO after a first round trip of 45 ms, and of one that took half as long again on the way there.
  EXPECT_GE(rto_bounds(host).max, 265 * kMillisecond);
  EXPECT_LT(rto_bounds(host).max, 350 * kMillisecond);
}

/// What becomes of data that acknowledge `back` bytes less than the segments before them.
Judgement with_old_ack(unsigned from, uint32_t back) {
  Conversation c;
  c.handshake();
  c.talk(3);
  c.server({.payload = 50});
  c.pass(10 * kMillisecond);
  c.client();
  c.pass(kMillisecond);
  return c.say(from, {.payload = 10, .ack = c.next[from ^ 1] - back, .window = 999});  // no header prediction
}

TEST(Receiver, AnAckMayBeAsOldAsAllThatWasAcknowledged) {
  EXPECT_EQ(with_old_ack(0, 50).verdict, Verdict::accept);
  EXPECT_EQ(with_old_ack(0, 51).reason, Reason::too_old_ack);
  EXPECT_EQ(with_old_ack(1, 300).verdict, Verdict::accept);
  EXPECT_EQ(with_old_ack(1, 301).verdict, Verdict::accept) << "the SYN of the active opener counts";
  EXPECT_EQ(with_old_ack(1, 302).reason, Reason::too_old_ack);
}

/// The longer one of two that begin alike was lost behind the capture. So the next segment is what the server
/// expects, and header prediction takes it, however old its ACK is.
TEST(Receiver, WhereDataMayBeLostAnOldAckMayBeTaken) {
  Conversation c;
  c.handshake();
  c.talk(5);
  const uint32_t begin = c.next[0];
  c.client({.payload = 259});
  c.client({.payload = 150, .seq = begin});
  c.pass(20'000);
  c.server({.ack = begin + 150});
  c.pass(20'000);
  EXPECT_EQ(c.client({.payload = 384, .seq = begin + 150, .ack = c.next[1] - 100}).verdict, Verdict::unknown);
}

/// Some kernels refuse data whose options they cannot walk through, others take them without timestamp.
TEST(Receiver, DataWithBrokenOptionsMayHaveBeenRefused) {
  AnalysisOptions at_server;
  at_server.captured_at = {{0, 0x0a000002, false}};
  for (const bool malformed : {false, true}) {
    Conversation c(at_server);
    c.handshake();
    c.talk(5);
    c.client();
    const uint32_t next = c.next[0];
    c.client({.payload = 100, .ts = !malformed, .malformed = malformed});
    c.pass(20 * kMillisecond);
    // An old ACK is harmless to who expects it, and to who has got more it is none.
    EXPECT_EQ(c.client({.seq = next, .tsval = c.clock[0] - 25}).verdict,
              malformed ? Verdict::unknown : Verdict::drop);
  }
}

/// The window of MPTCP is that of all subflows together: what another one has used is taken back.
/// They are refused for want of a window (TCP_ZEROWINDOW), or, if those before were not taken, for their
/// sequence number.
TEST(Receiver, DataBehindDataThatStickOutOfTheWindowMayPassTheTests) {
  Scene scene;
  Host server = scene.server();
  server.scale_known = true;
  server.right_edge = server.rcv_nxt - 50;
  EXPECT_EQ(scene.judge(server).verdict, Verdict::unknown);
  scene.s.seq = scene.s.seq + 1;
  EXPECT_EQ(scene.judge(server).reason, Reason::invalid_sequence);
}

TEST(Receiver, TheWindowOfASubflowMayShrink) {
  for (const bool mptcp : {false, true}) {
    Conversation c;
    c.client({.flags = kSyn, .tsecr = 0, .mptcp = mptcp});
    c.pass(c.answer);
    c.server({.flags = kSyn | kAck, .mptcp = mptcp});
    c.pass(10 * kMillisecond);
    c.client();
    c.talk(3);
    c.server({.window = 200});
    EXPECT_EQ(c.client({.payload = 100, .seq = c.next[0] + 500}).verdict,
              mptcp ? Verdict::drop : Verdict::accept);
  }
}

TEST(Receiver, AForgedAckIsTakenBack) {
  AnalysisOptions away;
  away.captured_on_the_way = true;
  Conversation c(away);
  c.handshake();
  c.talk(3);
  c.client({.payload = 100, .ack = c.next[1] + 50'000});
  c.pass(kMillisecond);
  EXPECT_NE(c.server().verdict, Verdict::drop) << "a pure ACK tells what was sent";
  c.talk(10);
  const uint32_t old = c.clock[0] - 100;
  EXPECT_NE(c.client({.tsval = old}).verdict, Verdict::drop) << "within the replay window";
}

}  // namespace
}  // namespace tsaudit
