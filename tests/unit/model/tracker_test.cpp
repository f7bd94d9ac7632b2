// SPDX-License-Identifier: Apache-2.0
// A connection from its SYN to its end: what is judged, and what state both ends are thought to be in.
#include "model/tracker.h"

#include <gtest/gtest.h>

#include "conversation.h"

namespace tsaudit {
namespace {

TEST(Tracker, AHealthyConnectionHasNoTrouble) {
  Conversation c;
  c.handshake();
  c.talk(200);
  EXPECT_EQ(c.flow().trouble, 0u) << "trouble costs memory";
  EXPECT_EQ(c.host(1).ts_recent.back().raw, c.echo[1]);
  const FlowReport report = c.finish();
  EXPECT_EQ(c.finished_trouble(), nullptr);
  const DirectionReport& client = from(report, Side::client);
  EXPECT_EQ(client.segments, 202u);
  EXPECT_EQ(client.payload_bytes, 20'000u);
  EXPECT_EQ(client.verdicts[static_cast<size_t>(Verdict::accept)], 201u);
  EXPECT_EQ(client.retransmissions, 0u);
  const TsRecentCheck& check = from(report, Side::client).check;
  EXPECT_GE(check.compared, 199u);
  EXPECT_EQ(check.equal, check.compared);
}

TEST(Tracker, HealthGoesOnAcrossTheWrapOfEverything) {
  Conversation c;
  c.clock[0] = c.clock[1] = 0xffffffff - 500;
  c.next[0] = 0xffffffff - 1000;
  c.acked[0] = c.next[0];
  c.handshake();
  c.talk(200);
  const FlowReport report = c.finish();
  EXPECT_EQ(c.finished_trouble(), nullptr);
  EXPECT_EQ(from(report, Side::client).verdicts[static_cast<size_t>(Verdict::accept)], 201u);
}

TEST(Tracker, AClockSetBackIsDroppedUntilItHasCaughtUp) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.clock[0] -= 300;
  int drops = 0;
  for (int i = 0; i < 40; ++i) {
    const Judgement j = c.client({.flags = kAck | kPsh, .payload = 100, .seq = c.next[0]});
    const bool old = distance(TsVal{c.echo[1]}, TsVal{c.clock[0]}) < -1;
    EXPECT_EQ(j.verdict, old ? Verdict::drop : Verdict::accept) << i;
    if (old) {
      EXPECT_EQ(j.reason, Reason::paws);
    }
    EXPECT_TRUE(j.answered || !old);
    EXPECT_EQ(j.ts_recent.raw, c.echo[1]) << "TS.Recent does not move by what is refused";
    drops += j.verdict == Verdict::drop;
    if (j.verdict == Verdict::accept) break;
    c.pass(20'000);
    c.server();
    c.pass(20 * kMillisecond - 20'000);
  }
  EXPECT_NEAR(drops, 14, 2);
  EXPECT_EQ(count(from(c.finish(), Side::client), Reason::paws), static_cast<uint64_t>(drops));
}

TEST(Tracker, OneTickBackPasses) {
  Conversation c;
  c.handshake();
  c.talk(20);
  const Judgement j = c.client({.payload = 100, .tsval = c.echo[1] - 1});
  EXPECT_EQ(j.verdict, Verdict::accept);
  EXPECT_EQ(j.reason, Reason::window1);
}

TEST(Tracker, MidConnectionNothingIsGuessed) {
  Conversation c;
  c.echo[0] = c.clock[1];
  c.echo[1] = c.clock[0];
  const Judgement first = c.client({.payload = 100});
  EXPECT_EQ(first.verdict, Verdict::not_tested == first.verdict ? Verdict::not_tested : Verdict::unknown);
  EXPECT_FALSE(first.known);
  c.pass(20'000);
  c.server();
  c.pass(kMillisecond);
  c.talk(3);
  EXPECT_EQ(c.flow().negotiated(), Negotiated::yes);
  EXPECT_EQ(c.client({.payload = 10}).verdict, Verdict::accept) << "the receiver's echo has told";
  EXPECT_EQ(c.client({.payload = 10, .seq = c.next[0], .tsval = c.clock[0] - 100'000}).verdict,
            Verdict::drop);
}

TEST(Tracker, WithoutTimestampsNothingIsTested) {
  Conversation c;
  c.handshake(false);
  const Judgement j = c.client({.payload = 100, .ts = false});
  EXPECT_EQ(j.verdict, Verdict::not_tested);
  EXPECT_EQ(j.reason, Reason::not_negotiated);
  EXPECT_EQ(c.finish().timestamps, Negotiated::no);
}

TEST(Tracker, ARstPassesWhateverItsTsval) {
  Conversation c;
  c.handshake();
  c.talk(20);
  const Judgement j = c.client({.flags = kRst | kAck, .tsval = c.clock[0] - 1'000'000});
  EXPECT_EQ(j.verdict, Verdict::accept);
  EXPECT_EQ(j.reason, Reason::rst_exempt);
  EXPECT_TRUE(c.flow().reset);
}

/// Linux takes a RST one before RCV.NXT where the FIN stands (tcp_reset_check()), if it has come.
TEST(Tracker, ARstAtTheFinIsExactIfTheFinWasTaken) {
  for (const uint32_t behind : {0u, 1'000'000u}) {
    Conversation c;
    c.handshake();
    c.talk(50);
    const bool taken = behind == 0;
    EXPECT_EQ(c.client({.flags = kFin | kAck, .tsval = c.clock[0] - behind}).verdict != Verdict::drop, taken);
    if (!taken) c.client({.payload = 1});
    c.pass(c.answer);
    c.server();
    c.pass(kMillisecond);
    const Judgement j = c.client({.flags = kRst, .seq = c.next[0] - 1});
    EXPECT_EQ(j.verdict, taken ? Verdict::accept : Verdict::drop) << behind;
    EXPECT_EQ(j.reason, taken ? Reason::newer : Reason::old_sequence) << behind;
  }
}

TEST(Tracker, ARstAtAFinThatMayWaitForDataIsOpen) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.client({.flags = kFin | kAck, .seq = c.next[0] + 100});
  c.client({.payload = 1});
  EXPECT_EQ(c.client({.flags = kRst, .seq = c.next[0] - 1}).verdict, Verdict::unknown);
}

TEST(Tracker, AnUnknownVerdictDoesNotMoveWhatTheCaptureShows) {
  Conversation c;
  c.handshake();
  c.talk(50);
  // The server's TS.Recent is one of two, of which one refuses this ACK, and it acknowledges what was never
  // sent.
  Host& server = c.flow().host[c.flow().client ^ 1];
  const SeqNum una = server.snd_una;
  server.ts_recent.may_store({c.clock[0] + 50'000}, c.now);
  const Judgement j = c.client({.ack = c.next[1] + 90'000, .tsval = c.clock[0] + 10'000});
  ASSERT_EQ(j.verdict, Verdict::unknown);
  EXPECT_EQ(server.snd_una, una);
  EXPECT_FALSE(c.flow().capture_loss);
}

TEST(Tracker, ARetransmissionThatIsAnsweredLateMakesTheRtoLong) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const uint32_t first = c.next[1];
  c.server({.payload = 100});
  c.server({.payload = 30});
  c.pass(200 * kMillisecond);
  c.server({.payload = 100, .seq = first});
  const uint32_t echoed = c.clock[1];
  c.pass(350 * kMillisecond);
  // The ACK leaves the last segment out, so that it answers none of them as a whole.
  c.client({.ack = first + 100, .tsecr = echoed});
  EXPECT_GE(rto_bounds(c.host(1)).max, 200 * kMillisecond + 4 * 350 * kMillisecond);
}

/// Its ACK of the first data was lost; of the next, it echoes the TSval of the second.
TEST(Tracker, AnAckThatMakesUpForALostOneMakesTheRtoLong) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.server({.payload = 100});
  c.pass(250 * kMillisecond);
  c.server({.payload = 100});
  const uint32_t echoed = c.clock[1];
  c.server({.payload = 30});  // left out, so that the ACK answers no segment as a whole
  c.pass(100 * kMillisecond);
  c.client({.ack = c.next[1] - 30, .tsecr = echoed});
  EXPECT_GE(rto_bounds(c.host(1)).max, 350 * kMillisecond + 4 * 350 * kMillisecond);
}

/// The first data after a silence: their own TSval tells how long it took, not the one that was echoed
/// before.
TEST(Tracker, ASilenceBeforeTheDataDoesNotMakeTheRtoLong) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.pass(30 * kSecond);
  c.server({.payload = 100});
  const uint32_t echoed = c.clock[1];
  for (int i = 0; i < 10; ++i) {
    c.pass(2 * kMillisecond);
    c.server({.payload = 100});
  }
  c.pass(20 * kMillisecond);
  c.client({.ack = c.next[1] - 1000, .tsecr = echoed});
  EXPECT_LE(rto_bounds(c.host(1)).max, 500 * kMillisecond);
}

/// Options that cannot be walked through: a Linux with TCP-AO refuses the segment, and its ACK with it.
TEST(Tracker, TheAckOfRefusedDataIsRefusedWithThem) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const uint32_t seq = c.next[0];
  c.client();  // an ACK at SEG.SEQ: the next one there does not update the window
  c.server({.payload = 100});
  c.client({.payload = 49, .ts = false, .malformed = true});
  c.pass(c.answer);
  c.server({.ack = seq});
  c.pass(kMillisecond);
  // It would be harmless, had the ACK before come to anything.
  EXPECT_EQ(c.client({.seq = seq, .tsval = c.echo[1] - 5}).verdict, Verdict::drop);
}

/// On the way nobody knows whether the receiver sent what this ACK acknowledges. If not, it was refused.
TEST(Tracker, AnAckOfWhatWasNotSeenMovesSndUnaPerhaps) {
  AnalysisOptions on_the_way;
  on_the_way.captured_on_the_way = true;
  Conversation c(on_the_way);
  c.handshake();
  c.talk(50);
  const uint32_t ack = c.next[1], seq = c.next[0];
  c.client({.seq = seq + 3, .ack = ack + 30'000});
  const Judgement j = c.client({.seq = seq, .ack = ack, .tsval = c.echo[1] - 5});
  EXPECT_EQ(j.verdict, Verdict::unknown) << "harmless, or old";
}

/// The server has sent twice 100 bytes and heard nothing for 300 ms. Returns where they begin, and what is
/// next of the client.
std::pair<uint32_t, uint32_t> leave_unacknowledged(Conversation& c) {
  c.handshake();
  c.talk(50);
  const std::pair begin{c.next[1], c.next[0]};
  c.server({.payload = 100});
  c.server({.payload = 100});
  c.pass(300 * kMillisecond);
  return begin;
}

/// An ACK that comes with data makes the server send again before it has taken the data.
TEST(Tracker, WhatIsSentAgainDoesNotTellRcvNxt) {
  Conversation c;
  const auto [first, seq] = leave_unacknowledged(c);
  c.client({.payload = 50, .ack = first + 100});
  c.pass(200'000);
  c.server({.payload = 100, .seq = first + 100, .ack = seq});
  c.pass(kMillisecond);
  const Judgement j = c.client({.seq = seq, .ack = first + 200, .tsval = c.echo[1] - 2000});
  EXPECT_EQ(j.reason, Reason::paws_ack) << "behind RCV.NXT";
}

/// So does what it sends anew after an RTO, to see whether that was a false alarm (F-RTO).
TEST(Tracker, WhatAnAckLetsOutDoesNotTellRcvNxt) {
  Conversation c;
  const auto [first, seq] = leave_unacknowledged(c);
  c.server({.payload = 100, .seq = first});
  c.pass(10 * kMillisecond);
  c.client({.ack = first, .tsval = c.echo[1] - 2000});  // an open question: the server's ACKs are looked at
  c.client({.payload = 100, .seq = seq, .ack = first + 100});
  c.pass(200'000);
  c.server({.payload = 100, .seq = first + 200, .ack = seq});
  EXPECT_EQ(c.host(1).rcv_nxt, SeqNum{seq + 100});
}

TEST(Tracker, ReasonsAddUpToSegments) {
  Conversation c;
  c.handshake();
  c.talk(10);
  c.client({.payload = 10, .seq = c.next[0], .tsval = 1});  // old
  c.client({.payload = 10, .ts = false});
  c.client({.flags = 0, .payload = 10, .seq = c.next[0]});
  c.client({.flags = kSyn, .seq = c.next[0], .tsval = 1});
  c.client({.payload = 10, .seq = c.next[0] - 5000});
  c.talk(10);
  const FlowReport report = c.finish();
  for (const DirectionReport& d : report.directions) {
    uint64_t reasons = 0, verdicts = 0;
    for (const uint64_t n : d.reasons) reasons += n;
    for (const uint64_t n : d.verdicts) verdicts += n;
    EXPECT_EQ(reasons, d.segments);
    EXPECT_EQ(verdicts, d.segments);
  }
}

TEST(Tracker, AToldProfileIsUsed) {
  AnalysisOptions options;
  options.receivers.push_back({{0, 0x0a000002, false}, find_profile("rfc7323")});
  Conversation c(options);
  c.handshake();
  c.talk(20);
  EXPECT_EQ(c.client({.payload = 100, .tsval = c.echo[1] - 1}).verdict, Verdict::drop) << "no tick of grace";
  const FlowReport report = c.finish();
  EXPECT_EQ(from(report, Side::client).receiver_profile->name, "rfc7323");
  EXPECT_TRUE(from(report, Side::client).profile_proven);
  EXPECT_NE(from(report, Side::server).receiver_profile->name, "rfc7323");
}

/// Captures of several processors are not always in order: data that come right after their ACK tell nothing.
TEST(Tracker, AnAckThatComesJustBeforeItsDataIsOpen) {
  for (const TimeNs later : {20'000, 20'000'000}) {
    Conversation c;
    c.handshake();
    c.talk(5);
    c.pass(10 * kMillisecond);
    c.client({.ack = c.next[1] + 300});
    c.pass(later);
    c.server({.payload = 300});
    c.talk(5);
    const FlowReport report = c.finish();
    EXPECT_EQ(count(from(report, Side::client), Reason::ack_unsent_data), later < kMillisecond ? 0u : 1u);
    EXPECT_EQ(c.finished_trouble()->lacking.bytes, 0u);
  }
}

/// Without memory a Linux receiver takes back the window that it had offered.
TEST(Tracker, AWindowThatIsTakenBackIsClosed) {
  Conversation c;
  c.handshake();
  c.talk(10);
  const uint32_t first = c.next[0];
  c.client({.payload = 100});
  c.pass(20'000);
  c.server({.ack = first, .window = 0});  // no memory for them
  EXPECT_EQ(c.client({.payload = 100, .seq = first + 100}).reason, Reason::invalid_sequence);
  c.pass(kSecond);
  c.server({.ack = first});
  EXPECT_EQ(c.client({.payload = 100, .seq = first + 100}).verdict, Verdict::accept);
}

/// Several segments in a row are one flight, whose first nobody need have taken.
TEST(Tracker, OneSideAloneInMidConnectionShowsNoTsRecentAtOnce) {
  Conversation c;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(c.client({.payload = 100}).verdict, Verdict::unknown);
}

/// A sound sender does not send beyond the window. If it has heard what the capture lacks, there may be
/// another one.
TEST(Tracker, AWindowMayHaveBeenOfferedThatTheCaptureLacks) {
  enum class Heard { nothing, unseen_echo, lossy, lossy_but_closed };
  for (const Heard heard : {Heard::nothing, Heard::unseen_echo, Heard::lossy, Heard::lossy_but_closed}) {
    Conversation c;
    c.handshake();
    c.talk(5);
    c.flow().host[0].scale_known = c.flow().host[1].scale_known = true;
    c.flow().capture_loss = heard == Heard::lossy || heard == Heard::lossy_but_closed;
    if (heard == Heard::lossy_but_closed) c.server({.window = 0});
    const uint32_t echo = c.echo[0] + (heard == Heard::unseen_echo ? 5 : 0);
    const uint32_t ahead = heard == Heard::lossy_but_closed ? 500 : 1500;
    const Judgement j = c.client({.payload = 100, .seq = c.next[0] + ahead, .tsecr = echo});
    const bool refused = heard == Heard::nothing || heard == Heard::lossy_but_closed;
    EXPECT_EQ(j.reason, refused ? Reason::invalid_sequence : Reason::sequence_range);
  }
}

}  // namespace
}  // namespace tsaudit
