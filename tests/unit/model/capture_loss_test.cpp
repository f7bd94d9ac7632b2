// SPDX-License-Identifier: Apache-2.0
// What the capture lacks, and what is known all the same.
#include <gtest/gtest.h>

#include "conversation.h"
#include "model/tracker.h"

namespace tsaudit {
namespace {

/// A capture on the new host begins with the probe of the restored socket, one byte before all that was sent.
TEST(CaptureLoss, MidConnectionAnAckOfWhatWasSentBeforeIsNone) {
  Conversation c;
  const uint32_t naive = c.clock[1] - 1'000'000;
  c.server({.seq = c.next[1] - 1, .tsval = naive, .tsecr = 0});
  c.pass(200 * kMillisecond);
  c.client({.payload = 300, .seq = c.next[0] - 300, .tsecr = c.clock[1]});
  EXPECT_NE(c.client({.tsecr = c.clock[1]}).reason, Reason::ack_unsent_data);
}

TEST(CaptureLoss, WhatWasAcknowledgedInSightIsKnownToBeAllThatWasSent) {
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
TEST(CaptureLoss, AnAckOfWhatTheCaptureLostIsTakenIfItsReceiverGoesOnBehindIt) {
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

TEST(CaptureLoss, AStackThatEchoesNothingOnDataWasNotElsewhere) {
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

TEST(CaptureLoss, DataThatTheCaptureDoesNotShowAreLackingOnceTheyAreAcknowledged) {
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

TEST(CaptureLoss, DataThatTheNetworkLostBeforeTheCaptureAreNotLacking) {
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

TEST(CaptureLoss, ARstBehindDataThatTheCaptureLacksIsExact) {
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
TEST(CaptureLoss, WhereBothEndsAgreeTheyAreBeyondWhatTheCaptureShows) {
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

}  // namespace
}  // namespace tsaudit
