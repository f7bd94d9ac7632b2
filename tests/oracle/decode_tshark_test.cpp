// SPDX-License-Identifier: Apache-2.0
// Oracle: Wireshark's dissectors. Every packet of every external capture must have the innermost TCP header
// that tshark shows, field by field, and none where tshark shows none. Where the two must differ, kKnown says
// why. Reassembly is off: tshark would show a segment at its last fragment, we at its first, where its header
// is.
#include <gtest/gtest.h>

#include <map>

#include "external_captures.h"
#include "packets.h"
#include "tshark.h"

namespace tsaudit::oracle {
namespace {

/// A frame that we rightly see otherwise than tshark does. A test fails too when they agree after all.
struct Known {
  std::string_view file;
  uint64_t frame;
  DecodeStatus status;  ///< ours
  std::string_view reason;
};
constexpr std::string_view kInflated = "tshark inflates IPComp; a view over the packet cannot";
constexpr std::string_view kOuterFragment =
    "first fragment of a tunnel: tshark ends the inner segment with the fragment, we by the inner IP length";
constexpr std::string_view kOffsetBeyond =
    "fuzzed data offset, beyond the segment: tshark shows what there is of it";
constexpr std::string_view kOffsetTooSmall = "fuzzed data offset, 0: tshark calls it bogus and goes on";
constexpr std::string_view kCutAfterPorts = "the snapshot ends in the TCP header: tshark shows the ports";
constexpr std::string_view kCutInTsopt = "the snapshot ends between TSval and TSecr: tshark shows the first";
constexpr Known kKnown[] = {
    {"80e78cfe", 1116, DecodeStatus::segment, kCutInTsopt},
    {"80e78cfe", 5617, DecodeStatus::segment, kCutInTsopt},
    {"80e78cfe", 7155, DecodeStatus::segment, kCutInTsopt},
    {"a9a1afef", 3, DecodeStatus::compressed, kInflated},
    {"a9a1afef", 4, DecodeStatus::compressed, kInflated},
    {"a9a1afef", 5, DecodeStatus::compressed, kInflated},
    {"a9a1afef", 6, DecodeStatus::compressed, kInflated},
    {"a9a1afef", 7, DecodeStatus::compressed, kInflated},
    {"a9a1afef", 9, DecodeStatus::compressed, kInflated},
    {"a9a1afef", 10, DecodeStatus::compressed, kInflated},
    {"a079b869", 1, DecodeStatus::segment, kOuterFragment},
    {"36f01c5d", 11, DecodeStatus::bad_header, kOffsetBeyond},
    {"36f01c5d", 59, DecodeStatus::bad_header, kOffsetBeyond},
    {"81c477cc", 95, DecodeStatus::bad_header, kOffsetTooSmall},
    {"8b20240c", 1, DecodeStatus::cut_header, kCutAfterPorts},
};

std::map<uint64_t, const Known*> known_of(const ExternalCapture& capture) {
  std::map<uint64_t, const Known*> frames;
  for (const Known& known : kKnown)
    if (capture.path.filename().string().starts_with(known.file)) frames[known.frame] = &known;
  return frames;
}

class DecodeLikeTshark : public testing::TestWithParam<ExternalCapture> {};

TEST_P(DecodeLikeTshark, EveryPacket) {
  if (!have_tshark()) GTEST_SKIP() << "tshark is not installed";
  const Uncompressed file(GetParam().path);
  std::map<uint64_t, Seen> theirs = ask_tshark(file.path());
  const std::map<uint64_t, const Known*> known = known_of(GetParam());

  uint64_t packets = 0, segments = 0, ts_segments = 0, known_ts_segments = 0;
  each_packet(file.path(), [&](const RawPacket& packet) {
    DecodeStatus status{};
    const Seen ours = as_we_decode(packet, status);
    const Seen& their = theirs[packet.frame];
    ++packets;
    segments += ours.tcp;
    ts_segments += !ours.tsval.empty();
    if (const auto found = known.find(packet.frame); found != known.end()) {
      EXPECT_EQ(status, found->second->status) << "frame " << packet.frame << ": " << found->second->reason;
      EXPECT_NE(ours, their) << "frame " << packet.frame << " need not be excused";
      known_ts_segments += ours.tsval.empty() && !their.tsval.empty();
    } else {
      EXPECT_EQ(ours, their) << "frame " << packet.frame << ", " << to_string(status);
    }
  });
  std::printf("  %zu packets, %zu segments, %zu with TSopt, %zu known differences\n", packets, segments,
              ts_segments, known.size());
  EXPECT_EQ(packets, theirs.size());
  EXPECT_EQ(packets, GetParam().packets.value_or(packets));
  EXPECT_EQ(ts_segments + known_ts_segments, GetParam().ts_segments.value_or(ts_segments));
}

INSTANTIATE_TEST_SUITE_P(External, DecodeLikeTshark, testing::ValuesIn(external_captures()),
                         [](const auto& test) { return test_name(test.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DecodeLikeTshark);

TEST(DecodeLikeTsharkCaptures, ArePresent) {
  if (external_captures().empty()) GTEST_SKIP() << why_no_captures();
}

}  // namespace
}  // namespace tsaudit::oracle
