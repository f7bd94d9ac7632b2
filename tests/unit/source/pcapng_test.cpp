// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "read_back.h"
#include "source/pcapng_time.h"

namespace tsaudit::source {
namespace {

using testing::HasSubstr;

constexpr uint64_t kMicroseconds = 1700000000'123456;
constexpr TimeNs kThen = 1700000000'123456000;

/// A section with one Ethernet interface.
Writer start(bool big_endian = false) {
  Writer file(big_endian);
  section(file, big_endian);
  return interface(file, 1, {}, 65535, big_endian);
}

class PcapngOrders : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(All, PcapngOrders, testing::Bool(),
                         [](const auto& test) { return test.param ? "BigEndian" : "LittleEndian"; });

TEST_P(PcapngOrders, GivesEachFieldOfEnhancedPackets) {
  const bool big = GetParam();
  Writer file(big);
  section(file, big);
  interface(file, 1, {}, 65535, big);
  interface(file, 113, {}, 65535, big);
  const size_t first_at = file.size();
  enhanced(file, 0, kMicroseconds, payload(61, 1), {}, big);
  const Bytes comment = option(1, {'h', 'i'}, big);
  enhanced(file, 1, kMicroseconds + 1, payload(30, 2), comment, big, 30);
  const Read read = read_bytes(file);

  ASSERT_EQ(read.packets.size(), 2);
  const Packet& first = read.packets[0];
  EXPECT_EQ(first.time_ns, kThen);
  EXPECT_EQ(first.data, payload(61, 1));
  EXPECT_EQ(first.length, 61);
  EXPECT_EQ(first.frame, 1);
  EXPECT_EQ(first.file_offset, first_at);
  EXPECT_EQ(first.link_type, 1);
  EXPECT_EQ(first.interface, 0);
  EXPECT_EQ(first.options, Bytes{});
  const Packet& second = read.packets[1];
  EXPECT_EQ(second.time_ns, kThen + 1000);
  EXPECT_EQ(second.data, payload(30, 2));
  EXPECT_EQ(second.link_type, 113);
  EXPECT_EQ(second.interface, 1);
  EXPECT_EQ(second.options, comment);
  EXPECT_EQ(read.info().format, "pcapng");
  EXPECT_EQ(read.info().link_types, (std::map<uint16_t, uint64_t>{{1, 1}, {113, 1}}));
  EXPECT_EQ(read.info().skipped, Counts{});
  EXPECT_FALSE(read.info().error);
}

TEST_P(PcapngOrders, GivesObsoletePackets) {
  const bool big = GetParam();
  Writer file = start(big);
  Writer body(big);
  body.u16(0).u16(9).u32(kMicroseconds >> 32).u32(kMicroseconds & 0xffffffff).u32(30).u32(1514);
  block(file, 2, body.raw(payload(30)).pad4());
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 1);
  EXPECT_EQ(read.packets[0].time_ns, kThen);
  EXPECT_EQ(read.packets[0].data, payload(30));
  EXPECT_EQ(read.packets[0].length, 1514);
}

TEST_P(PcapngOrders, GivesSimplePacketsCutByTheSnapLength) {
  const bool big = GetParam();
  Writer file(big);
  section(file, big);
  interface(file, 1, {}, 32, big);
  block(file, 3, Writer(big).u32(20).raw(payload(20)));
  block(file, 3, Writer(big).u32(1514).raw(payload(32)));
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 2);
  EXPECT_EQ(read.packets[0].data, payload(20));
  EXPECT_EQ(read.packets[0].length, 20);
  EXPECT_EQ(read.packets[0].time_ns, 0) << "they have no time";
  EXPECT_EQ(read.packets[1].data, payload(32));
  EXPECT_EQ(read.packets[1].length, 1514);
}

TEST(Pcapng, TakesSnapLengthZeroForNone) {
  Writer file;
  section(file);
  interface(file, 1, {}, 0);
  block(file, 3, Writer().u32(200).raw(payload(200)));
  EXPECT_EQ(read_bytes(file).packets.at(0).data, payload(200));
}

