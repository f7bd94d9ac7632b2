// SPDX-License-Identifier: Apache-2.0
// The live flows: an open-addressing index over a slab that never moves its elements.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "flow/flow_key.h"
#include "flow/huge_pages.h"

namespace tsaudit {

/// Flow needs members `FlowKey key`, `live` and `ways` (see Ways), and to be trivially destructible (its
/// owner releases what it refers to). Cost per flow: sizeof(Flow) and 8 bytes of index at a load between 3/8
/// and 3/4; one that goes by two keys costs another index entry and an Alias.
template <class Flow>
class FlowTable {
  static_assert(std::is_trivially_destructible_v<Flow>);

 public:
  FlowTable() : slots_(kInitialSlots), mask_(kInitialSlots - 1) {}
  ~FlowTable() {
    for (Flow* chunk : chunks_) HugePageAllocator<Flow>{}.deallocate(chunk, kChunk);
  }
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  size_t size() const { return live_; }
  /// What for_each() passes, empty places too: as many as there were flows at one time.
  size_t places() const { return used_; }

  /// Which segments a flow's own key stands for. A flow whose directions have scopes of their own goes by two
  /// keys.
  enum Ways : uint8_t { both, from_high_only, from_low_only };

  /// Brings the slot, and then the flow, into the cache: two calls for each packet of a batch, some packets
  /// apart.
  void prefetch_slot(uint32_t hash) const { __builtin_prefetch(&slots_[hash & mask_]); }
  /// Returns the flow that it takes for the packet's: a guess for find(), or null.
  Flow* prefetch_flow(uint32_t hash) {
    for (uint32_t i = hash & mask_; slots_[i].index != kEmpty; i = (i + 1) & mask_) {
      if (slots_[i].hash != hash) continue;
      const uint32_t index = slots_[i].index;
      Flow& flow = at(index & kAlias ? aliases_[index & ~kAlias].flow : index);
      const char* bytes = reinterpret_cast<const char*>(&flow);
      for (size_t offset = 0; offset < sizeof(Flow); offset += 64) __builtin_prefetch(bytes + offset, 1);
      asm volatile("");  // gcc takes a loop that only prefetches for one without effect, and drops it
      return &flow;
    }
    return nullptr;
  }

  /// `from_low`: as FlowKey::of() said of the segment. `guess` may be wrong, or over meanwhile.
  Flow* find(const FlowKey& key, uint32_t hash, bool from_low, Flow* guess = nullptr) {
    if (guess && guess->key == key && guess->live && guess->ways == both) return guess;
    for (uint32_t i = hash & mask_;; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (slot.index == kEmpty) return nullptr;
      if (slot.hash != hash) continue;
      if (slot.index & kAlias) [[unlikely]] {
        const Alias& alias = aliases_[slot.index & ~kAlias];
        if (alias.from_low == from_low && alias.key == key) return &at(alias.flow);
        continue;
      }
      Flow& flow = at(slot.index);
      if (flow.key == key && (flow.ways == both || (flow.ways == from_low_only) == from_low)) return &flow;
    }
  }

  /// From now on `key` leads to `flow` for the segments of one direction, and the flow's own key for those of
  /// the other one alone. At most once in a flow's life.
  void alias(Flow& flow, const FlowKey& key, uint32_t hash, bool from_low, uint32_t own_hash) {
    if ((used_slots() + 1) * 4 > slots_.size() * 3) grow();
    uint32_t i = own_hash & mask_;
    while (slots_[i].hash != own_hash || (slots_[i].index & kAlias) || &at(slots_[i].index) != &flow)
      i = (i + 1) & mask_;
    uint32_t number;
    if (free_aliases_.empty()) {
      number = static_cast<uint32_t>(aliases_.size());
      aliases_.emplace_back();
    } else {
      number = free_aliases_.back();
      free_aliases_.pop_back();
    }
    aliases_[number] = {key, hash, slots_[i].index, from_low};
    alias_of_.emplace(slots_[i].index, number);
    flow.ways = from_low ? from_high_only : from_low_only;
    place(hash, kAlias | number);
  }

