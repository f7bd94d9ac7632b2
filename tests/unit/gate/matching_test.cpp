// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tsaudit/compare.h"

namespace tsaudit {
namespace {

FlowRole role(uint64_t order, const char* server, uint16_t port, uint64_t sent = 1000, uint8_t bits = 9) {
  FlowRole out;
  parse_ip(server, out.server.address);
  out.server.port = port;
  parse_ip("10.0.0.1", out.client);
  out.first_payload_bits = {bits, 7};
  out.delivered_bytes = {sent, 0};
  out.order = order;
  return out;
}

std::vector<std::pair<size_t, size_t>> pairs(const FlowMatches& matches) {
  std::vector<std::pair<size_t, size_t>> out;
  for (const FlowPair& pair : matches.pairs) out.emplace_back(pair.baseline, pair.candidate);
  return out;
}
using Pairs = std::vector<std::pair<size_t, size_t>>;

TEST(Matching, AFlowThatBrokeOffIsStillItself) {
  // The second of three alike dies early: it must not change places with another one.
  const std::vector<FlowRole> before = {role(1, "10.0.0.2", 80), role(2, "10.0.0.2", 80),
                                        role(3, "10.0.0.2", 80)};
  const std::vector<FlowRole> after = {role(1, "10.0.0.2", 80), role(2, "10.0.0.2", 80, 500),
                                       role(3, "10.0.0.2", 80)};
  EXPECT_EQ(pairs(match_flows(before, after)), (Pairs{{0, 0}, {1, 1}, {2, 2}}));
}

TEST(Matching, ShortOneDoesNotTakeTheShortFlowsPlace) {
  const std::vector<FlowRole> before = {role(1, "10.0.0.2", 80, 1000), role(2, "10.0.0.2", 80, 2000)};
  const std::vector<FlowRole> after = {role(1, "10.0.0.2", 80, 1000), role(2, "10.0.0.2", 80, 1000)};
  EXPECT_EQ(pairs(match_flows(before, after)), (Pairs{{0, 0}, {1, 1}}));
}

TEST(Matching, ProfilesTellFlowsApartThatStartInAnotherOrder) {
  const std::vector<FlowRole> before = {role(1, "10.0.0.2", 80, 1000), role(2, "10.0.0.2", 80, 2000),
                                        role(3, "10.0.0.2", 80, 3000)};
  const std::vector<FlowRole> after = {role(1, "10.0.0.2", 80, 3000), role(2, "10.0.0.2", 80, 1000),
                                       role(3, "10.0.0.2", 80, 2000)};
  const FlowMatches matches = match_flows(before, after);
  EXPECT_EQ(pairs(matches), (Pairs{{2, 0}, {0, 1}, {1, 2}}));
  for (const FlowPair& pair : matches.pairs) EXPECT_EQ(pair.basis, MatchBasis::profile);
}

TEST(Matching, FirstPayloadsTellFlowsApartWhenVolumesDiffer) {
  const std::vector<FlowRole> before = {role(1, "10.0.0.2", 80, 1000, 9), role(2, "10.0.0.2", 80, 2000, 12)};
  const std::vector<FlowRole> after = {role(1, "10.0.0.2", 80, 2001, 12), role(2, "10.0.0.2", 80, 1001, 9)};
  EXPECT_EQ(pairs(match_flows(before, after)), (Pairs{{1, 0}, {0, 1}}));
}

TEST(Matching, ServersAreKeptApart) {
  const std::vector<FlowRole> before = {role(1, "10.0.0.2", 80), role(2, "10.0.0.3", 80),
                                        role(3, "10.0.0.2", 443)};
  const std::vector<FlowRole> after = {role(1, "10.0.0.3", 80), role(2, "10.0.0.2", 443)};
  const FlowMatches matches = match_flows(before, after);
  EXPECT_EQ(pairs(matches), (Pairs{{1, 0}, {2, 1}}));
  EXPECT_EQ(matches.baseline_only, (std::vector<size_t>{0}));
  EXPECT_TRUE(matches.candidate_only.empty());
}

TEST(Matching, AnotherServerAddressIsTheLastResort) {
  const std::vector<FlowRole> before = {role(1, "10.0.0.2", 80), role(2, "10.0.0.2", 22)};
  const std::vector<FlowRole> after = {role(1, "10.9.9.9", 80), role(2, "10.9.9.9", 25)};
  const FlowMatches matches = match_flows(before, after);
  EXPECT_EQ(pairs(matches), (Pairs{{0, 0}}));
  EXPECT_EQ(matches.pairs[0].basis, MatchBasis::port_and_payload);
  EXPECT_EQ(matches.baseline_only, (std::vector<size_t>{1}));
  EXPECT_EQ(matches.candidate_only, (std::vector<size_t>{1}));
}

TEST(Matching, NothingAgainstSomething) {
  const std::vector<FlowRole> some = {role(1, "10.0.0.2", 80)};
  EXPECT_EQ(match_flows({}, some).candidate_only.size(), 1u);
  EXPECT_EQ(match_flows(some, {}).baseline_only.size(), 1u);
  EXPECT_TRUE(match_flows({}, {}).pairs.empty());
}

TEST(Matching, EveryFlowIsUsedOnceAndItselfMatchesItself) {
  std::minstd_rand random(7);
  std::vector<FlowRole> flows;
  for (uint64_t i = 1; i <= 2000; ++i) {
    flows.push_back(role(i, i % 3 == 0 ? "10.0.0.2" : "10.0.0.3", static_cast<uint16_t>(1 + random() % 5),
                         random() % 40, static_cast<uint8_t>(random() % 4)));
  }
  const FlowMatches same = match_flows(flows, flows);
  ASSERT_EQ(same.pairs.size(), flows.size());
  for (const FlowPair& pair : same.pairs) EXPECT_EQ(pair.baseline, pair.candidate);

  std::vector<FlowRole> shuffled = flows;
  std::ranges::shuffle(shuffled, random);
  const FlowMatches again = match_flows(flows, shuffled);
  ASSERT_EQ(again.pairs.size(), flows.size());
  for (const FlowPair& pair : again.pairs)
    EXPECT_EQ(flows[pair.baseline].order, shuffled[pair.candidate].order);
}

}  // namespace
}  // namespace tsaudit