TEST(Pcapng, DoesNotTakeWhatFollowsASimplePacketForOptions) {
  Writer file;
  section(file);
  interface(file, 1, {}, 32);
  block(file, 3, Writer().u32(1514).raw(payload(64)));
  EXPECT_EQ(read_bytes(file).packets.at(0).data, payload(32));
  EXPECT_EQ(read_bytes(file).packets.at(0).options, Bytes{});
}

TEST(Pcapng, ForgetsInterfacesAndByteOrderWithEachSection) {
  Writer file = start(false);
  enhanced(file, 0, 1, payload(20));
  Writer second(true);
  section(second, true);
  interface(second, 101, option(9, {9}, true), 65535, true);  // nanoseconds
  enhanced(second, 0, 5, payload(24), {}, true);
  enhanced(second, 1, 5, payload(24), {}, true);  // was never declared here
  Writer third = start(false);
  enhanced(third, 0, 3, payload(28));
  const Read read = read_bytes(file.raw(second).raw(third));
  ASSERT_EQ(read.packets.size(), 3);
  EXPECT_EQ(read.packets[0].time_ns, 1000);
  EXPECT_EQ(read.packets[1].time_ns, 5);
  EXPECT_EQ(read.packets[1].link_type, 101);
  EXPECT_EQ(read.packets[2].time_ns, 3000);
  EXPECT_EQ(read.packets[2].link_type, 1);
  EXPECT_EQ(read.info().skipped, (Counts{{"unknown-interface", 1}}));
}

struct Clock {
  std::optional<uint8_t> resolution;
  uint64_t timestamp;
  TimeNs expected;
};
// Values as tshark 4.0 shows them; beyond nanoseconds, where it overflows, computed by hand.
constexpr Clock kClocks[] = {
    {std::nullopt, 5, 5000},
    {0, 5, 5 * kSecond},
    {3, 1700000000'123, 1700000000'123000000},
    {6, kMicroseconds, kThen},
    {9, 1234567890123456789, 1234567890123456789},
    {9, 5, 5},
    {10, 1234567890123456789, 123456789012345678},
    {12, 1234567890123456789, 1234567890123456},
    {18, 1234567890123456789, 1234567890},
    {19, 0xffffffffffffffff, 1844674407},
    {29, 0xffffffffffffffff, 0},
    {127, 0xffffffffffffffff, 0},
    {0x80, 5, 5 * kSecond},
    {0x81, 5, 2500000000},
    {0x80 | 10, 5, 4882812},
    {0x80 | 20, 0x6553f10000000 + 0x80000, 1700000000 * kSecond + 500000000},
    {0x80 | 30, 1234567890123456789, 1149780945967376966},
    {0x80 | 32, 0x6553f10080000000, 1700000000 * kSecond + 500000000},
    {0x80 | 63, 1ull << 63, kSecond},
    {0x80 | 64, 1ull << 63, 500000000},
    {0xff, 0xffffffffffffffff, 0},
    // More than anybody would subtract from.
    {6, 0xffffffffffffffff, PcapngClock::kFarthest},
    {0, 1ull << 63, PcapngClock::kFarthest},
    {9, 1ull << 63, PcapngClock::kFarthest},
};
TEST(Pcapng, ConvertsEveryResolution) {
  Writer file;
  section(file);
  for (const Clock& clock : kClocks)
    interface(file, 1, clock.resolution ? option(9, {*clock.resolution}) : Bytes{});
  for (size_t i = 0; i < std::size(kClocks); ++i) {
    enhanced(file, static_cast<uint32_t>(i), kClocks[i].timestamp, payload(14));
  }
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), std::size(kClocks));
  for (size_t i = 0; i < std::size(kClocks); ++i) {
    EXPECT_EQ(read.packets[i].time_ns, kClocks[i].expected)
        << "resolution " << int{kClocks[i].resolution.value_or(6)};
  }
}

