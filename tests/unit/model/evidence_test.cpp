// SPDX-License-Identifier: Apache-2.0
// Each drop against what the receiver sends afterwards.
#include <gtest/gtest.h>

#include "conversation.h"

namespace tsaudit {
namespace {

/// A connection whose client is a million ticks behind from now on.
Conversation set_back(AnalysisOptions options = {}) {
  Conversation c(std::move(options));
  c.handshake();
  c.talk(100);
  c.clock[0] -= 1'000'000;
  return c;
}

/// So many of the client's segments were refused, and it shows; or nothing shows it.
void expect_evidence(Conversation& c, uint64_t confirmed, uint64_t predicted) {
  const FlowReport report = c.finish();
  EXPECT_EQ(from(report, Side::client).confirmed, confirmed);
  EXPECT_EQ(from(report, Side::client).predicted, predicted);
}

TEST(Evidence, ARepeatedAckConfirms) {
  Conversation c = set_back();
  ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0]}).verdict, Verdict::drop);
  c.pass(20'000);
  c.server();  // the same ACK, the same TSecr
  const FlowReport report = c.finish();
  EXPECT_EQ(from(report, Side::client).confirmed, 1u);
  EXPECT_EQ(from(report, Side::client).predicted, 0u);
  EXPECT_EQ(from(report, Side::client).contradicted, 0u);
}

/// A mirror port shows it twice: once before the segment, as the ACK of another, and once after it.
TEST(Evidence, ThePacketThatWasThereBeforeConfirmsNothing) {
  for (const uint16_t again : {uint16_t{70}, uint16_t{71}}) {
    Conversation c = set_back();
    c.server({.ip_id = 70});
    c.client({.payload = 100, .seq = c.next[0]});
    c.pass(20'000);
    c.server({.ip_id = again});
    expect_evidence(c, again == 70 ? 0 : 1, again == 70 ? 1 : 0);
  }
}

TEST(Evidence, SilenceLeavesItPredicted) {
  Conversation c = set_back();
  ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0]}).verdict, Verdict::drop);
  c.pass(kSecond);
  expect_evidence(c, 0, 1);
}

TEST(Evidence, OneAnswerMayBeOfEitherOfTwoThatItsOrderDecides) {
  Conversation c;
  c.handshake();
  c.talk(100);
  for (int i = 0; i < 2; ++i)
    ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0], .tsval = c.echo[1] - 5}).verdict, Verdict::drop);
  c.pass(20'000);
  c.server();
  expect_evidence(c, 0, 2);
}

TEST(Evidence, OneAnswerConfirmsWhatIsRefusedInAnyOrder) {
  Conversation c = set_back();
  for (int i = 0; i < 2; ++i) ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0]}).verdict, Verdict::drop);
  c.pass(20'000);
  c.server();
  expect_evidence(c, 1, 1);
}

TEST(Evidence, AnAnswerWithATsRecentThatLetsItPassIsForAnother) {
  Conversation c;
  c.handshake();
  c.talk(100);
  const uint32_t early = c.echo[1] - 100'000, jumped = early + 0x8000'0010;
  ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0], .tsval = early}).verdict, Verdict::drop);
  ASSERT_EQ(c.client({.tsval = jumped}).verdict, Verdict::accept);
  c.pass(20'000);
  c.server({.tsecr = jumped});
  expect_evidence(c, 0, 1);
}

TEST(Evidence, DataOfTheReceiverAreNoAnswer) {
  Conversation c = set_back();
  ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0]}).verdict, Verdict::drop);
  c.pass(20'000);
  c.server({.payload = 10});
  expect_evidence(c, 0, 1);
}

TEST(Evidence, AReceiverThatLongAfterStillAsksForItHasRefusedIt) {
  Conversation c = set_back();
  ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0]}).verdict, Verdict::drop);
  c.pass(100 * kMillisecond);
  c.server({.payload = 10});
  expect_evidence(c, 1, 0);
}

