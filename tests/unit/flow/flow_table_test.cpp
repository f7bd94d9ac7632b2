// SPDX-License-Identifier: Apache-2.0
// The table against std::map, with hashes as bad as they come.
#include "flow/flow_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>

namespace tsaudit {
namespace {

struct Entry {
  FlowKey key;
  uint64_t value = 77;
  bool live = false;
};

FlowKey key_of(uint32_t n) { return {FlowKey::kIpv4Mark, n, FlowKey::kIpv4Mark, n + 1, uint64_t{n} << 32}; }

/// `hash`: how many different hash values there are decides how long the runs in the table become.
void expect_as_map(uint32_t distinct_hashes, uint32_t keys, int steps) {
  const auto hash = [=](uint32_t n) { return n % distinct_hashes * 0x9e3779b1u; };
  FlowTable<Entry> table;
  std::map<uint32_t, uint64_t> map;
  std::mt19937 random(1);
  for (int step = 0; step < steps; ++step) {
    const uint32_t n = static_cast<uint32_t>(random()) % keys;
    table.prefetch_slot(hash(n));
    table.prefetch_flow(hash(n));
    Entry* found = table.find(key_of(n), hash(n));
    const auto at = map.find(n);
    ASSERT_EQ(found != nullptr, at != map.end()) << "step " << step;
    if (!found) {
      Entry& entry = table.insert(key_of(n), hash(n));
      ASSERT_EQ(entry.value, 77u) << "a new flow is value-initialised, whoever was there before";
      ASSERT_EQ(entry.key, key_of(n));
      entry.value = map[n] = random();
    } else {
      ASSERT_EQ(found->value, at->second);
      if (random() % 2 == 0) {
        found->value = 1;
        table.erase(key_of(n), hash(n));
        map.erase(at);
      }
    }
    ASSERT_EQ(table.size(), map.size());
  }
  std::map<uint32_t, uint64_t> seen;
  table.for_each([&](Entry& entry) { seen[static_cast<uint32_t>(entry.key.low_lo)] = entry.value; });
  EXPECT_EQ(seen, map);
  for (const auto& [n, value] : map) ASSERT_EQ(table.find(key_of(n), hash(n))->value, value);
}

TEST(FlowTable, IsAMap) { expect_as_map(1u << 30, 5000, 60'000); }
TEST(FlowTable, IsAMapWhenHashesCollide) { expect_as_map(7, 300, 20'000); }
TEST(FlowTable, IsAMapWhenAllHashesAreTheSame) { expect_as_map(1, 100, 5'000); }

TEST(FlowTable, FlowsDoNotMoveWhenItGrows) {
  FlowTable<Entry> table;
  const Entry* first = &table.insert(key_of(0), 0);
  for (uint32_t n = 1; n < 100'000; ++n) table.insert(key_of(n), n * 0x9e3779b1u).value = n;
  EXPECT_EQ(table.find(key_of(0), 0), first);
  EXPECT_EQ(table.find(key_of(99'999), 99'999 * 0x9e3779b1u)->value, 99'999u);
}

TEST(FlowTable, VisitsInTheOrderOfInsertion) {
  FlowTable<Entry> table;
  for (uint32_t n = 0; n < 3000; ++n) table.insert(key_of(n), n * 2654435761u).value = n;
  uint64_t next = 0;
  table.for_each([&](const Entry& entry) { EXPECT_EQ(entry.value, next++); });
  EXPECT_EQ(next, 3000u);
}

TEST(FlowTable, ReusesThePlacesOfErasedFlows) {
  FlowTable<Entry> table;
  const Entry* place = &table.insert(key_of(1), 1);
  for (uint32_t n = 2; n < 1000; ++n) {
    table.erase(key_of(n - 1), n - 1);
    EXPECT_EQ(&table.insert(key_of(n), n), place);
  }
  EXPECT_EQ(table.size(), 1u);
}

}  // namespace
}  // namespace tsaudit
