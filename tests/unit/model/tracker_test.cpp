// SPDX-License-Identifier: Apache-2.0
// A connection from its SYN to its end: what is judged, and what state both ends are thought to be in.
#include "model/tracker.h"

#include <gtest/gtest.h>

#include "conversation.h"

namespace tsaudit {
namespace {

TEST(Tracker, HandshakeSettlesRolesAndTimestamps) {
  Conversation c;
  EXPECT_EQ(c.client({.flags = kSyn, .tsecr = 0}).verdict, Verdict::not_tested);
  c.acked[0] = c.next[0];
  c.pass(20'000);
  const Judgement syn_ack = c.server({.flags = kSyn | kAck});
  EXPECT_EQ(syn_ack.verdict, Verdict::accept);
  EXPECT_EQ(syn_ack.reason, Reason::initial);
  c.pass(10 * kMillisecond);
  EXPECT_EQ(c.client().verdict, Verdict::accept);
  EXPECT_EQ(c.flow().negotiated(), Negotiated::yes);
  EXPECT_TRUE(c.flow().roles_known);
  EXPECT_EQ(c.host(1).state, TcpState::established);
  const FlowReport report = c.finish();
  EXPECT_EQ(to_string(report.client), "10.0.0.1:40000");
  EXPECT_EQ(report.timestamps, Negotiated::yes);
}

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

TEST(Tracker, WhoSentOrTookARstJudgesNothingMore) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.server({.flags = kRst, .ts = false});
  EXPECT_EQ(c.server({.flags = kRst, .seq = c.next[1] + 50, .ts = false}).verdict, Verdict::not_tested);
  c.pass(kMillisecond);
  c.clock[0] -= 100'000;
  const Judgement j = c.client({.payload = 100});
  EXPECT_EQ(j.verdict, Verdict::not_tested) << "no socket is left that could discard it";
}

TEST(Tracker, ARstThatSomebodySentInItsNameEndsNothing) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.server({.flags = kRst, .seq = c.next[1] + 50'000'000, .ts = false});  // its receiver refuses it
  c.server();
  c.pass(kMillisecond);
  c.clock[0] -= 100'000;
  EXPECT_EQ(c.client({.payload = 100}).verdict, Verdict::drop);
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

/// The RST is at a sequence number that the server accepts or challenges, depending on what it has got.
void reset_in_doubt(Conversation& c) {
  c.handshake();
  c.talk(50);
  c.client({.payload = 100});
  c.pass(10'000);
  ASSERT_EQ(c.client({.flags = kRst, .seq = c.next[0] - 100, .ts = false}).verdict, Verdict::unknown);
}

/// A RST that its receiver may have taken is proven not to have been, and a SYN is none of a new connection
/// then.
TEST(Tracker, AReceiverThatGoesOnHasNotTakenTheRst) {
  Conversation c;
  reset_in_doubt(c);
  EXPECT_TRUE(c.flow().reset);
  EXPECT_EQ(c.client({.payload = 100}).reason, Reason::state_unknown) << "if it was taken, there is nobody";
  c.pass(c.answer);
  c.server();
  EXPECT_FALSE(c.flow().reset);
  EXPECT_EQ(c.client({.payload = 100}).verdict, Verdict::accept);
  c.finish();
  ASSERT_TRUE(c.finished_trouble());
  EXPECT_EQ(c.finished_trouble()->reset_frame, 0u);
}

/// A program closes with a RST that acknowledges all; another RST then answers the FIN.
TEST(Tracker, ARstThatAcknowledgesAllCutsNothingOffNorDoesTheNext) {
  Conversation c;
  c.handshake();
  c.talk(5);
  c.client({.payload = 100});
  c.client({.flags = kFin | kAck});
  c.server({.flags = kRst | kAck, .ack = c.next[0] - 1});
  c.server({.flags = kRst, .ts = false});
  c.finish();
  EXPECT_TRUE(!c.finished_trouble() || c.finished_trouble()->reset_frame == 0);
}

/// A RST that may have been refused ends nothing: whether a SYN after it does, the SYN-ACK tells.
TEST(Tracker, ASynAfterADoubtfulRstWaitsForItsAnswer) {
  Conversation c;
  reset_in_doubt(c);
  Segment syn;
  syn.flags = kSyn;
  syn.seq = {77'777};
  syn.time_ns = c.now;
  const unsigned client = c.flow().client;
  EXPECT_FALSE(c.tracker().starts_new_connection(c.flow(), client, syn));
  const Judgement j = c.client({.flags = kSyn, .seq = 77'777, .tsecr = 0});
  EXPECT_EQ(j.verdict, Verdict::unknown);
  EXPECT_EQ(j.reason, Reason::invalid_syn);
  Segment answer;
  answer.flags = kSyn | kAck;
  answer.ack = {77'778};
  answer.time_ns = c.now;
  EXPECT_TRUE(c.tracker().starts_new_connection(c.flow(), client ^ 1, answer));
  c.pass(c.answer);
  c.server();
  EXPECT_EQ(c.client({.flags = kSyn, .seq = 88'888, .tsecr = 0}).verdict, Verdict::drop) << "it goes on";
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

TEST(Tracker, BothFinsLeadToTimeWaitOfTheFirst) {
  Conversation c;
  c.handshake();
  c.talk(5);
  c.client({.flags = kFin | kAck});
  c.pass(20'000);
  c.server({.flags = kFin | kAck});
  c.pass(10 * kMillisecond);
  c.client();
  EXPECT_EQ(c.host(0).state, TcpState::time_wait);
  EXPECT_EQ(c.host(1).state, TcpState::closed);
}

/// A SYN with an old TSval meets TIME_WAIT, which answers; the RST to that answer ends it, and the SYN is
/// sent again.
TEST(Tracker, ARstToItsAnswerEndsTimeWait) {
  for (const uint32_t off : {0u, 1u}) {
    Conversation c;
    c.handshake();
    c.talk(5);
    c.server({.flags = kFin | kAck});
    c.pass(10 * kMillisecond);
    c.client({.flags = kFin | kAck});
    c.pass(20'000);
    c.server();
    ASSERT_EQ(c.host(1).state, TcpState::time_wait);
    const uint32_t end = c.next[0];
    EXPECT_EQ(c.client({.flags = kSyn, .seq = end + 50'000, .tsval = c.clock[0] - 1000, .tsecr = 0}).reason,
              Reason::tw_paws);
    c.client({.flags = kRst, .seq = end + off, .ts = false});
    EXPECT_EQ(c.host(1).state, off ? TcpState::time_wait : TcpState::closed) << "it has to be exact";
  }
}

TEST(Tracker, ANewSynAfterTheEndIsANewConnection) {
  Conversation c;
  c.handshake();
  Segment syn;
  syn.src = {0, 0x0a000001, false};
  syn.flags = kSyn;
  syn.seq = {77777};
  syn.time_ns = c.now + kSecond;
  const unsigned client = c.flow().client;
  EXPECT_FALSE(c.tracker().starts_new_connection(c.flow(), client, syn)) << "it is alive";
  syn.seq = c.flow().host[client].isn;
  EXPECT_FALSE(c.tracker().starts_new_connection(c.flow(), client, syn)) << "the same SYN again";
  syn.seq = {77777};
  c.client({.flags = kRst | kAck});
  EXPECT_TRUE(c.tracker().starts_new_connection(c.flow(), client, syn));
}

/// Whether the client has taken its RST does not matter to who sent it.
TEST(Tracker, ASynToWhoHasSentARstIsANewConnection) {
  Conversation c;
  c.handshake();
  c.talk(10);
  c.client({.payload = 100});
  c.pass(10'000);
  ASSERT_EQ(c.server({.flags = kRst | kAck, .seq = c.next[1] + 500}).verdict, Verdict::drop);
  Segment syn;
  syn.flags = kSyn;
  syn.seq = {77'777};
  syn.time_ns = c.now;
  EXPECT_TRUE(c.tracker().starts_new_connection(c.flow(), c.flow().client, syn));
}

/// The RST is for a connection of the same ports that was there before.
TEST(Tracker, ARstWithoutAckLeavesASynAlone) {
  for (const uint8_t flags : {uint8_t{kRst}, static_cast<uint8_t>(kRst | kAck)}) {
    Conversation c;
    c.client({.flags = kSyn, .tsecr = 0});
    c.pass(c.answer);
    c.server({.flags = flags, .ts = false});
    EXPECT_EQ(c.flow().reset, (flags & kAck) != 0);
  }
}

/// With fast open the SYN has data, and its SYN-ACK acknowledges them, or not.
TEST(Tracker, TheAnswerToASynWithDataBeginsANewConnection) {
  Conversation c;
  reset_in_doubt(c);
  EXPECT_EQ(c.client({.flags = kSyn, .payload = 150, .seq = 77'777, .tsecr = 0}).verdict, Verdict::unknown);
  Segment answer;
  answer.flags = kSyn | kAck;
  answer.time_ns = c.now;
  const unsigned server = c.flow().client ^ 1;
  for (const auto& [ack, begins] :
       {std::pair{77'777u, false}, {77'778u, true}, {77'928u, true}, {77'929u, false}}) {
    answer.ack = {ack};
    EXPECT_EQ(c.tracker().starts_new_connection(c.flow(), server, answer), begins) << ack;
  }
}

/// The listener may be another one by now, which has heard of no SYN. Its SYN-ACK tells.
TEST(Tracker, ASynOfAnotherIsnToARequestIsNotJudged) {
  Conversation c;
  c.client({.flags = kSyn, .tsecr = 0});
  c.pass(c.answer);
  c.server({.flags = kSyn | kAck});
  c.pass(kSecond);
  EXPECT_EQ(c.client({.flags = kSyn, .seq = 77'777, .tsecr = 0}).verdict, Verdict::unknown);
  Segment answer;
  answer.flags = kSyn | kAck;
  answer.ack = {77'778};
  answer.time_ns = c.now;
  EXPECT_TRUE(c.tracker().starts_new_connection(c.flow(), c.flow().client ^ 1, answer));
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

/// A capture on the new host begins with the probe of the restored socket, one byte before all that was sent.
TEST(Tracker, MidConnectionAnAckOfWhatWasSentBeforeIsNone) {
  Conversation c;
  const uint32_t naive = c.clock[1] - 1'000'000;
  c.server({.seq = c.next[1] - 1, .tsval = naive, .tsecr = 0});
  c.pass(200 * kMillisecond);
  c.client({.payload = 300, .seq = c.next[0] - 300, .tsecr = c.clock[1]});
  EXPECT_NE(c.client({.tsecr = c.clock[1]}).reason, Reason::ack_unsent_data);
}

TEST(Tracker, WhatWasAcknowledgedInSightIsKnownToBeAllThatWasSent) {
  Conversation c;
  c.talk(5);
  c.server({.payload = 2000});
  c.pass(10 * kMillisecond);
  c.client();
  c.flow().host[0].scale_known = c.flow().host[1].scale_known = true;
  EXPECT_EQ(c.client({.ack = c.next[1] + 1001 + 0xffff}).reason, Reason::ack_unsent_data)
      << "its own window is not so large, and no segment";
}

/// Captures lose packets; who sent what is acknowledged goes on behind it.
TEST(Tracker, AnAckOfWhatTheCaptureLostIsTakenIfItsReceiverGoesOnBehindIt) {
  for (const bool lost : {true, false}) {
    Conversation c;
    c.handshake();
    c.talk(5);
    c.pass(10 * kMillisecond);
    const uint32_t sent = c.next[1];
    EXPECT_EQ(c.client({.payload = 100, .ack = sent + 200}).verdict, Verdict::unknown);
    EXPECT_EQ(c.client({.ack = sent + 300}).verdict, Verdict::unknown);
    c.pass(c.answer);
    c.server({.seq = lost ? sent + 300 : sent, .ack = c.next[0] - (lost ? 0 : 100)});
    c.pass(10 * kMillisecond);
    const FlowReport report = c.finish();
    EXPECT_EQ(count(from(report, Side::client), Reason::ack_unsent_data), lost ? 0u : 2u);
    EXPECT_EQ(c.finished_trouble()->lacking.bytes, lost ? 300u : 0u);
  }
}

TEST(Tracker, ASynAckMayComeAfterItsAckInTheCapture) {
  Conversation c;
  c.client({.flags = kSyn, .tsecr = 0});
  c.pass(20'000);
  const uint32_t isn = c.next[1];
  c.client({.ack = isn + 1, .tsecr = c.clock[1]});
  EXPECT_NE(c.server({.flags = kSyn | kAck}).verdict, Verdict::drop);
  c.pass(10 * kMillisecond);
  EXPECT_EQ(c.client({.payload = 100}).verdict, Verdict::accept);
  c.talk(5);
  const FlowReport report = c.finish();
  EXPECT_EQ(from(report, Side::server).verdicts[static_cast<size_t>(Verdict::drop)], 0u);
  EXPECT_EQ(from(report, Side::client).verdicts[static_cast<size_t>(Verdict::drop)], 0u);
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

/// Both ends send a SYN before they get the other one's (RFC 9293 section 3.5). There is no request socket,
/// and whatever SYN is echoed is right.
TEST(Tracker, ConnectionsThatBothEndsOpen) {
  for (const bool told : {false, true}) {
    AnalysisOptions options;
    if (told) options.profile = find_profile("linux-5.10");
    Conversation c(options);
    c.client({.flags = kSyn, .tsecr = 0});
    c.pass(5 * kMillisecond);
    c.server({.flags = kSyn, .tsecr = 0});
    const uint32_t first = c.clock[0] - 5;
    EXPECT_EQ(c.host(1).state, TcpState::syn_crossed);
    c.client({.flags = kSyn | kAck, .seq = 1000});
    c.pass(5 * kMillisecond);
    const Judgement j = c.server({.flags = kSyn | kAck, .seq = 9000, .tsecr = first});
    EXPECT_EQ(j.verdict, told ? Verdict::drop : Verdict::accept) << "before 6.12 it is challenged";
    EXPECT_EQ(j.reason, told ? Reason::invalid_syn : Reason::newer);
    c.pass(10 * kMillisecond);
    EXPECT_EQ(c.client().verdict, Verdict::accept);
    EXPECT_EQ(c.server().verdict, Verdict::accept);
    for (const Host& host : c.flow().host) EXPECT_EQ(host.state, TcpState::established);
    EXPECT_EQ(c.client({.payload = 100, .tsval = c.clock[0] - 1000}).reason, Reason::paws);
  }
}

/// A server that waits for data takes no ACK (TCP_DEFER_ACCEPT), and sends its SYN-ACK again.
TEST(Tracker, ASynAckThatIsSentAgainIsOfARequest) {
  Conversation c;
  c.handshake();
  EXPECT_EQ(c.host(1).state, TcpState::established);
  c.pass(kSecond);
  c.server({.flags = kSyn | kAck, .seq = c.next[1] - 1});
  EXPECT_EQ(c.host(1).state, TcpState::syn_recv);
  c.pass(10 * kMillisecond);
  EXPECT_EQ(c.client({.seq = c.next[0] - 1}).reason, Reason::over_window) << "a keepalive";
  c.client({.payload = 100});
  EXPECT_EQ(c.host(1).state, TcpState::established);
}

TEST(Tracker, ARstEndsARequest) {
  for (const bool told : {false, true}) {
    AnalysisOptions options;
    if (told) options.profile = find_profile("linux-5.10");
    Conversation c(options);
    c.client({.flags = kSyn, .tsecr = 0});
    c.pass(c.answer);
    c.server({.flags = kSyn | kAck});
    c.pass(10 * kMillisecond);
    const Judgement j = c.client({.flags = kRst | kAck, .ack = c.next[1] + 5});
    EXPECT_EQ(j.verdict, told ? Verdict::drop : Verdict::accept) << "5.10 looks at what it acknowledges";
    EXPECT_EQ(c.host(1).state, told ? TcpState::syn_recv : TcpState::closed);
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

TEST(Tracker, ASynAckWithoutItsSynIsTaken) {
  Conversation c;
  EXPECT_EQ(c.server({.flags = kSyn | kAck, .ack = 1001, .tsecr = 77}).verdict, Verdict::accept);
  EXPECT_EQ(c.server({.payload = 100, .ack = 1001, .tsecr = 77}).reason, Reason::equal)
      << "it has told TS.Recent";
}

/// Several segments in a row are one flight, whose first nobody need have taken.
TEST(Tracker, OneSideAloneInMidConnectionShowsNoTsRecentAtOnce) {
  Conversation c;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(c.client({.payload = 100}).verdict, Verdict::unknown);
}

TEST(Tracker, ASynInsideOfAConnectionChangesNoRoles) {
  Conversation c;
  c.handshake();
  c.talk(5);
  EXPECT_EQ(c.server({.flags = kSyn, .seq = c.next[1] + 100, .tsecr = 0}).verdict, Verdict::drop);
  EXPECT_EQ(c.flow().client, c.flow().key.low().port == 40000 ? 0 : 1);
  EXPECT_NE(c.host(1).isn.raw, c.next[1] + 100);
}

TEST(Tracker, AStackThatEchoesNothingOnDataWasNotElsewhere) {
  Conversation c;
  c.handshake();
  c.talk(5);
  for (const uint32_t skipped : {0u, 0u, 500u}) {  // the last overtakes another one
    const uint32_t next = c.next[0];
    c.client({.payload = 100, .seq = next + skipped, .tsecr = 0});
    if (skipped != 0) c.client({.payload = skipped, .seq = next, .tsecr = 0});
    c.next[0] = next + skipped + 100;
    c.pass(10 * kMillisecond);
    c.server({.payload = 10});
    c.pass(10 * kMillisecond);
    c.client();
  }
  EXPECT_FALSE(c.flow().capture_loss);
}

TEST(Tracker, DataThatTheCaptureDoesNotShowAreLackingOnceTheyAreAcknowledged) {
  for (const bool late : {true, false}) {
    Conversation c;
    c.handshake();
    c.talk(5);
    const uint32_t next = c.next[0];
    c.client({.payload = 100, .seq = next + 200});
    const uint64_t told_by = c.frame();
    c.next[0] = next + 300;
    c.pass(c.answer);
    c.server();
    if (late) {
      EXPECT_EQ(c.client({.payload = 200, .seq = next}).verdict, Verdict::unknown) << "late, or once more";
      EXPECT_EQ(c.client({.payload = 200, .seq = next}).reason, Reason::old_sequence) << "now it is a copy";
    }
    c.talk(5);
    c.finish();
    const Lacking lacking = c.finished_trouble() ? c.finished_trouble()->lacking : Lacking{};
    EXPECT_EQ(lacking.bytes, late ? 0u : 200u);
    EXPECT_TRUE(late || lacking.frame == told_by);
  }
}

TEST(Tracker, DataThatTheNetworkLostBeforeTheCaptureAreNotLacking) {
  Conversation c;
  c.handshake();
  c.talk(5);
  const uint32_t next = c.next[0];
  c.client({.payload = 100, .seq = next + 200});
  c.pass(c.answer);
  c.server({.ack = next, .sack = {{next + 200, next + 300}}});
  c.pass(10 * kMillisecond);
  c.client({.payload = 200, .seq = next});
  c.next[0] = next + 300;
  c.talk(5);
  c.finish();
  EXPECT_TRUE(!c.finished_trouble() || c.finished_trouble()->lacking.bytes == 0);
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

TEST(Tracker, ARstBehindDataThatTheCaptureLacksIsExact) {
  for (const bool acknowledged : {true, false}) {
    Conversation c;
    c.handshake();
    c.talk(5);
    c.flow().host[0].scale_known = c.flow().host[1].scale_known = true;
    const uint32_t next = c.next[0];
    c.server({.ack = next + (acknowledged ? 300 : 0)});
    const Judgement j = c.client({.flags = kRst | kAck, .seq = next + 300});
    EXPECT_EQ(j.verdict, acknowledged ? Verdict::accept : Verdict::drop);
  }
}

/// The capture lacks megabytes of both; or the whole begin of the next connection.
TEST(Tracker, WhereBothEndsAgreeTheyAreBeyondWhatTheCaptureShows) {
  for (const uint32_t off : {0u, 5'000'000u}) {
    Conversation c;
    c.handshake();
    c.talk(5);
    c.flow().host[0].scale_known = c.flow().host[1].scale_known = true;
    c.flow().host[0].tap = c.flow().host[1].tap = Tap::here;  // both ends on one host
    const uint32_t seq = c.next[1] + 12'000'000, ack = c.next[0] + 9'000'000;
    c.server({.seq = seq, .ack = ack});
    const Judgement j = c.client({.payload = 100, .seq = ack + off, .ack = seq + off});
    EXPECT_EQ(j.verdict == Verdict::accept, off == 0);
  }
}

/// As captures of several processors show handshakes.
TEST(Tracker, AHandshakeMayBeOutOfOrderInTheCapture) {
  {
    Conversation c;
    c.client({.flags = kSyn, .tsecr = 0});
    const uint32_t isn = c.next[1];
    c.client({.payload = 10, .ack = isn + 1, .tsecr = c.clock[1]});
    EXPECT_EQ(c.server({.seq = isn + 1}).verdict, Verdict::accept);
    EXPECT_EQ(c.server({.flags = kSyn | kAck, .seq = isn, .ack = c.next[0] - 10}).reason, Reason::initial);
  }
  for (const bool late : {true, false}) {
    Conversation c;
    const uint32_t isn = c.next[0];
    c.server({.flags = kSyn | kAck, .ack = isn + 1, .tsecr = c.clock[0]});
    c.pass(late ? 10'000 : kSecond);
    c.client({.flags = kSyn, .tsecr = 0});
    const Judgement j = c.server({.payload = 10, .ack = isn + 1, .tsecr = c.clock[0]});
    EXPECT_EQ(j.verdict, late ? Verdict::accept : Verdict::unknown)
        << "what its SYN asks for again may be lost";
  }
}

TEST(Tracker, WhoSendsDataHasItsSynAckAcknowledged) {
  Conversation c;
  c.client({.flags = kSyn, .tsecr = 0});
  EXPECT_EQ(c.server({.payload = 10}).verdict, Verdict::unknown) << "the capture may lack the handshake";
  EXPECT_EQ(c.server({.payload = 10, .ack = c.next[0] + 5}).verdict, Verdict::drop);
}

}  // namespace
}  // namespace tsaudit