TEST(Pcapng, AddsTheOffsetOfTheInterface) {
  const std::pair<int64_t, TimeNs> cases[] = {
      {-5, -3500000000},
      {7, 8500000000},
      {1700000000, 1700000001'500000000},
      {INT64_MIN, -PcapngClock::kFarthest},
      {INT64_MAX, PcapngClock::kFarthest},
  };
  for (const auto& [offset, expected] : cases) {
    for (const bool big : {false, true}) {
      Writer file(big);
      section(file, big);
      interface(file, 1, option(14, Writer(big).u64(static_cast<uint64_t>(offset)), big), 65535, big);
      enhanced(file, 0, 1500000, payload(14), {}, big);
      EXPECT_EQ(read_bytes(file).packets.at(0).time_ns, expected) << offset;
    }
  }
}

TEST(Pcapng, CountsBlocksWithoutPackets) {
  Writer file = start();
  const Bytes body(40);
  for (const uint32_t type : {4u, 5u, 10u, 0x77u, 0x80000001u}) block(file, type, body);
  enhanced(file, 0, kMicroseconds, payload(20));
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 1);
  EXPECT_EQ(read.packets[0].frame, 1);
  EXPECT_EQ(read.info().skipped, (Counts{{"name-resolution-block", 1},
                                         {"statistics-block", 1},
                                         {"decryption-secrets-block", 1},
                                         {"unknown-block", 2}}));
  EXPECT_FALSE(read.info().error);
}

// Wireshark lists these blocks among the packets, and users look frames up there.
TEST(Pcapng, NumbersFramesAsWiresharkDoes) {
  Writer file = start();
  for (const uint32_t type : {9u, 0xbadu, 0x40000badu, 0x204u}) block(file, type, Bytes(40));
  enhanced(file, 0, kMicroseconds, payload(20));
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 1);
  EXPECT_EQ(read.packets[0].frame, 5);
  EXPECT_EQ(read.info().frames, 5);
  EXPECT_EQ(read.info().skipped, (Counts{{"journal-block", 1}, {"custom-block", 2}, {"sysdig-block", 1}}));
}

TEST(Pcapng, CountsWhatTheCapturingSystemLost) {
  const auto statistics = [](uint64_t by_interface, uint64_t by_system) {
    return Writer()
        .u32(0)
        .u64(0)
        .raw(option(5, Writer().u64(by_interface)))
        .raw(option(7, Writer().u64(by_system)));
  };
  Writer file = start();
  block(file, 5, statistics(10, 3));
  block(file, 5, statistics(30, ~uint64_t{0}));  // totals since the beginning; all ones: not known
  block(file, 5, statistics(5, 0));              // nonsense
  EXPECT_EQ(read_bytes(file).info().skipped, (Counts{{"statistics-block", 3}, {kLostInCapture, 30}}));
}

TEST(Pcapng, GoesOnAfterAPacketBlockThatMakesNoSense) {
  Writer file = start();
  enhanced(file, 3, 0, payload(20));                 // no such interface
  enhanced(file, 0, 0, payload(20), {}, false, 21);  // longer than the block
  enhanced(file, 0, 0, payload(20), {}, false, 0xffffffff);
  block(file, 6, Writer().u32(0).u32(0).u32(0).u32(0));  // too short for its fields
  block(file, 6, {});
  block(file, 2, Writer().u32(0));
  block(file, 3, {});
  block(file, 3, Writer().u32(4));  // no room for what it says
  enhanced(file, 0, kMicroseconds, payload(20));
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 1);
  EXPECT_EQ(read.packets[0].time_ns, kThen);
  EXPECT_EQ(read.info().skipped, (Counts{{"bad-packet-block", 7}, {"unknown-interface", 1}}));
  EXPECT_FALSE(read.info().error);
}

TEST(Pcapng, SkipsPacketsBeforeTheFirstInterface) {
  Writer file;
  section(file);
  enhanced(file, 0, 0, payload(20));
  block(file, 3, Writer().u32(20).raw(payload(20)));
  EXPECT_EQ(read_bytes(file).info().skipped, (Counts{{"unknown-interface", 2}}));
}

TEST(Pcapng, KeepsTheNumberOfAnInterfaceThatMakesNoSense) {
  Writer file;
  section(file);
  block(file, 1, Writer().u16(1));                                // too short
  interface(file, 101, Writer().u16(9).u16(200).u8(9).zeros(3));  // option overruns the block
  interface(file, 113);
  enhanced(file, 1, 5, payload(20));
  enhanced(file, 2, 5, payload(20));
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 2);
  EXPECT_EQ(read.packets[0].link_type, 101);
  EXPECT_EQ(read.packets[1].link_type, 113);
  EXPECT_EQ(read.info().skipped, (Counts{{"bad-interface-block", 1}, {"bad-interface-option", 1}}));
}