/// 100 bytes at `seq` are refused by the model, and this is what the receiver says of them.
void expect_contradicted(Conversation& c, uint32_t seq, const Say& answer) {
  ASSERT_EQ(c.client({.payload = 100, .seq = seq}).verdict, Verdict::drop);
  c.pass(20'000);
  c.server(answer);
  const FlowReport report = c.finish();
  EXPECT_EQ(from(report, Side::client).contradicted, 1u);
  EXPECT_EQ(from(report, Side::client).confirmed, 0u);
}

TEST(Evidence, AnAckForTheSegmentContradicts) {
  Conversation c = set_back();
  expect_contradicted(c, c.next[0], {.ack = c.next[0] + 100, .tsecr = c.clock[0]});
}

TEST(Evidence, DataThatWaitedAlreadyDoNotContradict) {
  Conversation c;
  c.handshake();
  c.talk(100);
  const uint32_t hole = c.next[0];
  ASSERT_EQ(c.client({.payload = 200, .seq = hole + 100}).verdict, Verdict::accept);
  c.pass(20'000);
  c.server({.ack = hole});
  c.clock[0] -= 1'000'000;
  ASSERT_EQ(c.client({.payload = 100, .seq = hole + 100}).verdict, Verdict::drop) << "a copy of what waits";
  c.pass(20'000);
  c.server({.ack = hole});
  c.clock[0] += 1'000'000;
  ASSERT_EQ(c.client({.payload = 100, .seq = hole}).verdict, Verdict::accept);
  c.pass(20'000);
  c.server({.ack = hole + 300});
  const FlowReport report = c.finish();
  EXPECT_EQ(from(report, Side::client).contradicted, 0u);
  EXPECT_EQ(from(report, Side::client).confirmed, 1u);
}

TEST(Evidence, ACopyThatCameLaterExplainsTheAck) {
  Conversation c = set_back();
  const uint32_t start = c.next[0];
  ASSERT_EQ(c.client({.payload = 100, .seq = start + 100}).verdict, Verdict::drop);
  c.clock[0] += 1'000'000;
  ASSERT_EQ(c.client({.payload = 150, .seq = start + 100}).verdict, Verdict::accept);
  c.pass(20'000);
  c.server({.ack = start});
  ASSERT_EQ(c.client({.payload = 100, .seq = start}).verdict, Verdict::accept);
  c.pass(20'000);
  c.server({.ack = start + 250});
  EXPECT_EQ(from(c.finish(), Side::client).contradicted, 0u);
}

TEST(Evidence, ACopyOfAPartDoesNotExplainTheAck) {
  Conversation c = set_back();
  const uint32_t start = c.next[0];
  ASSERT_EQ(c.client({.payload = 100, .seq = start}).verdict, Verdict::drop);
  c.clock[0] += 1'000'000;
  ASSERT_EQ(c.client({.payload = 50, .seq = start}).verdict, Verdict::accept);
  c.pass(20'000);
  c.server({.ack = start + 100});
  EXPECT_EQ(from(c.finish(), Side::client).contradicted, 1u) << "the last byte came in it alone";
}

TEST(Evidence, PartsThatHoldItsEndsExplainTheAck) {
  Conversation c = set_back();
  const uint32_t start = c.next[0];
  ASSERT_EQ(c.client({.payload = 100, .seq = start}).verdict, Verdict::drop);
  c.clock[0] += 1'000'000;
  ASSERT_EQ(c.client({.payload = 50, .seq = start}).verdict, Verdict::accept);
  ASSERT_EQ(c.client({.payload = 50, .seq = start + 50}).verdict, Verdict::accept);
  c.pass(20'000);
  c.server({.ack = start + 100});
  EXPECT_EQ(from(c.finish(), Side::client).contradicted, 0u);
}

TEST(Evidence, ASackForTheSegmentContradicts) {
  Conversation c = set_back();
  const uint32_t hole = c.next[0];
  expect_contradicted(c, hole + 100, {.ack = hole, .sack = {{hole + 100, hole + 200}}});
}

/// That TS.Recent takes the value later, from another segment, says nothing of the one that was refused.
TEST(Evidence, AnEchoThatIsExpectedDoesNotContradict) {
  Conversation c;
  c.handshake();
  c.talk(100);
  const uint32_t held = c.echo[1], early = held + 5, jumped = held + 0x7fff'fffe;
  const auto answered = [&](const Say& what) {
    const Verdict verdict = c.client(what).verdict;
    c.pass(20'000);
    c.server();
    c.pass(400'000);
    return verdict;
  };
  ASSERT_EQ(answered({.payload = 100, .tsval = jumped}), Verdict::accept);
  ASSERT_EQ(answered({.payload = 100, .seq = c.next[0] + 500, .tsval = early}), Verdict::drop);
  ASSERT_EQ(answered({.payload = 100, .tsval = jumped + 8}), Verdict::accept);
  ASSERT_EQ(answered({.payload = 100, .tsval = early}), Verdict::accept) << "half of the circle on";
  EXPECT_EQ(from(c.finish(), Side::client).contradicted, 0u);
}

TEST(Evidence, OneAnswerConfirmsOneDrop) {
  Conversation c = set_back();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0]}).verdict, Verdict::drop);
    c.pass(20'000);
    c.server();
    c.pass(400 * kMillisecond);
  }
  const FlowReport report = c.finish();
  EXPECT_EQ(from(report, Side::client).confirmed, 3u);
  EXPECT_EQ(count(from(report, Side::client), Reason::paws), 3u);
}

TEST(Evidence, AnAnswerThatComesTooLateIsForAnother) {
  Conversation c = set_back();
  ASSERT_EQ(c.client().verdict, Verdict::drop);
  c.pass(5 * kMillisecond);
  c.server();
  expect_evidence(c, 0, 1);
}

TEST(Evidence, DataWaitForTheirAnswerAlsoWhenTheyAreKnownToBeRefused) {
  Conversation c = set_back();
  ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0]}).verdict, Verdict::drop);
  c.pass(20'000);
  c.server({.payload = 10});  // asks for them still, but is no answer
  c.pass(kMillisecond);
  ASSERT_EQ(c.client().verdict, Verdict::drop);
  c.pass(20'000);
  c.server();
  expect_evidence(c, 1, 1);
}

TEST(Evidence, ADSackTellsThatACopyIsAnswered) {
  for (const bool copy : {false, true}) {
    Conversation c = set_back();
    ASSERT_EQ(c.client().verdict, Verdict::drop);
    c.pass(20'000);
    Say again;
    if (copy) again.sack = {c.next[0] - 100, c.next[0]};
    c.server(again);
    EXPECT_EQ(from(c.finish(), Side::client).confirmed, copy ? 0u : 1u) << "copy: " << copy;
  }
}

TEST(Evidence, ADSackForRefusedDataConfirms) {
  Conversation c = set_back();
  ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0] - 50}).verdict, Verdict::drop);
  c.pass(20'000);
  c.server({.sack = {{c.next[0] - 50, c.next[0]}}});
  expect_evidence(c, 1, 0);
}

/// The server says `late` after an old ACK what it said not when it should have: that it has the data before
/// that ACK.
FlowReport ack_behind_data(TimeNs late) {
  Conversation c;
  c.handshake();
  c.talk(5);
  const uint32_t held = c.echo[1], expected = c.next[0];
  c.client({.payload = 100, .tsval = held + 1000});
  c.pass(50'000);
  c.server({.ack = expected, .tsecr = held});
  EXPECT_EQ(c.client({.tsval = held + 500}).verdict, Verdict::unknown);
  c.pass(late);
  c.server({.tsecr = held + 1000});
  return c.finish();
}

TEST(Evidence, DataThatCameLateMayHaveComeAfterTheAck) {
  EXPECT_EQ(count(from(ack_behind_data(20'000), Side::client), Reason::paws), 1u);
  EXPECT_EQ(count(from(ack_behind_data(4 * kMillisecond), Side::client), Reason::paws), 0u);
  EXPECT_EQ(count(from(ack_behind_data(41 * kMillisecond), Side::client), Reason::paws), 1u) << "the timer";
}

TEST(Evidence, AnAckAnswersTheOldAckThatItFollows) {
  Conversation c = set_back();
  ASSERT_EQ(c.client().verdict, Verdict::drop);
  c.pass(100 * kMillisecond);
  ASSERT_EQ(c.client().verdict, Verdict::drop);
  c.pass(20'000);
  c.server();
  c.pass(100 * kMillisecond);
  c.server();  // for a reason of its own
  expect_evidence(c, 1, 1);
}

/// A connection whose server is 10 ms away from the capture.
Conversation far_away() {
  AnalysisOptions away;
  away.captured_on_the_way = true;
  Conversation c(away);
  c.answer = 20 * kMillisecond;
  c.handshake();
  c.talk(3, c.answer + kMillisecond);
  return c;
}

/// The receiver says its last ACK again `after` an old segment has passed.
FlowReport repeated_from_afar(TimeNs after) {
  Conversation c = far_away();
  const uint32_t old = c.clock[0] - 1'000'000;
  EXPECT_EQ(c.client({.payload = 100, .seq = c.next[0], .tsval = old}).verdict, Verdict::drop);
  c.pass(after);
  c.server();
  return c.finish();
}

TEST(Evidence, AnAnswerTakesItsTime) {
  EXPECT_EQ(from(repeated_from_afar(20 * kMillisecond), Side::client).confirmed, 1u);
  EXPECT_EQ(from(repeated_from_afar(12 * kMillisecond), Side::client).confirmed, 0u)
      << "it was under way when the segment passed";
}

/// Seen from afar: data and an old ACK, both of which the one TS.Recent that the receiver may have had lets
/// pass and the other refuses, then an ACK that says nothing new but `sacked`.
FlowReport ack_after_data(bool sacked) {
  Conversation c = far_away();
  const uint32_t held = c.echo[1], expected = c.next[0], hole = expected + 500;
  c.client({.payload = 100, .seq = expected - 50, .tsval = held + 0x7fff'ff00});
  c.pass(kMillisecond);
  EXPECT_EQ(c.client({.payload = 100, .seq = expected, .tsval = held + 1}).verdict, Verdict::unknown);
  if (sacked) c.client({.payload = 100, .seq = hole, .tsval = held + 1});
  EXPECT_EQ(c.client({.seq = expected, .tsval = held - 20}).verdict, Verdict::unknown);
  c.pass(c.answer);
  Say again{.ack = expected, .tsecr = held};
  if (sacked) again.sack = {hole, hole + 100};
  c.server(again);
  return c.finish();
}

TEST(Evidence, AnAnswerToDataIsNoneToTheAckAfterThem) {
  for (const bool sacked : {false, true}) {
    const FlowReport report = ack_after_data(sacked);
    EXPECT_EQ(count(from(report, Side::client), Reason::paws), 0u) << "sacked: " << sacked;
  }
}

/// The receiver may have had either of two TS.Recent, and both refuse the segment. What it takes later, half
/// of the number circle on, would not have; but by then it has shown which it was.
TEST(Evidence, AnEchoThatRefusesItTooShowsWhatItMet) {
  Conversation c = far_away();
  const uint32_t held = c.echo[1], later = held + 0x7fff'ff00;
  c.client({.tsval = held + 20});
  c.pass(kMillisecond);
  ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0], .tsval = held - 500'000}).verdict, Verdict::drop);
  c.pass(c.answer);
  c.server({.tsecr = held});
  c.client({.payload = 100, .tsval = later});
  c.pass(c.answer);
  c.server({.tsecr = later});
  EXPECT_EQ(count(from(c.finish(), Side::client), Reason::paws), 1u);
}

/// Two ACKs say the same, and the older one comes last, when the receiver has taken more.
TEST(Evidence, AnAckThatOthersHaveOvertakenSaysNothingOfThePresent) {
  Conversation c;
  c.handshake();
  c.talk(5);
  const uint32_t acked = c.next[0], sent_first = c.clock[1];
  c.pass(5 * kMillisecond);
  c.server();
  c.client({.payload = 100});
  c.client();
  c.pass(20'000);
  c.server({.ack = acked, .tsval = sent_first});
  c.pass(20'000);
  // An old ACK of what the receiver has by now is harmless.
  EXPECT_EQ(c.client({.tsval = c.clock[0] - 5}).reason, Reason::disordered_ack);
}

TEST(Evidence, TheEchoOfASegmentThatOthersHaveOvertakenSaysNothingEither) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const uint32_t sent_first = c.clock[1], old_echo = c.echo[1];
  c.pass(5 * kMillisecond);
  const uint32_t ahead = c.clock[0] + 1'000'000;
  c.client({.tsval = ahead});
  c.pass(20'000);
  c.server({.tsecr = ahead});
  c.server({.tsval = sent_first, .tsecr = old_echo});
  c.pass(kMillisecond);
  const Judgement next = c.client({.payload = 100});
  EXPECT_EQ(next.verdict, Verdict::drop);
  EXPECT_EQ(next.ts_recent, TsVal{ahead});
}

/// What would have replaced an older TS.Recent by now has not: time alone will not tell whether it does.
TEST(Evidence, AnEchoThatIsOlderThanAllLeavesInDoubtWhatIsStored) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const uint32_t held = c.echo[1], asked_for = c.next[0];
  c.pass(8 * kMillisecond);
  c.client();
  c.pass(kMillisecond);
  c.client({.payload = 100, .tsval = c.clock[0] + 0x7ffffff0});
  c.pass(c.answer);
  c.server({.ack = asked_for, .tsecr = held});
  c.pass(5 * kMillisecond);
  EXPECT_EQ(c.client({.payload = 100, .seq = asked_for, .tsval = held - 1000}).verdict, Verdict::unknown);
}

/// A jump of the clock is lost behind the capture, so that what seemed to be refused because of it may have
/// been taken, and have moved the receiver's SND.WL1: whether an old ACK is harmless depends on that.
TEST(Evidence, WhatMayHaveBeenTakenAfterAllMayHaveMovedTheWindow) {
  Conversation c;
  c.handshake();
  c.talk(5);
  const uint32_t next = c.next[0];
  c.client({.payload = 100, .tsval = c.clock[0] + 1'000'000'000});
  c.pass(kMillisecond);
  ASSERT_EQ(c.client({.payload = 100, .seq = next + 500}).verdict, Verdict::drop);
  c.next[0] = next;
  c.pass(20'000);
  c.server({.tsecr = c.clock[0] - 20});
  c.client({.payload = 100});
  c.pass(20'000);
  c.server();
  c.pass(20 * kMillisecond);
  EXPECT_EQ(c.client({.tsval = c.clock[0] - 40}).verdict, Verdict::unknown);
}

TEST(Evidence, ARestoredSocketMayKeepItsWindowAtAZeroOne) {
  for (const bool restored : {true, false}) {
    Conversation c;
    c.handshake();
    c.talk(100);
    c.server({.payload = 100, .tsecr = restored ? 0 : c.echo[1]});
    c.pass(kMillisecond);
    ASSERT_EQ(c.client({.window = 0}).verdict, Verdict::accept);
    c.pass(kMillisecond);
    EXPECT_EQ(c.client({.tsval = c.clock[0] - 100}).verdict, restored ? Verdict::unknown : Verdict::drop)
        << "if it did, this one opens no window";
  }
}

TEST(Evidence, AContradictionChoosesAProfileThatFits) {
  Conversation c = set_back();
  const uint32_t held = c.echo[1];
  c.pass(2200 * kSecond);
  c.clock[0] -= 1'000'000'000;
  ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0]}).reason, Reason::idle) << "6.18 forgets in 2147 s";
  c.pass(20'000);
  c.server({.tsecr = held});  // but this receiver asks for the same byte again: it remembers longer
  const FlowReport report = c.finish();
  EXPECT_EQ(from(report, Side::client).contradicted, 1u);
  EXPECT_EQ(from(report, Side::client).receiver_profile->idle_seconds, 24 * 86400);
  EXPECT_TRUE(from(report, Side::client).profile_proven);
}

/// A capture that begins when the client is behind already: nothing in it tells how old TS.Recent is.
TEST(Evidence, TheNextEchoShowsThatTsRecentStillCounts) {
  Conversation c;
  const uint32_t held = c.clock[0] + 1'000'000;
  c.echo[1] = held;
  c.server();
  c.pass(kSecond);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0]}).reason, Reason::idle_range);
    c.pass(20'000);
    c.server({.tsecr = held});
    c.pass(kSecond);
  }
  const FlowReport report = c.finish();
  EXPECT_EQ(count(from(report, Side::client), Reason::paws), 3u);
  EXPECT_EQ(from(report, Side::client).confirmed, 3u);
}

/// Somebody on the way rewrites TSecr: the echo is nothing that the server holds.
TEST(Evidence, AcknowledgedDataWereTakenWhateverTheEchoSays) {
  Conversation c;
  const auto rewritten = [&] { return c.clock[0] + 250'000; };
  c.server({.tsecr = rewritten()});
  for (int i = 0; i < 5; ++i) {
    c.pass(kSecond);
    c.client({.payload = 100});
    c.pass(20'000);
    c.server({.tsecr = rewritten()});
  }
  const FlowReport report = c.finish();
  EXPECT_EQ(count(from(report, Side::client), Reason::paws), 0u);
}

TEST(Evidence, OrThatItWasTooOld) {
  Conversation c;
  c.echo[1] = c.clock[0] + 1'000'000;
  c.server();
  c.pass(kSecond);
  ASSERT_EQ(c.client({.payload = 100}).reason, Reason::idle_range);
  c.pass(20'000);
  c.server();  // of the client's TSval
  EXPECT_EQ(count(from(c.finish(), Side::client), Reason::paws), 0u);
}

/// The answer comes `after` the probe that TCP_REPAIR sends, with this window.
FlowReport answered_probe(TimeNs after, uint16_t window, AnalysisOptions options = {}) {
  Conversation c = set_back(std::move(options));
  EXPECT_EQ(c.client({.seq = c.next[0] - 1}).reason, Reason::paws_ack);
  c.pass(after);
  c.server({.window = window});
  return c.finish();
}

TEST(Evidence, AnAnswerToAnOldAckChoosesAKernelThatGivesOne) {
  const FlowReport report = answered_probe(20'000, 1000);
  EXPECT_EQ(from(report, Side::client).receiver_profile->name, "linux-6.12") << "6.14 drops it in silence";
  EXPECT_TRUE(from(report, Side::client).profile_proven);
  EXPECT_EQ(from(report, Side::client).confirmed, 1u);
  EXPECT_EQ(count(from(report, Side::client), Reason::paws), 1u);
}

TEST(Evidence, AnAckForAnotherReasonChoosesNoKernel) {
  EXPECT_FALSE(from(answered_probe(20'000, 900), Side::client).profile_proven) << "a window update";
  EXPECT_FALSE(from(answered_probe(30 * kMillisecond, 1000), Side::client).profile_proven) << "too late";
  AnalysisOptions told;
  told.profile = find_profile("linux-6.18");
  EXPECT_EQ(from(answered_probe(20'000, 1000, told), Side::client).receiver_profile->name, "linux-6.18");
}

/// Of data whose ACK may be too old, two segments in one batch: the ACK of the first ends where the second
/// begins, and may have left before that was looked at.
TEST(Evidence, TheAckOfABatchIsNotThatOfItsEnd) {
  for (const bool taken : {true, false}) {
    Conversation c;
    c.handshake();
    for (int i = 0; i < 3; ++i) {
      c.server({.payload = 1000});
      c.pass(10 * kMillisecond);
      c.client();
    }
    const uint32_t first = c.next[0], old = c.next[1] - 2000;
    for (int i = 0; i < 2; ++i) EXPECT_EQ(c.client({.payload = 100, .ack = old}).verdict, Verdict::unknown);
    c.pass(70'000 + c.answer);
    c.server({.ack = first + 100});
    c.pass(taken ? 3'000 : 45 * kMillisecond);
    c.server({.ack = first + (taken ? 200 : 100)});
    const DirectionReport d = from(c.finish(), Side::client);
    EXPECT_EQ(count(d, Reason::too_old_ack), taken ? 0 : 1);
  }
}

TEST(Evidence, CountsAddUpToTheDrops) {
  Conversation c = set_back();
  for (int i = 0; i < 300; ++i) {
    c.client({.payload = 100, .seq = c.next[0]});
    c.pass(20'000);
    if (i % 3 == 0) c.server();
    c.pass(kMillisecond);
  }
  const DirectionReport d = from(c.finish(), Side::client);
  EXPECT_EQ(d.confirmed + d.predicted + d.contradicted, count(d, Reason::paws));
}

/// What has TCP_REPAIR is a Linux, whatever it refuses.
TEST(Evidence, OfARestoredSocketNoOtherStackIsChosen) {
  Conversation c;
  c.handshake();
  c.talk(10);
  c.pass(300 * kMillisecond);
  c.server({.seq = c.next[1] - 1, .tsecr = 0});
  c.pass(10 * kMillisecond);
  const uint32_t data = c.next[0];
  EXPECT_EQ(c.client({.payload = 100, .seq = data, .tsval = c.clock[0] + 0x80000000}).reason,
            Reason::ts_recent_zero);
  c.pass(c.answer);
  c.server({.ack = data, .tsecr = 0});
  const FlowReport report = c.finish();
  EXPECT_EQ(report.directions[0].contradicted, 1u);
  EXPECT_EQ(report.directions[0].receiver_profile->name, default_profile().name);
}

/// Those after it did not meet its TSval, unless another segment brought that.
TEST(Evidence, WhatWasRefusedDidNotMoveTsRecentForThoseAfterIt) {
  for (const auto& [again, others] : {std::pair{false, 0u}, {false, 6u}, {true, 0u}}) {
    Conversation c;
    c.handshake();
    c.talk(20);
    const uint32_t stayed = c.echo[1], ahead = stayed + 0x7fff'ff00, behind_both = stayed - 1000;
    // Data that acknowledge what was not sent, far ahead; then an old ACK that acknowledges too much as well,
    // which is stale by the one TS.Recent and would be new by the other.
    c.client({.flags = kAck | kPsh, .payload = 31, .seq = c.next[0], .ack = c.next[1] + 20'000, .tsval = ahead});
    c.pass(100'000);
    if (again) c.client({.seq = c.next[0], .tsval = ahead});
    for (uint32_t i = 0; i < others; ++i) c.client({.seq = c.next[0], .tsval = stayed});
    c.client({.seq = c.next[0] - 1, .ack = c.next[1] + 70'000, .tsval = behind_both});
    c.pass(100'000);
    c.echo[1] = stayed;
    c.client({.flags = kAck | kPsh, .payload = 230, .tsval = stayed + 1});
    c.pass(c.answer);
    c.echo[1] = stayed + 1;
    c.server();
    const FlowReport report = c.finish();
    EXPECT_EQ(count(from(report, Side::client), Reason::ack_unsent_data), 1u);
    EXPECT_EQ(count(from(report, Side::client), Reason::paws_ack), 0u);
  }
}

/// The probe of a restored socket is refused as an old sequence, and answered. That answer is no word against
/// the data behind it, whose TSval is one tick back.
TEST(Evidence, TheAnswerToAProbeRefutesNothing) {
  for (const bool probes : {true, false}) {
    Conversation c;
    c.handshake();
    c.talk(50);
    c.pass(kMillisecond);
    const uint32_t ts_recent = c.echo[1];
    c.clock[0] = ts_recent - 1;
    if (probes) c.client({.seq = c.next[0] - 1});
    ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0]}).reason, Reason::window1);
    c.pass(20'000);
    c.server({.ack = c.next[0], .tsecr = ts_recent});
    EXPECT_EQ(from(c.finish(), Side::client).contradicted, probes ? 0u : 1u);
  }
}

}  // namespace
}  // namespace tsaudit
