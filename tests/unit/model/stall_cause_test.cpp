// SPDX-License-Identifier: Apache-2.0
// When a stall began, and what it is laid to when several things go wrong.
#include <gtest/gtest.h>

#include <cstdlib>

#include "conversation.h"

namespace tsaudit {
namespace {

/// The client's last 100 bytes once more.
void send_again(Conversation& c, TimeNs pause) {
  c.pass(pause);
  c.client({.flags = kAck | kPsh, .payload = 100, .seq = c.next[0] - 100});
}

/// The server's ACK of what it had before those.
void answer_again(Conversation& c) {
  c.pass(c.answer);
  c.server({.ack = c.next[0] - 100});
}

void begin(Conversation& c) {
  c.handshake();
  c.talk(50);
}

TEST(StallCause, ItBeginsWithTheFirstCopyOfTheData) {
  Conversation c;
  begin(c);
  const TimeNs sent = c.now;
  c.client({.flags = kAck | kPsh, .payload = 100});
  for (int i = 0; i < 4; ++i) send_again(c, 600 * kMillisecond);
  c.pass(c.answer);
  c.server();
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_LT(std::llabs(stalls[0].start_ns - sent), kMillisecond);
  EXPECT_EQ(stalls[0].end_ns, c.now);
}

TEST(StallCause, OneCopyIsEnoughIfItTookLong) {
  for (const TimeNs wait : {700 * kMillisecond, 4 * kSecond}) {
    Conversation c;
    begin(c);
    c.client({.flags = kAck | kPsh, .payload = 100});
    send_again(c, wait);
    c.pass(c.answer);
    c.server();
    c.talk(5);
    EXPECT_EQ(stalls_of_client(c).size(), wait > kSecond ? 1u : 0u);
  }
}

/// Nobody could answer what never came by; once it did it was answered at once.
TEST(StallCause, WhatTheCaptureNeverShowedWasLostBeforeIt) {
  Conversation c;
  begin(c);
  const uint32_t lost = c.next[0];
  c.next[0] += 100;
  c.client({.flags = kAck | kPsh, .payload = 100});
  c.pass(4 * kSecond);
  c.client({.flags = kAck | kPsh, .payload = 100, .seq = lost});
  c.pass(c.answer);
  c.server();
  const auto stalls = stalls_of_client(c);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].cause, StallCause::loss);
}

/// What is lost is not answered: here something is refused, and the capture does not show why.
TEST(StallCause, CopiesThatAreAnsweredAreNotLost) {
  for (const bool answered : {true, false}) {
    Conversation c;
    begin(c);
    c.server({.flags = kAck | kPsh, .payload = 10});
    c.pass(10 * kMillisecond);
    c.client({.flags = kAck | kPsh, .payload = 100});
    for (int i = 0; i < 4; ++i) {
      send_again(c, 600 * kMillisecond);
      if (answered) answer_again(c);
    }
    const auto stalls = stalls_of_client(c);
    ASSERT_EQ(stalls.size(), 1u);
    EXPECT_EQ(stalls[0].cause, answered ? StallCause::refused : StallCause::no_answer);
  }
}

/// The client was away, and came back with an older clock.
TEST(StallCause, BeforeTheFirstDiscardItWasSomethingElse) {
  Conversation c;
  begin(c);
  const TimeNs sent = c.now;
  c.server({.flags = kAck | kPsh, .payload = 100});
  const auto again = [&] {
    c.pass(kSecond);
    c.server({.flags = kAck | kPsh, .payload = 100, .seq = c.next[1] - 100});
  };
  for (int i = 0; i < 3; ++i) again();
  c.clock[0] -= 500'000;
  c.pass(10 * kMillisecond);
  const TimeNs refused = c.now;
  for (int i = 0; i < 3; ++i, again()) c.client();
  c.finish();
  const auto& stalls = trouble_of(c, Side::server).stalls;
  ASSERT_EQ(stalls.size(), 2u);
  EXPECT_EQ(stalls[0].cause, StallCause::no_answer);
  EXPECT_LT(std::llabs(stalls[0].start_ns - sent), kMillisecond);
  EXPECT_EQ(stalls[0].end_ns, refused);
  EXPECT_EQ(stalls[1].cause, StallCause::paws);
  EXPECT_EQ(stalls[1].start_ns, refused);
}

}  // namespace
}  // namespace tsaudit
