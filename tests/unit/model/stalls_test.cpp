// SPDX-License-Identifier: Apache-2.0
// What held a connection up, when it was not timestamps and when it was.
#include <gtest/gtest.h>

#include "conversation.h"

namespace tsaudit {
namespace {

/// There is one, and it ended then.
void expect_one_over_at(const std::vector<Stall>& stalls, TimeNs end) {
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].end_ns, end);
  EXPECT_TRUE(stalls[0].over);
}

void expect_one_by_paws(const std::vector<Stall>& stalls, TimeNs from, TimeNs to) {
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::paws);
  EXPECT_EQ(stalls[0].start_ns, from);
  EXPECT_EQ(stalls[0].end_ns, to);
}

/// The same 100 bytes again, with pauses that double.
void retransmit(Conversation& c, int times) {
  TimeNs pause = 200 * kMillisecond;
  for (int i = 0; i < times; ++i, pause *= 2) {
    c.pass(pause);
    c.client({.payload = 100, .seq = c.next[0] - 100});
  }
}

TEST(Stalls, NobodyAnswers) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.client({.payload = 100});
  retransmit(c, 5);
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::no_answer);
  EXPECT_FALSE(stalls[0].over);
  EXPECT_GT(stalls[0].end_ns - stalls[0].start_ns, 5 * kSecond);
}

IcmpError host_unreachable(uint32_t seq) {
  IcmpError error;
  error.reporter = {0, 0x0a0000fe, false};
  error.type = 3;
  error.code = 1;
  error.seq = {seq};
  return error;
}

/// The capture lacks the pure ACKs of the server: what the client says shows that they came.
TEST(Stalls, WhoSendsOnHasBeenAnswered) {
  for (const bool echoes : {true, false}) {
    Conversation c;
    c.handshake();
    c.talk(50);
    c.client({.payload = 100});
    retransmit(c, 1);
    for (int i = 0; i < 5; ++i) {
      c.pass(i == 0 ? 30 * kSecond : 500 * kMillisecond);  // it had nothing to send
      if (echoes) c.echo[0] = c.clock[1];
      c.client({.payload = 100});
    }
    EXPECT_TRUE(stalls_of_client(c).empty())
        << (echoes ? "it echoes what came meanwhile" : "it sends more and more");
  }
}

/// Nothing of it gets through, but something reaches it that the capture does not hold.
TEST(Stalls, OfWhoWasAnsweredOutOfSightIsInDoubt) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.client({.payload = 100});
  for (int i = 0; i < 4; ++i) {
    c.pass(kSecond);
    c.echo[0] = c.clock[1];
    c.client({.payload = 100, .seq = c.next[0] - 100});
  }
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_TRUE(stalls[0].answers_unseen);
}

TEST(Stalls, IcmpTellsWhy) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const unsigned client = c.flow().client;
  c.client({.payload = 100});
  EXPECT_FALSE(c.tracker().told_by_icmp(c.flow(), client, host_unreachable(c.next[0] + 1))) << "not sent yet";
  EXPECT_FALSE(c.tracker().told_by_icmp(c.flow(), client, host_unreachable(c.next[0] - 200))) << "arrived";
  EXPECT_TRUE(c.tracker().told_by_icmp(c.flow(), client, host_unreachable(c.next[0] - 100)));
  retransmit(c, 5);
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::icmp);
  ASSERT_TRUE(stalls[0].icmp);
  EXPECT_EQ(to_string(stalls[0].icmp->reporter), "10.0.0.254");
}

TEST(Stalls, ButNotOnceItsDataHaveArrived) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.client({.payload = 100});
  EXPECT_TRUE(c.tracker().told_by_icmp(c.flow(), c.flow().client, host_unreachable(c.next[0] - 100)));
  retransmit(c, 1);
  c.pass(c.answer);
  c.server();
  c.client({.payload = 100});
  retransmit(c, 5);
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::no_answer);
}

