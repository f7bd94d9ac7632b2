// SPDX-License-Identifier: Apache-2.0
// What the receiver's next segment decides of a verdict that was open.
#include "model/doubt.h"

#include <gtest/gtest.h>

namespace tsaudit {
namespace {

constexpr TsVal kHeld{1'000'000};

/// A segment of 100 bytes, next in order, whose TSval is `behind` ticks behind TS.Recent.
OpenVerdict doubt(Reason reason, uint32_t behind, uint32_t length = 100) {
  OpenVerdict v;
  v.verdict = Verdict::unknown;
  v.reason = reason;
  v.seq = {5000};
  v.end_seq = {5000 + length};
  v.tsval = kHeld - behind;
  v.state.state = TcpState::established;
  v.state.ts_recent_valid = true;
  v.state.ts_recent = kHeld;
  v.state.rcv_nxt = v.state.rcv_wup = v.state.snd_wl1 = v.seq;
  v.state.rcv_wnd = 60'000;
  v.state.snd_una = v.state.snd_nxt = {9000};
  v.state.snd_wnd = 1000;
  v.segment = {.seq = v.seq,
               .end_seq = v.end_seq,
               .ack = {9000},
               .window = 2000,
               .flags = kAck,
               .has_ts = true,
               .tsval = v.tsval,
               .tsecr = {1}};
  return v;
}

struct Answer {
  TsVal echo = kHeld;
  uint32_t ack = 5000;
  bool last = true, at_receiver = true, settled = true, tick_known = true, restored = false, late = false,
       answers = true;
};
DoubtWeighed weigh(OpenVerdict& v, const Answer& answer) {
  Segment s;
  s.flags = kAck;
  s.ts = TsOption::present;
  s.tsecr = answer.echo;
  s.ack = {answer.ack};
  return weigh_doubt(default_profile(), v,
                     {s, answer.last, answer.at_receiver, answer.settled, answer.tick_known, answer.restored,
                      answer.late, answer.answers});
}

/// What the receiver says next: it has sent no more than before, and asks for the same byte.
Segment asks_again(TsVal echo) {
  Segment s;
  s.flags = kAck;
  s.ts = TsOption::present;
  s.seq = {9000};
  s.ack = {5000};
  s.tsecr = echo;
  return s;
}

TEST(Doubt, WhatIsAcknowledgedWasTaken) {
  OpenVerdict v = doubt(Reason::ts_recent_range, 500'000);
  const DoubtWeighed weighed = weigh(v, {.ack = 5100});
  ASSERT_TRUE(weighed.decision);
  EXPECT_EQ(weighed.decision->verdict, Verdict::accept);
}

TEST(Doubt, WhatWasSentTwiceIsNotDecidedByItsAck) {
  OpenVerdict v = doubt(Reason::state_unknown, 500'000);
  v.repeated = v.first_elsewhere = v.last_elsewhere = true;
  EXPECT_FALSE(weigh(v, {.ack = 5100, .answers = false}).decision);
  EXPECT_TRUE(weigh(v, {.ack = 5100, .answers = false}).over);
  EXPECT_FALSE(weigh(v, {.answers = false}).over) << "not acknowledged yet";
}

TEST(Doubt, UnlessNoOtherCopyCanHaveBeenTaken) {
  OpenVerdict v = doubt(Reason::state_unknown, 0);
  v.repeated = true;
  const DoubtWeighed weighed = weigh(v, {.ack = 5100});
  ASSERT_TRUE(weighed.decision);
  EXPECT_EQ(weighed.decision->verdict, Verdict::accept);
  OpenVerdict had = doubt(Reason::state_unknown, 0);
  had.repeated = true;
  had.state.rcv_nxt = {5100};
  EXPECT_FALSE(weigh(had, {.ack = 5100}).decision) << "its data had come before";
}

TEST(Doubt, OrByTheEchoThatComesWithIt) {
  OpenVerdict v = doubt(Reason::ts_recent_range, 500'000);
  v.repeated = v.first_elsewhere = v.last_elsewhere = true;
  const DoubtWeighed weighed = weigh(v, {.ack = 5100});
  ASSERT_TRUE(weighed.decision);
  EXPECT_EQ(weighed.decision->reason, Reason::paws) << "its data had come in another one";
}

TEST(Doubt, OrTsRecentAloneWasInQuestionAndIsItsTsvalNow) {
  OpenVerdict v = doubt(Reason::ts_recent_range, 500'000);
  v.repeated = v.first_elsewhere = v.last_elsewhere = true;
  const DoubtWeighed weighed = weigh(v, {.echo = v.tsval, .ack = 5100});
  ASSERT_TRUE(weighed.decision);
  EXPECT_EQ(weighed.decision->verdict, Verdict::accept);
  OpenVerdict old_ack = doubt(Reason::ts_recent_range, 500'000);
  old_ack.repeated = old_ack.first_elsewhere = old_ack.last_elsewhere = true;
  old_ack.segment.ack = {3000};
  EXPECT_FALSE(weigh(old_ack, {.echo = v.tsval, .ack = 5100}).decision) << "which may have been too old";
  OpenVerdict unsent = doubt(Reason::ts_recent_range, 500'000);
  unsent.repeated = unsent.first_elsewhere = unsent.last_elsewhere = true;
  unsent.segment.ack = {70'000};
  EXPECT_FALSE(weigh(unsent, {.echo = v.tsval, .ack = 5100}).decision) << "which nobody would have taken";
  OpenVerdict had = doubt(Reason::ts_recent_range, 500'000);
  had.repeated = true;
  had.state.rcv_nxt = {5100};
  EXPECT_FALSE(weigh(had, {.echo = v.tsval, .ack = 5100}).decision) << "its data had come before";
  OpenVerdict other = doubt(Reason::state_unknown, 500'000);
  other.repeated = other.first_elsewhere = other.last_elsewhere = true;
  EXPECT_FALSE(weigh(other, {.echo = v.tsval, .ack = 5100}).decision);
}

TEST(Doubt, AnOldEchoShowsThatTsRecentWasNotTooOld) {
  OpenVerdict v = doubt(Reason::idle_range, 500'000);
  const DoubtWeighed weighed = weigh(v, {});
  ASSERT_TRUE(weighed.decision);
  EXPECT_EQ(weighed.decision->verdict, Verdict::drop);
  EXPECT_EQ(weighed.decision->reason, Reason::paws);
  EXPECT_TRUE(weighed.decision->by_echo);
}

TEST(Doubt, ItsOwnEchoDoesNot) {
  OpenVerdict v = doubt(Reason::idle_range, 500'000);
  EXPECT_FALSE(weigh(v, {.echo = v.tsval}).decision);
}

TEST(Doubt, OfDataOutOfOrderAnAnswerSaysNothing) {
  OpenVerdict v = doubt(Reason::idle_range, 500'000);
  v.seq = v.segment.seq = {6000};
  v.end_seq = v.segment.end_seq = {6100};
  EXPECT_FALSE(weigh(v, {}).decision) << "taken or not, it is answered, and moves no TS.Recent";
}

/// Whether an old ACK would update the window decides as well, and no echo tells that.
TEST(Doubt, AnEchoDoesNotDecideWhatTheWindowDecides) {
  for (const Reason reason : {Reason::ts_recent_range, Reason::idle_range})
    for (const bool doubtful : {false, true}) {
      OpenVerdict v = doubt(reason, 100, 0);
      v.state.rto_ns = 211 * kMillisecond;
      v.state.snd_wnd = v.segment.window;
      v.state.snd_wl1 = v.seq - 1;
      v.window_doubtful = doubtful;
      EXPECT_EQ(weigh(v, {.answers = false}).decision.has_value(), !doubtful) << to_string(reason);
    }
}

/// An old ACK whose window is in use: harmless for 1.2 times the RTO, which is 200 to 211 ms.
TEST(Doubt, AnEchoDoesNotDecideWhatTheRtoDecides) {
  const auto decided = [](uint32_t behind) {
    OpenVerdict v = doubt(Reason::ts_recent_range, behind, 0);
    v.state.rto_ns = 211 * kMillisecond;
    v.state.snd_wnd = v.segment.window;
    const DoubtWeighed weighed = weigh(v, {.answers = false});
    return weighed.decision ? weighed.decision->verdict : Verdict::unknown;
  };
  EXPECT_EQ(decided(239), Verdict::accept);
  EXPECT_EQ(decided(246), Verdict::unknown);
  EXPECT_EQ(decided(254), Verdict::drop);
}

TEST(Doubt, FromAfarAnEchoDoesNotDecideOnAZeroWindowThatMayBeOld) {
  OpenVerdict v = doubt(Reason::ts_recent_range, 100, 0);
  v.state.rto_ns = 200 * kMillisecond;
  v.segment.window = 0;
  EXPECT_TRUE(weigh(v, {.answers = false}).decision) << "at the receiver SND.WL1 is known";
  v.asked = false;
  EXPECT_FALSE(weigh(v, {.at_receiver = false}).decision) << "data further on may have moved it";
}

TEST(Doubt, AnEchoDoesNotDecideOnAPureAckWhoseRcvNxtIsInDoubt) {
  OpenVerdict v = doubt(Reason::ts_recent_range, 100, 0);
  v.state.rto_ns = 200 * kMillisecond;
  v.state.rcv_nxt = {5200};  // perhaps: then it is an old one
  EXPECT_TRUE(weigh(v, {.answers = false}).decision);
  v.asked = false;
  v.rcv_doubtful = true;
  EXPECT_FALSE(weigh(v, {.answers = false}).decision);
}

TEST(Doubt, APureAckThatIsAnsweredWasRefused) {
  OpenVerdict v = doubt(Reason::state_unknown, 500'000, 0);
  v.answered_refusal = Reason::paws;
  EXPECT_FALSE(weigh(v, {.answers = false}).decision);
  v.asked = false;
  const DoubtWeighed weighed = weigh(v, {});
  ASSERT_TRUE(weighed.decision);
  EXPECT_EQ(weighed.decision->reason, Reason::paws);
}

TEST(Doubt, OnlyTheFirstEchoAfterItTellsWhatItMet) {
  OpenVerdict v = doubt(Reason::ts_recent_range, 500'000);
  EXPECT_FALSE(weigh(v, {.echo = v.tsval}).decision) << "it may be its own";
  EXPECT_FALSE(weigh(v, {}).decision) << "this one may have been stored since";
}

TEST(Doubt, WhatWasSentSinceMayHaveBeenStoredSince) {
  const auto after = [](std::initializer_list<TsVal> later) {
    OpenVerdict v = doubt(Reason::ts_recent_range, 500'000);
    for (const TsVal value : later) v.followed_by(value);
    return weigh(v, {.last = false}).decision;
  };
  EXPECT_FALSE(after({kHeld - 7, kHeld})) << "it may be that one's";
  EXPECT_FALSE(after({kHeld - 1, kHeld - 2, kHeld - 3, kHeld - 4, kHeld - 5})) << "too many to know";
  const auto decision = after({kHeld - 7, kHeld + 3});
  ASSERT_TRUE(decision) << "that TSval came before it";
  EXPECT_EQ(decision->reason, Reason::paws);
}

TEST(Doubt, WhichRefusalOfAPureAckDependsOnRcvNxt) {
  for (const uint32_t length : {0u, 100u}) {
    OpenVerdict v = doubt(Reason::ts_recent_range, 500'000, length);
    v.rcv_doubtful = true;
    EXPECT_EQ(weigh(v, {.last = false}).decision.has_value(), length != 0);
  }
  OpenVerdict v = doubt(Reason::ts_recent_range, 500'000);
  v.seq = v.segment.seq = {6000};
  v.end_seq = v.segment.end_seq = {6100};
  v.rcv_doubtful = true;
  EXPECT_FALSE(weigh(v, {.echo = v.tsval - 5, .last = false}).decision) << "or it is old";
}

TEST(Doubt, TheNextAckTellsRcvNxtIfNothingCameSince) {
  for (const bool next_in_order : {true, false}) {
    OpenVerdict v = doubt(Reason::ts_recent_range, 500'000, 0);
    v.rcv_doubtful = true;
    v.state.rcv_nxt = v.state.rcv_nxt + 148;
    const auto decision = weigh(v, {.ack = next_in_order ? 5000u : 5148u, .answers = false}).decision;
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->reason, next_in_order ? Reason::paws : Reason::paws_ack);
  }
  // Nor does what acknowledges too much.
  for (const bool last : {true, false}) {
    OpenVerdict v = doubt(Reason::sequence_range, 500'000, 0);
    v.segment.ack = {9500};
    v.rcv_doubtful = true;
    Segment s;
    s.flags = kAck;
    s.seq = {9000};
    s.ack = {5000};
    const DoubtWeighed weighed =
        weigh_doubt(default_profile(), v, {.segment = s, .last = last, .at_receiver = true});
    EXPECT_EQ(weighed.decision.has_value(), last);
  }
}

/// Half the circle behind TS.Recent is half the circle ahead, which two segments may have made of it since.
TEST(Doubt, AnEchoOfWhatCameLaterIsNotWhatAnAckOfUnsentDataMet) {
  for (const bool came_later : {true, false}) {
    OpenVerdict v = doubt(Reason::state_unknown, 0, 0);
    v.segment.ack = {9500};
    v.segment.tsval = v.tsval = kHeld + 100;
    const Segment s = asks_again(kHeld + 100 + 0x8000'0000u - 1);
    if (came_later) v.followed_by(s.tsecr);
    const DoubtWeighed weighed = weigh_doubt(default_profile(), v, {.segment = s, .at_receiver = true});
    ASSERT_TRUE(weighed.decision);
    EXPECT_EQ(weighed.decision->reason == Reason::ack_unsent_data, came_later);
  }
}

/// What came between may have stored the echo again, or else the ACK met it: of the two, one refuses it.
TEST(Doubt, AnAckOfUnsentDataThatMayHaveMetTwoTsRecentsStaysUnknown) {
  OpenVerdict v = doubt(Reason::ts_recent_range, 0, 0);
  v.seq = v.segment.seq = {4900};
  v.segment.ack = {9500};
  const TsVal other = kHeld - 0x7fff'ff00u;
  v.segment.tsval = v.tsval = other;
  const Segment s = asks_again(other);
  v.followed_by(other);
  const DoubtWeighed weighed = weigh_doubt(default_profile(), v, {.segment = s, .at_receiver = true});
  EXPECT_FALSE(weighed.decision);
  EXPECT_TRUE(weighed.over);
}

/// Its TSval would be TS.Recent now if it had been taken.
TEST(Doubt, TheAnswerToAnAckOfUnsentDataTellsThatTsRecentStayed) {
  for (const bool last : {true, false})
    for (const bool answers : {true, false}) {
      OpenVerdict v = doubt(Reason::state_unknown, 0, 0);
      v.segment.ack = {9500};
      v.segment.tsval = v.tsval = kHeld + 0x7fff'ffffu;
      const Segment s = asks_again(kHeld);
      const DoubtWeighed weighed = weigh_doubt(
          default_profile(), v, {.segment = s, .last = last, .at_receiver = true, .answers = answers});
      ASSERT_TRUE(weighed.decision);
      EXPECT_EQ(weighed.decision->reason, Reason::ack_unsent_data);
      EXPECT_EQ(weighed.decision->by_echo, last && answers);
    }
}

TEST(Doubt, ARestoredReceiverMayHaveFoundTheAckTooOld) {
  OpenVerdict v = doubt(Reason::ts_recent_range, 500'000);
  v.seq = v.segment.seq = {6000};
  v.end_seq = v.segment.end_seq = {6100};
  v.segment.ack = {8900};
  OpenVerdict same = v;
  EXPECT_TRUE(weigh(v, {.echo = v.tsval - 5}).decision);
  EXPECT_FALSE(weigh(same, {.echo = v.tsval - 5, .restored = true}).decision);
}

TEST(Doubt, TheEchoLetsAnOutOfOrderSegmentPassToo) {
  OpenVerdict v = doubt(Reason::ts_recent_range, 500'000);
  v.seq = v.segment.seq = {6000};
  v.end_seq = v.segment.end_seq = {6100};
  const DoubtWeighed weighed = weigh(v, {.echo = v.tsval - 5});
  ASSERT_TRUE(weighed.decision);
  EXPECT_EQ(weighed.decision->verdict, Verdict::accept);
  EXPECT_EQ(weighed.decision->reason, Reason::newer);
}

TEST(Doubt, DataInOrderThatAreAskedForAgainHadTooOldAnAck) {
  OpenVerdict v = doubt(Reason::state_unknown, 0);
  v.segment.ack = {3000};
  EXPECT_FALSE(weigh(v, {.settled = false, .answers = false}).decision) << "the ACK may have left before";
  v.repeated = true;  // the other copy has not come either
  for (const Answer& answer : {Answer{.answers = false}, Answer{.settled = false}}) {
    const DoubtWeighed weighed = weigh(v, answer);
    ASSERT_TRUE(weighed.decision);
    EXPECT_EQ(weighed.decision->reason, Reason::too_old_ack);
  }
}

TEST(Doubt, OrOfWhichAPartHasComeByAnotherSegment) {
  OpenVerdict v = doubt(Reason::state_unknown, 0);
  v.segment.ack = {3000};
  const DoubtWeighed weighed = weigh(v, {.ack = 5099, .last = false});
  ASSERT_TRUE(weighed.decision);
  EXPECT_EQ(weighed.decision->reason, Reason::too_old_ack);
  v.state.rcv_nxt = {5100};
  EXPECT_FALSE(weigh(v, {.ack = 5099, .last = false}).decision) << "it had them before";
}

TEST(Doubt, ALaterTsRecentDoesNotTellWhichTestRefusedData) {
  for (const bool stored_since : {false, true}) {
    OpenVerdict v = doubt(Reason::ts_recent_range, 10);
    v.segment.ack = {3000};
    if (stored_since) v.followed_by(kHeld + 5);
    const DoubtWeighed weighed = weigh(v, {.echo = kHeld + 5, .last = false});
    EXPECT_EQ(weighed.decision.has_value(), !stored_since) << "PAWS, or too old an ACK";
  }
}

/// 2,000 ticks back: harmless in an ACK if a tick is a microsecond.
TEST(Doubt, HowOldIsTooOldDependsOnTheTick) {
  OpenVerdict v = doubt(Reason::ts_recent_range, 2'000, 0);
  repeat_ack(v.state, v.seq, v.segment.ack);
  v.state.rto_ns = 204 * kMillisecond;
  EXPECT_TRUE(weigh(v, {.answers = false}).decision);
  OpenVerdict same = doubt(Reason::ts_recent_range, 2'000, 0);
  same.state = v.state;
  EXPECT_FALSE(weigh(same, {.tick_known = false, .answers = false}).decision);
}

TEST(Doubt, TheFirstEchoTellsACookieFromARequestSocket) {
  OpenVerdict v = doubt(Reason::state_unknown, 10, 0);
  v.state.state = TcpState::syn_recv;
  const DoubtWeighed cookie = weigh(v, {.echo = v.tsval});
  ASSERT_TRUE(cookie.decision);
  EXPECT_EQ(cookie.decision->verdict, Verdict::accept);
  const DoubtWeighed request = weigh(v, {});
  ASSERT_TRUE(request.decision);
  EXPECT_EQ(request.decision->verdict, Verdict::drop);
  EXPECT_TRUE(weigh(v, {.last = false}).over);
  v.reason = Reason::ts_recent_range;
  EXPECT_FALSE(weigh(v, {.echo = v.tsval}).decision) << "an ACK before it had the same TSval";
}

/// The capture shows what the server sends 50 ms later than what the client sends: two taps, whose clocks
/// differ.
TEST(Doubt, WhatIsShownAfterItsEchoWasNotRefused) {
  Conversation c;
  c.handshake();
  c.talk(20);
  uint32_t sent = c.next[1];
  c.next[1] += 500;  // on the way to the capture
  for (uint32_t ahead = 10; ahead <= 50; ahead += 10) {
    c.pass(10 * kMillisecond);
    c.client({.ack = sent + ahead * 10, .tsecr = c.clock[1]});
  }
  for (int i = 0; i < 5; ++i, sent += 100) {
    const auto late = static_cast<uint32_t>(40 - 10 * i);
    const Judgement j = c.server({.payload = 100, .seq = sent, .tsval = c.clock[1] - late});
    EXPECT_NE(j.verdict, Verdict::drop) << late << " ms";
  }
  EXPECT_EQ(from(c.finish(), Side::server).verdicts[static_cast<size_t>(Verdict::drop)], 0u);
}

/// The capture lacks the last segment before the move, and so the TSval that the server echoes since.
TEST(Doubt, AClockThatIsFarBehindAnEchoIsNotOnItsWayThere) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.next[0] += 100;
  c.acked[0] = c.next[0];
  c.echo[1] = c.clock[0];
  c.server();
  c.pass(kSecond);
  c.clock[0] -= 1'000'000;
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(c.client({.payload = 100, .seq = c.next[0]}).verdict, Verdict::drop) << i;
    c.pass(kSecond);
  }
}

}  // namespace
}  // namespace tsaudit
