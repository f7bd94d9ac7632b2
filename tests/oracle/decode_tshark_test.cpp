// SPDX-License-Identifier: Apache-2.0
// Oracle: Wireshark's dissectors. Every packet of every external capture must have the innermost TCP header
// that tshark shows, field by field, and none where tshark shows none. Where the two must differ, kKnown says
// why. Reassembly is off: tshark would show a segment at its last fragment, we at its first, where its header
// is.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "external_captures.h"
#include "packets.h"
#include "tsaudit/segment.h"

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

/// One packet as tshark shows it, or as we decode it.
struct Seen {
  bool tcp = false;
  std::string src = {}, dst = {};
  uint64_t sport = 0, dport = 0, seq = 0, ack = 0, flags = 0, length = 0, window = 0;
  std::string tsval = {}, tsecr = {};
  friend bool operator==(const Seen&, const Seen&) = default;
};
std::ostream& operator<<(std::ostream& out, const Seen& s) {
  if (!s.tcp) return out << "no TCP";
  return out << s.src << ':' << s.sport << " > " << s.dst << ':' << s.dport << " seq " << s.seq << " ack "
             << s.ack << " flags 0x" << std::hex << s.flags << std::dec << " len " << s.length << " win "
             << s.window << " tsval '" << s.tsval << "' tsecr '" << s.tsecr << "'";
}

uint64_t number(const std::string& text) { return text.empty() ? 0 : std::stoull(text, nullptr, 0); }

/// A line of `tshark -T fields`, by field name.
using Fields = std::map<std::string_view, std::string>;
constexpr std::string_view kFields[] = {"frame.number",
                                        "frame.encap_type",
                                        "frame.protocols",
                                        "ip.src",
                                        "ip.dst",
                                        "ipv6.src",
                                        "ipv6.dst",
                                        "tcp.srcport",
                                        "tcp.dstport",
                                        "tcp.seq_raw",
                                        "tcp.ack_raw",
                                        "tcp.flags",
                                        "tcp.len",
                                        "tcp.window_size_value",
                                        "tcp.options.timestamp.tsval",
                                        "tcp.options.timestamp.tsecr"};

Seen as_tshark_shows(Fields& field) {
  const std::vector<std::string> protocols = split(field["frame.protocols"], ':');
  const auto tcp = std::find(protocols.begin(), protocols.end(), "tcp");
  // An ICMP error quotes the header of a segment that is not here.
  const auto icmp =
      std::find_if(protocols.begin(), tcp, [](const std::string& p) { return p == "icmp" || p == "icmpv6"; });
  if (tcp == protocols.end() || icmp != tcp) return {};
  const auto ip = std::find_if(std::make_reverse_iterator(tcp), protocols.rend(),
                               [](const std::string& p) { return p == "ip" || p == "ipv6"; });
  const bool v6 = ip != protocols.rend() && *ip == "ipv6";
  return {.tcp = true,
          .src = field[v6 ? "ipv6.src" : "ip.src"],
          .dst = field[v6 ? "ipv6.dst" : "ip.dst"],
          .sport = number(field["tcp.srcport"]),
          .dport = number(field["tcp.dstport"]),
          .seq = number(field["tcp.seq_raw"]),
          .ack = number(field["tcp.ack_raw"]),
          .flags = number(field["tcp.flags"]) & 0xff,  // tshark's has the reserved bits, too
          .length = number(field["tcp.len"]),
          .window = number(field["tcp.window_size_value"]),
          .tsval = field["tcp.options.timestamp.tsval"],
          .tsecr = field["tcp.options.timestamp.tsecr"]};
}

std::map<uint64_t, Seen> ask_tshark(const std::filesystem::path& path) {
  std::vector<std::string> command = {"tshark", "-n",     "-r", path.string(),
                                      "-T",     "fields", "-E", "occurrence=l"};
  for (const std::string protocol : {"ip", "ipv6"})
    command.insert(command.end(), {"-o", protocol + ".defragment:FALSE"});
  for (const std::string_view field : kFields) command.insert(command.end(), {"-e", std::string(field)});
  std::map<uint64_t, Seen> frames;
  for (const std::string& line : lines_of(command)) {
    const std::vector<std::string> values = split(line, '\t');
    if (values.size() != std::size(kFields))
      throw std::runtime_error("not what tshark was asked for: " + line);
    Fields fields;
    for (size_t i = 0; i < values.size(); ++i) fields[kFields[i]] = values[i];
    if (fields["frame.encap_type"].empty()) continue;  // a custom block of pcapng: a frame, but no packet
    frames[number(fields["frame.number"])] = as_tshark_shows(fields);
  }
  return frames;
}

Seen as_we_decode(const RawPacket& packet, DecodeStatus& status) {
  Segment segment;
  Announcement announcement;
  status = decode(packet, segment, announcement);
  if (status != DecodeStatus::segment) return {};
  Seen seen{.tcp = true,
            .src = to_string(segment.src),
            .dst = to_string(segment.dst),
            .sport = segment.sport,
            .dport = segment.dport,
            .seq = segment.seq.raw,
            .ack = segment.ack.raw,
            .flags = segment.flags,
            .length = segment.payload,
            .window = segment.window};
  if (segment.has_ts()) {
    seen.tsval = std::to_string(segment.tsval.raw);
    seen.tsecr = std::to_string(segment.tsecr.raw);
  }
  return seen;
}

bool have_tshark() {
  static const bool have = std::system("tshark --version >/dev/null 2>&1") == 0;
  return have;
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
