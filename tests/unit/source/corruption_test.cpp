// SPDX-License-Identifier: Apache-2.0
// Damaged captures: whatever they hold, reading ends, in order, and the same way in whatever pieces the bytes
// come.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "any_cut.h"
#include "read_back.h"

namespace tsaudit::source {
namespace {

std::vector<Bytes> good_captures() {
  std::vector<Bytes> captures;
  for (const bool big : {false, true}) {
    Writer pcap = pcap_header(big, big ? 0xa1b23c4d : 0xa1b2c3d4);
    Writer pcapng(big);
    section(pcapng, big);
    interface(pcapng, 1, {}, 65535, big);
    interface(pcapng, 101, option(9, {9}, big), 96, big);
    for (uint8_t i = 0; i < 20; ++i) {
      pcap_record(pcap, i, i, payload(i * 5, i));
      enhanced(pcapng, i % 2, i, payload(i * 5, i), option(1, {'h', 'i'}, big), big);
      block(pcapng, i + 7u, Bytes(i));  // not packets
    }
    section(pcapng, big);
    captures.push_back(pcap);
    captures.push_back(pcapng);
  }
  Writer snoop = snoop_header();
  Writer erf;
  for (uint8_t i = 0; i < 20; ++i) {
    snoop_record(snoop, i, i, payload(i * 5, i));
    erf_ethernet(erf, uint64_t{i} << 32, payload(i * 5, i));
  }
  captures.push_back(snoop);
  captures.push_back(erf);
  return captures;
}

class Mutator {
 public:
  void damage(Bytes& bytes) {
    for (size_t rounds = 1 + below(4); rounds > 0 && !bytes.empty(); --rounds) {
      const size_t at = below(bytes.size());
      switch (below(5)) {
        case 0:
          bytes[at] ^= static_cast<uint8_t>(1u << below(8));
          break;
        case 1:
          set_number(bytes, at);
          break;
        case 2:
          bytes.resize(at);
          break;
        case 3:
          bytes.insert(bytes.begin() + static_cast<long>(at), below(40), static_cast<uint8_t>(below(256)));
          break;
        case 4:
          bytes.erase(bytes.begin() + static_cast<long>(at),
                      bytes.begin() + static_cast<long>(std::min(bytes.size(), at + below(40))));
          break;
      }
    }
  }
  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }

 private:
  void set_number(Bytes& bytes, size_t at) {
    constexpr uint32_t kNumbers[] = {0,          1,          4,          15,         0x7fffffff,
                                     0x80000000, 0xfffffffc, 0xffffffff, 0x01000000, 1 << 20};
    const uint32_t number = kNumbers[below(std::size(kNumbers))];
    std::memcpy(bytes.data() + at, &number, std::min(sizeof number, bytes.size() - at));
  }
  std::mt19937 random_{20240229};
};

TEST(Corruption, NeverBreaksTheReaders) {
  const std::vector<Bytes> good = good_captures();
  Mutator mutator;
  size_t with_packets = 0;
  size_t with_errors = 0;
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes = good[mutator.below(good.size())];
    mutator.damage(bytes);
    const Outcome whole = read_in_pieces(bytes, bytes.size());
    EXPECT_EQ(whole, read_in_pieces(bytes, 1 + mutator.below(64))) << round;
    ASSERT_LE(whole.consumed, bytes.size());
    with_packets += whole.packets > 0;
    with_errors += whole.error.has_value();
  }
  // Else the damage is too mild or too hard to show anything.
  EXPECT_GT(with_packets, 1000);
  EXPECT_GT(with_errors, 300);
}

TEST(Corruption, NeverBreaksASource) {
  const std::vector<Bytes> good = good_captures();
  Mutator mutator;
  const TempDirectory directory;
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes = good[mutator.below(good.size())];
    mutator.damage(bytes);
    const Read read = read_all(open_capture(directory.file(std::to_string(round), bytes)));
    if (read.refused) continue;
    const CaptureInfo& info = read.info();
    ASSERT_EQ(info.packets, read.packets.size()) << round;
    ASSERT_EQ(info.error || info.bytes == bytes.size(), true)
        << "all is read, or it is said why not; " << round;
    ASSERT_EQ(info.truncated, info.error && info.error->code == Errc::truncated) << round;
    for (size_t i = 1; i < read.packets.size(); ++i) {
      ASSERT_GT(read.packets[i].frame, read.packets[i - 1].frame) << round;
      ASSERT_GT(read.packets[i].file_offset, read.packets[i - 1].file_offset) << round;
    }
  }
}

TEST(Corruption, GoodCapturesReadTheSameInAnyPieces) {
  for (const Bytes& bytes : good_captures()) {
    const Outcome whole = read_in_pieces(bytes, bytes.size());
    EXPECT_EQ(whole.packets, 20);
    EXPECT_EQ(whole.consumed, bytes.size());
    EXPECT_FALSE(whole.error);
    for (size_t first = 1; first < 200; ++first) EXPECT_EQ(whole, read_in_pieces(bytes, first)) << first;
  }
}

}  // namespace
}  // namespace tsaudit::source
