// SPDX-License-Identifier: Apache-2.0
#include "model/other_way.h"

#include <gtest/gtest.h>

namespace tsaudit {
namespace {

/// Only the client has been seen: 100 bytes from 1000 on, everything up to 9000 acknowledged.
Flow client_only() {
  Flow flow;
  flow.syn_seen = true;
  Host& client = flow.host[0];
  client.seen = client.acked = true;
  client.isn = {999};
  client.snd_nxt = {1100};
  client.ack_max = {9000};
  return flow;
}
Segment answer(uint32_t seq, uint32_t ack, uint8_t flags = kAck) {
  Segment s;
  s.seq = {seq};
  s.ack = {ack};
  s.flags = flags;
  return s;
}

TEST(OtherWay, AnAnswerFitsTheNumbersOfTheSideThatWasSeen) {
  const Flow flow = client_only();
  EXPECT_TRUE(answers(flow, 1, answer(9000, 1100)));
  EXPECT_TRUE(answers(flow, 1, answer(9000, 1050))) << "not all of it is acknowledged yet";
  EXPECT_TRUE(answers(flow, 1, answer(8999, 1000, kSyn | kAck)));
}

TEST(OtherWay, AStrangerDoesNot) {
  const Flow flow = client_only();
  EXPECT_FALSE(answers(flow, 1, answer(9000, 1101))) << "acknowledges what was never sent";
  EXPECT_FALSE(answers(flow, 1, answer(9000, 1100 - (2u << 20))));
  EXPECT_FALSE(answers(flow, 1, answer(9000 + (2u << 20), 1100)));
  EXPECT_FALSE(answers(flow, 1, answer(9000, 1100, kRst))) << "no ACK, no word of the other side";
  EXPECT_FALSE(answers(flow, 1, answer(8999, 999, kSyn | kAck))) << "a SYN-ACK of another SYN";
}

TEST(OtherWay, WhoHasBeenSeenNeedsNoSearch) {
  Flow flow = client_only();
  EXPECT_FALSE(answers(flow, 0, answer(9000, 1100)));
  flow.host[1].seen = true;
  EXPECT_FALSE(answers(flow, 1, answer(9000, 1100)));
}

}  // namespace
}  // namespace tsaudit
