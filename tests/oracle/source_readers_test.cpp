// SPDX-License-Identifier: Apache-2.0
// Oracle: libpcap and Wireshark as readers of files. On every external capture, ours must give the packets
// that they give, with the same times, lengths, bytes and frame numbers. Where they cannot, kKnown says why.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "external_captures.h"
#include "tshark.h"
#include "unit/source/read_back.h"

namespace tsaudit::oracle {
namespace {

using source::Packet;
using source::Read;

/// A test fails too when the reader can after all.
struct Known {
  std::string_view file;
  std::string_view reason;
};
constexpr Known kRefusedByLibpcap[] = {
    {"257dc300", "pcapng without an interface"},
    {"3a520697", "pcapng with several link types"},
    {"80e78cfe", "ERF"},
    {"b0304252", "snoop"},
};
constexpr Known kWrongTimeInTshark[] = {
    {"8b57442c", "tshark multiplies microseconds by 1000 in 32 bits"},
};
template <size_t size>
const Known* find(const Known (&table)[size], const ExternalCapture& capture) {
  const auto known = std::ranges::find_if(
      table, [&](const Known& it) { return capture.path.filename().string().starts_with(it.file); });
  return known == std::end(table) ? nullptr : known;
}

Read read(const ExternalCapture& capture, bool use_libpcap) {
  OpenOptions options;
  options.use_libpcap = use_libpcap;
  if (!use_libpcap) return source::read_all(open_capture(capture.path, options));
  return source::read_all(open_capture(Uncompressed(capture.path).path(), options));
}
bool broke_off(const Read& read) { return read.refused || read.info().error; }

class ReadLike : public testing::TestWithParam<ExternalCapture> {};

TEST_P(ReadLike, Libpcap) {
  const Read theirs = read(GetParam(), true);
  const Read ours = read(GetParam(), false);
  ASSERT_FALSE(ours.refused) << ours.message();
  if (const Known* known = find(kRefusedByLibpcap, GetParam())) {
    EXPECT_TRUE(broke_off(theirs)) << "libpcap reads this after all: " << known->reason;
    return;
  }
  EXPECT_EQ(broke_off(ours), broke_off(theirs)) << ours.message() << theirs.message();
  ASSERT_EQ(ours.packets.size(), theirs.packets.size());
  for (size_t i = 0; i < ours.packets.size(); ++i) {
    const Packet& our = ours.packets[i];
    const Packet& their = theirs.packets[i];
    ASSERT_EQ(our.frame, their.frame);
    ASSERT_EQ(our.time_ns, their.time_ns) << our.frame;
    ASSERT_EQ(our.length, their.length) << our.frame;
    ASSERT_EQ(our.data, their.data) << our.frame;
    ASSERT_EQ(our.link_type, their.link_type) << our.frame;
  }
}

/// tshark prints the two parts of its time: the nanoseconds may be more than a second, and negative by
/// themselves.
std::optional<TimeNs> parse_time(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::vector<std::string> parts = split(text, '.');
  const TimeNs seconds = std::stoll(parts.at(0));
  const TimeNs nanoseconds = std::stoll(parts.at(1));
  return seconds < 0 ? -seconds * kSecond - nanoseconds : seconds * kSecond + nanoseconds;
}

TEST_P(ReadLike, Tshark) {
  if (!have_tshark()) GTEST_SKIP() << "tshark is not installed";
  const Read ours = read(GetParam(), false);
  std::map<uint64_t, const Packet*> ours_by_frame;
  for (const Packet& packet : ours.packets) ours_by_frame[packet.frame] = &packet;

  size_t packets = 0;
  size_t other_times = 0;
  const Uncompressed file(GetParam().path);
  for (const std::string& line :
       lines_of({"tshark", "-r", file.path().string(), "-n", "-T", "fields", "-e", "frame.number", "-e",
                 "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len"})) {
    const std::vector<std::string> fields = split(line, '\t');
    const uint64_t frame = std::stoull(fields.at(0));
    const std::optional<TimeNs> time = parse_time(fields.at(1));
    if (!time) continue;  // a frame without a packet
    ++packets;
    ASSERT_TRUE(ours_by_frame.contains(frame)) << frame;
    const Packet& our = *ours_by_frame[frame];
    EXPECT_EQ(our.length, std::stoull(fields.at(2))) << frame;
    EXPECT_EQ(our.data.size(), std::stoull(fields.at(3))) << frame;
    if (our.time_ns == *time) continue;
    ++other_times;
    EXPECT_TRUE(find(kWrongTimeInTshark, GetParam())) << frame << ": " << our.time_ns << ", not " << *time;
  }
  EXPECT_EQ(ours.packets.size(), packets);
  EXPECT_EQ(other_times > 0, find(kWrongTimeInTshark, GetParam()) != nullptr);
}

INSTANTIATE_TEST_SUITE_P(External, ReadLike, testing::ValuesIn(external_captures()),
                         [](const auto& test) { return test_name(test.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ReadLike);

TEST(ReadLikeOthers, HasCapturesToRead) {
  if (external_captures().empty()) GTEST_SKIP() << why_no_captures();
}

}  // namespace
}  // namespace tsaudit::oracle