/// Pure ACKs in between are no progress. Nor does it matter whether there was trouble before.
TEST(Stalls, BeginWhenTheDataWereSent) {
  for (const bool trouble : {true, false}) {
    Conversation c;
    c.handshake();
    c.talk(50);
    if (trouble) {
      c.client({.payload = 10, .ts = false});
      c.pass(c.answer);
      c.server();
    }
    c.client({.payload = 100});
    const TimeNs sent = c.now;
    for (int i = 0; i < 4; ++i) {
      c.pass(300 * kMillisecond);
      c.server({.payload = 10, .ack = c.next[0] - 100});
      c.pass(10 * kMillisecond);
      c.client({.seq = c.next[0]});
      if (i > 0) c.client({.payload = 100, .seq = c.next[0] - 100});
    }
    const auto stalls = stalls_of_client(c);
    ASSERT_EQ(stalls.size(), 1u) << trouble;
    EXPECT_EQ(stalls[0].cause, StallCause::loss);
    EXPECT_NEAR(static_cast<double>(stalls[0].start_ns - sent), 0, 1e6) << trouble;
  }
}

/// Without timestamps as well, and though other data before them have got through meanwhile.
TEST(Stalls, BeginWithTheLastProgress) {
  Conversation c;
  c.handshake();
  for (int i = 0; i < 10; ++i, c.pass(100 * kMillisecond)) {  // never is all acknowledged
    c.client({.payload = 100, .ts = false});
    if (i > 0) c.server({.ack = c.next[0] - 100, .ts = false});
  }
  const TimeNs acknowledged = c.now - 100 * kMillisecond;
  for (int i = 0; i < 4; ++i, c.pass(500 * kMillisecond))
    c.client({.payload = 100, .seq = c.next[0] - 100, .ts = false});
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_NEAR(static_cast<double>(stalls[0].start_ns - acknowledged), 0, 1e6);
}

/// The copy may come soon and its ACK late, or the other way round.
TEST(Stalls, OneRetransmissionIsEnoughIfItTakesLong) {
  for (const TimeNs again : {200 * kMillisecond, 3 * kSecond}) {
    Conversation c;
    c.handshake();
    c.talk(50);
    const TimeNs sent = c.now;
    c.client({.payload = 100});
    c.pass(again);
    c.client({.payload = 100, .seq = c.next[0] - 100});
    c.pass(4 * kSecond - again);
    c.server();
    const TimeNs acknowledged = c.now;
    c.talk(5);
    const auto stalls = stalls_of_client(c);
    expect_one_over_at(stalls, acknowledged);
    EXPECT_NEAR(static_cast<double>(stalls[0].start_ns - sent), 0, 1e6) << again;
    EXPECT_EQ(stalls[0].cause, StallCause::no_answer);
  }
}

/// With what came to be sent meanwhile.
TEST(Stalls, ACopyMayHoldMoreThanTheFirst) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const TimeNs sent = c.now;
  c.client({.payload = 8});
  for (int i = 0; i < 4; ++i) {
    c.pass(300 * kMillisecond);
    c.client({.payload = 100, .seq = c.next[0] - 8});
  }
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_NEAR(static_cast<double>(stalls[0].start_ns - sent), 0, 1e6);
}

/// A mirror port shows it twice.
TEST(Stalls, TheSamePacketIsNotSentAgain) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.client({.payload = 100, .ip_id = 77});
  c.pass(10'000);
  c.client({.payload = 100, .seq = c.next[0] - 100, .ip_id = 77});
  c.pass(3 * kSecond);
  c.server();
  c.talk(5);
  EXPECT_TRUE(stalls_of_client(c).empty());
}

/// The first copy that gets as far as the capture is answered at once.
TEST(Stalls, WhatTheCaptureShowsLateWasLostBefore) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.next[0] += 100;
  const TimeNs sent = c.now;
  c.client({.payload = 100});
  for (int i = 0; i < 2; ++i) {
    c.pass(c.answer);
    c.server({.ack = c.next[0] - 200});
    c.pass(2 * kSecond);
  }
  c.client({.payload = 100, .seq = c.next[0] - 200});
  c.pass(c.answer);
  c.server();
  c.talk(5);
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::loss);
  EXPECT_NEAR(static_cast<double>(stalls[0].start_ns - sent), 0, 1e6);
}

/// It speaks, but of none of the data: behind the last retransmission as well.
TEST(Stalls, WhoSpeaksAnswersThoughNothingHasCome) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.client({.payload = 100});
  retransmit(c, 4);
  c.pass(kSecond);
  c.server({.flags = kFin | kAck, .ack = c.next[0] - 100});
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::loss);
}

