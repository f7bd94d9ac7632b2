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
  uint8_t ways = 0;
};

FlowKey key_of(uint32_t n) { return {FlowKey::kIpv4Mark, n, FlowKey::kIpv4Mark, n + 1, uint64_t{n} << 32}; }

/// `hash`: how many different hash values there are decides how long the runs in the table become.
void expect_as_map(uint32_t distinct_hashes, uint32_t keys, int steps) {
  const auto hash = [=](uint32_t n) { return n % distinct_hashes * 0x9e3779b1u; };
  FlowTable<Entry> table;
  std::map<uint32_t, uint64_t> map;
  std::mt19937 random(1);
  Entry* guess = nullptr;  // right, another flow's, or an erased one's
  for (int step = 0; step < steps; ++step) {
    const uint32_t n = static_cast<uint32_t>(random()) % keys;
    table.prefetch_slot(hash(n));
    if (Entry* likely = table.prefetch_flow(hash(n)); random() % 2 == 0) guess = likely;
    Entry* found = table.find(key_of(n), hash(n), step % 2 == 0, guess);
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
        table.erase(*found, hash(n));
        map.erase(at);
      }
    }
    ASSERT_EQ(table.size(), map.size());
  }
  std::map<uint32_t, uint64_t> seen;
  table.for_each([&](Entry& entry) { seen[static_cast<uint32_t>(entry.key.low_lo)] = entry.value; });
  EXPECT_EQ(seen, map);
  for (const auto& [n, value] : map) ASSERT_EQ(table.find(key_of(n), hash(n), true)->value, value);
}

TEST(FlowTable, IsAMap) { expect_as_map(1u << 30, 5000, 60'000); }
TEST(FlowTable, IsAMapWhenHashesCollide) { expect_as_map(7, 300, 20'000); }
TEST(FlowTable, IsAMapWhenAllHashesAreTheSame) { expect_as_map(1, 100, 5'000); }

TEST(FlowTable, FlowsDoNotMoveWhenItGrows) {
  FlowTable<Entry> table;
  const Entry* first = &table.insert(key_of(0), 0);
  for (uint32_t n = 1; n < 100'000; ++n) table.insert(key_of(n), n * 0x9e3779b1u).value = n;
  EXPECT_EQ(table.find(key_of(0), 0, true), first);
  EXPECT_EQ(table.find(key_of(99'999), 99'999 * 0x9e3779b1u, true)->value, 99'999u);
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
    table.erase(*table.find(key_of(n - 1), n - 1, true), n - 1);
    EXPECT_EQ(&table.insert(key_of(n), n), place);
  }
  EXPECT_EQ(table.size(), 1u);
}

FlowKey scoped_key(uint32_t address, uint32_t scope) { return key_of(address).in_scope(scope); }

/// Inserts, erases and second keys at random, against std::map. A hash of few values makes long chains.
TEST(FlowTable, IsAMapForFlowsThatGoByTwoKeys) {
  for (const uint64_t hashes : {uint64_t{7}, uint64_t{1} << 32}) {
    const auto hash = [&](const FlowKey& key) { return static_cast<uint32_t>(key.hash(1) % hashes); };
    FlowTable<Entry> table;
    std::map<std::pair<uint32_t, uint32_t>, uint64_t> ids[2];  // (address, scope) -> id, by from_low
    std::mt19937 random(1);
    uint32_t next_id = 0;
    for (int i = 0; i < 20'000; ++i) {
      const uint32_t address = random() % 64, scope = random() % 4;
      const bool low = random() % 2;
      const FlowKey key = scoped_key(address, scope);
      Entry* thing = table.find(key, hash(key), low, table.prefetch_flow(hash(key)));
      const auto known = ids[low].find({address, scope});
      ASSERT_EQ(thing != nullptr, known != ids[low].end());
      if (thing) {
        ASSERT_EQ(thing->value, known->second);
        if (random() % 3 == 0) {
          const uint64_t id = thing->value;
          table.erase(*thing, hash(thing->key));
          for (auto& map : ids) std::erase_if(map, [&](const auto& entry) { return entry.second == id; });
        } else if (thing->ways == 0) {
          const uint32_t other = (scope + 1) % 4;
          if (ids[low].contains({address, other})) continue;
          const FlowKey alias = scoped_key(address, other);
          table.alias(*thing, alias, hash(alias), low, hash(key));
          ids[low].erase({address, scope});
          ids[low][{address, other}] = thing->value;
        }
      } else if (!ids[!low].contains({address, scope})) {
        Entry& fresh = table.insert(key, hash(key));
        fresh.value = ++next_id;
        ids[0][{address, scope}] = ids[1][{address, scope}] = fresh.value;
      }
    }
  }
}

}  // namespace
}  // namespace tsaudit
