// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "read_back.h"

namespace tsaudit::source {
namespace {

using testing::HasSubstr;

constexpr uint64_t kStart = uint64_t{1263340801} << 32;

Writer some_records(int count) {
  Writer file;
  for (int i = 0; i < count; ++i)
    erf_ethernet(file, kStart + static_cast<uint64_t>(i), payload(61, static_cast<uint8_t>(i)));
  return file;
}

TEST(Erf, GivesEachFieldOfEachRecord) {
  Writer file;
  erf_ethernet(file, kStart + 0x80000000, payload(61, 1));
  erf_record(file, kStart, 2, Writer().zeros(2).raw(payload(38, 2)), 1518, 4 | 3);  // cut, interface 3
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 2);
  EXPECT_EQ(read.packets[0].time_ns, 1263340801'500000000);
  EXPECT_EQ(read.packets[0].data, payload(61, 1)) << "without the padding of the record";
  EXPECT_EQ(read.packets[0].length, 61);
  EXPECT_EQ(read.packets[0].link_type, 1);
  EXPECT_EQ(read.packets[0].interface, 0);
  EXPECT_EQ(read.packets[0].file_offset, 0);
  EXPECT_EQ(read.packets[1].data, payload(38, 2));
  EXPECT_EQ(read.packets[1].length, 1518);
  EXPECT_EQ(read.packets[1].interface, 3);
  EXPECT_EQ(read.packets[1].file_offset, 80);
  EXPECT_EQ(read.info().format, "erf");
}

TEST(Erf, RoundsToTheNearestNanosecond) {
  const std::pair<uint32_t, TimeNs> cases[] = {{0, 0}, {2, 0}, {3, 1}, {4, 1}, {0xffffffff, kSecond}};
  for (const auto& [fraction, expected] : cases) {
    Writer file;
    erf_ethernet(file, (uint64_t{7} << 32) + fraction, payload(60));
    EXPECT_EQ(read_bytes(file).packets.at(0).time_ns, 7 * kSecond + expected) << fraction;
  }
}

TEST(Erf, StepsOverExtensionHeaders) {
  Writer file;
  const Bytes extension = Writer().u8(0x83).zeros(7).u8(0x03).zeros(7);  // one more follows the first
  erf_record(file, kStart, 0x80 | 2, Writer().raw(extension).zeros(2).raw(payload(60)), 60);
  EXPECT_EQ(read_bytes(file).packets.at(0).data, payload(60));
}

TEST(Erf, KnowsTypesWithEthernetAndIp) {
  for (const uint8_t type : {uint8_t{2}, uint8_t{11}, uint8_t{16}, uint8_t{20}}) {
    Writer file;
    erf_record(file, kStart, type, Writer().zeros(2).raw(payload(60)), 60);
    const Packet packet = read_bytes(file).packets.at(0);
    EXPECT_EQ(packet.data, payload(60)) << int{type};
    EXPECT_EQ(packet.link_type, 1);
  }
  for (const uint8_t type : {uint8_t{22}, uint8_t{23}}) {
    Writer file;
    erf_record(file, kStart, type, payload(60), 60);
    const Packet packet = read_bytes(file).packets.at(0);
    EXPECT_EQ(packet.data, payload(60)) << int{type};
    EXPECT_EQ(packet.link_type, 101);
  }
}

TEST(Erf, CountsOtherRecords) {
  Writer file;
  erf_record(file, kStart, 1, payload(60), 60);                    // HDLC: a frame to Wireshark
  erf_record(file, kStart, 48, {}, 0);                             // padding: none
  erf_record(file, kStart, 2, payload(1), 60);                     // no room for its own padding
  erf_record(file, kStart, 0x82, Writer().u8(0x80).zeros(7), 60);  // extension headers without end
  erf_ethernet(file, kStart, payload(60), 5);
  // Not recognisable as such by itself, so behind some that are.
  const Read read = read_bytes(some_records(8).raw(file));
  ASSERT_EQ(read.packets.size(), 9);
  EXPECT_EQ(read.packets[8].frame, 12);
  EXPECT_EQ(read.info().skipped,
            (Counts{{"erf-other-type", 1}, {"erf-padding", 1}, {"erf-bad-record", 2}, {kLostInCapture, 5}}));
}

TEST(Erf, TellsWhereAFileWasCutShort) {
  Bytes cut = some_records(4);
  cut.pop_back();
  const Read read = read_bytes(cut);
  EXPECT_EQ(read.packets.size(), 3);
  EXPECT_TRUE(read.info().truncated);
  EXPECT_THAT(read.message(), HasSubstr("at byte 240, after frame 3: cut short, 79 of 80 bytes"));
}

TEST(Erf, StopsAtARecordThatCannotBe) {
  const Read read = read_bytes(some_records(20).zeros(100));
  EXPECT_EQ(read.packets.size(), 20);
  EXPECT_EQ(read.error(), Errc::corrupt);
  EXPECT_THAT(read.message(), HasSubstr("a record cannot have 0 bytes"));
}

// Without a magic number the danger is to see ERF in anything.
TEST(Erf, IsNotSeenInOtherBytes) {
  const auto refused = [](const Bytes& bytes) {
    const Read read = read_bytes(bytes);
    return read.refused && read.refused->code == Errc::not_a_capture;
  };
  EXPECT_TRUE(refused(Bytes(10000)));
  EXPECT_TRUE(refused(Bytes(10000, 0xff)));
  EXPECT_TRUE(refused(Bytes(10000, ' ')));
  EXPECT_TRUE(refused(payload(10000)));
  Bytes cut = some_records(2);
  cut.pop_back();
  EXPECT_TRUE(refused(cut)) << "one record and a bit proves nothing";
  Writer jumps;
  for (uint64_t i = 0; i < 8; ++i) erf_ethernet(jumps, kStart + (i * 30 * 86400 << 32), payload(60));
  EXPECT_TRUE(refused(jumps)) << "a month between packets";
  uint32_t state = 1;
  Bytes noise(4096);
  for (int round = 0; round < 300; ++round) {
    for (uint8_t& byte : noise) byte = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    EXPECT_TRUE(refused(noise)) << round;
  }
}

}  // namespace
}  // namespace tsaudit::source
