// SPDX-License-Identifier: Apache-2.0
// The live flows: an open-addressing index over a slab that never moves its elements.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "flow/flow_key.h"

namespace tsaudit {

/// Flow needs a member `FlowKey key`, and to be trivially destructible (its owner releases what it refers
/// to). Cost per flow: sizeof(Flow) and 8 bytes of index at a load between 3/8 and 3/4.
template <class Flow>
class FlowTable {
  static_assert(std::is_trivially_destructible_v<Flow>);

 public:
  FlowTable() : slots_(kInitialSlots), mask_(kInitialSlots - 1) {}

  size_t size() const { return live_; }

  /// Brings the slot, and then the flow, into the cache: two calls for each packet of a batch, some packets
  /// apart.
  void prefetch_slot(uint32_t hash) const { __builtin_prefetch(&slots_[hash & mask_]); }
  void prefetch_flow(uint32_t hash) const {
    const Slot& slot = slots_[hash & mask_];
    if (slot.index == kEmpty) return;
    const char* flow = reinterpret_cast<const char*>(&at(slot.index));
    for (size_t offset = 0; offset < sizeof(Flow); offset += 64) __builtin_prefetch(flow + offset, 1);
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
      if (index / kChunk == chunks_.size())
        chunks_.push_back(std::make_unique_for_overwrite<Storage[]>(kChunk));
    }
    Flow* flow = new (&chunks_[index / kChunk][index % kChunk]) Flow{};
    flow->key = key;
    place(hash, index);
    ++live_;
    return *flow;
  }

  void erase(const FlowKey& key, uint32_t hash) {
    uint32_t i = hash & mask_;
    while (!(slots_[i].hash == hash && slots_[i].index != kEmpty && at(slots_[i].index).key == key))
      i = (i + 1) & mask_;
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

  /// Visits every live flow, in no useful order.
  template <class Visit>
  void for_each(Visit visit) {
    for (const Slot& slot : slots_)
      if (slot.index != kEmpty) visit(at(slot.index));
  }

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t index = kEmpty;
  };
  struct alignas(Flow) Storage {
    unsigned char bytes[sizeof(Flow)];
  };
  static constexpr uint32_t kEmpty = ~uint32_t{0};
  static constexpr uint32_t kInitialSlots = 1024;
  static constexpr uint32_t kChunk = 256;

  Flow& at(uint32_t index) { return *reinterpret_cast<Flow*>(&chunks_[index / kChunk][index % kChunk]); }
  const Flow& at(uint32_t index) const {
    return *reinterpret_cast<const Flow*>(&chunks_[index / kChunk][index % kChunk]);
  }

  void place(uint32_t hash, uint32_t index) {
    uint32_t i = hash & mask_;
    while (slots_[i].index != kEmpty) i = (i + 1) & mask_;
    slots_[i] = {hash, index};
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    mask_ = static_cast<uint32_t>(slots_.size() - 1);
    for (const Slot& slot : old)
      if (slot.index != kEmpty) place(slot.hash, slot.index);
  }

  std::vector<Slot> slots_;
  uint32_t mask_;
  std::vector<std::unique_ptr<Storage[]>> chunks_;
  std::vector<uint32_t> free_;
  uint32_t used_ = 0;
  size_t live_ = 0;
};

}  // namespace tsaudit
