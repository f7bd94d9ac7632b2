// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "read_back.h"

namespace tsaudit::source {
namespace {

using testing::HasSubstr;

/// IPv4 and TCP headers, bare or after an Ethernet header.
Bytes tcp_packet(uint16_t port, bool ethernet) {
  Writer w(true);
  if (ethernet) w.zeros(12).u16(0x0800);
  w.u8(0x45).u8(0).u16(40).u32(0).u8(64).u8(6).u16(0).u32(0x0a000001).u32(0x0a000002);
  return w.u16(40000).u16(port).u32(1).u32(0).u8(0x50).u8(2).zeros(6);
}
OpenOptions with_filter(const std::string& expression, bool use_libpcap = false) {
  OpenOptions options;
  options.filter = expression;
  options.use_libpcap = use_libpcap;
  return options;
}

TEST(Filter, KeepsFrameNumbersAndCountsTheRest) {
  Writer file = pcap_header();
  for (uint16_t i = 0; i < 200; ++i) pcap_record(file, i, 0, tcp_packet(i % 4 ? 80 : 443, true));
  for (const bool use_libpcap : {false, true}) {
    const Read read = read_bytes(file, with_filter("tcp port 443", use_libpcap));
    ASSERT_EQ(read.packets.size(), 50);
    for (uint64_t i = 0; i < 50; ++i) EXPECT_EQ(read.packets[i].frame, 4 * i + 1);
    EXPECT_EQ(read.info().packets, 50);
    EXPECT_EQ(read.info().link_types, (std::map<uint16_t, uint64_t>{{1, 50}}));
    EXPECT_EQ(read.info().skipped, (Counts{{"filtered-out", 150}}));
  }
}

TEST(Filter, IsCompiledForEachLinkType) {
  Writer file;
  section(file);
  interface(file, 1);
  interface(file, 101);
  for (int i = 0; i < 10; ++i) {
    enhanced(file, 0, 0, tcp_packet(443, true));
    enhanced(file, 1, 0, tcp_packet(443, false));
    enhanced(file, 1, 0, tcp_packet(80, false));
  }
  const Read read = read_bytes(file, with_filter("tcp port 443"));
  EXPECT_EQ(read.packets.size(), 20);
  EXPECT_EQ(read.info().link_types, (std::map<uint16_t, uint64_t>{{1, 10}, {101, 10}}));
}

TEST(Filter, CountsPacketsThatItCannotJudge) {
  Writer file;
  section(file);
  interface(file, 1);
  interface(file, 101);
  enhanced(file, 0, 0, payload(60));
  enhanced(file, 1, 0, payload(60));  // raw IP has no Ethernet addresses
  const Read read = read_bytes(file, with_filter("ether host 0:0:0:0:0:1"));
  EXPECT_EQ(read.info().skipped, (Counts{{"filter-unfit", 1}, {"filtered-out", 1}}));
}

TEST(Filter, SeesWireLengthAndCutPackets) {
  Writer file = pcap_header();
  pcap_record(file, 1, 0, tcp_packet(443, true), 1514);
  const Bytes whole = tcp_packet(443, true);
  pcap_record(file, 2, 0, Bytes(whole.begin(), whole.begin() + 30), 1514);  // the ports are missing
  pcap_record(file, 3, 0, {}, 1514);
  EXPECT_EQ(read_bytes(file, with_filter("greater 1500")).packets.size(), 3);
  EXPECT_EQ(read_bytes(file, with_filter("tcp port 443")).packets.size(), 1);
}

TEST(Filter, GivesControlBackWhenNothingMatches) {
  Writer file = pcap_header();
  for (int i = 0; i < 200; ++i) pcap_record(file, 1, 0, tcp_packet(80, true));
  const TempDirectory directory;
  auto source = open_capture(directory.file("x", file), with_filter("tcp port 443"));
  ASSERT_TRUE(source);
  EXPECT_TRUE((*source)->next_batch().empty());
  EXPECT_FALSE((*source)->finished());
  EXPECT_EQ((*source)->captures().at(0).skipped, (Counts{{"filtered-out", 64}}));
}

TEST(Filter, IsRejectedWithTheReasonOfLibpcap) {
  for (const char* expression : {"tcp prot 80", "host", "port 99999", "((tcp)"}) {
    const Read read = read_bytes(pcap_header(), with_filter(expression));
    ASSERT_TRUE(read.refused) << expression;
    EXPECT_EQ(read.refused->code, Errc::bad_filter);
    EXPECT_THAT(read.message(), HasSubstr("filter '" + std::string(expression) + "': "));
    EXPECT_EQ(read.message().find('\n'), std::string::npos);
  }
}

TEST(Filter, MayBeMeantForRareLinkTypes) {
  Writer file = pcap_header(false, 0xa1b2c3d4, 127);
  EXPECT_FALSE(read_bytes(file, with_filter("type mgt")).refused);
}

}  // namespace
}  // namespace tsaudit::source
