// SPDX-License-Identifier: Apache-2.0
#include "model/flow_report.h"

#include <gtest/gtest.h>

#include "conversation.h"

namespace tsaudit {
namespace {

TEST(FlowReport, SaysWhoWhenAndHowMuch) {
  Conversation c;
  const TimeNs begin = c.now;
  c.handshake();
  c.talk(30);
  const FlowReport report = c.finish();
  EXPECT_EQ(report.id, 1u);
  EXPECT_EQ(to_string(report.client), "10.0.0.1:40000");
  EXPECT_EQ(to_string(report.server), "10.0.0.2:443");
  EXPECT_FALSE(report.roles_guessed);
  EXPECT_EQ(report.first_frame, 1u);
  EXPECT_EQ(report.last_frame, 63u);
  EXPECT_EQ(report.first_ns, begin);
  EXPECT_LE(report.last_ns, c.now);
  EXPECT_EQ(from(report, Side::client).from, Side::client);
  EXPECT_EQ(from(report, Side::client).payload_bytes, 3000u);
  EXPECT_EQ(from(report, Side::server).segments, 31u);
  EXPECT_EQ(from(report, Side::server).ts_segments, 31u);
  EXPECT_EQ(count(from(report, Side::server), Reason::initial), 1u);
  EXPECT_EQ(count(from(report, Side::client), Reason::handshake), 1u);
}

TEST(FlowReport, SeesWhereTheCaptureWasTaken) {
  Conversation c;
  c.handshake();
  c.talk(30);
  EXPECT_EQ(from(c.finish(), Side::client).vantage, Vantage::at_receiver);
  Conversation one_sided;
  for (int i = 0; i < 5; ++i) one_sided.client({.payload = 100});
  EXPECT_EQ(from(one_sided.finish(), Side::client).vantage, Vantage::one_sided);
}

TEST(FlowReport, RolesWithoutASynAreAGuess) {
  Conversation c;
  c.talk(3);
  const FlowReport report = c.finish();
  EXPECT_TRUE(report.roles_guessed);
  EXPECT_EQ(report.client.port, 40000) << "who speaks from the higher port";
}

TEST(FlowReport, CountsRetransmissionsTwiceInBytesAndOnceByName) {
  Conversation c;
  c.handshake();
  c.talk(5);
  c.client({.payload = 100, .seq = c.next[0] - 100});
  const FlowReport report = c.finish();
  EXPECT_EQ(from(report, Side::client).retransmissions, 1u);
  EXPECT_EQ(from(report, Side::client).payload_bytes, 600u);
}

}  // namespace
}  // namespace tsaudit
