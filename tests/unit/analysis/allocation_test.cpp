// SPDX-License-Identifier: Apache-2.0
// A packet costs no allocation, and trouble costs a bounded number of them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "sources.h"
#include "tsaudit/analysis.h"

namespace {

uint64_t allocations = 0;

void* allocate(size_t size, size_t alignment) {
  ++allocations;
  void* memory = alignment <= alignof(std::max_align_t)
                     ? std::malloc(size ? size : 1)
                     : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

// For the whole test program, which has one thread. Inlined one without the other, they would not seem to
// match.
[[gnu::noinline]] void* operator new(size_t size) { return allocate(size, 1); }
[[gnu::noinline]] void* operator new[](size_t size) { return allocate(size, 1); }
void* operator new(size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size ? size : 1);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace tsaudit {
namespace {

/// Allocations until the last packet has been judged. What reports need afterwards is another matter.
template <class Source>
uint64_t allocations_for(uint64_t packets, uint32_t flows) {
  uint64_t at_end = 0;
  Source source(packets, flows, [&at_end] { at_end = allocations; });
  const uint64_t before = allocations;
  Sink nobody;
  const Summary summary = analyze(source, {}, nobody);
  EXPECT_EQ(summary.totals.segments, packets);
  EXPECT_EQ(summary.totals.flows, flows);
  return at_end - before;
}

TEST(Allocation, IsCounted) {
  const uint64_t before = allocations;
  delete new int;
  EXPECT_EQ(allocations - before, 1);
}

TEST(Allocation, HealthyFlowsCostNonePerPacket) {
  const uint64_t few = allocations_for<HealthyTraffic>(50'000, 100);
  EXPECT_EQ(allocations_for<HealthyTraffic>(400'000, 100), few);
  EXPECT_LT(few, 40u);  // of the tables, once
}

TEST(Allocation, OneHealthyFlowCostsNonePerPacket) {
  EXPECT_EQ(allocations_for<HealthyTraffic>(200'000, 1), allocations_for<HealthyTraffic>(20'000, 1));
}

TEST(Allocation, StalledFlowsCostNonePerPacketEither) {
  // Every second packet is a drop, a retransmission, and an open question for the evidence.
  constexpr uint32_t kFlows = 20;
  const uint64_t few = allocations_for<StalledTraffic>(20'000, kFlows);
  EXPECT_EQ(allocations_for<StalledTraffic>(200'000, kFlows), few);
  EXPECT_LT(few, 40u + kFlows * 100);
}

TEST(Allocation, AHealthyConnectionCostsNoneOfItsOwn) {
  // A table that grows is allocated anew a few times; sum up generously, far below one for a flow.
  EXPECT_LT(allocations_for<HealthyTraffic>(200'000, 20'000), 100u);
}

}  // namespace
}  // namespace tsaudit
