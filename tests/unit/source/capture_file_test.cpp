// SPDX-License-Identifier: Apache-2.0
// Files, pipes and what else a path can name.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <thread>

#include "read_back.h"

namespace tsaudit::source {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

Writer two_packets() {
  Writer file = pcap_header();
  pcap_record(file, 1, 0, payload(60, 1));
  return pcap_record(file, 2, 0, payload(70, 2));
}

struct Stranger {
  const char* name;
  Bytes bytes;
  Errc code;
  const char* message;
};
Bytes text(const char* chars) { return Bytes(chars, chars + strlen(chars)); }

TEST(CaptureFile, SaysInOneLineWhatItCannotRead) {
  const Stranger cases[] = {
      {"empty", {}, Errc::not_a_capture, "empty"},
      {"three", {1, 2, 3}, Errc::not_a_capture, "3 bytes cannot be a capture"},
      {"notes.txt", text("Dear all,\nplease find the capture attached.\n"), Errc::not_a_capture,
       "text, not a capture"},
      {"noise", payload(100, 200), Errc::not_a_capture, "not a capture in pcap, pcapng, snoop or ERF format"},
      {"x.xz", {0xfd, '7', 'z', 'X', 'Z', 0, 0, 4}, Errc::compressed, "xz; try: xzcat FILE |"},
      {"x.bz2", text("BZh91AY&SY"), Errc::compressed, "bzip2; try: bzcat FILE |"},
      {"x.cap", text("GMBU....................."), Errc::unsupported, "editcap FILE OUT.pcapng"},
  };
  const TempDirectory directory;
  for (const Stranger& stranger : cases) {
    const std::string path = directory.file(stranger.name, stranger.bytes);
    const Read read = read_all(open_capture(path));
    ASSERT_TRUE(read.refused) << stranger.name;
    EXPECT_EQ(read.refused->code, stranger.code) << stranger.name;
    EXPECT_THAT(read.message(), StartsWith(path + ": "));
    EXPECT_THAT(read.message(), HasSubstr(stranger.message));
    EXPECT_EQ(read.message().find('\n'), std::string::npos) << stranger.name;
  }
}

TEST(CaptureFile, SaysWhatTheSystemRefuses) {
  const Read absent = read_all(open_capture("/nowhere/x.pcap"));
  EXPECT_EQ(absent.refused.value().code, Errc::cannot_open);
  EXPECT_EQ(absent.message(), "/nowhere/x.pcap: No such file or directory");
  const TempDirectory directory;
  const Read folder = read_all(open_capture(directory.path()));
  EXPECT_EQ(folder.refused.value().code, Errc::cannot_open);
  EXPECT_THAT(folder.message(), EndsWith(": Is a directory"));
  const Read null = read_all(open_capture("/dev/null"));
  EXPECT_EQ(null.refused.value().code, Errc::not_a_capture);
  EXPECT_EQ(null.message(), "/dev/null: empty");
}

TEST(CaptureFile, ShowsTheBaseNameButReportsErrorsByPath) {
  const TempDirectory directory;
  Bytes cut = two_packets();
  cut.pop_back();
  const std::string path = directory.file("x.pcap", cut);
  const Read read = read_all(open_capture(path));
  EXPECT_EQ(read.info().name, "x.pcap");
  EXPECT_THAT(read.message(), StartsWith(path + ": at byte 100, after frame 1: cut short, 85 of 86 bytes"));
}

TEST(CaptureFile, ReportsAReadThatFails) {
  // Memory of a process can be opened, but not read at 0.
  const Read read = read_all(open_capture("/proc/self/mem"));
  EXPECT_EQ(read.refused.value().code, Errc::read_failed);
  EXPECT_EQ(read.message(), "/proc/self/mem: at byte 0: Input/output error");
}

/// A pipe that a thread writes to, `chunk` bytes at a time.
class Feed {
 public:
  Feed(Bytes bytes, size_t chunk) {
    EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0);
    writer_ = std::thread([this, bytes = std::move(bytes), chunk] {
      for (size_t at = 0; at < bytes.size(); at += chunk) {
        const size_t count = std::min(chunk, bytes.size() - at);
        if (write(ends_[1], bytes.data() + at, count) != static_cast<ssize_t>(count)) break;
      }
      close(ends_[1]);
    });
  }
  ~Feed() {
    writer_.join();
    close(ends_[0]);
  }
  int fd() const { return ends_[0]; }
  std::string path() const { return "/dev/fd/" + std::to_string(ends_[0]); }

 private:
  int ends_[2];
  std::thread writer_;
};

class Pipes : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(Chunks, Pipes, testing::Values(1, 7, 4096));