/// The capture lacks the ACKs of the client: that the server echoes what it never saw tells of them.
TEST(Stalls, AnEchoOfWhatTheCaptureLacksIsProgress) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.client({.payload = 10, .ts = false});
  for (int i = 0; i < 20; ++i) {
    c.echo[1] = c.clock[0];
    c.server({.payload = 100});
    c.pass(300 * kMillisecond);
  }
  c.server({.payload = 100, .seq = c.next[1] - 200});
  c.pass(30 * kSecond);
  c.echo[1] = c.clock[0];
  c.server({.payload = 100});
  c.finish();
  EXPECT_TRUE(trouble_of(c, Side::server).stalls.empty());
}

/// As in a file whose packets are not in order of time.
TEST(Stalls, WhatWasSentAgainBeforeIsNone) {
  Conversation c;
  c.handshake();
  c.talk(2);
  c.client({.payload = 10, .ts = false});
  c.pass(c.answer);
  c.server();
  c.client({.payload = 100});
  c.now -= 5 * kMillisecond;
  c.client({.payload = 100, .seq = c.next[0] - 100});
  EXPECT_TRUE(stalls_of_client(c).empty());
}

TEST(Stalls, Paws) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.clock[0] -= 1'000'000;
  c.client({.payload = 100});
  for (int i = 0; i < 5; ++i) {
    c.pass(20'000);
    c.server();
    c.pass(kSecond);
    c.client({.payload = 100, .seq = c.next[0]});
  }
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::paws);
}

/// However seldom it is sent again.
TEST(Stalls, PawsHoldsUpFromTheFirstRefusedSegmentToTheEnd) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.clock[0] -= 1'000'000;
  const TimeNs refused = c.now;
  ASSERT_EQ(c.client({.payload = 100}).verdict, Verdict::drop);
  c.pass(kSecond);
  c.client({.payload = 100});
  c.pass(2 * kSecond);
  c.client({.flags = kFin | kAck, .seq = c.next[0] + 100});
  const auto stalls = stalls_of_client(c);
  expect_one_by_paws(stalls, refused, c.now);
  EXPECT_FALSE(stalls.at(0).over);
}

TEST(Stalls, PawsHoldsUpUntilSomethingGetsThrough) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.clock[0] -= 1'500;
  c.client({.payload = 100});
  c.pass(2 * kSecond);
  c.client({.payload = 100});
  c.pass(c.answer);
  c.server();
  const TimeNs acknowledged = c.now;
  c.talk(50);
  expect_one_over_at(stalls_of_client(c), acknowledged);
}

