// SPDX-License-Identifier: Apache-2.0
// The rule against its table: one state, one segment, what each kernel does.
#include "model/paws.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "tsaudit/segment.h"

namespace tsaudit {
namespace {

constexpr std::array kColumns{"rfc7323", "linux-3.6", "linux-5.10", "linux-6.1", "linux-6.12", "linux-6.18"};

PawsState base() {
  PawsState s;
  s.ts_recent = {1'000'000};
  s.age_seconds = 5;
  s.rcv_nxt = s.rcv_wup = s.snd_wl1 = s.sack_edge = {5000};
  s.rcv_wnd = 60'000;
  s.snd_una = s.snd_nxt = {900};
  s.snd_wnd = 1000;
  s.rto_ns = 204 * kMillisecond;
  return s;
}

struct Shape {
  uint32_t seq = 5000, length = 0, ack = 900, window = 1000;
  std::optional<uint32_t> tsval;
  uint8_t flags = kAck;
};
PawsSegment make(const Shape& shape) {
  PawsSegment s;
  s.seq = {shape.seq};
  s.end_seq = s.seq + shape.length + ((shape.flags & kSyn) ? 1 : 0) + ((shape.flags & kFin) ? 1 : 0);
  s.ack = {shape.ack};
  s.window = shape.window;
  s.flags = shape.flags;
  s.has_ts = shape.tsval.has_value();
  s.tsval = {shape.tsval.value_or(0)};
  return s;
}

/// "accept newer +" moves TS.Recent; "drop X !" is answered, "drop X ~" at most twice a second.
std::string say(const PawsOutcome& o) {
  std::string text = std::string(to_string(o.verdict)) + " " + std::string(to_string(o.reason));
  if (o.updates_ts_recent) text += " +";
  if (o.answered) text += o.rate_limited ? " ~" : " !";
  return text;
}

struct Vector {
  const char* name;
  void (*change)(PawsState&);
  Shape segment;
  std::array<const char*, 6> expected;
  friend void PrintTo(const Vector& v, std::ostream* out) { *out << v.name; }
};

constexpr const char* kPaws = "drop TCP_RFC7323_PAWS !";
constexpr const char* kPawsLimited = "drop TCP_RFC7323_PAWS ~";
constexpr const char* kDisordered = "accept disordered-ack";
constexpr auto kUnchanged = [](PawsState&) {};

class Vectors : public testing::TestWithParam<Vector> {};

TEST_P(Vectors, EveryProfileDoesWhatItsKernelDoes) {
  const Vector& v = GetParam();
  PawsState state = base();
  v.change(state);
  for (size_t i = 0; i < kColumns.size(); ++i)
    EXPECT_EQ(say(judge_synchronized(*find_profile(kColumns[i]), state, make(v.segment))), v.expected[i])
        << kColumns[i];
}

INSTANTIATE_TEST_SUITE_P(
    Section8, Vectors,
    testing::Values(
        Vector{"V1_DataOneTickBack",
               kUnchanged,
               {.length = 100, .tsval = 999'999},
               {kPaws, "accept window1", "accept window1", "accept window1", "accept window1",
                "accept window1"}},
        Vector{"V2_DataTwoTicksBack",
               kUnchanged,
               {.length = 100, .tsval = 999'998},
               {kPaws, kPaws, kPaws, kPaws, kPaws, kPaws}},
        Vector{"V3_RepeatedAck200Back",
               kUnchanged,
               {.tsval = 999'800},
               {kPaws, kDisordered, kDisordered, kDisordered, kDisordered, kDisordered}},
        Vector{"V4_RepeatedAck230Back",
               kUnchanged,
               {.tsval = 999'770},
               {kPaws, kPaws, kPawsLimited, kPawsLimited, kDisordered, kDisordered}},
        Vector{"V5_RepeatedAckAfterData",
               [](PawsState& s) { s.snd_wl1 = {4900}; },
               {.tsval = 999'800},
               {kPaws, kPaws, kPawsLimited, kPawsLimited, kPawsLimited, kPawsLimited}},
        Vector{"V6_KeepaliveFarBack",
               kUnchanged,
               {.seq = 4999, .tsval = 1000},
               {kPaws, kPaws, kPawsLimited, kPawsLimited, kPawsLimited, "drop TCP_RFC7323_PAWS_ACK"}},
        Vector{"V7_KeepaliveNewer",
               kUnchanged,
               {.seq = 4999, .tsval = 1'000'500},
               {"drop TCP_OLD_SEQUENCE !", "drop TCP_OLD_SEQUENCE !", "drop TCP_OLD_SEQUENCE ~",
                "drop TCP_OLD_SEQUENCE ~", "drop TCP_OLD_SEQUENCE ~", "drop TCP_OLD_SEQUENCE ~"}},
        Vector{"V8_DataFarBackAfter2147s",
               [](PawsState& s) { s.age_seconds = 2147; },
               {.length = 10, .tsval = 1000},
               {kPaws, kPaws, kPaws, kPaws, "accept idle +", "accept idle +"}},
        Vector{"V9_DataFarBackAfter2146s",
               [](PawsState& s) { s.age_seconds = 2146; },
               {.length = 10, .tsval = 1000},
               {kPaws, kPaws, kPaws, kPaws, kPaws, kPaws}},
        Vector{"V10_TsRecentZero",
               [](PawsState& s) {
                 s.ts_recent = {0};
                 s.age_seconds = 999;
               },
               {.length = 10, .tsval = 0x90000000u},
               {kPaws, "accept ts-recent-zero +", "accept ts-recent-zero +", "accept ts-recent-zero +",
                "accept ts-recent-zero +", "accept ts-recent-zero +"}},
        Vector{"V11_ExactlyHalfTheCircleAhead",
               kUnchanged,
               {.length = 10, .tsval = 1'000'000u + 0x80000000u},
               {"accept newer +", "accept newer +", "accept newer +", "accept newer +", "accept newer +",
                "accept newer +"}},
        Vector{"V12_RstFarBack",
               kUnchanged,
               {.window = 0, .tsval = 1000, .flags = kRst | kAck},
               {"accept rst-exempt", "accept rst-exempt", "accept rst-exempt", "accept rst-exempt",
                "accept rst-exempt", "accept rst-exempt"}},
        Vector{"V13_SynFarBack",
               kUnchanged,
               {.tsval = 1000, .flags = kSyn},
               {kPaws, kPaws, kPawsLimited, kPawsLimited, "drop SYN_CHALLENGE ~", "drop SYN_CHALLENGE ~"}},
        Vector{"V14_DataWithoutTsopt",
               kUnchanged,
               {.length = 10, .tsval = std::nullopt},
               {"drop MISSING_TSOPT", "not-tested no-tsopt", "not-tested no-tsopt", "not-tested no-tsopt",
                "not-tested no-tsopt", "not-tested no-tsopt"}},
        Vector{
            "V15_OutOfOrderBeyondLastAck",
            [](PawsState& s) { s.rcv_wup = {4900}; },
            {.seq = 5100, .length = 10, .tsval = 1'000'500},
            {"accept newer", "accept newer", "accept newer", "accept newer", "accept newer", "accept newer"}},
        Vector{"V16_RepeatedAckZeroWindow",
               kUnchanged,
               {.window = 0, .tsval = 999'900},
               {kPaws, kDisordered, kDisordered, kDisordered, kPawsLimited, kPawsLimited}},
        Vector{
            "V17_InOrderWhileAckIsDelayed",
            [](PawsState& s) { s.rcv_wup = {4900}; },
            {.length = 10, .tsval = 1'000'500},
            {"accept newer", "accept newer", "accept newer", "accept newer", "accept newer", "accept newer"}},
        Vector{"V18_DuplicateNewer",
               kUnchanged,
               {.seq = 4800, .length = 100, .tsval = 1'000'500},
               {"drop TCP_OLD_SEQUENCE !", "drop TCP_OLD_SEQUENCE !", "drop TCP_OLD_SEQUENCE !",
                "drop TCP_OLD_SEQUENCE !", "drop TCP_OLD_SEQUENCE !", "drop TCP_OLD_SEQUENCE !"}},
        Vector{"V19_AckOfNewData50Back",
               [](PawsState& s) { s.snd_nxt = {950}; },
               {.ack = 950, .tsval = 999'950},
               {kPaws, kPaws, kPawsLimited, kPawsLimited, kPawsLimited, kPawsLimited}},
        Vector{"V20_FinFarBack",
               kUnchanged,
               {.tsval = 1000, .flags = kFin | kAck},
               {kPaws, kPaws, kPaws, kPaws, kPaws, kPaws}}),
    [](const auto& vector) { return std::string(vector.param.name); });

const ReceiverProfile& profile(const char* name) { return *find_profile(name); }

PawsState request() {
  PawsState s = base();
  s.state = TcpState::syn_recv;
  s.ts_recent = {1000};
  s.snd_nxt = {901};
  s.tsval_first = s.tsval_last = {70'000};
  return s;
}

/// What each column says to one segment in one state.
void expect_columns(const PawsState& state, const PawsSegment& segment,
                    const std::array<const char*, 6>& expected) {
  for (size_t i = 0; i < kColumns.size(); ++i)
    EXPECT_EQ(say(judge(profile(kColumns[i]), state, segment)), expected[i]) << kColumns[i];
}

TEST(Request, V21_HasNoTickOfGrace) {
  expect_columns(request(), make({.ack = 901, .tsval = 999}),
                 {kPaws, kPawsLimited, kPawsLimited, kPawsLimited, kPawsLimited, kPawsLimited});
}

TEST(Request, V22_TsecrMustHaveBeenSentSince615) {
  PawsSegment s = make({.ack = 901, .tsval = 1001});
  constexpr const char* kTaken = "accept newer +";
  s.tsecr = {69'999};
  expect_columns(request(), s, {kTaken, kTaken, kTaken, kTaken, kTaken, "drop TCP_RFC7323_TSECR ~"});
  s.tsecr = {70'001};
  expect_columns(request(), s, {kTaken, kTaken, kTaken, kTaken, kTaken, "drop TCP_RFC7323_TSECR ~"});
  for (const uint32_t echo : {70'000u, 0u}) {
    s.tsecr = {echo};
    expect_columns(request(), s, {kTaken, kTaken, kTaken, kTaken, kTaken, kTaken});
  }
}

/// Linux names the first that fails: TSval, TSecr, window.
TEST(Request, TsecrComesBeforeTheWindow) {
  PawsSegment s = make({.seq = 4999, .ack = 901, .tsval = 1001});
  s.tsecr = {69'999};
  for (const char* linux : {"linux-6.1", "linux-6.12"})
    EXPECT_EQ(judge(profile(linux), request(), s).reason, Reason::over_window) << linux;
  EXPECT_EQ(judge(profile("linux-6.18"), request(), s).reason, Reason::tsecr);
}

/// tcp_in_window(): a keepalive is not in it, nor is the SYN-ACK of who opens as well.
TEST(Request, WhatEndsAtRcvNxtIsOutOfTheWindow) {
  for (const char* linux : {"linux-5.10", "linux-6.18"}) {
    const ReceiverProfile& p = profile(linux);
    EXPECT_EQ(judge(p, request(), make({.seq = 4999, .length = 1, .ack = 901, .tsval = 1001})).reason,
              Reason::over_window);
    EXPECT_EQ(
        judge(p, request(), make({.seq = 4999, .ack = 901, .tsval = 1001, .flags = kSyn | kAck})).reason,
        Reason::over_window);
    EXPECT_EQ(judge(p, request(), make({.length = 1, .ack = 901, .tsval = 1001})).verdict, Verdict::accept);
  }
}

TEST(Request, WithoutAnAckDataAreDropped) {
  EXPECT_EQ(
      judge(profile("linux-6.18"), request(), make({.length = 20, .tsval = 1001, .flags = kPsh})).verdict,
      Verdict::drop);
}

TEST(Request, OnlyAnExactRstEndsItSince61) {
  for (const uint32_t ahead : {0u, 10u}) {
    const PawsSegment rst = make({.seq = 5000 + ahead, .ack = 901, .tsval = 1001, .flags = kRst});
    EXPECT_NE(judge(profile("linux-5.10"), request(), rst).verdict, Verdict::drop);
    EXPECT_EQ(judge(profile("linux-6.1"), request(), rst).verdict == Verdict::drop, ahead != 0);
  }
}

/// What the kernels that let an old ACK move TS.Recent ask before header prediction.
TEST(Synchronized, HeaderPredictionTakesAnOldAckWhereItIsNotAsked) {
  PawsState s = base();
  s.predicted = true;
  s.snd_nxt = s.snd_una = {0x5000'0000};
  s.max_window = 1000;
  const PawsSegment old = make({.length = 10, .ack = 0x4000'0000, .tsval = 1'000'001});
  EXPECT_EQ(judge(profile("linux-6.18"), s, old).verdict, Verdict::accept);
  for (const char* asks : {"linux-6.1", "linux-6.12", "linux-7.2", "freebsd"})
    EXPECT_EQ(judge(profile(asks), s, old).reason, Reason::too_old_ack) << asks;
}

/// RFC 7323 section 5.3, R3: before the ACK is looked at.
TEST(Rfc7323, AnOldAckMovesTsRecent) {
  for (const char* name : {"rfc7323", "freebsd"}) {
    PawsState s = base();
    s.snd_una = s.snd_nxt = {950};
    EXPECT_TRUE(
        judge(profile(name), s, make({.length = 10, .ack = 900, .tsval = 1'000'001})).updates_ts_recent)
        << name;
  }
}

TEST(SynSent, V23_EchoFromBeforeTheFirstSynIsRefused) {
  PawsState s = base();
  s.state = TcpState::syn_sent;
  s.snd_nxt = {901};
  s.tsval_first = {500};
  s.tsval_last = {600};
  PawsSegment syn_ack = make({.ack = 901, .tsval = 1, .flags = kSyn | kAck});
  syn_ack.tsecr = {499};
  constexpr const char* kTaken = "accept initial +";
  expect_columns(s, syn_ack, {kTaken, kPaws, kPaws, kPaws, kPaws, kPaws});
  for (const uint32_t echo : {500u, 600u, 0u}) {
    syn_ack.tsecr = {echo};
    expect_columns(s, syn_ack, {kTaken, kTaken, kTaken, kTaken, kTaken, kTaken});
  }
}

PawsState time_wait(int64_t age) {
  PawsState s = base();
  s.state = TcpState::time_wait;
  s.age_seconds = age;
  return s;
}

TEST(TimeWait, V24_YoungTsRecentShieldsFromAnOldRst) {
  constexpr const char* kSilent = "drop TCP_RFC7323_PAWS";
  expect_columns(time_wait(30), make({.tsval = 1000, .flags = kRst}),
                 {"accept rst-exempt", kSilent, kSilent, kSilent, kSilent, "drop TCP_RFC7323_TW_PAWS"});
}

TEST(TimeWait, V25_AMinuteLaterTheRstCounts) {
  constexpr const char* kExempt = "accept rst-exempt";
  expect_columns(time_wait(60), make({.tsval = 1000, .flags = kRst}),
                 {kExempt, kExempt, kExempt, kExempt, kExempt, kExempt});
}

// V26, an old RST in the FIN_WAIT2 substate, is not here: no capture can tell that substate from a socket
// that was shut down for writing, so PawsState does not have it.

TEST(TimeWait, V27_ANewerTsvalReopensBelowTheSequence) {
  constexpr const char* kReopens = "accept newer";
  expect_columns(time_wait(30), make({.seq = 4000, .tsval = 1'000'001, .flags = kSyn}),
                 {kReopens, kReopens, kReopens, kReopens, kReopens, kReopens});
  for (const char* column : kColumns)
    EXPECT_EQ(
        judge(profile(column), time_wait(30), make({.seq = 4000, .tsval = 1'000'000, .flags = kSyn})).verdict,
        Verdict::drop)
        << column;
}

TEST(Freebsd, ExactlyHalfTheCircleAheadIsOld) {
  EXPECT_EQ(say(judge(profile("freebsd"), base(), make({.length = 10, .tsval = 1'000'000u + 0x80000000u}))),
            kPaws);
}

}  // namespace
}  // namespace tsaudit
