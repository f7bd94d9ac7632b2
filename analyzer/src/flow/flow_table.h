// SPDX-License-Identifier: Apache-2.0
// The live flows: an open-addressing index over a slab that never moves its elements.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "flow/flow_key.h"
#include "flow/huge_pages.h"

namespace tsaudit {

/// Flow needs a member `FlowKey key`, and to be trivially destructible (its owner releases what it refers
/// to). Cost per flow: sizeof(Flow) and 8 bytes of index at a load between 3/8 and 3/4.
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

  /// Brings the slot, and then the flow, into the cache: two calls for each packet of a batch, some packets
  /// apart.
  void prefetch_slot(uint32_t hash) const { __builtin_prefetch(&slots_[hash & mask_]); }
  void prefetch_flow(uint32_t hash) const {
    for (uint32_t i = hash & mask_; slots_[i].index != kEmpty; i = (i + 1) & mask_) {
      if (slots_[i].hash != hash) continue;
      const char* flow = reinterpret_cast<const char*>(&at(slots_[i].index));
      for (size_t offset = 0; offset < sizeof(Flow); offset += 64) __builtin_prefetch(flow + offset, 1);
      asm volatile("");   // gcc takes a loop that only prefetches for one without effect, and drops it
      return;
    }
  }

  Flow* find(const FlowKey& key, uint32_t hash) {
    for (uint32_t i = hash & mask_;; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (slot.index == kEmpty) return nullptr;
      if (slot.hash == hash && at(slot.index).key == key) return &at(slot.index);
    }
  }

  /// `key` must not be in the table. The new flow is value-initialised but for its key.
  Flow& insert(const FlowKey& key, uint32_t hash) {
    if ((live_ + 1) * 4 > slots_.size() * 3) grow();
    uint32_t index;
    if (!free_.empty()) {
      index = free_.back();
      free_.pop_back();
    } else {
      index = used_++;
      if (index / kChunk == chunks_.size()) chunks_.push_back(HugePageAllocator<Flow>{}.allocate(kChunk));
    }
    Flow* flow = new (&at(index)) Flow{};
    flow->key = key;
    flow->live = true;
    place(hash, index);
    ++live_;
    return *flow;
  }

  void erase(const FlowKey& key, uint32_t hash) {
    uint32_t i = hash & mask_;
    while (!(slots_[i].hash == hash && slots_[i].index != kEmpty && at(slots_[i].index).key == key))
      i = (i + 1) & mask_;
    at(slots_[i].index).live = false;
    free_.push_back(slots_[i].index);
    --live_;
    // Close the gap, so that lookups need no tombstones.
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
  static constexpr uint32_t kEmpty = ~uint32_t{0};
  static constexpr uint32_t kInitialSlots = 1024;
  static constexpr uint32_t kChunk = kHugePage / sizeof(Flow);

  Flow& at(uint32_t index) { return chunks_[index / kChunk][index % kChunk]; }
  const Flow& at(uint32_t index) const { return chunks_[index / kChunk][index % kChunk]; }

  void place(uint32_t hash, uint32_t index) {
    uint32_t i = hash & mask_;
    while (slots_[i].index != kEmpty) i = (i + 1) & mask_;
    slots_[i] = {hash, index};
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
  std::vector<Flow*> chunks_;   ///< blocks of kChunk, raw but for the flows that live
  std::vector<uint32_t> free_;
  uint32_t used_ = 0;
  size_t live_ = 0;
};

}  // namespace tsaudit
