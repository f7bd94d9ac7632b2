// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "read_back.h"

namespace tsaudit::source {
namespace {

using testing::HasSubstr;

TEST(Snoop, GivesEachFieldOfEachRecord) {
  Writer file = snoop_header();
  snoop_record(file, 911274719, 885516, payload(61, 1));
  file.u32(1514).u32(30).u32(24 + 40).u32(0).u32(911274720).u32(1000001).raw(payload(30, 2)).zeros(10);
  snoop_record(file, 911274721, 0, payload(20, 3));
  const Read read = read_bytes(file);
  ASSERT_EQ(read.packets.size(), 3);
  EXPECT_EQ(read.packets[0].time_ns, 911274719'885516000);
  EXPECT_EQ(read.packets[0].data, payload(61, 1));
  EXPECT_EQ(read.packets[0].length, 61);
  EXPECT_EQ(read.packets[0].file_offset, 16);
  EXPECT_EQ(read.packets[0].link_type, 1);
  EXPECT_EQ(read.packets[1].time_ns, 911274721'000001000) << "carried";
  EXPECT_EQ(read.packets[1].data, payload(30, 2));
  EXPECT_EQ(read.packets[1].length, 1514);
  EXPECT_EQ(read.packets[2].data, payload(20, 3)) << "after more padding than needed";
  EXPECT_EQ(read.packets[2].frame, 3);
  EXPECT_EQ(read.info().format, "snoop");
  EXPECT_EQ(read.info().bytes, file.size());
  EXPECT_FALSE(read.info().error);
}

TEST(Snoop, KnowsTheDatalinkTypesWithTcp) {
  for (const auto& [datalink, link_type] : {std::pair{0u, 1}, {4u, 1}, {8u, 10}}) {
    Writer file = snoop_header(2, datalink);
    snoop_record(file, 1, 0, payload(20));
    EXPECT_EQ(read_bytes(file).packets.at(0).link_type, link_type);
  }
  const Read read = read_bytes(snoop_header(2, 99));
  ASSERT_TRUE(read.refused);
  EXPECT_EQ(read.refused->code, Errc::unsupported);
  EXPECT_THAT(read.message(), HasSubstr("datalink type 99"));
}

TEST(Snoop, CountsWhatWasLost) {
  Writer file = snoop_header();
  for (const uint32_t total : {0u, 3u, 3u, 10u}) snoop_record(file, 1, 0, payload(20), total);
  const Read read = read_bytes(file);
  EXPECT_EQ(read.packets.size(), 4);
  EXPECT_EQ(read.info().skipped, (Counts{{kLostInCapture, 10}}));
}

TEST(Snoop, StopsAtARecordThatCannotBe) {
  struct Lengths {
    uint32_t captured, record;
  };
  for (const Lengths& lengths :
       {Lengths{20, 43}, {20, 0}, {17u << 20, (17u << 20) + 24}, {20, 1u << 20}, {0xffffffff, 20}}) {
    Writer file = snoop_header();
    snoop_record(file, 1, 0, payload(20));
    file.u32(20).u32(lengths.captured).u32(lengths.record).zeros(100);
    const Read read = read_bytes(file);
    EXPECT_EQ(read.packets.size(), 1);
    EXPECT_EQ(read.error(), Errc::corrupt);
    EXPECT_THAT(read.message(), HasSubstr("at byte 60, after frame 1: a packet of"));
  }
}

TEST(Snoop, TellsWhereAFileWasCutShort) {
  Writer file = snoop_header();
  snoop_record(file, 1, 0, payload(20));
  snoop_record(file, 1, 0, payload(20));
  Bytes cut = file;
  cut.pop_back();
  const Read read = read_bytes(cut);
  EXPECT_EQ(read.packets.size(), 1);
  EXPECT_TRUE(read.info().truncated);
  EXPECT_THAT(read.message(), HasSubstr("cut short, 43 of 44 bytes"));
}

TEST(Snoop, RefusesOtherVersionsAndACutHeader) {
  EXPECT_EQ(read_bytes(snoop_header(4)).refused.value().code, Errc::unsupported);
  Bytes header = snoop_header();
  header.pop_back();
  EXPECT_EQ(read_bytes(header).refused.value().code, Errc::truncated);
}

}  // namespace
}  // namespace tsaudit::source