  /// `key` must not be in the table. The new flow is value-initialised but for its key.
  Flow& insert(const FlowKey& key, uint32_t hash) {
    if ((used_slots() + 1) * 4 > slots_.size() * 3) grow();
    uint32_t index;
    if (!free_.empty()) {
      index = free_.back();
      free_.pop_back();
    } else {
      index = used_++;
      if (index / kChunk == chunks_.size()) chunks_.push_back(new_chunk());
    }
    Flow* flow = new (&at(index)) Flow{};
    flow->key = key;
    flow->live = true;
    place(hash, index);
    ++live_;
    return *flow;
  }

  /// `hash`: of the flow's own key.
  void erase(Flow& flow, uint32_t hash) {
    uint32_t i = hash & mask_;
    while (slots_[i].hash != hash || (slots_[i].index & kAlias) || &at(slots_[i].index) != &flow)
      i = (i + 1) & mask_;
    const uint32_t index = slots_[i].index;
    close_gap(i);
    if (flow.ways != both) {
      const auto entry = alias_of_.find(index);
      const uint32_t number = entry->second;
      uint32_t j = aliases_[number].hash & mask_;
      while (slots_[j].index != (kAlias | number)) j = (j + 1) & mask_;
      close_gap(j);
      free_aliases_.push_back(number);
      alias_of_.erase(entry);
    }
    flow.live = false;
    free_.push_back(index);
    --live_;
  }

  /// Visits every live flow in the order of the slab: that of insertion, but for the places of erased flows.
  template <class Visit>
  void for_each(Visit visit) {
    for (uint32_t index = 0; index < used_; ++index)
      if (at(index).live) visit(at(index));
  }

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t index = kEmpty;
  };
  /// The other key of a flow, and the direction that it stands for.
  struct Alias {
    FlowKey key;
    uint32_t hash = 0;
    uint32_t flow = 0;
    bool from_low = false;
  };
  static constexpr uint32_t kEmpty = ~uint32_t{0};
  static constexpr uint32_t kAlias = uint32_t{1} << 31;  ///< in Slot::index: the rest is a place in aliases_
  static constexpr uint32_t kInitialSlots = 1024;
  static constexpr uint32_t kChunk = kHugePage / sizeof(Flow);

  /// Most captures hold fewer flows than one chunk, and to clear a huge page for them takes longer than small ones as
  /// they are needed.
  Flow* new_chunk() const {
    HugePageAllocator<Flow> allocator;
    return chunks_.empty() ? allocator.allocate_unhinted(kChunk) : allocator.allocate(kChunk);
  }

  Flow& at(uint32_t index) { return chunks_[index / kChunk][index % kChunk]; }

  size_t used_slots() const { return live_ + alias_of_.size(); }

  void place(uint32_t hash, uint32_t index) {
    uint32_t i = hash & mask_;
    while (slots_[i].index != kEmpty) i = (i + 1) & mask_;
    slots_[i] = {hash, index};
  }

  /// Empties slot i and moves up what probing would not find any more, so that lookups need no tombstones.
  void close_gap(uint32_t i) {
    for (uint32_t j = i;;) {
      j = (j + 1) & mask_;
      if (slots_[j].index == kEmpty) break;
      if (((j - (slots_[j].hash & mask_)) & mask_) >= ((j - i) & mask_)) {
        slots_[i] = slots_[j];
        i = j;
      }
    }
    slots_[i].index = kEmpty;
  }

  void grow() {
    std::vector<Slot, HugePageAllocator<Slot>> old(slots_.size() * 2);
    old.swap(slots_);
    mask_ = static_cast<uint32_t>(slots_.size() - 1);
    for (const Slot& slot : old)
      if (slot.index != kEmpty) place(slot.hash, slot.index);
  }

  std::vector<Slot, HugePageAllocator<Slot>> slots_;
  uint32_t mask_;
  std::vector<Flow*> chunks_;  ///< blocks of kChunk, raw but for the flows that live
  std::vector<uint32_t> free_;
  std::vector<Alias> aliases_;
  std::vector<uint32_t> free_aliases_;
  std::unordered_map<uint32_t, uint32_t> alias_of_;  ///< by index of the flow
  uint32_t used_ = 0;
  size_t live_ = 0;
};

}  // namespace tsaudit
