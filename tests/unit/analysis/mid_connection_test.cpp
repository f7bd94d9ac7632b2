// SPDX-License-Identifier: Apache-2.0
// A capture that starts in mid-connection.
#include <gtest/gtest.h>

#include "talk.h"

namespace tsaudit {
namespace {

using enum Who;

TEST(MidConnection, TheFirstEchoTellsTsRecent) {
  Talk talk;
  talk << Say{client, 0, 1000, 9000, 100, kAck, 5000, 800}   // the server's TSval of before: 800
       << Say{server, 20, 9000, 1100, 50, kAck, 820, 5000};  // the client has just shown TS.Recent = 800
  const Heard heard = hear(talk);
  EXPECT_EQ(heard.rows.at(0).reason, Reason::ts_recent_unknown);
  EXPECT_EQ(heard.rows.at(1).reason, Reason::newer);
  EXPECT_EQ(heard.rows.at(1).ts_recent, TsVal{800});
}

TEST(MidConnection, HowOldTsRecentIsTheSendersClockTells) {
  Talk talk;
  talk << Say{client, 0, 1000, 9000, 100, kAck, 5000, 800}
       << Say{server, 1, 9000, 1100, 0, kAck, 820, 5000}
       // TS.Recent is 5000, and the clock said that just now
       << Say{client, 2, 1100, 9000, 100, kAck, 4000, 820};
  EXPECT_EQ(hear(talk).rows.at(2).reason, Reason::paws);

  Talk receiver_first;
  receiver_first << Say{server, 0, 9000, 1100, 0, kAck, 820, 5000}
                 << Say{client, 1, 1100, 9000, 0, kAck, 5000, 820}  // the clock has not gone on since
                 << Say{client, 2, 1100, 9000, 100, kAck, 4000, 820};
  EXPECT_EQ(hear(receiver_first).rows.at(2).reason, Reason::paws);

  Talk unheard;
  unheard << Say{server, 0, 9000, 1100, 0, kAck, 820, 5000}
          << Say{client, 2, 1100, 9000, 100, kAck, 4000, 820};  // when it said 5000, nobody knows
  EXPECT_EQ(hear(unheard).rows.at(1).reason, Reason::idle_range);
}

TEST(MidConnection, EchoesOfWhatWentBeforeAreNoMisses) {
  Talk talk;
  // 300 ms of the way lie between the capture and the client: its first echoes are of segments sent before.
  for (uint32_t i = 0; i < 60; ++i) {
    const double ms = i * 10;
    talk << Say{server, ms, 9000 + i * 100, 1000, 100, kAck, 80'000 + i * 10, 5000};
    talk << Say{client, ms + 5, 1000, 9000 + i * 100 - 3000, 0, kAck, 5010 + i * 10, 80'000 + i * 10 - 310};
  }
  const Heard heard = hear(talk);
  ASSERT_EQ(heard.flows.size(), 1u);
  const TsRecentCheck& check = heard.flows[0].directions[1].check;
  EXPECT_GE(check.compared, 50u);
  EXPECT_EQ(check.equal, check.compared);
  EXPECT_FALSE(heard.found(RuleId::tsecr_never_sent));
}

TEST(MidConnection, AnEchoAheadOfThePeersClockIsNamed) {
  Talk talk;
  for (uint32_t i = 0; i < 20; ++i) {
    const double ms = i * 100;
    const uint32_t echo = i == 15 ? 80'000 + i * 100 + 1'000'000 : 80'000 + i * 100;
    talk << Say{server, ms, 9000 + i * 100, 1000, 100, kAck, 80'000 + i * 100, 5000};
    talk << Say{client, ms + 1, 1000, 9000 + i * 100 + 100, 0, kAck, 5010 + i * 100, echo};
  }
  const Heard heard = hear(talk);
  EXPECT_TRUE(heard.found(RuleId::tsecr_never_sent));
  EXPECT_EQ(heard.summary.totals.dropped, 0u);  // and it did not become TS.Recent
}

TEST(MidConnection, AnEchoThatTheCaptureLacksIsNoFinding) {
  Talk talk;
  for (uint32_t i = 0; i < 20; ++i) {
    const double ms = i * 100;
    talk << Say{server, ms, 9000 + i * 100, 1000, 100, kAck, 80'000 + i * 100, 5000};
    // A later pure ACK of the server, which the capture lost, moved TS.Recent.
    talk << Say{client, ms + 50, 1000,           9000 + i * 100 + 100,
                0,      kAck,    5050 + i * 100, 80'000 + i * 100 + (i == 15 ? 40 : 0)};
  }
  const Heard heard = hear(talk);
  EXPECT_FALSE(heard.found(RuleId::tsecr_never_sent));
}

}  // namespace
}  // namespace tsaudit
