// SPDX-License-Identifier: Apache-2.0
// How connections begin and end, and the next one on the same ports.
#include <gtest/gtest.h>

#include "conversation.h"
#include "model/tracker.h"

namespace tsaudit {
namespace {

/// The RST is at a sequence number that the server accepts or challenges, depending on what it has got.
void reset_in_doubt(Conversation& c) {
  c.handshake();
  c.talk(50);
  c.client({.payload = 100});
  c.pass(10'000);
  ASSERT_EQ(c.client({.flags = kRst, .seq = c.next[0] - 100, .ts = false}).verdict, Verdict::unknown);
}

TEST(Connection, HandshakeSettlesRolesAndTimestamps) {
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

TEST(Connection, WhoSentOrTookARstJudgesNothingMore) {
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

TEST(Connection, ARstThatSomebodySentInItsNameEndsNothing) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.server({.flags = kRst, .seq = c.next[1] + 50'000'000, .ts = false});  // its receiver refuses it
  c.server();
  c.pass(kMillisecond);
  c.clock[0] -= 100'000;
  EXPECT_EQ(c.client({.payload = 100}).verdict, Verdict::drop);
}

/// A RST that its receiver may have taken is proven not to have been, and a SYN is none of a new connection
/// then.
TEST(Connection, AReceiverThatGoesOnHasNotTakenTheRst) {
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
TEST(Connection, ARstThatAcknowledgesAllCutsNothingOffNorDoesTheNext) {
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
TEST(Connection, ASynAfterADoubtfulRstWaitsForItsAnswer) {
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

TEST(Connection, BothFinsLeadToTimeWaitOfTheFirst) {
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
TEST(Connection, ARstToItsAnswerEndsTimeWait) {
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

TEST(Connection, ANewSynAfterTheEndIsANewConnection) {
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
TEST(Connection, ASynToWhoHasSentARstIsANewConnection) {
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
TEST(Connection, ARstWithoutAckLeavesASynAlone) {
  for (const uint8_t flags : {uint8_t{kRst}, static_cast<uint8_t>(kRst | kAck)}) {
    Conversation c;
    c.client({.flags = kSyn, .tsecr = 0});
    c.pass(c.answer);
    c.server({.flags = flags, .ts = false});
    EXPECT_EQ(c.flow().reset, (flags & kAck) != 0);
  }
}

/// With fast open the SYN has data, and its SYN-ACK acknowledges them, or not.
TEST(Connection, TheAnswerToASynWithDataBeginsANewConnection) {
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
TEST(Connection, ASynOfAnotherIsnToARequestIsNotJudged) {
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

TEST(Connection, ASynAckMayComeAfterItsAckInTheCapture) {
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

/// Both ends send a SYN before they get the other one's (RFC 9293 section 3.5). There is no request socket,
/// and whatever SYN is echoed is right.
TEST(Connection, ConnectionsThatBothEndsOpen) {
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
TEST(Connection, ASynAckThatIsSentAgainIsOfARequest) {
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

TEST(Connection, ARstEndsARequest) {
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

TEST(Connection, ASynAckWithoutItsSynIsTaken) {
  Conversation c;
  EXPECT_EQ(c.server({.flags = kSyn | kAck, .ack = 1001, .tsecr = 77}).verdict, Verdict::accept);
  EXPECT_EQ(c.server({.payload = 100, .ack = 1001, .tsecr = 77}).reason, Reason::equal)
      << "it has told TS.Recent";
}

TEST(Connection, ASynInsideOfAConnectionChangesNoRoles) {
  Conversation c;
  c.handshake();
  c.talk(5);
  EXPECT_EQ(c.server({.flags = kSyn, .seq = c.next[1] + 100, .tsecr = 0}).verdict, Verdict::drop);
  EXPECT_EQ(c.flow().client, c.flow().key.low().port == 40000 ? 0 : 1);
  EXPECT_NE(c.host(1).isn.raw, c.next[1] + 100);
}

/// As captures of several processors show handshakes.
TEST(Connection, AHandshakeMayBeOutOfOrderInTheCapture) {
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

TEST(Connection, WhoSendsDataHasItsSynAckAcknowledged) {
  Conversation c;
  c.client({.flags = kSyn, .tsecr = 0});
  EXPECT_EQ(c.server({.payload = 10}).verdict, Verdict::unknown) << "the capture may lack the handshake";
  EXPECT_EQ(c.server({.payload = 10, .ack = c.next[0] + 5}).verdict, Verdict::drop);
}

/// What comes after it finds no socket, whatever its timestamps are.
TEST(Connection, TimeWaitThatARstHasEndedDoesNotComeBack) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.server({.flags = kAck | kFin});
  c.pass(10 * kMillisecond);
  c.client({.flags = kAck | kFin});
  c.server();
  ASSERT_EQ(c.host(1).state, TcpState::time_wait);
  c.client({.flags = kRst, .seq = c.next[0], .ts = false});
  ASSERT_EQ(c.host(1).state, TcpState::closed);
  c.pass(kSecond);
  c.client({.flags = kAck | kFin, .seq = c.next[0] - 1, .tsval = c.clock[0] - 5'000});
  EXPECT_EQ(c.finish().directions[0].predicted, 0u);
}

/// A firewall that changes sequence numbers was captured on both of its sides.
TEST(Connection, AnAnswerToAnotherSynIsNone) {
  Conversation c;
  c.client({.flags = kSyn, .tsecr = 0});
  c.pass(c.answer);
  c.server({.flags = kSyn | kAck, .seq = 2'000'000'000, .ack = 954'495'046});
  c.server({.flags = kSyn | kAck});
  c.pass(10 * kMillisecond);
  c.client();
  c.talk(5);
  c.finish();
  ASSERT_TRUE(c.finished_trouble());
  EXPECT_EQ(c.finished_trouble()->lacking.bytes, 0u);
  for (const DirectionTrouble& direction : c.finished_trouble()->direction)
    EXPECT_FALSE(direction.other_answers);
}

/// It is another connection's number that the other answers have, before and after.
TEST(Connection, OfTwoThatAnswerTheClientChooses) {
  for (const bool first : {true, false}) {
    Conversation c;
    c.client({.flags = kSyn, .tsecr = 0});
    c.acked[0] = c.next[0];
    const auto answer = [&](uint32_t isn, uint32_t tsval) {
      c.pass(c.answer);
      c.server({.flags = kSyn | kAck, .seq = isn, .tsval = tsval});
    };
    answer(first ? 9000 : 3'000'000'000, first ? c.clock[1] : 77);
    answer(first ? 3'000'000'000 : 9000, first ? 77 : c.clock[1]);
    c.next[1] = 9001;
    c.echo[0] = c.clock[1];
    c.pass(10 * kMillisecond);
    c.client();
    c.talk(10);
    answer(3'000'000'000, 99);
    c.talk(10);
    const FlowReport report = c.finish();
    EXPECT_EQ(c.finished_trouble()->lacking.bytes, 0u) << first;
    EXPECT_TRUE(report.directions[1].clock.steps.empty()) << first;
    EXPECT_TRUE(report.migrations.empty()) << first;
  }
}

}  // namespace
}  // namespace tsaudit
