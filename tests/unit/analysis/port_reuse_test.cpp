// SPDX-License-Identifier: Apache-2.0
// One connection after the other on the same ports.
#include <gtest/gtest.h>

#include "unit/analysis/talk.h"

namespace tsaudit {
namespace {

using enum Who;

/// An exchange that begins with SYNs of these sequence numbers, at `ms`.
void begin(Talk& talk, double ms, uint32_t client_isn, uint32_t server_isn) {
  talk << Say{.who = client, .ms = ms, .seq = client_isn, .flags = kSyn, .tsval = 1000}
       << Say{.who = server,
              .ms = ms + 0.02,
              .seq = server_isn,
              .ack = client_isn + 1,
              .flags = kSyn | kAck,
              .tsval = 7000,
              .tsecr = 1000}
       << Say{.who = client,
              .ms = ms + 2,
              .seq = client_isn + 1,
              .ack = server_isn + 1,
              .tsval = 1002,
              .tsecr = 7000};
}

/// Nothing in sight has ended the old connection. The SYN-ACK shows that the SYN was taken, and of the new
/// one it is known what that said: here that there is no window scale, so that data 5,000 bytes ahead are out
/// of the window.
TEST(PortReuse, TheSynBeforeTheSynAckIsOfTheNewConnection) {
  Talk talk;
  begin(talk, 0, 100, 500);
  talk << Say{.who = client, .ms = 10, .seq = 101, .ack = 501, .length = 50, .tsval = 1010, .tsecr = 7000};
  begin(talk, 50, 900'000, 800'000);
  talk << Say{
      .who = client, .ms = 60, .seq = 905'000, .ack = 800'001, .length = 50, .tsval = 1060, .tsecr = 7000};
  const Heard heard = hear(talk);
  ASSERT_EQ(heard.flows.size(), 2u);
  const FlowReport& second = heard.flows[1];
  EXPECT_EQ(second.timestamps, Negotiated::yes);
  EXPECT_EQ(second.directions[0].segments, 2u) << "the SYN was judged in the old one";
  EXPECT_EQ(second.directions[0].reasons[static_cast<size_t>(Reason::invalid_sequence)], 1u);
}

/// The SYN is refused, and sent again when the old connection has been reset. The SYN-ACK may answer either.
TEST(PortReuse, ASynThatIsSentAgainIsOneMoreOfTheNewConnection) {
  Talk talk;
  begin(talk, 0, 100, 500);
  talk << Say{.who = client, .ms = 20, .seq = 5000, .flags = kSyn, .tsval = 1020}
       << Say{.who = server,
              .ms = 21,
              .seq = 501,
              .ack = 101,
              .flags = kRst | kAck,
              .tsval = 7020,
              .tsecr = 1002}
       << Say{.who = client, .ms = 30, .seq = 5000, .flags = kSyn, .tsval = 1030}
       << Say{.who = server,
              .ms = 31,
              .seq = 9000,
              .ack = 5001,
              .flags = kSyn | kAck,
              .tsval = 7030,
              .tsecr = 1020}
       << Say{.who = client, .ms = 32, .seq = 5001, .ack = 9001, .length = 10, .tsval = 1032, .tsecr = 7030};
  const Heard heard = hear(talk);
  ASSERT_EQ(heard.flows.size(), 2u);
  EXPECT_EQ(heard.flows[1].first_frame, 4u);
  EXPECT_EQ(heard.flows[1].directions[1].reasons[static_cast<size_t>(Reason::paws)], 0u);
}

/// Both ends open the next connection at once; the first of the two SYNs looked like one inside of the old.
TEST(PortReuse, SynsThatCrossAfterAConnection) {
  Talk talk;
  begin(talk, 0, 100, 500);
  talk << Say{.who = server,
              .ms = 10,
              .seq = 501,
              .ack = 101,
              .flags = kRst | kAck,
              .tsval = 7009,
              .tsecr = 1002}
       << Say{.who = client, .ms = 20, .seq = 5000, .flags = kSyn, .tsval = 1020}
       << Say{.who = server, .ms = 21, .seq = 9000, .flags = kSyn, .tsval = 7020}
       << Say{.who = client,
              .ms = 25,
              .seq = 5000,
              .ack = 9001,
              .flags = kSyn | kAck,
              .tsval = 1025,
              .tsecr = 7020}
       << Say{.who = server,
              .ms = 26,
              .seq = 9000,
              .ack = 5001,
              .flags = kSyn | kAck,
              .tsval = 7025,
              .tsecr = 1020}
       << Say{.who = client, .ms = 30, .seq = 5001, .ack = 9001, .length = 10, .tsval = 1030, .tsecr = 7025};
  const Heard heard = hear(talk);
  ASSERT_EQ(heard.flows.size(), 2u);
  EXPECT_EQ(heard.summary.totals.dropped, 0u);
  EXPECT_EQ(heard.flows[1].directions[0].segments, 3u);
  EXPECT_EQ(heard.flows[1].directions[1].segments, 2u);
}

Say fin(Who who, double ms, uint32_t seq, uint32_t ack, uint32_t tsval, uint32_t tsecr) {
  return {.who = who, .ms = ms, .seq = seq, .ack = ack, .flags = kFin | kAck, .tsval = tsval, .tsecr = tsecr};
}

Say syn_ack(double ms, uint32_t seq, uint32_t ack, uint32_t tsval, uint32_t tsecr) {
  return {
      .who = server, .ms = ms, .seq = seq, .ack = ack, .flags = kSyn | kAck, .tsval = tsval, .tsecr = tsecr};
}

/// Both have sent their FIN; the capture lacks the last ACK, so that the next SYN seems to come too early.
TEST(PortReuse, ASynThatIsAnsweredWasNotRefused) {
  for (const bool answered : {true, false}) {
    Talk talk;
    begin(talk, 0, 100, 500);
    talk << fin(client, 10, 101, 501, 1010, 7000) << fin(server, 10.02, 501, 102, 7010, 1010)
         << Say{.who = client, .ms = 20, .seq = 900'000, .flags = kSyn, .tsval = 1020};
    if (answered) talk << syn_ack(20.02, 800'000, 900'001, 7020, 1020);
    const Heard heard = hear(talk);
    EXPECT_EQ(heard.rows.at(5).verdict, answered ? Verdict::accept : Verdict::drop);
    EXPECT_EQ(heard.flows.size(), answered ? 2u : 1u);
  }
}

/// What is left of their handshakes is enough to tell connections from each other.
TEST(PortReuse, OfAHandshakeTheCaptureMayLackTheSynOrTheSynAck) {
  for (const bool lacks_syn : {true, false}) {
    Talk talk;
    begin(talk, 0, 100, 500);
    talk << Say{
        .who = server, .ms = 10, .seq = 501, .ack = 101, .flags = kRst | kAck, .tsval = 7010, .tsecr = 1002};
    if (lacks_syn)
      talk << syn_ack(20, 800'000, 900'001, 7020, 1020);
    else
      talk << Say{.who = client, .ms = 19, .seq = 900'000, .flags = kSyn, .tsval = 1019};
    talk << Say{.who = client, .ms = 22, .seq = 900'001, .ack = 800'001, .tsval = 1022, .tsecr = 7020}
         << Say{.who = server,
                .ms = 30,
                .seq = 800'001,
                .ack = 900'001,
                .length = 10,
                .tsval = 7030,
                .tsecr = 1022};
    const Heard heard = hear(talk);
    ASSERT_EQ(heard.flows.size(), 2u) << lacks_syn;
    EXPECT_EQ(heard.flows[1].timestamps, Negotiated::yes) << lacks_syn;
    EXPECT_FALSE(heard.found(RuleId::capture_incomplete)) << "that is no jump of one connection";
    for (const SegmentRow& row : heard.rows) EXPECT_NE(row.verdict, Verdict::drop) << row.frame;
  }
}

/// A forged SYN whose number is the last one's before what comes next in order.
TEST(PortReuse, WhatGoesOnBehindASynGoesOnInTheOldConnectionIfItAcknowledgesThat) {
  for (const bool of_old : {true, false}) {
    Talk talk;
    begin(talk, 0, 100, 500);
    talk << Say{.who = client, .ms = 10, .seq = 101, .ack = 501, .length = 50, .tsval = 1010, .tsecr = 7000}
         << Say{.who = server, .ms = 10.02, .seq = 501, .ack = 151, .tsval = 7010, .tsecr = 1010}
         << Say{.who = client, .ms = 20, .seq = 150, .flags = kSyn, .tsval = 500'000}
         << Say{.who = client,
                .ms = 22,
                .seq = 151,
                .ack = of_old ? 501u : 800'001u,
                .length = 10,
                .tsval = 1022,
                .tsecr = 7010};
    EXPECT_EQ(hear(talk).flows.size(), of_old ? 1u : 2u);
  }
}

/// Refused by nobody who listens yet, and tried again: that is one connection.
TEST(PortReuse, ASynThatIsSentAgainAfterARstIsOfTheSameConnection) {
  Talk talk;
  talk << Say{.who = client, .ms = 0, .seq = 100, .flags = kSyn, .tsval = 1000}
       << Say{.who = server, .ms = 1, .seq = 0, .ack = 101, .flags = kRst | kAck, .tsval = 0}
       << Say{.who = client, .ms = 500, .seq = 100, .flags = kSyn, .tsval = 1500}
       << syn_ack(501, 500, 101, 7000, 1500)
       << Say{.who = client, .ms = 502, .seq = 101, .ack = 501, .length = 10, .tsval = 1502, .tsecr = 7000};
  EXPECT_EQ(hear(talk).flows.size(), 1u);
}

/// How a client that is not in the capture ended its connection is not either.
TEST(PortReuse, OfOneSideASynAckBeginsAnother) {
  Talk talk;
  for (const uint32_t ms : {0u, 1000u})
    talk << syn_ack(ms + 1.0, 500 + 1000 * ms, 101 + 1000 * ms, 7001 + ms, 1001 + ms)
         << Say{.who = server,
                .ms = ms + 3.0,
                .seq = 501 + 1000 * ms,
                .ack = 101 + 1000 * ms,
                .length = 10,
                .tsval = 7003 + ms,
                .tsecr = 1002 + ms};
  const Heard heard = hear(talk);
  EXPECT_EQ(heard.flows.size(), 2u);
  for (const SegmentRow& row : heard.rows) EXPECT_NE(row.verdict, Verdict::drop) << row.frame;
}

}  // namespace
}  // namespace tsaudit
