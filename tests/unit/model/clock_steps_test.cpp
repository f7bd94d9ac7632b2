// SPDX-License-Identifier: Apache-2.0
// A step lasts, an outlier does not.
#include <gtest/gtest.h>

#include "conversation.h"

namespace tsaudit {
namespace {

std::vector<ClockStep> steps_of_client(Conversation& c) { return from(c.finish(), Side::client).clock.steps; }

TEST(ClockSteps, ABackwardStepThatLastsIsOne) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.clock[0] -= 1'000'000;
  const uint64_t first = c.frame() + 1;
  for (int i = 0; i < 5; ++i) {
    c.client({.payload = 100, .seq = c.next[0]});
    c.pass(20'000);
    c.server();
    c.pass(300 * kMillisecond);
  }
  const auto steps = steps_of_client(c);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].frame, first);
  EXPECT_NEAR(static_cast<double>(steps[0].ticks), -1e6, 50);
}

TEST(ClockSteps, AForwardStepIsOne) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.clock[0] += 10'000'000;
  c.talk(20);
  const auto steps = steps_of_client(c);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_NEAR(static_cast<double>(steps[0].ticks), 1e7, 50);
}

/// Two segments in a row that are ahead alike make a step; but not one that a mirror port shows twice.
TEST(ClockSteps, OneOfWhatIsAheadIsNone) {
  for (const uint16_t again : {uint16_t{70}, uint16_t{71}}) {
    Conversation c;
    c.handshake();
    c.talk(100);
    c.clock[0] += 1000;
    c.client({.ip_id = 70});
    c.pass(10'000);
    c.client({.ip_id = again});
    EXPECT_EQ(steps_of_client(c).size(), again == 70 ? 0u : 1u);
  }
}

TEST(ClockSteps, ThereAndBackAreTwo) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.clock[0] += 10'000'000;
  c.talk(50);
  c.clock[0] -= 10'000'000;
  for (int i = 0; i < 5; ++i) {
    c.client({.payload = 100, .seq = c.next[0]});
    c.pass(20'000);
    c.server();
    c.pass(300 * kMillisecond);
  }
  const auto steps = steps_of_client(c);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_GT(steps[0].ticks, 0);
  EXPECT_LT(steps[1].ticks, 0);
}

TEST(ClockSteps, OneOldPacketIsNone) {
  Conversation c;
  c.handshake();
  c.talk(100);
  const uint32_t seq = c.next[0] - 200, tsval = c.clock[0] - 40;
  c.talk(10);
  c.client({.payload = 100, .seq = seq, .tsval = tsval});  // overtaken by the ten
  c.talk(20);
  EXPECT_TRUE(steps_of_client(c).empty());
}

/// New to the capture, too: but an ACK that its sender made after them came first.
TEST(ClockSteps, DataThatAnAckOvertookAreNone) {
  Conversation c;
  c.handshake();
  c.talk(100);
  const uint32_t seq = c.next[0], ack = c.next[1], tsval = c.clock[0];
  c.pass(10 * kMillisecond);
  c.server({.payload = 50});
  c.pass(5 * kMillisecond);
  c.client({.seq = seq + 300});
  for (int i = 0; i < 3; ++i) c.client({.payload = 100, .seq = seq + 100 * i, .ack = ack, .tsval = tsval});
  c.next[0] = seq + 300;
  c.pass(20'000);
  c.server();
  c.talk(20);
  const FlowReport report = c.finish();
  EXPECT_TRUE(from(report, Side::client).clock.steps.empty());
  EXPECT_TRUE(report.migrations.empty());
}

TEST(ClockSteps, ARstSaysNothingOfTheClock) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.client({.flags = kRst, .tsval = 0});
  EXPECT_TRUE(steps_of_client(c).empty());
}

}  // namespace
}  // namespace tsaudit
