// SPDX-License-Identifier: Apache-2.0
#include "model/progress.h"

#include <gtest/gtest.h>

#include "conversation.h"

namespace tsaudit {
namespace {

TEST(Progress, DeliveredIsWhatWasAcknowledged) {
  Conversation c;
  c.handshake();
  c.talk(10);
  EXPECT_EQ(delivered_bytes(c.flow(), c.flow().client), 1000u);
  c.client({.payload = 100});
  EXPECT_EQ(delivered_bytes(c.flow(), c.flow().client), 1000u) << "not acknowledged yet";
  c.client({.payload = 100, .seq = c.next[0] - 100});
  c.server();
  EXPECT_EQ(delivered_bytes(c.flow(), c.flow().client), 1100u) << "once, however often it was sent";
  EXPECT_EQ(delivered_bytes(c.flow(), c.flow().client ^ 1u), 0u);
}

TEST(Progress, GoesOnBeyondOneTurnOfTheCircle) {
  Conversation c;
  c.handshake();
  // 100 times 60 MB in one segment each: what only the counter has to believe.
  uint64_t sent = 0;
  for (int i = 0; i < 100; ++i) {
    c.client({.payload = 60'000'000});
    c.pass(20'000);
    c.server();
    c.pass(kMillisecond);
    sent += 60'000'000;
    ASSERT_EQ(delivered_bytes(c.flow(), c.flow().client), sent) << i;
  }
}

}  // namespace
}  // namespace tsaudit
