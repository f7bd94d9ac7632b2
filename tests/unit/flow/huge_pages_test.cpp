// SPDX-License-Identifier: Apache-2.0
#include "flow/huge_pages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <vector>

namespace tsaudit {
namespace {

TEST(HugePages, ABlockThatIsWorthOneIsAlignedToIt) {
  HugePageAllocator<uint64_t> allocator;
  for (const size_t bytes : {kWorthIt, kHugePage, kHugePage + 8, 5 * kHugePage}) {
    uint64_t* block = allocator.allocate(bytes / 8);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % kHugePage, 0u) << bytes;
    block[0] = block[bytes / 8 - 1] = 1;  // all of it is there
    allocator.deallocate(block, bytes / 8);
  }
}

TEST(HugePages, ServesAVectorAcrossTheLimit) {
  std::vector<uint32_t, HugePageAllocator<uint32_t>> numbers;
  for (uint32_t i = 0; i < 2'000'000; ++i) numbers.push_back(i);  // 8 MB, from a few bytes on
  EXPECT_EQ(std::accumulate(numbers.begin(), numbers.end(), uint64_t{0}), 1'999'999ull * 2'000'000 / 2);
  numbers.resize(10);
  numbers.shrink_to_fit();
  EXPECT_EQ(numbers.back(), 9u);
}

TEST(HugePages, SmallBlocksCostNoHugePage) {
  struct alignas(64) Line {
    uint8_t bytes[64];
  };
  HugePageAllocator<Line> allocator;
  Line* lines = allocator.allocate(3);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(lines) % 64, 0u);
  allocator.deallocate(lines, 3);
}

}  // namespace
}  // namespace tsaudit
