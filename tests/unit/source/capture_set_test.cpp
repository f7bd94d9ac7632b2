// SPDX-License-Identifier: Apache-2.0
// Rotated files as one capture, and those of several points.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "read_back.h"

namespace tsaudit::source {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Writer seconds(std::initializer_list<uint32_t> times) {
  Writer file = pcap_header();
  for (const uint32_t time : times) pcap_record(file, time, 0, payload(20, static_cast<uint8_t>(time)));
  return file;
}
Read read_set(const std::vector<std::string>& paths, const OpenOptions& options = {}) {
  return read_all(open_captures(paths, options));
}
std::vector<TimeNs> times(const Read& read) {
  std::vector<TimeNs> out;
  for (const Packet& packet : read.packets) out.push_back(packet.time_ns / kSecond);
  return out;
}
std::vector<uint64_t> frames(const Read& read) {
  std::vector<uint64_t> out;
  for (const Packet& packet : read.packets) out.push_back(packet.frame);
  return out;
}
std::vector<uint32_t> points(const Read& read) {
  std::vector<uint32_t> out;
  for (const Packet& packet : read.packets) out.push_back(packet.point);
  return out;
}
std::vector<std::string> names(const Read& read) {
  std::vector<std::string> out;
  for (const CaptureInfo& info : read.captures) out.push_back(info.name);
  return out;
}

TEST(CaptureSet, ReadsFilesByTheTimeOfTheirFirstPacket) {
  const TempDirectory d;
  Writer newest;
  section(newest);
  interface(newest, 113);
  enhanced(newest, 0, 50 * 1000000, payload(20));
  const Read read =
      read_set({d.file("a", newest), d.file("b", seconds({30, 31})), d.file("c", seconds({10, 40}))});
  EXPECT_THAT(names(read), ElementsAre("c", "b", "a"));
  EXPECT_THAT(times(read), ElementsAre(10, 30, 31, 40, 50)) << "what was captured at once, by time";
  EXPECT_THAT(frames(read), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(points(read), ElementsAre(0x10000, 0x20000, 0x20000, 0x10000, 0x30000));
  EXPECT_EQ(read.captures[0].packets, 2);
  EXPECT_EQ(read.captures[0].format, "pcap");
  EXPECT_EQ(read.captures[2].packets, 1);
  EXPECT_EQ(read.captures[2].format, "pcapng");
  EXPECT_EQ(read.captures[2].link_types, (std::map<uint16_t, uint64_t>{{113, 1}}));
}

TEST(CaptureSet, KeepsTheGivenOrderOfEqualTimes) {
  const TempDirectory d;
  const Read read = read_set({d.file("b", seconds({5})), d.file("a", seconds({5}))});
  EXPECT_THAT(names(read), ElementsAre("b", "a"));
  const Read long_ones = read_set({d.file("d", seconds({5, 6, 6, 7})), d.file("c", seconds({5, 6, 7, 7}))});
  EXPECT_THAT(points(long_ones),
              ElementsAre(0x10000, 0x20000, 0x10000, 0x10000, 0x20000, 0x10000, 0x20000, 0x20000));
}

TEST(CaptureSet, LeavesTheOrderWithinAFileAlone) {
  const TempDirectory d;
  const Read read = read_set({d.file("a", seconds({10, 12, 11, 20})), d.file("b", seconds({11, 19, 15}))});
  EXPECT_THAT(times(read), ElementsAre(10, 11, 12, 11, 19, 15, 20));
}

TEST(CaptureSet, MergesMoreThanABatch) {
  const TempDirectory d;
  std::mt19937 random(1);
  std::vector<std::string> paths;
  std::vector<TimeNs> all;
  for (uint32_t file = 0; file < 5; ++file) {
    Writer bytes = pcap_header();
    uint32_t time = 1 + file * 300u;
    for (int i = 0; i < 1000; ++i) {
      pcap_record(bytes, time, 0, payload(20));
      all.push_back(time);
      time += static_cast<uint32_t>(random() % 100 == 0 ? 100
                                                        : random() % 3);  // bursts, and times that are equal
    }
    paths.push_back(d.file(std::to_string(file), bytes));
  }
  std::ranges::sort(all);
  const Read read = read_set(paths);
  EXPECT_EQ(times(read), all);
  for (size_t i = 0; i < read.packets.size(); ++i) ASSERT_EQ(read.packets[i].frame, i + 1);
  for (const CaptureInfo& info : read.captures) EXPECT_EQ(info.packets, 1000);
}

TEST(CaptureSet, NumbersWhatTheFilterLeavesOut) {
  const TempDirectory d;
  const auto lengths = [](std::initializer_list<std::pair<uint32_t, size_t>> packets) {
    Writer file = pcap_header();
    for (const auto& [time, length] : packets) pcap_record(file, time, 0, payload(length));
    return file;
  };
  OpenOptions options;
  options.filter = "len > 50";
  const Read read = read_set(
      {d.file("a", lengths({{1, 60}, {3, 20}, {5, 60}})), d.file("b", lengths({{2, 20}, {4, 60}, {6, 60}}))},
      options);
  EXPECT_THAT(times(read), ElementsAre(1, 4, 5, 6));
  EXPECT_THAT(frames(read), ElementsAre(1, 4, 5, 6));
  EXPECT_EQ(read.captures[0].packets, 2);
  EXPECT_EQ(read.captures[1].packets, 2);
}

TEST(CaptureSet, CountsFramesWithoutPacketsToo) {
  const TempDirectory d;
  Writer first;
  section(first);
  interface(first);
  enhanced(first, 0, 1000000, payload(20));
  block(first, 0xbad, Bytes(8));
  EXPECT_THAT(frames(read_set({d.file("a", first), d.file("b", seconds({9}))})), ElementsAre(1, 3));
}

TEST(CaptureSet, LosesNothingToABadMember) {
  const TempDirectory d;
  Bytes cut = seconds({20, 21});
  cut.pop_back();
  Writer damaged = seconds({40});
  damaged.u32(0).u32(0).u32(0xffffffff).u32(0xffffffff);
  const std::string header_only = d.file("header-only", pcap_header());
  const Read read =
      read_set({d.file("text", Bytes(100, 'x')), d.file("last", seconds({50})), d.file("damaged", damaged),
                d.path() + "/absent", header_only, d.file("cut", cut), d.file("first", seconds({10}))});
  EXPECT_THAT(times(read), ElementsAre(10, 20, 40, 50));
  EXPECT_THAT(frames(read), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(names(read), ElementsAre("first", "cut", "damaged", "last", "text", "absent", "header-only"));
  EXPECT_FALSE(read.captures[0].error);
  EXPECT_EQ(read.captures[1].error.value().code, Errc::truncated);
  EXPECT_TRUE(read.captures[1].truncated);
  EXPECT_EQ(read.captures[2].error.value().code, Errc::corrupt);
  EXPECT_THAT(read.captures[2].error->message, HasSubstr("/damaged: at byte 60, after frame 1:"))
      << "frames of an error are those of its file";
  EXPECT_EQ(read.captures[2].frames, 1);
  EXPECT_FALSE(read.captures[3].error);
  EXPECT_EQ(read.captures[4].error.value().code, Errc::not_a_capture);
  EXPECT_EQ(read.captures[5].error.value().code, Errc::cannot_open);
  EXPECT_FALSE(read.captures[6].error) << "no packets is no error";
}

TEST(CaptureSet, IsRefusedWhenNoMemberCanBeOpened) {
  const TempDirectory d;
  const Read read = read_set({d.path() + "/absent", d.file("text", Bytes(100, 'x'))});
  EXPECT_EQ(read.refused.value().code, Errc::cannot_open);
  EXPECT_THAT(read.message(), HasSubstr("/absent: No such file"));
  EXPECT_EQ(read_set({}).refused.value().code, Errc::cannot_open);
}

TEST(CaptureSet, RefusesPipesAmongOthers) {
  const TempDirectory d;
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const std::string pipe = "/dev/fd/" + std::to_string(ends[0]);
  for (const std::string& path : {std::string("-"), pipe}) {
    const Read read = read_set({d.file("a", seconds({1})), path});
    EXPECT_EQ(read.refused.value().code, Errc::unsupported);
    EXPECT_THAT(read.message(), HasSubstr(path + ": only a regular file"));
  }
  close(ends[0]);
  close(ends[1]);
}

size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}
TEST(CaptureSet, HasOneFileOpenAtATime) {
  const TempDirectory d;
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < 20; ++i) paths.push_back(d.file(std::to_string(i), seconds({i + 1})));
  const size_t before = open_files();
  auto source = open_captures(paths);
  ASSERT_TRUE(source);
  for (uint64_t frame = 1; frame <= 20; ++frame) {
    const auto batch = (*source)->next_batch();
    ASSERT_EQ(batch.size(), 1);
    EXPECT_EQ(batch[0].frame, frame);
    EXPECT_LE(open_files(), before + 1);
  }
  EXPECT_TRUE((*source)->next_batch().empty());
  EXPECT_TRUE((*source)->finished());
  EXPECT_EQ(open_files(), before);
}

TEST(CaptureSet, HasFilesOpenWhileTheyOverlap) {
  const TempDirectory d;
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < 20; ++i)
    paths.push_back(d.file(std::to_string(i), seconds({i * 2 + 1, i * 2 + 4})));
  const size_t before = open_files();
  auto source = open_captures(paths);
  ASSERT_TRUE(source);
  for (size_t packets = 0; packets < 40;) {
    packets += (*source)->next_batch().size();
    EXPECT_LE(open_files(), before + 3);
  }
  EXPECT_TRUE((*source)->next_batch().empty());
  EXPECT_EQ(open_files(), before);
}

TEST(CaptureSet, OrdersWithoutRegardToTheFilter) {
  const TempDirectory d;
  OpenOptions options;
  options.filter = "len > 1000";
  const Read read = read_set({d.file("b", seconds({5})), d.file("a", seconds({3}))}, options);
  EXPECT_THAT(names(read), ElementsAre("a", "b"));
  EXPECT_TRUE(read.packets.empty());
}

}  // namespace
}  // namespace tsaudit::source