TEST(Pcapng, BoundsTheNumberOfInterfaces) {
  Writer file;
  section(file);
  for (int i = 0; i < 65537; ++i) interface(file);
  enhanced(file, 65535, 0, payload(20));
  enhanced(file, 65536, 0, payload(20));
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 1);
  EXPECT_EQ(read.packets[0].interface, 65535);
  EXPECT_EQ(read.info().skipped, (Counts{{"too-many-interfaces", 1}, {"unknown-interface", 1}}));
}

struct Damage {
  const char* name;
  Writer tail;
  Errc code;
  const char* message;
};
TEST(Pcapng, StopsWhereBlocksCannotBeTold) {
  const Damage cases[] = {
      {"shorter than its frame", Writer().u32(6).u32(8).u32(8), Errc::corrupt, "a block cannot have 8 bytes"},
      {"not a multiple of 4", Writer().u32(6).u32(33).zeros(40), Errc::corrupt,
       "a block cannot have 33 bytes"},
      {"zeros", Writer().zeros(64), Errc::corrupt, "a block cannot have 0 bytes"},
      {"too long", Writer().u32(6).u32(0x40000000).zeros(64), Errc::corrupt,
       "1073741824 bytes is beyond the limit"},
      {"other length at the end", Writer().u32(6).u32(16).u32(0).u32(20), Errc::corrupt, "differ: 16 and 20"},
      {"section without magic", Writer().u32(0x0a0d0d0a).u32(28).zeros(20), Errc::corrupt,
       "byte-order magic"},
      {"short section", Writer().u32(0x0a0d0d0a).u32(16).u32(0x1a2b3c4d).u32(16), Errc::corrupt,
       "section header of 16"},
      {"cut in the block header", Writer().u32(6).u32(32), Errc::truncated, "cut short, 8 of 12 bytes"},
      {"cut in the block", Writer().u32(6).u32(32).u32(0), Errc::truncated, "cut short, 12 of 32 bytes"},
  };
  for (const Damage& damage : cases) {
    Writer file = start();
    enhanced(file, 0, kMicroseconds, payload(20));
    const size_t good = file.size();
    const Read read = read_bytes(file.raw(damage.tail));
    ASSERT_EQ(read.packets.size(), 1) << damage.name;
    ASSERT_TRUE(read.info().error) << damage.name;
    EXPECT_EQ(read.error(), damage.code) << damage.name;
    EXPECT_THAT(read.message(), HasSubstr("at byte " + std::to_string(good) + ", after frame 1: "))
        << damage.name;
    EXPECT_THAT(read.message(), HasSubstr(damage.message)) << damage.name;
    EXPECT_EQ(read.info().truncated, damage.code == Errc::truncated) << damage.name;
  }
}

TEST(Pcapng, NamesAVersionThatItCannotRead) {
  for (const auto& [major, minor, readable] :
       {std::tuple{1, 0, true}, {1, 2, true}, {1, 1, false}, {2, 0, false}}) {
    Writer file;
    section(file, false, static_cast<uint16_t>(major), static_cast<uint16_t>(minor));
    const Read read = read_bytes(interface(file));
    EXPECT_EQ(!read.info().error, readable) << major << "." << minor;
    if (!readable) {
      EXPECT_EQ(read.error(), Errc::unsupported);
    }
  }
}

TEST(Pcapng, TakesABlockOfTheLargestPacketWithOptions) {
  OpenOptions options;
  options.max_packet = 1 << 20;
  Writer file = start();
  enhanced(file, 0, 0, payload(1 << 20), option(1, Bytes(60000)));
  enhanced(file, 0, 0, payload((1 << 20) + 1));
  const Read read = read_bytes(file, options);
  ASSERT_EQ(read.packets.size(), 1);
  EXPECT_EQ(read.packets[0].data.size(), 1 << 20);
  EXPECT_EQ(read.info().skipped, (Counts{{"bad-packet-block", 1}}));
}

}  // namespace
}  // namespace tsaudit::source
