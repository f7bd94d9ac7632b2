// SPDX-License-Identifier: Apache-2.0
// Memory is bounded by the connections that live at one time, at 400 bytes each. Measured are the pages in
// use, as the kernel counts them: what malloc hands out and nobody touches costs nothing.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "sources.h"
#include "tsaudit/analysis.h"

namespace tsaudit {
namespace {

constexpr size_t kSlack = 1 << 20;  // what the allocator may keep, and readings may differ by

constexpr bool kSanitized =
#ifdef __SANITIZE_ADDRESS__
    true;
#else
    false;
#endif

/// smaps_rollup walks the page tables; VmRSS of /proc/self/status lags by some pages per processor.
size_t in_use() {
  std::ifstream file("/proc/self/smaps_rollup");
  for (std::string word; file >> word;)
    if (size_t kilobytes = 0; word == "Rss:" && file >> kilobytes) return kilobytes << 10;
  return 0;
}

/// Bytes in use after the last packet, all connections alive, beyond those before the first.
template <class Source>
size_t memory_for(auto... arguments) {
  // A fixed threshold: otherwise what one test frees changes where the next one's blocks come from.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  size_t at_end = 0;
  Source source(arguments..., [&at_end] { at_end = in_use(); });
  malloc_trim(0);
  const size_t before = in_use();
  Sink nobody;
  analyze(source, {}, nobody);
  EXPECT_GT(at_end, before);
  return at_end - std::min(before, at_end);
}

#define NEEDS_PLAIN_MALLOC() \
  if (kSanitized) GTEST_SKIP() << "AddressSanitizer adds memory of its own"

TEST(Memory, AFlowCosts400BytesAtMost) {
  NEEDS_PLAIN_MALLOC();
  EXPECT_LT(memory_for<HealthyTraffic>(uint64_t{600'000}, 1000u), 8u << 20) << "the constant";
  // Both take first what tests before this one have left in the heap.
  constexpr uint32_t kFew = 80'000, kMany = 4 * kFew;
  const size_t few = memory_for<HealthyTraffic>(uint64_t{640'000}, kFew);
  const size_t many = memory_for<HealthyTraffic>(uint64_t{640'000}, kMany);
  const double bytes = static_cast<double>(many - few) / (kMany - kFew);
  RecordProperty("bytes_per_flow", std::to_string(bytes));
  EXPECT_LE(bytes, 400) << bytes;
  EXPECT_GT(bytes, 100) << "too good to be true: were there flows?";
}

TEST(Memory, DoesNotGrowWithTheCapture) {
  NEEDS_PLAIN_MALLOC();
  const size_t few = memory_for<HealthyTraffic>(uint64_t{50'000}, 1000u);
  const size_t many = memory_for<HealthyTraffic>(uint64_t{500'000}, 1000u);
  EXPECT_LE(many, few + kSlack);
}

TEST(Memory, OfAFlowInTroubleIsBounded) {
  NEEDS_PLAIN_MALLOC();
  const size_t few = memory_for<StalledTraffic>(uint64_t{40'000}, 20u);
  const size_t many = memory_for<StalledTraffic>(uint64_t{400'000}, 20u);
  EXPECT_LE(many, few + kSlack);
  EXPECT_LT(few, 8u << 20);
}

TEST(Memory, ConnectionsThatAreOverAreForgotten) {
  NEEDS_PLAIN_MALLOC();
  // Two minutes' worth of connections live at once, whatever the length of the capture.
  const size_t few = memory_for<ShortConnections>(10'000u, 10u);
  const size_t many = memory_for<ShortConnections>(60'000u, 10u);
  EXPECT_LE(many, few + kSlack);
}

}  // namespace
}  // namespace tsaudit
