// SPDX-License-Identifier: Apache-2.0
// What held a connection up, when it was not timestamps and when it was.
#include <gtest/gtest.h>

#include "conversation.h"

namespace tsaudit {
namespace {

std::vector<Stall> stalls_of_client(Conversation& c) {
  c.finish();
  if (!c.finished_trouble()) return {};
  return c.finished_trouble()->direction[c.flow().client].stalls;
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
