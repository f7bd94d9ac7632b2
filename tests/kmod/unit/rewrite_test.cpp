// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <random>

#include "rewrite_oracle.h"

namespace tsoffset_test {
namespace {

constexpr uint8_t kAck = 0x10, kSyn = 0x02;

Bytes timestamps(uint32_t tsval, uint32_t tsecr) {
  Bytes option{8, 10};
  for (uint32_t value : {tsval, tsecr})
    for (int shift = 24; shift >= 0; shift -= 8) option.push_back(static_cast<uint8_t>(value >> shift));
  return option;
}

// A header with these options (padded by 0 to whole words), and a checksum as if there were nothing else.
Bytes header(uint8_t flags, std::initializer_list<Bytes> options) {
  Bytes bytes{0x9c, 0x40, 0x01, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8, 0, flags, 0x20, 0, 0, 0, 0, 0};
  for (const Bytes& option : options) bytes.insert(bytes.end(), option.begin(), option.end());
  while (bytes.size() % 4) bytes.push_back(0);
  bytes[12] = static_cast<uint8_t>(bytes.size() / 4 << 4);
  const auto checksum = static_cast<uint16_t>(~internet_sum(bytes));
  bytes[16] = static_cast<uint8_t>(checksum >> 8);
  bytes[17] = static_cast<uint8_t>(checksum);
  return bytes;
}

bool checksum_valid(const Bytes& bytes) { return internet_sum(bytes) == 0xffff; }

Bytes option_at(const Bytes& bytes, size_t at) {
  return {bytes.begin() + static_cast<long>(at), bytes.begin() + static_cast<long>(at) + 10};
}

const Bytes kNop{1};
const Bytes kSack{5, 10, 0, 0, 0, 1, 0, 0, 0, 2};

TEST(Rewrite, OutgoingTsvalRises) {
  const Outcome got = actual(header(kAck, {kNop, kNop, timestamps(1000, 7)}), TSOFF_DIR_OUT, 234);
  EXPECT_EQ(got.verdict, TSOFF_REWRITTEN);
  EXPECT_EQ(option_at(got.header, 22), timestamps(1234, 7));
  EXPECT_TRUE(checksum_valid(got.header));
}

TEST(Rewrite, IncomingTsecrFalls) {
  const Outcome got = actual(header(kAck, {kNop, kNop, timestamps(1000, 1234)}), TSOFF_DIR_IN, 234);
  EXPECT_EQ(got.verdict, TSOFF_REWRITTEN);
  EXPECT_EQ(option_at(got.header, 22), timestamps(1000, 1000));
  EXPECT_TRUE(checksum_valid(got.header));
}

TEST(Rewrite, ThereAndBackIsTheIdentity) {
  for (const uint32_t offset : {1u, 0x7fffffffu, 0x80000000u, 0xffffffffu, 0x12345678u})
    for (const uint32_t clock : {1u, 0xffffffffu, 0x7fffffffu, 0x80000001u}) {
      const Outcome sent = actual(header(kAck, {timestamps(clock, 0)}), TSOFF_DIR_OUT, offset);
      Bytes on_wire(sent.header.begin() + 22, sent.header.begin() + 26);
      Bytes echo{8, 10, 0, 0, 0, 9};
      echo.insert(echo.end(), on_wire.begin(), on_wire.end());
      if (on_wire == Bytes{0, 0, 0, 0}) continue;  // means "no echo"
      const Outcome back = actual(header(kAck, {echo}), TSOFF_DIR_IN, offset);
      EXPECT_EQ(option_at(back.header, 20), timestamps(9, clock)) << offset << " " << clock;
    }
}

TEST(Rewrite, WrapsBothWays) {
  const Outcome up = actual(header(kAck, {timestamps(0xfffffff0, 1)}), TSOFF_DIR_OUT, 0x20);
  EXPECT_EQ(option_at(up.header, 20), timestamps(0x10, 1));
  EXPECT_TRUE(checksum_valid(up.header));
  const Outcome down = actual(header(kAck, {timestamps(1, 0x10)}), TSOFF_DIR_IN, 0x20);
  EXPECT_EQ(option_at(down.header, 20), timestamps(1, 0xfffffff0));
  EXPECT_TRUE(checksum_valid(down.header));
}

TEST(Rewrite, EchoOfZeroAndEchoWithoutAckStay) {
  const Bytes no_echo = header(kAck, {timestamps(5, 0)}), no_ack = header(kSyn, {timestamps(5, 77)});
  for (const Bytes& bytes : {no_echo, no_ack}) {
    const Outcome got = actual(bytes, TSOFF_DIR_IN, 99);
    EXPECT_EQ(got.verdict, TSOFF_KEPT);
    EXPECT_EQ(got.header, bytes);
  }
  EXPECT_EQ(actual(no_ack, TSOFF_DIR_OUT, 99).verdict, TSOFF_REWRITTEN) << "a SYN has a TSval of its own";
}

TEST(Rewrite, OffsetZeroChangesNothing) {
  const Bytes bytes = header(kAck, {timestamps(5, 6)});
  const Outcome got = actual(bytes, TSOFF_DIR_OUT, 0);
  EXPECT_EQ(got.verdict, TSOFF_KEPT);
  EXPECT_EQ(got.header, bytes);
}

TEST(Rewrite, AnyAlignmentKeepsTheChecksum) {
  for (size_t nops = 0; nops <= 10; nops++) {
    const Bytes bytes = header(kAck, {Bytes(nops, 1), timestamps(0x01fe02fd, 0x03fc04fb)});
    ASSERT_TRUE(checksum_valid(bytes));
    for (const tsoff_direction direction : {TSOFF_DIR_OUT, TSOFF_DIR_IN}) {
      const Outcome got = actual(bytes, direction, 0xdeadbeef);
      EXPECT_EQ(got.verdict, TSOFF_REWRITTEN);
      EXPECT_TRUE(checksum_valid(got.header)) << nops << " NOPs before";
      EXPECT_EQ(disagreement(bytes, direction, 0xdeadbeef), "");
    }
  }
}

TEST(Rewrite, OptionAtTheVeryEndOfTheLongestHeader) {
  const Bytes bytes = header(kAck, {Bytes(30, 1), timestamps(1, 2)});
  ASSERT_EQ(bytes.size(), 60u);
  const Outcome got = actual(bytes, TSOFF_DIR_OUT, 1);
  EXPECT_EQ(option_at(got.header, 50), timestamps(2, 2));
  EXPECT_TRUE(checksum_valid(got.header));
}

TEST(Rewrite, AfterOtherOptions) {
  const Outcome got =
      actual(header(kAck, {kNop, kNop, kSack, kNop, kNop, timestamps(1, 2)}), TSOFF_DIR_OUT, 5);
  EXPECT_EQ(option_at(got.header, 34), timestamps(6, 2));
}

TEST(Rewrite, OnlyTheFirstOfTwo) {
  const Outcome got = actual(header(kAck, {timestamps(1, 2), timestamps(3, 4)}), TSOFF_DIR_OUT, 5);
  EXPECT_EQ(option_at(got.header, 20), timestamps(6, 2));
  EXPECT_EQ(option_at(got.header, 30), timestamps(3, 4));
}

struct Case {
  const char* what;
  Bytes bytes;
  tsoff_verdict verdict;
};

TEST(Rewrite, WhatIsOddIsLeftAlone) {
  const Bytes ts = timestamps(1, 2);
  Bytes cut_by_doff = header(kAck, {kNop, kNop, ts});
  cut_by_doff[12] = 7 << 4;
  Bytes beyond_the_data = header(kAck, {kNop, kNop, ts});
  beyond_the_data.resize(28);
  Bytes small_doff = header(kAck, {ts});
  small_doff[12] = 4 << 4;
  const std::initializer_list<Case> cases = {
      {"no options at all", header(kAck, {}), TSOFF_NO_OPTION},
      {"others only", header(kAck, {kNop, kNop, kSack}), TSOFF_NO_OPTION},
      {"behind the end of the list", header(kAck, {Bytes{0}, ts}), TSOFF_NO_OPTION},
      {"kind 8 of another length", header(kAck, {Bytes{8, 6, 1, 2, 3, 4}}), TSOFF_NO_OPTION},
      {"length 0", header(kAck, {Bytes{3, 0}, ts}), TSOFF_MALFORMED},
      {"length 1", header(kAck, {Bytes{3, 1}, ts}), TSOFF_MALFORMED},
      {"longer than the list", header(kAck, {Bytes{3, 30}, ts}), TSOFF_MALFORMED},
      {"no room for the length", header(kAck, {kNop, kNop, kNop, Bytes{8}}), TSOFF_MALFORMED},
      {"option cut by the data offset", cut_by_doff, TSOFF_MALFORMED},
      {"header cut by the packet's end", beyond_the_data, TSOFF_MALFORMED},
      {"data offset below 5", small_doff, TSOFF_MALFORMED},
  };
  for (const auto& [what, bytes, verdict] : cases)
    for (const tsoff_direction direction : {TSOFF_DIR_OUT, TSOFF_DIR_IN}) {
      const Outcome got = actual(bytes, direction, 12345);
      EXPECT_EQ(got.verdict, verdict) << what;
      EXPECT_EQ(got.header, bytes) << what;
    }
}

TEST(Rewrite, AgreesWithTheOracleOnRandomHeaders) {
  std::mt19937 engine(20261123);
  const auto random = [&engine] { return static_cast<uint32_t>(engine()); };
  std::array<int, 4> seen{};
  for (int i = 0; i < 400000; i++) {
    Bytes bytes(20 + random() % 41);
    // Small numbers, so that kinds and lengths that mean something come often.
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() % 2 ? random() : random() % 12);
    if (random() % 4) bytes[12] = static_cast<uint8_t>((5 + random() % 11) << 4);
    if (random() % 2 && bytes.size() >= 32) {
      const Bytes option = timestamps(random(), random() % 4 ? random() : 0);
      std::ranges::copy(option, bytes.begin() + 20 + static_cast<long>(random() % (bytes.size() - 29)));
    }
    const auto direction = random() % 2 ? TSOFF_DIR_OUT : TSOFF_DIR_IN;
    const uint32_t offset = random();
    ASSERT_EQ(disagreement(bytes, direction, offset), "") << "round " << i;
    seen[actual(bytes, direction, offset).verdict]++;
  }
  for (const int count : seen) EXPECT_GT(count, 1000) << "the headers are not as various as they should be";
}

}  // namespace
}  // namespace tsoffset_test