/// Some of what the client says is refused by PAWS, but all of it for its numbers.
TEST(Stalls, PawsHoldsUpNothingThatIsRefusedAnyhow) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.server({.payload = 100});
  const uint32_t end = c.next[1];
  c.pass(10'000);
  ASSERT_EQ(c.client({.ack = end, .tsval = c.clock[0] - 100'000}).verdict, Verdict::drop);
  for (int i = 0; i < 4; ++i) {
    c.pass(kSecond);
    const Judgement j = c.client({.payload = 10, .seq = c.next[0] - 5000, .ack = end});
    ASSERT_EQ(j.reason, Reason::old_sequence);
  }
  c.finish();
  EXPECT_EQ(trouble_of(c, Side::client).paws_drops.count, 1u);
  EXPECT_TRUE(trouble_of(c, Side::server).stalls.empty());
}

/// The data have come, but their sender is not told.
TEST(Stalls, ARefusedAckHoldsUpWhatItAcknowledges) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.clock[0] -= 1'500;
  c.server({.payload = 100});
  const uint32_t end = c.next[1];
  c.pass(10'000);
  const TimeNs refused = c.now;
  ASSERT_EQ(c.client({.ack = end}).verdict, Verdict::drop);
  c.pass(2 * kSecond);
  ASSERT_EQ(c.client({.ack = end}).verdict, Verdict::accept);
  const TimeNs told = c.now;
  c.talk(5);
  c.finish();
  expect_one_by_paws(trouble_of(c, Side::server).stalls, refused, told);
  EXPECT_TRUE(trouble_of(c, Side::client).stalls.empty());
}

/// The server's data wait for a window of which it never hears that it is open. Its probes tell that there
/// are some.
TEST(Stalls, ARefusedWindowUpdateHoldsUpWhatWaitsForIt) {
  for (const bool probes : {true, false}) {
    Conversation c;
    c.handshake();
    c.talk(50);
    c.server({.payload = 100});
    c.pass(10 * kMillisecond);
    c.client({.window = 0});
    c.clock[0] -= 2'500;
    c.pass(500 * kMillisecond);
    const TimeNs refused = c.now;
    ASSERT_EQ(c.client({.window = 5000}).verdict, Verdict::drop);
    c.pass(kSecond);
    if (probes) c.server({.seq = c.next[1] - 1});
    c.pass(2 * kSecond);
    ASSERT_EQ(c.client({.window = 5000}).verdict, Verdict::accept);
    const TimeNs told = c.now;
    c.talk(50);
    c.finish();
    const auto& stalls = trouble_of(c, Side::server).stalls;
    EXPECT_EQ(trouble_of(c, Side::client).paws_drops.count, 1u);
    ASSERT_EQ(stalls.size(), probes ? 1u : 0u);
    if (probes) expect_one_by_paws(stalls, refused, told);
  }
}

/// Nothing is to be sent, but the server wants to know whether the client is there, and gives up if it hears
/// nothing.
TEST(Stalls, ARefusedAnswerToAProbeHoldsUp) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.clock[0] -= 3'500;
  EXPECT_EQ(c.client().verdict, Verdict::drop);  // of no harm: nobody asked
  c.pass(500 * kMillisecond);
  c.server({.seq = c.next[1] - 1});
  c.pass(10 * kMillisecond);
  const TimeNs refused = c.now;
  EXPECT_EQ(c.client().verdict, Verdict::drop);
  c.pass(4 * kSecond);
  c.server({.seq = c.next[1] - 1});
  c.pass(10 * kMillisecond);
  const TimeNs heard = c.now;
  EXPECT_EQ(c.client().verdict, Verdict::accept);
  c.talk(50);
  c.finish();
  EXPECT_EQ(trouble_of(c, Side::client).paws_drops.count, 1u);
  EXPECT_EQ(trouble_of(c, Side::client).stale_acks.count, 1u);
  expect_one_by_paws(trouble_of(c, Side::server).stalls, refused, heard);
}

/// The client wants to know whether the server is there. Linux refuses its probes in silence from 6.14 on, so
/// that it gives up; before, each refusal was an answer.
TEST(Stalls, ARefusedProbeHoldsUpIfNobodyAnswers) {
  for (const bool answered : {false, true}) {
    Conversation c;
    c.handshake();
    c.talk(50);
    c.clock[0] -= 1'000'000;
    TimeNs second = 0;
    for (int probe = 0; probe < 4; ++probe) {
      c.pass(kSecond);
      if (probe == 1) second = c.now;
      EXPECT_EQ(c.client({.seq = c.next[0] - 1}).verdict, Verdict::drop);
      c.pass(c.answer);
      if (answered) c.server();
    }
    c.finish();
    EXPECT_EQ(trouble_of(c, Side::client).paws_drops.count, answered ? 0u : 3u);
    EXPECT_EQ(trouble_of(c, Side::client).stale_acks.count, answered ? 4u : 1u)
        << "the first may be a move's";
    if (answered)
      EXPECT_TRUE(trouble_of(c, Side::client).stalls.empty());
    else
      expect_one_by_paws(trouble_of(c, Side::client).stalls, second, second + 2 * (kSecond + c.answer));
  }
}

/// The client asks, as TCP_REPAIR does, and hears the server. Its data are refused all the same.
TEST(Stalls, AnAnswerToAProbeHelpsRefusedDataNothing) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.clock[0] -= 1'000'000;
  const TimeNs refused = c.now;
  c.client({.payload = 100});
  c.pass(kSecond);
  c.client({.seq = c.next[0] - 1});
  c.pass(c.answer);
  c.server();
  c.pass(kSecond);
  c.client({.payload = 100});
  expect_one_by_paws(stalls_of_client(c), refused, c.now);
}

/// Also when the refusal shows later: the capture began after the move, and the echoes tell TS.Recent by and
/// by.
TEST(Stalls, ARefusedAnswerCountsWhenItIsDecidedLater) {
  Conversation c;
  const uint32_t held = c.clock[0] + 1'000'000;
  c.client();
  for (int i = 0; i < 4; ++i) {
    c.pass(kSecond);
    c.server({.seq = c.next[1] - 1, .tsecr = held});
    c.pass(100'000);
    c.client();
    c.pass(20'000);
    c.server({.tsecr = held});
  }
  c.finish();
  ASSERT_TRUE(c.finished_trouble());
  EXPECT_GE(trouble_of(c, Side::client).paws_drops.count, 2u);
  EXPECT_EQ(trouble_of(c, Side::server).stalls.size(), 1u);
}

/// No window was closed: then it is a stale ACK as others are.
TEST(Stalls, ARefusedAckThatOpensNothingIsHarmless) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.server({.payload = 100});
  c.pass(10 * kMillisecond);
  c.client({.window = 1000});
  ASSERT_EQ(c.client({.tsval = c.clock[0] - 100'000, .window = 5000}).verdict, Verdict::drop);
  c.pass(2 * kSecond);
  c.server({.seq = c.next[1] - 1});
  c.finish();
  EXPECT_EQ(trouble_of(c, Side::client).paws_drops.count, 0u);
  EXPECT_EQ(trouble_of(c, Side::client).stale_acks.count, 1u);
}

TEST(Stalls, ARefusedSegmentThatIsSoonMadeUpForIsNone) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.client({.payload = 100, .tsval = c.clock[0] - 1'000'000});
  c.pass(200 * kMillisecond);
  c.talk(100);
  EXPECT_TRUE(stalls_of_client(c).empty());
}

/// Who was sent again and again, and then sends what follows, has heard that it got through.
TEST(Stalls, OfOneSideTheNextDataTellOfProgress) {
  Conversation c;
  for (int i = 0; i < 50; ++i, c.pass(20 * kMillisecond)) c.client({.payload = 100, .tsecr = 7});
  retransmit(c, 4);
  c.pass(kMillisecond);
  const TimeNs goes_on = c.now;
  for (int i = 0; i < 500; ++i, c.pass(20 * kMillisecond)) c.client({.payload = 100, .tsecr = 7});
  expect_one_over_at(stalls_of_client(c), goes_on);
}

/// A reader that pauses again and again does not hide what comes last.
TEST(Stalls, OfMoreThanFitTheLongestStay) {
  Conversation c;
  c.handshake();
  for (uint32_t i = 0; i < 40; ++i) {
    c.talk(3);
    c.server({.window = 0});
    c.pass((i == 20 ? 9 : i == 39 ? 50 : 2) * kSecond);
    c.server({.window = 1000});
  }
  c.talk(3);
  const auto stalls = stalls_of_client(c);
  EXPECT_EQ(stalls.size(), Trouble::kMaxStalls);
  EXPECT_EQ(trouble_of(c, Side::client).stalls_left_out, 8u);
  for (const TimeNs lasted : {9 * kSecond, 50 * kSecond})
    EXPECT_EQ(std::ranges::count_if(stalls, [&](const Stall& s) { return s.end_ns - s.start_ns == lasted; }),
              1);
}

TEST(Stalls, AClosedWindow) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.server({.window = 0});
  c.pass(5 * kSecond);
  c.server({.window = 1000});
  c.talk(3);
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::zero_window);
  EXPECT_NEAR(static_cast<double>(stalls[0].end_ns - stalls[0].start_ns) / 1e9, 5, 0.1);
}

/// PAWS did discard something, but before the pause and behind it.
TEST(Stalls, AClosedWindowBetweenTwoDiscards) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const auto refused_once = [&] {
    ASSERT_EQ(c.client({.payload = 100, .tsval = c.clock[0] - 1'000'000}).verdict, Verdict::drop);
    c.pass(200 * kMillisecond);
    c.talk(50);
  };
  refused_once();
  c.server({.window = 0});
  c.pass(5 * kSecond);
  c.server({.window = 1000});
  c.talk(5);
  refused_once();
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::zero_window);
}

