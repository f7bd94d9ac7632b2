// SPDX-License-Identifier: Apache-2.0
// ICMP errors: who discarded a segment tells its sender, and quotes the head of it.
#include <fmt/format.h>

#include "decode/walk.h"
#include "tsaudit/words.h"

namespace tsaudit {
namespace wire {
namespace {

constexpr uint8_t kUnreachable = 3, kTimeExceeded = 11, kParameterProblem = 12;  // RFC 792
constexpr uint8_t kFragmentationNeeded = 4;                                      // of kUnreachable
constexpr uint8_t kUnreachable6 = 1, kTooBig6 = 2, kParameterProblem6 = 4;       // RFC 4443
constexpr uint8_t kAdvertisement6 = 136;                                         // RFC 4861
constexpr uint32_t kQuotedTcp = 8;  ///< all that RFC 792 promises: ports and sequence number

/// At the quoted packet, of which the reporter may have kept its first bytes alone.
DecodeStatus quote(Walk& walk, const IcmpError& says) {
  const bool v6 = says.reporter.v6;
  const uint32_t least = v6 ? 40 : 20;
  if (!walk.has(least)) return walk.shortage(least);
  const uint8_t* ip = walk.at;
  if (ip[0] >> 4 != (v6 ? 6 : 4)) return DecodeStatus::bad_header;
  const uint32_t header = v6 ? 40 : (ip[0] & 0x0f) * 4u;
  if (header < least) return DecodeStatus::bad_header;
  constexpr uint16_t kOffset = 0x1fff;
  const bool later_fragment = !v6 && (be16(ip + 6) & kOffset);
  if (ip[v6 ? 6 : 9] != kProtoTcp || later_fragment) return DecodeStatus::not_tcp;
  if (!walk.has(header + kQuotedTcp)) return walk.shortage(header + kQuotedTcp);
  const uint8_t* tcp = ip + header;
  walk.notice.icmp_error = says;
  IcmpError& error = walk.notice.icmp_error;
  error.src = v6 ? ipv6_address(ip + 8) : ipv4_address(ip + 12);
  error.dst = v6 ? ipv6_address(ip + 24) : ipv4_address(ip + 16);
  error.sport = be16(tcp);
  error.dport = be16(tcp + 2);
  error.seq = {be32(tcp + 4)};
  return DecodeStatus::icmp_error;
}

IcmpError said_by(const Walk& walk) {
  return {.time_ns = walk.packet.time_ns,
          .frame = walk.packet.frame,
          .reporter = walk.segment.src,
          .type = walk.at[0],
          .code = walk.at[1],
          .scope = walk.scope};
}

}  // namespace

DecodeStatus icmp(Walk& walk) noexcept {
  if (walk.segment.src.v6) return DecodeStatus::not_tcp;
  if (!walk.has(8)) return walk.shortage(8);
  IcmpError error = said_by(walk);
  if (error.type != kUnreachable && error.type != kTimeExceeded && error.type != kParameterProblem)
    return DecodeStatus::not_tcp;
  if (error.type == kUnreachable && error.code == kFragmentationNeeded) error.mtu = be16(walk.at + 6);
  walk.skip(8);
  return quote(walk, error);
}

DecodeStatus icmpv6(Walk& walk) noexcept {
  if (!walk.segment.src.v6) return DecodeStatus::not_tcp;
  if (!walk.has(1)) return walk.shortage(1);
  if (walk.at[0] == kAdvertisement6) return neighbour_advertisement(walk);
  if (walk.at[0] < kUnreachable6 || walk.at[0] > kParameterProblem6) return DecodeStatus::not_tcp;
  if (!walk.has(8)) return walk.shortage(8);
  IcmpError error = said_by(walk);
  if (error.type == kTooBig6) error.mtu = be32(walk.at + 4);
  walk.skip(8);
  return quote(walk, error);
}

}  // namespace wire

std::string meaning(const IcmpError& error) {
  struct Meaning {
    uint8_t type, code;
    std::string_view words;
  };
  static constexpr Meaning kIcmp[] = {
      {3, 0, "network unreachable"},
      {3, 1, "host unreachable"},
      {3, 2, "protocol unreachable"},
      {3, 3, "port unreachable"},
      {3, 4, "fragmentation needed"},
      {3, 5, "source route failed"},
      {3, 6, "network unknown"},
      {3, 7, "host unknown"},
      {3, 9, "network administratively prohibited"},
      {3, 10, "host administratively prohibited"},
      {3, 13, "communication administratively prohibited"},
      {11, 0, "TTL exceeded in transit"},
      {11, 1, "fragment reassembly time exceeded"},
  };
  static constexpr Meaning kIcmp6[] = {
      {1, 0, "no route to destination"},
      {1, 1, "communication administratively prohibited"},
      {1, 2, "beyond scope of source address"},
      {1, 3, "address unreachable"},
      {1, 4, "port unreachable"},
      {1, 5, "source address failed policy"},
      {1, 6, "reject route to destination"},
      {2, 0, "packet too big"},
      {3, 0, "hop limit exceeded in transit"},
      {3, 1, "fragment reassembly time exceeded"},
  };
  const auto find = [&](const auto& table) {
    for (const Meaning& row : table)
      if (row.type == error.type && row.code == error.code) return std::string(row.words);
    return fmt::format("type {}, code {}", error.type, error.code);
  };
  const std::string words = error.reporter.v6 ? find(kIcmp6) : find(kIcmp);
  return error.mtu ? fmt::format("{}, MTU {}", words, grouped(uint64_t{error.mtu})) : words;
}

}  // namespace tsaudit
