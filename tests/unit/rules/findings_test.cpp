// SPDX-License-Identifier: Apache-2.0
// From facts to findings, rule by rule. The facts are made by the model, as in a real analysis.
#include "rules/findings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/model/conversation.h"

namespace tsaudit {
namespace {

FlowReport judged(Conversation& c) {
  FlowReport report = c.finish();
  apply_rules(report, c.flow(), c.finished_trouble());
  EXPECT_FALSE(report.summary.empty());
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& f = report.findings[i];
    EXPECT_FALSE(f.message.empty());
    EXPECT_FALSE(f.fingerprint.empty());
    EXPECT_GE(f.frame_count, f.frames.size());
    EXPECT_LE(f.severity, report.worst);
    if (i > 0) {
      EXPECT_LE(f.severity, report.findings[i - 1].severity) << "worst first";
    }
    for (size_t j = 0; j < i; ++j) EXPECT_NE(f.fingerprint, report.findings[j].fingerprint);
  }
  return report;
}
const Finding* find(const FlowReport& report, RuleId rule) {
  const auto at = std::find_if(report.findings.begin(), report.findings.end(),
                               [&](const Finding& f) { return f.rule == rule; });
  return at == report.findings.end() ? nullptr : &*at;
}

/// The client, `ticks` off its clock, sends the same segment again and again.
void go_on_refused(Conversation& c, int32_t ticks) {
  c.clock[0] += static_cast<uint32_t>(ticks);
  for (int i = 0; i < 5; ++i) {
    c.client({.payload = 100, .seq = c.next[0]});
    c.pass(20'000);
    c.server();
    c.pass(kSecond);
  }
}

TEST(Findings, HealthHasNone) {
  Conversation c;
  c.handshake();
  c.talk(100);
  const FlowReport report = judged(c);
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.worst, Severity::none);
}

/// A server that waits for data (TCP_DEFER_ACCEPT) answers a keepalive, and takes no echo of that answer.
TEST(Findings, AnEchoOfNoSynAckIsNoMatterOfTheClock) {
  Conversation c;
  c.handshake();
  c.pass(kSecond);
  c.server({.flags = kSyn | kAck, .seq = c.next[1] - 1});
  c.pass(kSecond);
  c.client({.seq = c.next[0] - 1});
  c.pass(c.answer);
  c.server();
  const uint32_t syn_echo = c.echo[1];
  for (int i = 0; i < 3; ++i) {
    c.pass(200 * kMillisecond);
    c.client({.payload = 100, .seq = c.next[0], .tsecr = c.clock[1] - 200});
    c.pass(c.answer);
    c.server({.tsecr = syn_echo});
  }
  const FlowReport report = judged(c);
  const Finding* drop = find(report, RuleId::paws_drop);
  ASSERT_NE(drop, nullptr) << report.summary;
  for (const Finding& f : report.findings) EXPECT_EQ(f.advice.find("healed"), std::string::npos) << f.advice;
  EXPECT_NE(drop->message.find("TSecr was that of no SYN-ACK"), std::string::npos) << drop->message;
  EXPECT_NE(drop->advice.find("until the handshake is over, the server takes"), std::string::npos)
      << drop->advice;
}

/// The same before the SYN-ACK goes out again: it may have been a connection, until it asks for the data
/// again.
TEST(Findings, ARequestThatLooksLikeAConnection) {
  for (const bool refuses : {true, false}) {
    Conversation c;
    c.handshake();
    c.pass(kSecond);
    c.client({.seq = c.next[0] - 1});
    c.pass(c.answer);
    c.server();
    const uint32_t first = c.next[0], syn_echo = c.echo[1];
    c.pass(200 * kMillisecond);
    EXPECT_EQ(c.client({.payload = 100}).verdict, Verdict::unknown);
    c.pass(c.answer);
    c.server(refuses ? Say{.ack = first, .tsecr = syn_echo} : Say{});
    const FlowReport report = judged(c);
    EXPECT_EQ(find(report, RuleId::paws_drop) != nullptr, refuses) << report.summary;
    EXPECT_EQ(count(from(report, Side::client), Reason::tsecr), refuses ? 1u : 0u);
    EXPECT_EQ(count(from(report, Side::client), Reason::state_unknown), 0u);
  }
}

TEST(Findings, ARegressionThatStalls) {
  Conversation c;
  c.handshake();
  c.talk(100);
  const uint64_t first = c.frame() + 1;
  go_on_refused(c, -1'000'000);
  const FlowReport report = judged(c);
  const Finding* drop = find(report, RuleId::paws_drop);
  ASSERT_NE(drop, nullptr);
  EXPECT_EQ(drop->from, Side::client);
  EXPECT_EQ(drop->frames.front(), first);
  EXPECT_EQ(drop->frame_count, 5u);
  EXPECT_EQ(drop->evidence, Evidence::confirmed);
  EXPECT_FALSE(drop->advice.empty());
  ASSERT_NE(find(report, RuleId::paws_stall), nullptr);
  EXPECT_GT(find(report, RuleId::paws_stall)->duration_ns, 3 * kSecond);
  ASSERT_NE(find(report, RuleId::tsval_regression), nullptr);
  EXPECT_EQ(find(report, RuleId::tsval_jump), nullptr);
  EXPECT_EQ(report.worst, Severity::error);
}

const Finding* stall_of(const FlowReport& report) {
  const auto at = std::ranges::find_if(report.findings, is_stall);
  return at == report.findings.end() ? nullptr : &*at;
}

TEST(Findings, WhoseClockWasBehindFromTheFirstOnLacksAnOffset) {
  Conversation c;
  const uint32_t held = c.clock[0] + 1'000'000;  // by the server; the capture begins only now
  c.server({.tsecr = held});
  for (int i = 0; i < 5; ++i) {
    c.pass(kSecond);
    c.client({.payload = 100, .seq = c.next[0]});
    c.pass(20'000);
    c.server({.tsecr = held});
  }
  const FlowReport report = judged(c);
  ASSERT_NE(find(report, RuleId::paws_drop), nullptr) << report.summary;
  EXPECT_EQ(report.directions[0].offset_min, 1'000'000 - 1000) << "a second has passed";
  EXPECT_EQ(report.directions[1].offset_min, std::nullopt);
}

/// The snapshot ends before the options of both SYNs.
Conversation cut_handshake() {
  Conversation c;
  c.client({.flags = kSyn, .cut = true});
  c.pass(20'000);
  c.server({.flags = kSyn | kAck, .cut = true});
  c.pass(kMillisecond);
  return c;
}

TEST(Findings, ASnapshotWithoutOptionsBlamesNothing) {
  Conversation c = cut_handshake();
  c.client({.cut = true});
  for (int i = 0; i < 5; ++i) {
    c.client({.payload = 100, .seq = c.next[0], .cut = true});
    c.pass(20'000);
    c.server({.cut = true});
    c.pass(kSecond);
  }
  const FlowReport report = judged(c);
  EXPECT_EQ(report.timestamps, Negotiated::unknown);
  EXPECT_EQ(find(report, RuleId::not_timestamps), nullptr);
  ASSERT_NE(stall_of(report), nullptr);
  EXPECT_EQ(stall_of(report)->rule, RuleId::capture_incomplete);
  EXPECT_NE(report.summary.find("is not known"), std::string::npos) << report.summary;
}

TEST(Findings, ACutSynIsNoRefusalOfTimestamps) {
  Conversation c = cut_handshake();
  c.client();
  c.talk(20);
  const FlowReport report = judged(c);
  EXPECT_EQ(report.timestamps, Negotiated::yes);
  EXPECT_NE(find(report, RuleId::capture_incomplete), nullptr);
}

TEST(Findings, AStallDuringWhichNotAllCouldBeJudgedBlamesNothing) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.pass(2146 * kSecond + 200 * kMillisecond);  // TS.Recent is about to be too old to count
  c.clock[0] -= 100'000'000;
  for (int i = 0; i < 5; ++i) {
    const Judgement j = c.client({.payload = 100, .seq = c.next[0]});
    if (i == 0) {
      EXPECT_EQ(j.reason, Reason::idle_range);
    }
    c.pass(kSecond);
  }
  const FlowReport report = judged(c);
  ASSERT_NE(stall_of(report), nullptr);
  EXPECT_EQ(stall_of(report)->rule, RuleId::capture_incomplete) << report.summary;
}

TEST(Findings, OneSideAloneSaysNothingOfAnAnswer) {
  Conversation c;
  c.client({.payload = 100});
  for (int i = 0; i < 5; ++i) {
    c.pass(kSecond);
    c.client({.payload = 100, .seq = c.next[0]});
  }
  const FlowReport report = judged(c);
  ASSERT_NE(stall_of(report), nullptr);
  EXPECT_EQ(stall_of(report)->rule, RuleId::capture_incomplete) << report.summary;
}

/// Nothing of the receiver is in the capture, but it must have taken what its sender went on from.
TEST(Findings, OneSideAloneInMidConnectionStillShowsTheRegression) {
  Conversation c;
  for (int i = 0; i < 20; ++i) {
    c.client({.payload = 100});
    c.pass(200 * kMillisecond);
  }
  c.clock[0] -= 1'000'000;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(c.client({.payload = 100, .seq = c.next[0]}).reason, Reason::paws);
    c.pass(kSecond);
  }
  EXPECT_NE(find(judged(c), RuleId::paws_drop), nullptr);
}

TEST(Findings, OneSideAloneIsNamedWithoutTrouble) {
  Conversation one;
  one.client({.flags = kSyn});
  one.client();
  one.client({.payload = 100});
  EXPECT_NE(find(judged(one), RuleId::capture_incomplete), nullptr);

  Conversation unanswered;
  unanswered.client({.flags = kSyn});
  EXPECT_EQ(find(judged(unanswered), RuleId::capture_incomplete), nullptr) << "nobody was there";
}

TEST(Findings, AJumpIsAWarning) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.clock[0] += 50'000'000;
  c.talk(20);
  const FlowReport report = judged(c);
  ASSERT_NE(find(report, RuleId::tsval_jump), nullptr);
  EXPECT_EQ(find(report, RuleId::tsval_jump)->severity, Severity::warning);
  EXPECT_EQ(find(report, RuleId::paws_drop), nullptr);
}

TEST(Findings, TsoptThatIsMissing) {
  Conversation c;
  c.handshake();
  c.talk(10);
  c.client({.payload = 100, .ts = false});
  const FlowReport report = judged(c);
  ASSERT_NE(find(report, RuleId::tsopt_missing), nullptr);
  EXPECT_EQ(find(report, RuleId::tsopt_missing)->severity, Severity::warning);
}

TEST(Findings, TsoptThatWasNotNegotiated) {
  Conversation c;
  c.handshake(false);
  c.client({.payload = 100});
  const FlowReport report = judged(c);
  EXPECT_NE(find(report, RuleId::tsopt_malformed), nullptr);
}

TEST(Findings, AnEchoOfWhatWasNeverSent) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.client({.payload = 100});
  c.pass(20'000);
  c.server({.tsecr = c.clock[0] + 100'000});
  c.pass(kMillisecond);
  c.talk(10);
  const FlowReport report = judged(c);
  EXPECT_NE(find(report, RuleId::tsecr_never_sent), nullptr);
}

TEST(Findings, ATsecrThatIsRewrittenOnTheWayIsNotTakenForTsRecent) {
  Conversation c;
  c.handshake();
  c.talk(50);
  for (int i = 0; i < 60; ++i) {
    c.client({.payload = 100});
    c.pass(20'000);
    for (int copies = 0; copies < 2; ++copies) c.server({.tsecr = c.clock[0] + 100'000});
    c.pass(20 * kMillisecond);
  }
  const FlowReport report = judged(c);
  EXPECT_NE(find(report, RuleId::tsecr_never_sent), nullptr);
  EXPECT_EQ(find(report, RuleId::paws_drop), nullptr) << report.summary;
}

TEST(Findings, AReceiverThatTookADamagedTsvalIsStuckWithIt) {
  Conversation c;
  c.handshake();
  c.talk(50);
  // What the client sent passes the capture whole and is damaged behind it.
  const uint32_t damaged = c.clock[0] + 1'000'000;
  c.client({.payload = 100});
  c.pass(20'000);
  const uint32_t acked = c.next[0];
  c.server({.tsecr = damaged});
  for (int i = 0; i < 5; ++i) {
    c.pass(300 * kMillisecond);
    c.client({.payload = 100, .seq = acked});
    c.pass(20'000);
    c.server({.ack = acked, .tsecr = damaged});
  }
  const FlowReport report = judged(c);
  ASSERT_NE(find(report, RuleId::paws_drop), nullptr) << report.summary;
  EXPECT_GE(find(report, RuleId::paws_drop)->frame_count, 3u);
}

/// The receiver has echoed that TS.Recent. It is believed, and refuses what the client says next.
void expect_held(Conversation& c, uint32_t ts_recent, const Say& next) {
  c.pass(kMillisecond);
  const Judgement refused = c.client(next);
  EXPECT_EQ(refused.verdict, Verdict::drop);
  EXPECT_EQ(refused.ts_recent, TsVal{ts_recent});
  EXPECT_EQ(find(judged(c), RuleId::tsecr_never_sent), nullptr);
}

/// One TSval ahead of its sender's clock is held up behind the capture. The receiver takes what followed it,
/// then it, and is stuck with it.
TEST(Findings, AnEchoOfALoneTsvalIsNoneOfWhatWasNeverSent) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const uint32_t ahead = c.clock[0] + 1'000'000;
  c.client({.tsval = ahead});
  c.pass(kMillisecond);
  c.client({.payload = 100});
  c.pass(c.answer);
  c.server({.tsecr = c.clock[0]});
  c.pass(5 * kMillisecond);
  c.server({.tsecr = ahead});
  expect_held(c, ahead, {.payload = 100});
}

/// A stale TSval is held up until the clock has gone so far ahead that it looks newer.
TEST(Findings, AnEchoOfTheClockBeforeIsNoneOfWhatWasNeverSent) {
  Conversation c;
  c.handshake();
  c.talk(50);
  const uint32_t stale = c.clock[0] - 300;
  const uint32_t data = c.next[0];
  EXPECT_EQ(c.client({.payload = 100, .seq = data, .tsval = stale}).verdict, Verdict::drop);
  c.clock[0] += 0x7fffff00;
  for (int i = 0; i < 3; ++i) {
    c.pass(kMillisecond);
    c.client({.flags = kAck});
  }
  c.pass(c.answer);
  c.server({.ack = data + 100, .tsecr = stale});
  expect_held(c, stale, {.payload = 100, .seq = data + 100});
}

TEST(Findings, AnotherCauseIsNamed) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.server({.window = 0});
  c.pass(5 * kSecond);
  c.server();
  c.talk(5);
  const FlowReport report = judged(c);
  ASSERT_NE(find(report, RuleId::not_timestamps), nullptr);
  EXPECT_NE(find(report, RuleId::not_timestamps)->message.find("zero window"), std::string::npos);
  EXPECT_EQ(find(report, RuleId::paws_drop), nullptr);
}

TEST(Findings, ARateChange) {
  Conversation c;
  c.handshake();
  c.talk(500);
  for (int i = 0; i < 500; ++i) {  // from here on it ticks a thousand times as fast
    c.client({.payload = 100});
    c.pass(20'000);
    c.server();
    c.pass(20 * kMillisecond - 20'000);
    c.clock[0] += 20 * 999;
  }
  const FlowReport report = judged(c);
  ASSERT_NE(find(report, RuleId::clock_rate_change), nullptr);
  EXPECT_NE(find(report, RuleId::clock_rate_change)->message.find("1000000"), std::string::npos)
      << find(report, RuleId::clock_rate_change)->message;
}

TEST(Findings, NoOffsetIsOfferedForAnotherRate) {
  Conversation c;
  c.handshake();
  c.talk(500);
  c.pass(300 * kMillisecond);
  c.clock[0] -= 1'000'000;
  const auto move = [&](uint32_t ticks_of_20_ms) {
    Conversation moved = std::move(c);
    moved.client({.payload = 100, .tsecr = 0, .ttl = 63, .mac = 0x020000000099});
    for (int i = 0; i < 500; ++i) {
      moved.client({.payload = 100, .ttl = 63, .mac = 0x020000000099});
      moved.pass(20'000);
      moved.server();
      moved.pass(20 * kMillisecond - 20'000);
      moved.clock[0] += ticks_of_20_ms - 20;
    }
    return judged(moved);
  };
  const FlowReport report = move(5);
  ASSERT_FALSE(report.migrations.empty());
  ASSERT_NE(find(report, RuleId::clock_rate_change), nullptr);
  EXPECT_FALSE(report.migrations.front().offset.has_value());
  ASSERT_NE(find(report, RuleId::paws_drop), nullptr);
  EXPECT_EQ(find(report, RuleId::paws_drop)->advice, "");
}

TEST(Findings, OnlyOneSide) {
  Conversation c;
  c.next[1] = 1;
  for (int i = 0; i < 10; ++i) c.client({.payload = 100});
  const FlowReport report = judged(c);
  EXPECT_EQ(report.worst, report.findings.empty() ? Severity::none : report.findings.front().severity);
  EXPECT_NE(report.summary.find("nothing can be said"), std::string::npos) << report.summary;
}

TEST(Findings, TheMoveThatIsNamedIsTheOneWhoseClockChanged) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.pass(100 * kMillisecond);
  c.server({.seq = c.next[1] - 1, .tsecr = 0, .ttl = 63, .mac = 0x020000000098});
  c.pass(20 * kMillisecond);
  c.clock[0] += 1'000'000'000;
  c.client({.seq = c.next[0] - 1, .tsecr = 0, .ttl = 63, .mac = 0x020000000099});
  for (int i = 0; i < 5; ++i) {
    c.pass(20 * kMillisecond);
    c.client({.payload = 100, .ttl = 63, .mac = 0x020000000099});
    c.pass(c.answer);
    c.server({.ttl = 63, .mac = 0x020000000098});
  }
  const FlowReport report = judged(c);
  EXPECT_EQ(report.migrations.size(), 2u);
  EXPECT_EQ(report.summary.rfind("The client was replaced", 0), 0u) << report.summary;
  EXPECT_NE(report.summary.find("ahead"), std::string::npos) << report.summary;
}

TEST(Findings, TimestampsThatEndWithAMoveDidNotGoOn) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.pass(100 * kMillisecond);
  c.client({.seq = c.next[0] - 1, .ts = false, .ttl = 63, .mac = 0x020000000099});
  for (int i = 0; i < 5; ++i) {
    c.client({.payload = 100, .ts = false, .ttl = 63, .mac = 0x020000000099});
    c.pass(20 * kMillisecond);
  }
  const FlowReport report = judged(c);
  EXPECT_NE(report.summary.find("replaced by another host"), std::string::npos) << report.summary;
  EXPECT_NE(report.summary.find("6 segments without TSopt"), std::string::npos) << report.summary;
}

TEST(Findings, WhatIcmpSaysIsNoAdviceAgainstPaws) {
  Conversation c;
  c.handshake();
  c.talk(50);
  c.clock[0] -= 1'000'000;
  c.client({.payload = 100});
  IcmpError error;
  error.seq = {c.next[0]};  // it did not arrive
  ASSERT_TRUE(c.tracker().told_by_icmp(c.flow(), c.flow().client, error));
  for (int i = 0; i < 5; ++i) {
    c.pass(20'000);
    c.server();
    c.pass(kSecond);
    c.client({.payload = 100});
  }
  const FlowReport report = judged(c);
  const Finding* stall = find(report, RuleId::paws_stall);
  ASSERT_NE(stall, nullptr);
  EXPECT_NE(stall->advice.find("Left alone it does not heal"), std::string::npos) << stall->advice;
}

/// The client has moved from 02:00:00:00:00:01 to :99, and the server's neighbour entry has not.
TEST(Findings, SegmentsThatGoToTheOldHostAreTold) {
  const auto stalled = [](MacAddress to, bool announced = false) {
    Conversation c;
    c.handshake();
    c.talk(100);
    c.pass(100 * kMillisecond);
    c.client({.seq = c.next[0] - 1, .tsecr = 0, .mac = 0x020000000099});
    c.client({.payload = 100, .mac = 0x020000000099});
    c.pass(c.answer);
    c.server({.payload = 100, .to = to});
    for (int i = 0; i < 4; ++i) {
      c.pass(500 * kMillisecond);
      c.client({.payload = 100, .seq = c.next[0] - 100, .ack = c.next[1] - 100, .mac = 0x020000000099});
      c.pass(c.answer);
      if (announced) c.tracker().announce({c.now, 1, {0, 0x0a000001, false}, to});
      c.server({.payload = 100, .seq = c.next[1] - 100, .to = to});
    }
    const FlowReport report = judged(c);
    std::string messages;
    for (const Finding& finding : report.findings)
      if (is_stall(finding)) messages += finding.message + "\n";
    return messages;
  };
  EXPECT_NE(stalled(0x020000000001)
                .find("; the server still sends to 02:00:00:00:00:01, where the client was, and the "
                      "client is at 02:00:00:00:00:99\n"),
            std::string::npos)
      << stalled(0x020000000001);
  EXPECT_EQ(stalled(0x020000000099).find("still sends"), std::string::npos);
  EXPECT_EQ(stalled(0x0200000000ee).find("still sends"), std::string::npos) << "a router, perhaps";
  EXPECT_EQ(stalled(0).find("still sends"), std::string::npos);
  EXPECT_EQ(stalled(0x020000000001, true).find("still sends"), std::string::npos) << "it is back there";
}

TEST(Findings, AResetFromElsewhereSaysSo) {
  const auto reset_from = [](MacAddress mac, uint8_t ttl) {
    Conversation c;
    c.handshake();
    c.talk(100);
    c.server({.payload = 300});
    c.pass(10 * kMillisecond);
    c.client({.flags = kRst, .seq = c.next[0], .ts = false, .ttl = ttl, .mac = mac});
    const FlowReport report = judged(c);
    const Finding* reset = find(report, RuleId::not_timestamps);
    return reset ? reset->message : "";
  };
  const std::string same = "the client reset the connection at frame 205 with data unacknowledged";
  EXPECT_EQ(reset_from(0, 64), same);
  EXPECT_EQ(reset_from(0x020000000b02, 64), same + "; another host sent it, from MAC 02:00:00:00:0b:02");
  EXPECT_EQ(reset_from(0, 255), same + "; its TTL is 255, the connection's was 64");

  Conversation c;  // captured on two devices
  c.handshake();
  c.talk(100);
  for (int i = 0; i < 3; ++i) {
    c.client({.ttl = 64});
    c.client({.ttl = 63, .mac = 0x0200000000ee});
  }
  c.server({.payload = 300});
  c.client({.flags = kRst, .seq = c.next[0], .ts = false});
  const FlowReport report = judged(c);
  ASSERT_NE(find(report, RuleId::not_timestamps), nullptr);
  EXPECT_EQ(find(report, RuleId::not_timestamps)->message.find("another host"), std::string::npos);
}

/// Who has closed answers with a RST what still comes; others close with a RST, having got all.
TEST(Findings, AResetThatClosesIsNoStall) {
  const auto stalls = [](auto end) {
    Conversation c;
    c.handshake();
    c.talk(10);
    end(c);
    const FlowReport report = judged(c);
    return find(report, RuleId::not_timestamps) != nullptr;
  };
  EXPECT_FALSE(stalls([](Conversation& c) {
    c.client({.flags = kAck | kFin});
    c.pass(10 * kMillisecond);
    c.server({.payload = 31});
    c.server({.flags = kAck | kFin});
    c.client({.flags = kRst, .ts = false});
    c.client({.flags = kRst, .ts = false});
  }));
  EXPECT_FALSE(stalls([](Conversation& c) {
    c.server({.payload = 300});
    c.client({.flags = kRst | kAck});
  }));
  EXPECT_TRUE(stalls([](Conversation& c) {
    c.client({.payload = 300});
    c.client({.flags = kRst | kAck});
  }));
  // It does not take what was still under way.
  EXPECT_TRUE(stalls([](Conversation& c) {
    c.client({.flags = kRst | kAck});
    c.server({.payload = 300});
    c.client({.flags = kRst, .ts = false});
  }));
}

TEST(Findings, ACaptureThatBeginsWithARestoredSocketSaysSo) {
  Conversation c;
  c.server({.seq = c.next[1] - 1, .tsecr = 0});
  c.pass(10 * kMillisecond);
  c.echo[0] = c.clock[1] - 10;
  c.talk(5);
  const FlowReport report = judged(c);
  ASSERT_NE(find(report, RuleId::ts_recent_lost), nullptr);
  EXPECT_EQ(find(report, RuleId::ts_recent_lost)->from, Side::server);
}

/// Idle since it moved: nothing is lost, yet.
TEST(Findings, AClockThatIsStillBehindWarnsOfTheNextData) {
  for (const int32_t back : {1'000'000, 1500}) {
    Conversation c;
    c.handshake();
    c.talk(100);
    c.pass(100 * kMillisecond);
    c.clock[0] -= static_cast<uint32_t>(back);
    for (int i = 0; i < 4; ++i) {
      c.client({.ttl = 63, .mac = 0x020000000099});
      c.pass(100 * kMillisecond);
    }
    c.pass(2600 * kMillisecond);
    c.server();
    const FlowReport report = judged(c);
    const Finding* step = find(report, RuleId::tsval_regression);
    ASSERT_NE(step, nullptr);
    EXPECT_EQ(step->advice.empty(), back == 1500)
        << "in the 3 seconds since it has caught up: " << step->advice;
    if (back == 1500) continue;
    EXPECT_EQ(
        step->advice,
        "Nothing was lost so far. Data that the client sends within the next 16 min 37 s will be discarded.");
    EXPECT_NE(report.summary.find("nothing was lost so far"), std::string::npos) << report.summary;
  }
}

/// Both ends were restored: the server knows no TS.Recent any more, and takes what comes.
TEST(Findings, AClockThatWasTakenAsItIsWarnsOfNothing) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.clock[0] -= 1'000'000;
  c.client({.ttl = 63, .mac = 0x020000000099});
  c.pass(100 * kMillisecond);
  c.client({.ttl = 63, .mac = 0x020000000099});
  c.pass(100 * kMillisecond);
  c.echo[1] = 0;
  c.server({.seq = c.next[1] - 1, .mac = 0x020000000088});
  c.pass(100 * kMillisecond);
  for (int i = 0; i < 10; ++i) {
    c.client({.payload = 100, .ttl = 63, .mac = 0x020000000099});
    c.pass(c.answer);
    c.server({.mac = 0x020000000088});
    c.pass(20 * kMillisecond);
  }
  const FlowReport report = judged(c);
  const Finding* step = find(report, RuleId::tsval_regression);
  ASSERT_NE(step, nullptr);
  EXPECT_EQ(step->advice, "");
}

/// A strict receiver drops what has no TSopt, and no clock has to do with it.
TEST(Findings, NoOffsetMendsAMissingOption) {
  AnalysisOptions options;
  options.profile = find_profile("freebsd");
  ASSERT_NE(options.profile, nullptr);
  Conversation c(options);
  c.handshake();
  c.talk(50);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(c.client({.payload = 100, .seq = c.next[0], .ts = false}).reason, Reason::missing_tsopt);
    c.pass(kSecond);
  }
  const FlowReport report = judged(c);
  const Finding* drop = find(report, RuleId::paws_drop);
  ASSERT_NE(drop, nullptr);
  EXPECT_NE(drop->message.find("TSopt was missing"), std::string::npos) << drop->message;
  EXPECT_EQ(drop->advice.find("No offset mends that"), 0u) << drop->advice;
  EXPECT_FALSE(from(report, Side::client).offset_min);
  const Finding* stall = find(report, RuleId::paws_stall);
  ASSERT_NE(stall, nullptr);
  EXPECT_EQ(stall->advice, "It does not heal by itself.");
  const Finding* missing = find(report, RuleId::tsopt_missing);
  ASSERT_NE(missing, nullptr);
  EXPECT_EQ(missing->frame_count, 5u);
}

/// When it will heal is said where that is still to come, and can.
TEST(Findings, AStallHealsWhileLinuxStillTries) {
  const auto advice = [](int32_t back, bool over, bool reset) {
    Conversation c;
    c.handshake();
    c.talk(50);
    go_on_refused(c, -back);
    if (over) c.clock[0] += static_cast<uint32_t>(back), c.talk(5);
    if (reset) c.client({.flags = kRst, .seq = c.next[0], .ts = false});
    const FlowReport report = judged(c);
    const Finding* stall = find(report, RuleId::paws_stall);
    return stall ? stall->advice : "no stall";
  };
  EXPECT_EQ(
      advice(60'000, false, false),
      "Left alone it heals with the first segment that is sent later than 60 s after the first discarded "
      "one.");
  EXPECT_EQ(advice(1'800'000, false, false)
                .find("Left alone it does not heal: TSval is past TS.Recent, or that is too old to count, "
                      "after 30 min"),
            0u)
      << advice(1'800'000, false, false);
  EXPECT_EQ(advice(60'000, true, false), "");
  EXPECT_EQ(advice(60'000, false, true), "");
}

/// The first of many discards turn out to be none, while those after them stay.
TEST(Findings, OfManyDiscardsTheFirstMayBeWithdrawn) {
  Conversation c;
  c.answer = 200'000;
  c.handshake();
  c.talk(30);
  const uint32_t stayed = c.echo[1];
  const auto send = [&](uint32_t tsval) {
    c.client({.flags = kAck | kPsh, .payload = 100, .tsval = tsval});
    c.next[0] += 100;  // whatever the verdict is
  };
  const uint32_t first = c.next[0];
  c.client({.flags = kAck | kPsh, .payload = 100, .tsval = stayed + 1'000'000});  // lost behind the capture
  c.next[0] = first + 100;
  for (int i = 0; i < 32; ++i) c.pass(10'000), send(stayed + 10);
  c.pass(20 * kMillisecond);
  for (int i = 0; i < 8; ++i) c.pass(1'000), send(stayed + 30);
  c.pass(60'000);
  c.server({.ack = first, .tsecr = stayed});
  const FlowReport report = judged(c);
  ASSERT_TRUE(find(report, RuleId::paws_drop));
  for (const Finding& finding : report.findings) {
    EXPECT_FALSE(finding.frames.empty()) << finding.message;
    EXPECT_LE(finding.frames.size(), Finding::kMaxFrames);
  }
}

/// The capture begins after the move: what the receiver echoes is nothing that it shows.
TEST(Findings, ALaterSegmentIsBlamedOnlyIfItWasSeen) {
  for (const bool seen : {true, false}) {
    Conversation c;
    if (seen) {
      c.handshake();
      c.talk(30);
      c.client({.payload = 100, .seq = c.next[0] + 100});
      c.pass(kMillisecond);
      c.client({.payload = 100, .seq = c.next[0], .tsval = c.clock[0] - 1'000});
    }
    const uint32_t first = c.next[0], ahead = c.clock[0] + 5'000;
    for (int i = 0; !seen && i < 8; ++i) {
      c.server({.ack = first, .tsecr = ahead});
      c.pass(200 * kMillisecond);
      c.client({.payload = 100, .seq = first});
      c.pass(c.answer);
    }
    const FlowReport report = judged(c);
    const Finding* drop = find(report, RuleId::paws_drop);
    ASSERT_TRUE(drop) << seen;
    EXPECT_EQ(drop->advice.find("overtook") != std::string::npos, seen) << drop->advice;
    EXPECT_EQ(drop->advice.find("at least") != std::string::npos, !seen) << drop->advice;
  }
}

/// Nothing else ends the handshake until the server sends its SYN-ACK again.
TEST(Findings, AnAckThatEndsTheHandshakeIsNoOldOne) {
  Conversation c;
  c.client({.flags = kSyn, .tsecr = 0});
  c.acked[0] = c.next[0];
  c.pass(c.answer);
  c.server({.flags = kSyn | kAck});
  c.pass(10 * kMillisecond);
  const uint32_t of_syn = c.echo[1];
  c.client({.tsecr = c.clock[1] - 100'000});
  c.pass(c.answer);
  c.echo[1] = of_syn;
  c.server();
  c.pass(kSecond);
  c.server({.flags = kSyn | kAck, .seq = 9000});
  c.pass(10 * kMillisecond);
  c.client();
  c.talk(5);
  const FlowReport report = judged(c);
  ASSERT_TRUE(find(report, RuleId::paws_drop));
  EXPECT_EQ(find(report, RuleId::paws_drop)->severity, Severity::error);
  EXPECT_FALSE(find(report, RuleId::stale_ack));
}

}  // namespace
}  // namespace tsaudit