TEST_P(Pipes, GiveWhatFilesGive) {
  Writer pcapng;
  section(pcapng);
  interface(pcapng);
  Writer erf;
  Writer snoop = snoop_header();
  Writer pcap = pcap_header();
  for (uint8_t i = 0; i < 100; ++i) {
    pcap_record(pcap, i, 0, payload(i, i));
    enhanced(pcapng, 0, i, payload(i, i));
    snoop_record(snoop, i, 0, payload(i, i));
    erf_ethernet(erf, uint64_t{i} << 32, payload(i, i));
  }
  for (const Bytes& bytes : {pcap.bytes(), pcapng.bytes(), snoop.bytes(), erf.bytes()}) {
    const Feed feed(bytes, GetParam());
    const Read read = read_all(open_capture(feed.path()));
    ASSERT_EQ(read.packets.size(), 100);
    for (uint8_t i = 0; i < 100; ++i) ASSERT_EQ(read.packets[i].data, payload(i, i));
    EXPECT_EQ(read.info().file_size, std::nullopt);
    EXPECT_EQ(read.info().bytes, bytes.size());
    EXPECT_FALSE(read.info().error);
  }
}

TEST(CaptureFile, ReadsStdin) {
  const Feed feed(two_packets(), 1000);
  const int saved = dup(STDIN_FILENO);
  dup2(feed.fd(), STDIN_FILENO);
  const Read read = read_all(open_capture("-"));
  EXPECT_GE(fcntl(STDIN_FILENO, F_GETFD), 0) << "left open";
  if (saved >= 0) dup2(saved, STDIN_FILENO);
  EXPECT_EQ(read.packets.size(), 2);
  EXPECT_EQ(read.info().name, "-");
}

TEST(CaptureFile, DeliversFromAPipeWithoutWaitingForMore) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Bytes bytes = two_packets();
  ASSERT_EQ(write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  auto source = open_capture("/dev/fd/" + std::to_string(ends[0]));
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->next_batch().size(), 2);  // would hang
  close(ends[1]);
  EXPECT_TRUE((*source)->next_batch().empty());
  EXPECT_TRUE((*source)->finished());
  close(ends[0]);
}

TEST(CaptureFile, LetsASignalInterruptTheWaitForAPipe) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Bytes bytes = two_packets();
  ASSERT_EQ(write(ends[1], bytes.data(), 100), 100);
  auto source = open_capture("/dev/fd/" + std::to_string(ends[0]));
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->next_batch().size(), 1);

  struct sigaction action {};
  struct sigaction before;
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, &before);
  const itimerval soon{{0, 20000}, {0, 20000}};  // again and again, lest one comes before read()
  const itimerval never{};
  setitimer(ITIMER_REAL, &soon, nullptr);
  EXPECT_TRUE((*source)->next_batch().empty());
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  EXPECT_FALSE((*source)->finished());

  ASSERT_EQ(write(ends[1], bytes.data() + 100, bytes.size() - 100), static_cast<ssize_t>(bytes.size() - 100));
  EXPECT_EQ((*source)->next_batch().size(), 1);
  close(ends[1]);
  close(ends[0]);
}

TEST(CaptureFile, HandsOutFullBatchesInOrder) {
  Writer file = pcap_header();
  for (uint32_t i = 0; i < 1000; ++i) pcap_record(file, i, 0, payload(i % 100));
  const TempDirectory directory;
  auto source = open_capture(directory.file("x", file));
  ASSERT_TRUE(source);
  uint64_t frame = 0;
  for (auto batch = (*source)->next_batch(); !batch.empty(); batch = (*source)->next_batch()) {
    EXPECT_EQ(batch.size(), std::min<size_t>(PacketSource::kMaxBatch, 1000 - frame));
    for (const RawPacket& packet : batch) EXPECT_EQ(packet.frame, ++frame);
  }
  EXPECT_EQ(frame, 1000);
}

TEST(CaptureFile, ShowsHowFarItIs) {
  Writer file = pcap_header();
  for (uint32_t i = 0; i < 1000; ++i) pcap_record(file, i, 0, payload(60));
  const TempDirectory directory;
  auto source = open_capture(directory.file("x", file));
  ASSERT_TRUE(source);
  const CaptureInfo& info = (*source)->captures().at(0);
  EXPECT_EQ((*source)->next_batch().size(), 64);
  EXPECT_EQ(info.packets, 64);
  EXPECT_EQ(info.bytes, 24 + 64 * 76);
  EXPECT_EQ(info.file_size, file.size());
}

}  // namespace
}  // namespace tsaudit::source
