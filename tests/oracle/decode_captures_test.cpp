// SPDX-License-Identifier: Apache-2.0
// No other tool, but packets that nobody here wrote: what must hold of all packets, and of both directions of
// a flow, holds of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "external_captures.h"
#include "packets.h"
#include "unit/decode/properties.h"

namespace tsaudit::oracle {
namespace {

using Half = std::pair<IpAddress, uint16_t>;
Half source(const Segment& s) { return {s.src, s.sport}; }
Half destination(const Segment& s) { return {s.dst, s.dport}; }

class DecodeCaptures : public testing::TestWithParam<ExternalCapture> {};

TEST_P(DecodeCaptures, KeepTheProperties) {
  const Uncompressed file(GetParam().path);
  each_packet(file.path(), [](const RawPacket& packet) {
    EXPECT_EQ(broken_property(packet), nullptr) << "frame " << packet.frame;
  });
}

/// Networks that mark the two directions differently, with identifiers that name a network elsewhere. No
/// packet shows which it is; whoever pairs directions must expect it.
constexpr std::pair<std::string_view, std::string_view> kMarkedByDirection[] = {
    {"219f3480", "Geneve with a VNI for each direction"},
    {"80e78cfe", "a provider's uplink in one VLAN, its customers in others, tapped at the router between"},
};

/// Tags, labels and tunnels of real networks, some on one direction only: no part of the scope there.
TEST_P(DecodeCaptures, BothDirectionsHaveTheSameScopes) {
  const Uncompressed file(GetParam().path);
  std::map<std::pair<Half, Half>, std::set<uint32_t>> scopes;  // by direction
  each_packet(file.path(), [&](const RawPacket& packet) {
    Segment segment;
    Notice notice;
    if (decode(packet, segment, notice) != DecodeStatus::segment) return;
    scopes[{source(segment), destination(segment)}].insert(segment.scope);
  });
  std::string different;
  for (const auto& [direction, ours] : scopes) {
    const auto reverse = scopes.find({direction.second, direction.first});
    if (reverse == scopes.end() || ours == reverse->second) continue;
    different += ' ' + to_string(Endpoint{direction.first.first, direction.first.second});
  }
  const std::string file_name = GetParam().path.filename().string();
  const auto known = std::find_if(std::begin(kMarkedByDirection), std::end(kMarkedByDirection),
                                  [&](const auto& row) { return file_name.starts_with(row.first); });
  if (known == std::end(kMarkedByDirection)) {
    EXPECT_EQ(different, "");
  } else {
    EXPECT_NE(different, "") << "need not be excused: " << known->second;
  }
}

INSTANTIATE_TEST_SUITE_P(External, DecodeCaptures, testing::ValuesIn(external_captures()),
                         [](const auto& test) { return test_name(test.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DecodeCaptures);

/// One session, captured untagged, in VLAN 42 and in VLANs 10, 20: three flows of 14 segments.
TEST(VlanCollisions, AreThreeScopes) {
  for (const ExternalCapture& capture : external_captures()) {
    if (!capture.path.filename().string().starts_with("81401687")) continue;
    std::map<uint32_t, int> segments;
    each_packet(capture.path, [&](const RawPacket& packet) {
      Segment segment;
      Notice notice;
      ASSERT_EQ(decode(packet, segment, notice), DecodeStatus::segment);
      ++segments[segment.scope];
    });
    EXPECT_EQ(segments.size(), 3u);
    for (const auto& [scope, count] : segments) EXPECT_EQ(count, 14) << scope;
    return;
  }
  GTEST_SKIP() << "the capture is not there; " << why_no_captures();
}

}  // namespace
}  // namespace tsaudit::oracle
