// SPDX-License-Identifier: Apache-2.0
// A connection whose two directions have VLANs of their own is one connection; copies of one in several VLANs
// are several.
#include <gtest/gtest.h>

#include <array>

#include "talk.h"

namespace tsaudit {
namespace {

using enum Who;
constexpr std::array<uint16_t, 3> kVlans{0, 42, 7};

/// A request and its answer in full, 100 ms after `ms`.
void exchange(Talk& talk, double ms, uint16_t to_server, uint16_t to_client) {
  const auto say = [&](Say s, double after) {
    s.ms = ms + after;
    s.vlan = s.who == client ? to_server : to_client;
    talk << s;
  };
  say({.who = client, .seq = 100, .flags = kSyn, .tsval = 1000}, 0);
  say({.who = server, .seq = 500, .ack = 101, .flags = kSyn | kAck, .tsval = 70000, .tsecr = 1000}, 1);
  say({.who = client, .seq = 101, .ack = 501, .tsval = 1010, .tsecr = 70000}, 10);
  say({.who = client, .seq = 101, .ack = 501, .length = 50, .tsval = 1011, .tsecr = 70000}, 11);
  say({.who = server, .seq = 501, .ack = 151, .length = 80, .tsval = 70012, .tsecr = 1011}, 12);
  say({.who = client, .seq = 151, .ack = 581, .tsval = 1022, .tsecr = 70012}, 22);
}

TEST(Scope, DirectionsInDifferentVlansAreOneFlow) {
  Talk talk;
  exchange(talk, 0, 10, 20);
  const Heard heard = hear(talk);
  ASSERT_EQ(heard.flows.size(), 1u);
  EXPECT_EQ(heard.flows[0].timestamps, Negotiated::yes);
  EXPECT_TRUE(heard.flows[0].findings.empty());
  EXPECT_EQ(heard.flows[0].directions[0].segments, 4u);
  EXPECT_EQ(heard.flows[0].directions[1].segments, 2u);
  EXPECT_EQ(heard.summary.totals.unknown, 0u);
}

TEST(Scope, OneDirectionUntaggedIsOneFlow) {
  Talk talk;
  exchange(talk, 0, 0, 20);
  EXPECT_EQ(hear(talk).flows.size(), 1u);
}

TEST(Scope, CopiesInSeveralVlansStayApart) {
  Talk talk;
  for (const uint16_t vlan : kVlans) exchange(talk, vlan, vlan, vlan);
  const Heard heard = hear(talk);
  ASSERT_EQ(heard.flows.size(), 3u);
  for (const FlowReport& flow : heard.flows) EXPECT_TRUE(flow.findings.empty());
  EXPECT_EQ(heard.summary.totals.dropped, 0u);
}

/// The same, but the capture begins in mid-connection and each segment comes by every VLAN before the next
/// does.
TEST(Scope, CopiesWithoutHandshakeStayApart) {
  Talk talk;
  uint32_t c = 1000, s = 9000;
  for (int i = 0; i < 20; ++i, c += 100, s += 50) {
    const auto ts = static_cast<uint32_t>(i * 10);
    for (const uint16_t vlan : kVlans)
      talk << Say{client, i * 10.0 + vlan * 0.01, c, s, 100, kAck, 5000 + ts, 800 + ts, true, 1000, vlan};
    for (const uint16_t vlan : kVlans)
      talk << Say{server, i * 10.0 + 5 + vlan * 0.01, s, c + 100, 50, kAck, 810 + ts, 5000 + ts, true, 1000,
                  vlan};
  }
  const Heard heard = hear(talk);
  ASSERT_EQ(heard.flows.size(), 3u);
  for (const FlowReport& flow : heard.flows) {
    EXPECT_TRUE(flow.findings.empty());
    EXPECT_EQ(flow.directions[0].segments, 20u);
    EXPECT_EQ(flow.directions[1].segments, 20u);
  }
}

TEST(Scope, StrangersWithTheSameAddressesStayApart) {
  Talk talk;
  talk << Say{client, 0, 1000, 9000, 100, kAck, 5000, 800, true, 1000, 10}
       << Say{server, 5, 3'000'000'000, 2'000'000'000, 50, kAck, 810, 5000, true, 1000, 20};
  EXPECT_EQ(hear(talk).flows.size(), 2u);
}

TEST(Scope, PortReuseKeepsTheDirectionsTogether) {
  Talk talk;
  exchange(talk, 0, 10, 20);
  exchange(talk, 200'000, 10, 20);
  const Heard heard = hear(talk);
  ASSERT_EQ(heard.flows.size(), 2u);
  for (const FlowReport& flow : heard.flows) EXPECT_EQ(flow.directions[1].segments, 2u);
}

}  // namespace
}  // namespace tsaudit
