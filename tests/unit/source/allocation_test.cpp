// SPDX-License-Identifier: Apache-2.0
// The hot path must not allocate, and a length field must not be able to order memory.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "read_back.h"

namespace {

std::atomic<uint64_t> allocations{0};
std::atomic<uint64_t> allocated_bytes{0};

void* count_and_allocate(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  allocated_bytes.fetch_add(size, std::memory_order_relaxed);
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

// For the whole test program. All forms in use, so that each pairs with its delete under AddressSanitizer.
void* operator new(size_t size) { return count_and_allocate(size); }
void* operator new[](size_t size) { return count_and_allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return std::malloc(size ? size : 1); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace tsaudit::source {
namespace {

constexpr uint32_t kPackets = 200'000;  // some 30 buffers

struct Format {
  const char* name;
  Writer header;
  void (*add)(Writer& file, uint32_t i);
};
Writer pcapng_header() {
  Writer file;
  section(file);
  return interface(file);
}

TEST(Allocation, ThereIsNonePerPacket) {
  static const Bytes data = payload(74);
  static const Bytes comment = option(1, {'h', 'i'});
  const Format formats[] = {
      {"pcap", pcap_header(), [](Writer& file, uint32_t i) { pcap_record(file, i, 0, data); }},
      {"pcapng", pcapng_header(), [](Writer& file, uint32_t i) { enhanced(file, 0, i, data, comment); }},
      {"snoop", snoop_header(), [](Writer& file, uint32_t i) { snoop_record(file, i, 0, data); }},
      {"erf", Writer(), [](Writer& file, uint32_t i) { erf_ethernet(file, uint64_t{i} << 20, data); }},
  };
  for (const Format& format : formats) {
    Writer file = format.header;
    for (uint32_t i = 0; i < kPackets; ++i) format.add(file, i);
    const TempDirectory directory;
    auto source = open_capture(directory.file("x", file));
    ASSERT_TRUE(source) << format.name;
    uint64_t packets = (*source)->next_batch().size();  // may note the link type
    const uint64_t before = allocations;
    for (auto batch = (*source)->next_batch(); !batch.empty(); batch = (*source)->next_batch())
      packets += batch.size();
    EXPECT_EQ(allocations - before, 0) << format.name;
    EXPECT_EQ(packets, kPackets) << format.name;
    EXPECT_FALSE((*source)->captures().at(0).error) << format.name;
  }
}

TEST(Allocation, IsCounted) {
  const uint64_t before = allocations;
  delete new int;
  EXPECT_EQ(allocations - before, 1);
}

// 16 MB are claimed, 600 KB are there.
TEST(Allocation, FollowsTheBytesThatComeAndNotTheLengthThatIsClaimed) {
  constexpr uint32_t kClaimed = 16 << 20;
  Writer pcap = pcap_header(false, 0xa1b2c3d4, 1, kClaimed);
  pcap.u32(1).u32(0).u32(kClaimed).u32(kClaimed);
  Writer pcapng = pcapng_header();
  pcapng.u32(6).u32(kClaimed);
  Writer snoop = snoop_header();
  snoop.u32(kClaimed).u32(kClaimed).u32(24 + kClaimed);
  for (Writer* file : {&pcap, &pcapng, &snoop}) {
    const TempDirectory directory;
    const std::string path = directory.file("x", file->zeros(600'000));
    const uint64_t before = allocated_bytes;
    auto source = open_capture(path);
    ASSERT_TRUE(source);
    EXPECT_TRUE((*source)->next_batch().empty());
    EXPECT_TRUE((*source)->captures().at(0).truncated);
    EXPECT_LT(allocated_bytes - before, 2'000'000);
  }
}

}  // namespace
}  // namespace tsaudit::source
