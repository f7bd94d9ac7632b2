// SPDX-License-Identifier: Apache-2.0
#include "model/explain.h"

#include <gtest/gtest.h>

#include "conversation.h"

namespace tsaudit {
namespace {

std::string steps_for(Conversation& c, const Say& what, const char* profile = "linux-6.18") {
  const Flow before = c.flow();
  const unsigned client = c.flow().client;
  Segment s;
  s.flags = what.flags;
  s.ts = what.ts ? TsOption::present : TsOption::absent;
  s.tsval = {what.tsval.value_or(c.clock[0])};
  s.time_ns = c.now;
  s.seq = {c.next[0]}, s.ack = {c.next[1]}, s.payload = what.payload;
  const Judgement j = c.client(what);
  std::string text;
  for (const std::string& step :
       explain_steps(*find_profile(profile), before, before.host[client ^ 1], before.host[client], s, j)) {
    EXPECT_EQ(step.find('\n'), std::string::npos);
    text += step + "\n";
  }
  return text;
}

TEST(Explain, NamesTheKernelsFunctionAndTheNumbers) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const std::string text = steps_for(c, {.payload = 100, .seq = c.next[0], .tsval = c.echo[1] - 1000});
  EXPECT_NE(text.find("linux-6.18: tcp_validate_incoming() in state ESTABLISHED"), std::string::npos) << text;
  EXPECT_NE(text.find("is 1000 ticks behind TS.Recent " + std::to_string(c.echo[1])), std::string::npos)
      << text;
  EXPECT_NE(text.find("verdict: drop, TCP_RFC7323_PAWS; answered by an ACK"), std::string::npos) << text;
}

TEST(Explain, SaysWhyASegmentPasses) {
  Conversation c;
  c.handshake();
  c.talk(50);
  EXPECT_NE(steps_for(c, {.payload = 100}).find("passes: newer"), std::string::npos);
}

TEST(Explain, SaysThatThereIsNothingToTest) {
  Conversation c;
  c.handshake();
  c.talk(50);
  EXPECT_NE(steps_for(c, {.payload = 100, .ts = false}).find("no TSopt"), std::string::npos);
  Conversation plain;
  plain.handshake(false);
  EXPECT_NE(steps_for(plain, {.payload = 100, .ts = false}).find("not negotiated"), std::string::npos);
}

TEST(Snapshot, ShowsTheReceiver) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const ReceiverSnapshot shown = snapshot(c.flow(), c.host(1), c.now);
  EXPECT_TRUE(shown.known);
  ASSERT_FALSE(shown.ts_recent.empty());
  EXPECT_EQ(shown.ts_recent.back().raw, c.echo[1]);
  EXPECT_EQ(shown.state, "ESTABLISHED");
  EXPECT_EQ(shown.rcv_nxt.raw, c.next[0]);
  EXPECT_EQ(shown.rcv_wup.raw, c.next[0]);
  EXPECT_EQ(shown.snd_una.raw, c.next[1]);
  EXPECT_LE(shown.age_seconds_min, shown.age_seconds_max);
}

}  // namespace
}  // namespace tsaudit