TEST(Stalls, OneLostPacketIsNone) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.client({.payload = 100});
  retransmit(c, 1);
  c.pass(20'000);
  c.server();
  c.talk(50);
  EXPECT_TRUE(stalls_of_client(c).empty());
}

/// The client has sent 100 bytes, and the server has acknowledged them. There was trouble before.
void deliver(Conversation& c) {
  c.handshake();
  c.talk(50);
  c.client({.payload = 10, .ts = false});
  c.pass(c.answer);
  c.server();
  c.pass(20 * kMillisecond);
  c.client({.payload = 100});
  c.pass(c.answer);
  c.server();
}

TEST(Stalls, WhatHadArrivedBeforeItIsSentAgainIsNone) {
  for (const bool answered : {true, false}) {
    for (const int times : {1, 2}) {
      Conversation c;
      deliver(c);
      for (int i = 0; i < times; ++i) {
        c.pass(300 * kMillisecond);
        c.client({.payload = 100, .seq = c.next[0] - 100});
        c.pass(c.answer);
        if (answered) c.server();
      }
      c.pass(30 * kSecond);
      c.server({.payload = 100});
      c.pass(10 * kMillisecond);
      c.client();
      c.talk(3);
      EXPECT_TRUE(stalls_of_client(c).empty()) << answered << times;
    }
  }
}

