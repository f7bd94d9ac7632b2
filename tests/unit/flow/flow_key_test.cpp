// SPDX-License-Identifier: Apache-2.0
#include "flow/flow_key.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tsaudit {
namespace {

IpAddress ip(const char* text) {
  IpAddress address;
  EXPECT_TRUE(parse_ip(text, address)) << text;
  return address;
}
Segment segment(const char* src, uint16_t sport, const char* dst, uint16_t dport, uint32_t scope = 0) {
  Segment s;
  s.src = ip(src), s.dst = ip(dst), s.sport = sport, s.dport = dport, s.scope = scope;
  return s;
}
Segment reversed(const Segment& s) {
  Segment r = s;
  std::swap(r.src, r.dst), std::swap(r.sport, r.dport);
  return r;
}

const Segment kSegments[] = {
    segment("10.0.0.1", 40000, "10.0.0.2", 443),
    segment("10.0.0.2", 443, "10.0.0.1", 40001),
    segment("10.0.0.1", 40000, "10.0.0.1", 443),  // to itself
    segment("2001:db8::1", 40000, "2001:db8::2", 443),
    segment("2001:db8::1", 40000, "2001:db8:0:1::1", 443),
    segment("::1", 40000, "::1", 22),
    segment("::10.0.0.1", 40000, "::10.0.0.2", 443),  // the bytes of IPv4 addresses, but IPv6
    segment("255.255.255.255", 1, "0.0.0.0", 1),
    segment("10.0.0.1", 40000, "10.0.0.2", 443, 7),
    segment("10.0.0.1", 0, "10.0.0.2", 65535),
};

TEST(FlowKey, BothDirectionsGiveOneKeyAndOppositeSenders) {
  for (const Segment& s : kSegments) {
    bool from_low = false, back_from_low = false;
    const FlowKey key = FlowKey::of(s, from_low), back = FlowKey::of(reversed(s), back_from_low);
    EXPECT_EQ(key, back);
    EXPECT_EQ(key.hash(42), back.hash(42));
    EXPECT_NE(from_low, back_from_low);
  }
}

TEST(FlowKey, DifferentConnectionsHaveDifferentKeys) {
  for (const Segment& x : kSegments)
    for (const Segment& y : kSegments) {
      if (&x == &y) continue;
      bool ignored;
      EXPECT_FALSE(FlowKey::of(x, ignored) == FlowKey::of(y, ignored));
    }
}

TEST(FlowKey, GivesItsEndpointsBack) {
  for (const Segment& s : kSegments) {
    bool from_low = false;
    const FlowKey key = FlowKey::of(s, from_low);
    const Endpoint source{s.src, s.sport}, destination{s.dst, s.dport};
    EXPECT_EQ(key.low(), from_low ? source : destination);
    EXPECT_EQ(key.high(), from_low ? destination : source);
    EXPECT_EQ(key.scope(), s.scope);
  }
}

TEST(FlowKey, HashesSpread) {
  // As many connections as buckets, from one client: a good hash fills 1 - 1/e of them.
  std::mt19937_64 random(1);
  for (int round = 0; round < 20; ++round) {
    const uint64_t seed = round == 0 ? 0 : random();
    std::set<uint32_t> low_bits, high_bits;
    Segment s = segment("10.0.0.1", 0, "10.0.0.2", 443);
    for (uint32_t i = 0; i < 4096; ++i) {
      s.sport = static_cast<uint16_t>(1024 + i);
      bool ignored;
      const uint32_t hash = FlowKey::of(s, ignored).hash(seed);
      low_bits.insert(hash & 4095);
      high_bits.insert(hash >> 20);
    }
    EXPECT_GT(low_bits.size(), 2400u);
    EXPECT_GT(high_bits.size(), 2400u);
  }
}

TEST(FlowKey, AddressesCannotBeChosenToCollide) {
  // Whoever sends may choose every bit of an IPv6 address, so that sums and differences of its words stay the same.
  std::mt19937_64 random(2);
  const uint64_t seed = random();
  std::set<uint32_t> by_difference, by_shifted_difference;
  for (uint64_t i = 1; i <= 4096; ++i) {
    FlowKey key = {i, 1, i, 2, 80};
    by_difference.insert(key.hash(seed) & 4095);
    key.low_hi = i << 1;
    by_shifted_difference.insert(key.hash(seed) & 4095);
  }
  EXPECT_GT(by_difference.size(), 2400u);
  EXPECT_GT(by_shifted_difference.size(), 2400u);
}

TEST(FlowKey, SeedChangesWhatCollides) {
  bool ignored;
  const FlowKey key = FlowKey::of(kSegments[0], ignored);
  EXPECT_NE(key.hash(1), key.hash(2));
}

}  // namespace
}  // namespace tsaudit
