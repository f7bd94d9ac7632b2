// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "read_back.h"

namespace tsaudit::source {
namespace {

using testing::HasSubstr;

struct Variant {
  const char* name;
  uint32_t magic;
  bool big_endian;
  const char* format;
  TimeNs unit;
  friend void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }
};

class PcapVariants : public testing::TestWithParam<Variant> {};
INSTANTIATE_TEST_SUITE_P(All, PcapVariants,
                         testing::Values(Variant{"MicrosecondsLittle", 0xa1b2c3d4, false, "pcap", 1000},
                                         Variant{"MicrosecondsBig", 0xa1b2c3d4, true, "pcap", 1000},
                                         Variant{"NanosecondsLittle", 0xa1b23c4d, false, "pcap-ns", 1},
                                         Variant{"NanosecondsBig", 0xa1b23c4d, true, "pcap-ns", 1}),
                         [](const auto& test) { return test.param.name; });

TEST_P(PcapVariants, GivesEachFieldOfEachRecord) {
  const Variant& v = GetParam();
  Writer file = pcap_header(v.big_endian, v.magic, 113);
  pcap_record(file, 1700000000, 123456, payload(60, 1));
  pcap_record(file, 1700000001, 7, payload(33, 2), 1514);
  const Read read = read_bytes(file);

  ASSERT_EQ(read.packets.size(), 2);
  const Packet& first = read.packets[0];
  EXPECT_EQ(first.time_ns, 1700000000 * kSecond + 123456 * v.unit);
  EXPECT_EQ(first.data, payload(60, 1));
  EXPECT_EQ(first.length, 60);
  EXPECT_EQ(first.frame, 1);
  EXPECT_EQ(first.file_offset, 24);
  EXPECT_EQ(first.link_type, 113);
  const Packet& second = read.packets[1];
  EXPECT_EQ(second.time_ns, 1700000001 * kSecond + 7 * v.unit);
  EXPECT_EQ(second.data, payload(33, 2));
  EXPECT_EQ(second.length, 1514) << "cut by the snap length";
  EXPECT_EQ(second.frame, 2);
  EXPECT_EQ(second.file_offset, 24 + 16 + 60);

  EXPECT_EQ(read.info().format, v.format);
  EXPECT_EQ(read.info().packets, 2);
  EXPECT_EQ(read.info().bytes, file.size());
  EXPECT_EQ(read.info().file_size, file.size());
  EXPECT_EQ(read.info().link_types, (std::map<uint16_t, uint64_t>{{113, 2}}));
  EXPECT_EQ(read.info().skipped, Counts{});
  EXPECT_FALSE(read.info().error);
  EXPECT_FALSE(read.info().truncated);
}

TEST(Pcap, TakesTheLongRecordHeaderOfThePatchedFormat) {
  Writer file = pcap_header(false, 0xa1b2cd34);
  for (uint8_t i = 1; i <= 2; ++i) {
    file.u32(i).u32(0).u32(20).u32(20).u32(3).u16(0x0800).u8(0).u8(0).raw(payload(20, i));
  }
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 2);
  EXPECT_EQ(read.packets[1].data, payload(20, 2));
  EXPECT_EQ(read.packets[1].time_ns, 2 * kSecond);
}

TEST(Pcap, SwapsTheLengthsOfOldVersions) {
  Writer file = pcap_header(false, 0xa1b2c3d4, 1, 65535, 2);
  file.u32(1).u32(0).u32(100).u32(40).raw(payload(40));
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 1);
  EXPECT_EQ(read.packets[0].data, payload(40));
  EXPECT_EQ(read.packets[0].length, 100);
}

TEST(Pcap, MasksFrameCheckSequenceBitsOffTheLinkType) {
  Writer file = pcap_header(false, 0xa1b2c3d4, 0x54000001);
  pcap_record(file, 1, 0, payload(20));
  EXPECT_EQ(read_bytes(file).packets.at(0).link_type, 1);
}

TEST(Pcap, CallsAllNumbersOfRawIpTheSame) {
  for (const uint32_t raw : {12u, 14u, 101u}) {
    Writer file = pcap_header(false, 0xa1b2c3d4, raw);
    pcap_record(file, 1, 0, payload(20));
    EXPECT_EQ(read_bytes(file).packets.at(0).link_type, 101) << raw;
  }
}

struct OddTime {
  uint32_t seconds, fraction;
  TimeNs expected;
};
TEST(Pcap, CarriesAndBorrowsOddSubSecondFields) {
  // Wireshark shows the parts of the first as 1 s and 1.5e9 ns and computes with their sum.
  const OddTime times[] = {
      {1, 1500000, 2500000000},
      {1, 2147483647, 1 * kSecond + 2147483647000},
      {1, 0xffffffff, 999999000},  // -1
      {0, 0xffffffff, -1000},
      {0x80000000, 5, 2147483648 * kSecond + 5000},  // after 2038
      {0xffffffff, 0, 4294967295 * kSecond},
  };
  Writer file = pcap_header();
  for (const OddTime& time : times) pcap_record(file, time.seconds, time.fraction, payload(14));
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), std::size(times));
  for (size_t i = 0; i < std::size(times); ++i) EXPECT_EQ(read.packets[i].time_ns, times[i].expected) << i;
}

