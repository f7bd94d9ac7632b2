// SPDX-License-Identifier: Apache-2.0
#include "model/migration.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "conversation.h"

namespace tsaudit {
namespace {

bool has(const Migration& m, const char* name) {
  return std::any_of(m.signals.begin(), m.signals.end(),
                     [&](const MigrationSignal& s) { return s.name == name; });
}

/// What a restored socket does: another NIC, TSecr 0 and a probe at SND.UNA-1, `step` ticks off its old
/// clock.
Conversation moved(int32_t step, AnalysisOptions options = {}) {
  Conversation c(std::move(options));
  c.handshake();
  c.talk(100);
  c.pass(300 * kMillisecond);
  c.clock[0] += static_cast<uint32_t>(step);
  c.client({.seq = c.next[0] - 1, .tsecr = 0, .ttl = 63, .mac = 0x020000000099});
  c.pass(20'000);
  c.server();
  c.pass(10 * kMillisecond);
  for (int i = 0; i < 5; ++i) {
    c.client({.payload = 100, .seq = c.next[0], .ttl = 63, .mac = 0x020000000099});
    c.pass(20'000);
    c.server();
    c.pass(300 * kMillisecond);
  }
  return c;
}

TEST(Migration, IsFoundWithAllItsSigns) {
  Conversation c = moved(-1'000'000);
  const FlowReport report = c.finish();
  ASSERT_EQ(report.migrations.size(), 1u);
  const Migration& m = report.migrations[0];
  EXPECT_EQ(m.endpoint, Side::client);
  EXPECT_EQ(m.frame, 204u);
  EXPECT_GT(m.confidence, 0.9);
  for (const char* name : {"mac", "ttl", "tsecr-zero", "repair-probe", "gap", "tsval-step"})
    EXPECT_TRUE(has(m, name)) << name;
  ASSERT_TRUE(m.tsval_step.has_value());
  EXPECT_NEAR(static_cast<double>(*m.tsval_step), -1e6, 50);
}

TEST(Migration, TheOffsetWouldHavePreventedIt) {
  Conversation c = moved(-1'000'000);
  const FlowReport report = c.finish();
  ASSERT_EQ(report.migrations.size(), 1u);
  ASSERT_TRUE(report.migrations[0].offset.has_value());
  const OffsetAdvice& offset = *report.migrations[0].offset;
  // 300 ms of silence, in which the old clock would have gone on.
  EXPECT_NEAR(static_cast<double>(offset.min), 1e6 - 320, 30);
  EXPECT_NEAR(static_cast<double>(offset.suggested), 1e6, 50);
  EXPECT_EQ(offset.max, offset.min + INT32_MAX);
}

TEST(Migration, AForwardJumpNeedsNoOffsetToPass) {
  Conversation c = moved(+50'000'000);
  const FlowReport report = c.finish();
  ASSERT_EQ(report.migrations.size(), 1u);
  EXPECT_EQ(count(from(report, Side::client), Reason::paws), 0u);
  ASSERT_TRUE(report.migrations[0].offset.has_value());
  EXPECT_LE(report.migrations[0].offset->min, 0) << "0 loses nothing";
}

TEST(Migration, AHealthyConnectionHasNone) {
  Conversation c;
  c.handshake();
  c.talk(300);
  EXPECT_TRUE(c.finish().migrations.empty());
}

TEST(Migration, AChangedRouteAloneIsNone) {
  Conversation c;
  c.handshake();
  c.talk(100);
  for (int i = 0; i < 50; ++i) {
    c.client({.payload = 100, .ttl = 62});
    c.pass(20'000);
    c.server();
    c.pass(20 * kMillisecond);
  }
  EXPECT_TRUE(c.finish().migrations.empty());
}

/// Without timestamps no clock says whether it is another host: a router that takes over changes its address
/// as well.
TEST(Migration, AChangedAddressAloneIsNoneWithoutTimestamps) {
  Conversation c;
  c.handshake(false);
  for (int i = 0; i < 20; ++i) {
    c.client({.payload = 100, .ts = false, .mac = MacAddress{i < 10 ? 0x020000000001u : 0x020000000099u}});
    c.pass(c.answer);
    c.server({.ts = false});
    c.pass(20 * kMillisecond);
  }
  EXPECT_TRUE(c.finish().migrations.empty());
}

TEST(Migration, IsBelievedWhenToldAtAnyFrame) {
  for (const uint64_t frame : {uint64_t{106}, uint64_t{107}}) {  // data of the client, and the server's ACK
    AnalysisOptions options;
    options.cuts = {frame};
    Conversation c(options);
    c.handshake();
    c.talk(100);
    const FlowReport report = c.finish();
    ASSERT_EQ(report.migrations.size(), 1u) << frame;
    EXPECT_TRUE(report.migrations[0].told);
    EXPECT_EQ(report.migrations[0].frame, frame);
    EXPECT_EQ(report.migrations[0].endpoint, frame % 2 == 0 ? Side::client : Side::server);
    EXPECT_EQ(report.migrations[0].confidence, 1);
  }
}

TEST(Migration, ASignCountsOnce) {
  MigrationCase open;
  add_signal(open, "mac", 0.5, 1, "");
  add_signal(open, "mac", 0.5, 2, "");
  add_signal(open, "ttl", 0.5, 3, "");
  EXPECT_EQ(open.result.signals.size(), 2u);
  EXPECT_EQ(open.doubt, 0.25);
}

/// A peer that moved at the same time has no TS.Recent that could be offended.
TEST(Migration, NoOffsetIsNeededWhereThePeerLostItsTsRecentToo) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.pass(300 * kMillisecond);
  c.server({.seq = c.next[1] - 1, .tsecr = 0, .ttl = 63, .mac = 0x020000000098});
  c.pass(20 * kMillisecond);
  c.clock[0] -= 1'000'000;
  c.client({.seq = c.next[0] - 1, .tsecr = 0, .ttl = 63, .mac = 0x020000000099});
  const FlowReport report = c.finish();
  ASSERT_EQ(report.migrations.size(), 2u);
  EXPECT_EQ(report.migrations[1].endpoint, Side::client);
  EXPECT_FALSE(report.migrations[1].offset.has_value());
}

struct WrongRestore {
  const char* name;
  int32_t seq, ack;
  const char* says;
  friend void PrintTo(const WrongRestore& r, std::ostream* out) { *out << r.name; }
};
class Restored : public testing::TestWithParam<WrongRestore> {};
TEST_P(Restored, WithWrongSequenceNumbersShowsIt) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.pass(300 * kMillisecond);
  c.client({.seq = c.next[0] + GetParam().seq,
            .ack = c.next[1] + GetParam().ack,
            .tsecr = 0,
            .mac = 0x020000000099});
  const FlowReport report = c.finish();
  ASSERT_EQ(report.migrations.size(), 1u);
  const auto& signals = report.migrations[0].signals;
  const auto sign = std::ranges::find(signals, "sequence", &MigrationSignal::name);
  EXPECT_EQ(sign == signals.end() ? "nothing" : sign->detail, GetParam().says);
}
INSTANTIATE_TEST_SUITE_P(Sequence, Restored,
                         testing::Values(WrongRestore{"ahead", 300, 0,
                                                      "SEG.SEQ is 300 bytes beyond all that was sent"},
                                         WrongRestore{"acksTooMuch", -1, 300,
                                                      "SEG.ACK is 300 bytes beyond all that was sent to it"},
                                         WrongRestore{"acksTooLittle", -1, -5,
                                                      "SEG.ACK is 5 bytes before what it had acknowledged"},
                                         WrongRestore{"right", -1, 0, "nothing"}),
                         [](const auto& one) { return one.param.name; });

/// The server takes nothing of the second host, and the third goes on with the clock of the first.
TEST(Migration, BackAtTheFirstClockNoOffsetIsNeeded) {
  Conversation c;
  c.handshake();
  c.talk(100);
  const auto send = [&](MacAddress mac) {
    for (int i = 0; i < 5; ++i) {
      c.pass(kSecond);
      c.client({.payload = 100, .seq = c.next[0], .mac = mac});
    }
  };
  c.clock[0] -= 300'000'000;
  send(0x020000000099);
  c.clock[0] += 300'000'000;
  send(0x020000000077);
  const FlowReport report = c.finish();
  ASSERT_EQ(report.migrations.size(), 2u);
  ASSERT_TRUE(report.migrations[0].offset && report.migrations[1].offset);
  EXPECT_NEAR(static_cast<double>(report.migrations[0].offset->suggested), 300e6, 50);
  EXPECT_NEAR(static_cast<double>(report.migrations[1].offset->suggested), 0, 50);
  EXPECT_LT(report.migrations[1].offset->min, -1000);
}

/// With the first host's addresses, long after it left: it has not been seen at another point of its way.
TEST(Migration, AwayAndBackAreTwo) {
  Conversation c;
  c.handshake();
  c.talk(100);
  for (int i = 0; i < 10; ++i) {
    c.client({.payload = 100, .mac = 0x020000000099});
    c.pass(c.answer);
    c.server();
    c.pass(20 * kMillisecond);
  }
  c.pass(600 * kSecond);
  c.clock[0] -= 300'000'000;
  for (int i = 0; i < 5; ++i) {
    c.client({.payload = 100, .seq = c.next[0]});
    c.pass(kSecond);
  }
  const FlowReport report = c.finish();
  ASSERT_FALSE(report.migrations.empty());
  const Migration& back = report.migrations.back();
  EXPECT_EQ(back.gap_ns / kSecond, 600);
  ASSERT_TRUE(back.offset);
  EXPECT_NEAR(static_cast<double>(back.offset->suggested), 300e6, 1000);
}

/// A capture on a host that the connection leaves and comes back to lacks what happened meanwhile.
TEST(Migration, AwayAndBackThePeerIsNotAccusedOfForgery) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.pass(kSecond);
  c.next[0] += 50'000;
  c.client({.seq = c.next[0] - 1, .tsecr = 0, .mac = 0x020000000099});
  c.pass(c.answer);
  EXPECT_EQ(c.server({.payload = 100}).verdict, Verdict::accept);
}

/// The client's clock goes on `kept` of the next `silence`, at the end of which its host announces it, and
/// then at its rate. Every segment of it is `late`.
Conversation dozing(TimeNs silence, double kept, TimeNs late = 0) {
  Conversation c;
  c.handshake();
  c.talk(100);
  c.pass(silence);
  c.clock[0] -= static_cast<uint32_t>(static_cast<double>(silence / kMillisecond) * (1 - kept));
  c.tracker().announce({.time_ns = c.now, .frame = c.frame(), .address = {}, .mac = 0x020000000001});
  for (int i = 0; i < 10; ++i) {
    c.client({.payload = 100});
    c.pass(20'000);
    c.server();
    c.pass(20 * kMillisecond);
    // Late, it was made before what the server has said since.
    if (late) c.echo[0] = c.clock[1] - static_cast<uint32_t>(late / kMillisecond);
  }
  return c;
}

/// The file holds two of its segments the other way round, each with its own time.
TEST(Migration, IsNoneWhereTheFileIsOutOfOrder) {
  Conversation c;
  c.handshake();
  c.talk(100);
  for (int i = 0; i < 3; ++i) {
    const uint32_t seq = c.next[0];
    c.pass(100 * kMillisecond);
    c.client({.payload = 100});
    c.now -= 90 * kMillisecond;
    c.client({.seq = seq, .tsval = c.clock[0] - 90});
    c.now += 90 * kMillisecond;
    c.pass(c.answer);
    c.server();
    c.pass(10 * kMillisecond);
    c.client();
    c.talk(5);
  }
  EXPECT_TRUE(c.finish().migrations.empty());
}

/// A virtual machine takes its kernel along, and its addresses. But while it is on its way its clock stands
/// still.
TEST(Migration, AClockThatStoodStillIsAVirtualMachines) {
  Conversation c = dozing(3 * kSecond, 0);
  const FlowReport report = c.finish();
  ASSERT_EQ(report.migrations.size(), 1u);
  const Migration& m = report.migrations[0];
  EXPECT_EQ(m.endpoint, Side::client);
  EXPECT_EQ(m.frame, 204u);
  EXPECT_EQ(m.gap_ns / kMillisecond, 3020);
  ASSERT_EQ(m.signals.size(), 2u);
  EXPECT_EQ(m.signals[0].detail, "MAC 02:00:00:00:00:01 announced at another port");
  EXPECT_EQ(m.signals[1].name, "tsval-step");
  EXPECT_EQ(m.signals[1].detail, "TSval -3000 ticks against its own clock: it stood still for 3 s");
  EXPECT_GT(m.confidence, 0.7);
}

/// With one exchange in between.
TEST(Migration, TwoStopsAreTwoMoves) {
  Conversation c;
  c.handshake();
  c.talk(100);
  for (const TimeNs stop : {15 * kSecond, 40 * kSecond}) {
    c.pass(stop);
    c.clock[0] -= static_cast<uint32_t>(stop / kMillisecond);
    c.client({.payload = 100});
    c.pass(10 * kMillisecond);
    c.server({.payload = 100});
    c.pass(kMillisecond);
    c.client();
  }
  c.pass(2 * kSecond);
  c.client({.payload = 100});
  const FlowReport report = c.finish();
  ASSERT_EQ(report.migrations.size(), 2u);
  EXPECT_EQ(report.migrations[0].gap_ns / kSecond, 15);
  EXPECT_EQ(report.migrations[1].gap_ns / kSecond, 40);
}

TEST(Migration, AQueueOrASlowClockIsNoStop) {
  EXPECT_TRUE(dozing(2 * kSecond, 0, 2 * kSecond).finish().migrations.empty()) << "held up on the way";
  EXPECT_TRUE(dozing(30 * kSecond, 0.96).finish().migrations.empty())
      << "a telephone's, that sleeps now and then";
  EXPECT_TRUE(dozing(25 * 24 * 3600 * kSecond, 1).finish().migrations.empty())
      << "halfway round the number circle";
  EXPECT_TRUE(dozing(40 * kMillisecond, 0).finish().migrations.empty()) << "the scheduler's";
}

/// On several devices of a router, as `tcpdump -i any` captures, each segment comes twice: with another MAC
/// and TTL.
TEST(Migration, AHostThatIsSeenAtTwoPointsHasNotMoved) {
  for (const bool moves : {false, true}) {
    Conversation c;
    MacAddress mac = 0x020000000001;
    const auto client = [&](Say say) {
      say.seq = say.seq.value_or(c.next[0]);
      say.mac = mac;
      c.client(say);
      say.ttl = 63;
      say.mac = 0x0200000000ee;
      c.client(say);
      c.next[0] = *say.seq + say.payload + ((say.flags & kSyn) ? 1 : 0);
    };
    client({.flags = kSyn, .tsecr = 0});
    c.acked[0] = c.next[0];
    c.pass(c.answer);
    c.server({.flags = kSyn | kAck});
    c.pass(10 * kMillisecond);
    for (int i = 0; i < 60; ++i) {
      if (moves && i == 30) {
        mac = 0x020000000099;
        c.clock[0] -= 1'000'000;
        client({.seq = c.next[0] - 1, .tsecr = 0});
        ++c.next[0];
      }
      client({.payload = 100});
      c.pass(c.answer);
      c.server();
      c.pass(20 * kMillisecond);
    }
    const FlowReport report = c.finish();
    ASSERT_EQ(report.migrations.size(), moves ? 1u : 0u);
    if (!moves) continue;
    EXPECT_TRUE(has(report.migrations[0], "tsecr-zero"));
    ASSERT_TRUE(report.migrations[0].offset.has_value());
    EXPECT_NEAR(static_cast<double>(report.migrations[0].offset->suggested), 1e6, 100);
  }
}

/// The same when it was the peer that sent meanwhile. As long as the peer has not said so, too, nobody knows.
TEST(Migration, AwayAndBackItHasGotWhatTheCaptureLacks) {
  Conversation c;
  c.answer = 20'000;
  c.handshake();
  c.talk(100);
  c.server({.payload = 1000});
  c.pass(10 * kMillisecond);
  c.client();
  c.pass(kSecond);
  const uint32_t beyond = c.next[1] + 50'000;
  c.client({.seq = c.next[0] - 1, .ack = beyond, .tsecr = 0, .mac = 0x020000000099});
  EXPECT_EQ(c.client({.payload = 100, .seq = c.next[0], .ack = beyond, .mac = 0x020000000099}).verdict,
            Verdict::unknown);
  c.pass(c.answer);
  c.next[1] = beyond;
  c.server();
  EXPECT_EQ(c.client({.payload = 100, .ack = beyond, .mac = 0x020000000099}).verdict, Verdict::accept);
}

/// After a move the way is another one, and a segment that was under way comes late.
TEST(Migration, IsNoneWhereALateSegmentFollowsAnAnnouncement) {
  Conversation c;
  c.handshake();
  c.talk(100);
  const uint32_t seq = c.next[0], tsval = c.clock[0];
  c.pass(50 * kMillisecond);
  c.tracker().announce({.time_ns = c.now, .frame = c.frame(), .address = {}, .mac = 0x020000000001});
  c.client({.payload = 100, .seq = seq + 100, .ip_id = 13532});
  c.pass(kMillisecond);
  c.client({.payload = 100, .seq = seq, .tsval = tsval - 60, .ip_id = 13531});
  c.next[0] = seq + 200;
  c.pass(20'000);
  c.server();
  c.talk(20);
  EXPECT_TRUE(c.finish().migrations.empty());
}

/// Then it is a queue that grows, or a clock that is slow.
TEST(Migration, AClockStandsStillForNoLongerThanTheSilence) {
  for (const uint32_t more : {0u, 25u}) {
    Conversation c;
    c.handshake();
    c.talk(100);
    c.pass(150 * kMillisecond);
    c.clock[0] -= 150;
    c.client({.payload = 100});
    c.pass(20'000);
    c.server();
    c.pass(30 * kMillisecond);
    c.clock[0] -= more;
    c.client({.payload = 100});
    c.pass(20'000);
    c.server();
    c.talk(20);
    EXPECT_EQ(c.finish().migrations.size(), more == 0 ? 1u : 0u) << more;
  }
}

/// A firewall that answers for a server was seen to do so (Cisco's AnyConnect): 0 on data, and on ACKs now
/// and then.
TEST(Migration, IsNoneWhereTheEchoIsLeftOutAtTimes) {
  Conversation c;
  c.handshake();
  for (int i = 0; i < 6; ++i) {
    c.talk(3);
    c.pass(60 * kMillisecond);
    c.server({.tsecr = 0});
    c.pass(10 * kMillisecond);
  }
  c.talk(20);
  c.finish();
  EXPECT_TRUE(c.finished_trouble()->migrations.empty());
  EXPECT_EQ(c.finished_trouble()->direction[1].zero_echo.count, 6u);
}

/// A 250 Hz clock whose SYN was held up for 70 ms seems to run at 1000 Hz, until it goes on.
TEST(Migration, IsNoneWhereTheRateWasMeasuredOverAQueue) {
  Conversation c;
  const auto ticks = [&](int64_t ms) { return static_cast<uint32_t>(8'000'000 + ms / 4); };
  int64_t ms = 0;  // of the client's clock
  const auto wait = [&](int64_t more) {
    ms += more;
    c.pass(more * kMillisecond);
  };
  c.client({.flags = kSyn, .tsval = ticks(-70), .tsecr = 0});
  wait(10);
  c.server({.flags = kSyn | kAck});
  wait(30);
  c.client({.tsval = ticks(ms)});
  wait(57);
  c.client({.payload = 100, .tsval = ticks(ms)});
  wait(40);
  c.server({.payload = 100});
  wait(1);
  for (int i = 0; i < 4; ++i) c.server({.payload = 100});
  wait(125);
  c.client({.tsval = ticks(ms)});
  for (int i = 0; i < 10; ++i) {
    wait(200);
    c.client({.payload = 100, .tsval = ticks(ms)});
    wait(1);
    c.server({.payload = 100});
    c.client({.tsval = ticks(ms)});
  }
  const FlowReport report = c.finish();
  EXPECT_TRUE(report.migrations.empty());
  EXPECT_NE(from(report, Side::client).clock.nominal_hz, 1000);
}

/// Each socket counts its packets from a random number.
TEST(Migration, WhoCountsItsPacketsOnIsTheSameHost) {
  for (const uint16_t next : {uint16_t{1}, uint16_t{30'000}}) {
    Conversation c;
    c.handshake();
    uint16_t id = 500;
    const auto send = [&](uint32_t back) {
      c.client({.payload = 100, .seq = c.next[0], .tsval = c.clock[0] - back, .ip_id = ++id});
      c.next[0] += 100;
      c.pass(20 * kMillisecond);
    };
    for (int i = 0; i < 50; ++i) send(0);
    id = static_cast<uint16_t>(id + next);
    for (int i = 0; i < 20; ++i) send(500'000);
    const FlowReport report = c.finish();
    EXPECT_EQ(report.migrations.size(), next == 1 ? 0u : 1u);
    const auto& steps = report.directions[0].clock.steps;
    ASSERT_EQ(steps.size(), 1u);
    EXPECT_EQ(steps[0].same_host, next == 1);
  }
}

}  // namespace
}  // namespace tsaudit