/// Nor at the end.
TEST(Stalls, WhatHadArrivedIsNotMissingUntilTheCaptureEnds) {
  Conversation c;
  deliver(c);
  c.pass(300 * kMillisecond);
  c.client({.payload = 100, .seq = c.next[0] - 100});
  c.pass(30 * kSecond);
  c.server({.payload = 100});
  EXPECT_TRUE(stalls_of_client(c).empty());
}

/// Their ACKs pass the capture and get lost behind it: whoever sends the data once more has not got them.
TEST(Stalls, WhatIsSentAgainAndAgainIsMissingToItsSender) {
  Conversation c;
  deliver(c);
  const uint32_t seq = c.next[0] - 100;
  TimeNs pause = 200 * kMillisecond, first = 0, last = 0;
  for (int i = 0; i < 5; ++i, pause *= 2) {
    c.pass(pause);
    last = c.now;
    if (i == 0) first = c.now;
    c.client({.payload = 100, .seq = seq});
    c.pass(c.answer);
    c.server();
  }
  c.pass(30 * kSecond);
  c.talk(5);
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::loss);
  EXPECT_EQ(stalls[0].start_ns, first);
  EXPECT_EQ(stalls[0].end_ns, last);
  EXPECT_TRUE(stalls[0].over);
  EXPECT_EQ(stalls[0].segments, 5u);
}

/// What the server sends gets lost behind the capture, its ACKs as well as its data.
TEST(Stalls, WhatIsSentAgainWhileTheOtherSideGetsNothingThroughIsMissing) {
  Conversation c;
  deliver(c);
  c.pass(20 * kMillisecond);
  c.client({.payload = 100});
  const TimeNs sent = c.now;
  c.pass(c.answer);
  c.server({.payload = 100});
  const uint32_t seq = c.next[1] - 100;
  for (TimeNs pause = 200 * kMillisecond; pause < kSecond; pause *= 2) {
    c.pass(pause);
    c.server({.payload = 100, .seq = seq});
  }
  c.client({.payload = 100, .seq = c.next[0] - 100, .ack = seq});
  c.pass(kSecond);
  c.server({.payload = 100, .seq = seq});
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_NEAR(static_cast<double>(stalls[0].start_ns - sent), 0, 1e6);
  EXPECT_EQ(stalls[0].end_ns, c.now);
  EXPECT_FALSE(stalls[0].over);
}

/// It has got the ACK of one, and goes on to the next.
TEST(Stalls, OneAfterTheOtherIsProgress) {
  Conversation c;
  deliver(c);
  c.client({.payload = 100});
  c.pass(c.answer);
  c.server();
  for (const uint32_t back : {200u, 100u}) {
    c.pass(900 * kMillisecond);
    c.client({.payload = 100, .seq = c.next[0] - back});
    c.pass(900 * kMillisecond);
    c.client({.payload = 100, .seq = c.next[0] - back});
    c.pass(c.answer);
    c.server();
  }
  c.talk(5);
  EXPECT_TRUE(stalls_of_client(c).empty());
}

TEST(Stalls, WhatIsLostAfterwardsCountsFromThere) {
  Conversation c;
  deliver(c);
  c.pass(300 * kMillisecond);
  c.client({.payload = 100, .seq = c.next[0] - 100});
  c.pass(c.answer);
  c.server();
  c.pass(5 * kSecond);
  const TimeNs sent = c.now;
  c.client({.payload = 100});
  retransmit(c, 5);
  c.pass(c.answer);
  c.server();
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_NEAR(static_cast<double>(stalls[0].start_ns - sent), 0, 1e6);
  EXPECT_EQ(stalls[0].end_ns, c.now);
}