TEST(Pcap, HandsOutEmptyAndJumboPackets) {
  Writer file = pcap_header(false, 0xa1b2c3d4, 1, 4 << 20);
  pcap_record(file, 1, 0, {}, 60);
  pcap_record(file, 2, 0, payload(3 << 20));  // more than the buffer
  pcap_record(file, 3, 0, payload(60));
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 3);
  EXPECT_EQ(read.packets[0].data, Bytes{});
  EXPECT_EQ(read.packets[0].length, 60);
  EXPECT_EQ(read.packets[1].data, payload(3 << 20));
  EXPECT_EQ(read.packets[2].data, payload(60));
}

TEST(Pcap, PassesOnALengthThatLies) {
  Writer file = pcap_header();
  pcap_record(file, 1, 0, payload(60), 10);
  const Read read = read_bytes(file);
  EXPECT_EQ(read.packets.at(0).data, payload(60));
  EXPECT_EQ(read.packets.at(0).length, 10);
}

TEST(Pcap, IsEmptyButFineWithoutRecords) {
  const Read read = read_bytes(pcap_header());
  EXPECT_TRUE(read.packets.empty());
  EXPECT_FALSE(read.info().error);
  EXPECT_EQ(read.info().bytes, 24);
}

// Every cut of the last record, header and data.
TEST(Pcap, TellsWhereAFileWasCutShort) {
  Writer file = pcap_header();
  pcap_record(file, 1, 0, payload(60));
  const size_t whole = file.size();
  pcap_record(file, 2, 0, payload(20));
  for (size_t size = whole + 1; size < file.size(); ++size) {
    const Read read = read_bytes(Bytes(file.bytes().begin(), file.bytes().begin() + static_cast<long>(size)));
    ASSERT_EQ(read.packets.size(), 1) << size;
    EXPECT_TRUE(read.info().truncated) << size;
    EXPECT_EQ(read.error(), Errc::truncated) << size;
    EXPECT_THAT(read.message(), HasSubstr("/capture: at byte 100, after frame 1: cut short")) << size;
    EXPECT_EQ(read.info().bytes, whole) << size;
  }
}

TEST(Pcap, TakesAFileCutAtARecordForWhole) {
  Writer file = pcap_header();
  pcap_record(file, 1, 0, payload(60));
  const Read read = read_bytes(file);
  EXPECT_FALSE(read.info().truncated);
  EXPECT_FALSE(read.info().error);
}

TEST(Pcap, RefusesACutFileHeader) {
  const Bytes header = pcap_header();
  for (size_t size = 4; size < header.size(); ++size) {
    const Read cut = read_bytes(Bytes(header.begin(), header.begin() + static_cast<long>(size)));
    ASSERT_TRUE(cut.refused) << size;
    EXPECT_EQ(cut.refused->code, Errc::truncated) << size;
  }
}

TEST(Pcap, StopsAtALengthThatCannotBe) {
  Writer file = pcap_header();
  pcap_record(file, 1, 0, payload(60));
  file.u32(2).u32(0).u32(300000).u32(300000).raw(
      payload(300000));  // beyond what any program writes by itself
  const Read read = read_bytes(file);
  EXPECT_EQ(read.packets.size(), 1);
  EXPECT_EQ(read.error(), Errc::corrupt);
  EXPECT_THAT(read.message(), HasSubstr("at byte 100, after frame 1: a packet of 300000 bytes"));
  EXPECT_FALSE(read.info().truncated);
}

TEST(Pcap, HoldsToMaxPacketWhateverTheSnapLength) {
  Writer file = pcap_header(false, 0xa1b2c3d4, 1, 0xffffffff);
  pcap_record(file, 1, 0, payload(2000));
  OpenOptions options;
  options.max_packet = 2000;
  EXPECT_EQ(read_bytes(file, options).packets.size(), 1);
  options.max_packet = 1999;
  EXPECT_EQ(read_bytes(file, options).error(), Errc::corrupt);
}

TEST(Pcap, NamesAVersionThatItCannotRead) {
  Bytes file = pcap_header();
  file[4] = 3;
  const Read read = read_bytes(file);
  ASSERT_TRUE(read.refused);
  EXPECT_EQ(read.refused->code, Errc::unsupported);
  EXPECT_THAT(read.message(), HasSubstr("pcap version 3.4"));
}

}  // namespace
}  // namespace tsaudit::source
