// SPDX-License-Identifier: Apache-2.0
#include "tshark.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "external_captures.h"

namespace tsaudit::oracle {
namespace {

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

}  // namespace

std::ostream& operator<<(std::ostream& out, const Seen& s) {
  if (!s.tcp) return out << "no TCP";
  return out << s.src << ':' << s.sport << " > " << s.dst << ':' << s.dport << " seq " << s.seq << " ack "
             << s.ack << " flags 0x" << std::hex << s.flags << std::dec << " len " << s.length << " win "
             << s.window << " tsval '" << s.tsval << "' tsecr '" << s.tsecr << "'";
}

bool have_tshark() {
  static const bool have = std::system("tshark --version >/dev/null 2>&1") == 0;
  return have;
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
  Notice notice;
  status = decode(packet, segment, notice);
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

}  // namespace tsaudit::oracle