/// A closed window is told of, although something was sent again for nothing.
TEST(Stalls, WhatHadArrivedHidesNoClosedWindow) {
  Conversation c;
  deliver(c);
  c.pass(300 * kMillisecond);
  c.client({.payload = 100, .seq = c.next[0] - 100});
  c.pass(c.answer);
  c.server({.window = 0});
  const TimeNs closed = c.now;
  c.pass(5 * kSecond);
  c.server({.window = 1000});
  c.talk(3);
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::zero_window);
  EXPECT_EQ(stalls[0].start_ns, closed);
}

/// The client closes, and says so again with pauses that double.
void finish_again(Conversation& c, int times) {
  TimeNs pause = 200 * kMillisecond;
  c.client({.flags = kFin | kAck});
  for (int i = 0; i < times; ++i, pause *= 2) {
    c.pass(pause);
    c.client({.flags = kFin | kAck, .seq = c.next[0] - 1});
  }
}

TEST(Stalls, NobodyAnswersTheFin) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const TimeNs closed = c.now;
  finish_again(c, 6);
  const FlowReport report = c.finish();
  EXPECT_EQ(from(report, Side::client).retransmissions, 0u);
  const auto& stalls = trouble_of(c, Side::client).stalls;
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::no_answer);
  EXPECT_NEAR(static_cast<double>(stalls[0].start_ns - closed), 0, 1e6);
  EXPECT_EQ(stalls[0].end_ns, c.now);
  EXPECT_FALSE(stalls[0].over);
}

TEST(Stalls, AFinThatIsAnsweredInTheEndIsOver) {
  Conversation c;
  c.handshake();
  c.talk(50);
  finish_again(c, 5);
  c.pass(c.answer);
  c.server({.flags = kFin | kAck});
  const TimeNs answered = c.now;
  c.pass(10 * kMillisecond);
  c.client();
  expect_one_over_at(stalls_of_client(c), answered);
}

/// Whatever the other side still has to say.
TEST(Stalls, OneLostFinIsNone) {
  for (const int times : {0, 1}) {
    Conversation c;
    c.handshake();
    c.talk(50);
    c.client({.payload = 10, .ts = false});
    c.pass(c.answer);
    c.server();
    finish_again(c, times);
    c.pass(5 * kSecond);
    c.server({.payload = 100, .ack = c.next[0] - 1});
    EXPECT_TRUE(stalls_of_client(c).empty()) << times;
  }
}

/// It has been acknowledged, though its sender may not have heard of it: nothing is missing to anybody.
TEST(Stalls, AFinThatHadArrivedIsNone) {
  Conversation c;
  deliver(c);
  c.client({.flags = kFin | kAck});
  for (int i = 0; i < 5; ++i) {
    c.pass(c.answer);
    c.server();
    c.pass(2 * kSecond);
    c.client({.flags = kFin | kAck, .seq = c.next[0] - 1});
  }
  EXPECT_TRUE(stalls_of_client(c).empty());
}

/// The end of a connection from before the capture: its other side has been gone for long.
TEST(Stalls, AFinToSomebodyWhoIsNotInTheCaptureIsNone) {
  Conversation c;
  c.client({.tsecr = 7});
  finish_again(c, 6);
  EXPECT_TRUE(stalls_of_client(c).empty());
}

TEST(Stalls, AResetAnswersTheFin) {
  Conversation c;
  c.handshake();
  c.talk(50);
  finish_again(c, 4);
  c.pass(c.answer);
  c.server({.flags = kRst | kAck});
  const TimeNs reset = c.now;
  c.pass(60 * kSecond);
  c.server({.flags = kRst | kAck});
  expect_one_over_at(stalls_of_client(c), reset);
}

TEST(Stalls, AfterAResetNobodyWaitsForTheAckOfAFin) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.server({.flags = kRst | kAck});
  finish_again(c, 5);
  EXPECT_TRUE(stalls_of_client(c).empty());
}

TEST(Stalls, SilenceOfBothIsNone) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.pass(3600 * kSecond);
  c.talk(50);
  EXPECT_TRUE(stalls_of_client(c).empty());
}

}  // namespace
}  // namespace tsaudit
