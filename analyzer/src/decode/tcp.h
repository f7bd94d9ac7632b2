// SPDX-License-Identifier: Apache-2.0
// What the TCP header contributes to a Segment. Shared by the fast path and the walk.
#pragma once

#include "decode/walk.h"

namespace tsaudit::wire {

/// Options of a TCP header of `length` bytes, of which `captured` are there. Writes every option field.
void parse_options(Segment& segment, const uint8_t* options, uint32_t captured, uint32_t length) noexcept;

inline void fill_no_options(Segment& segment) {
  segment.ts = TsOption::absent;
  segment.tsval = {};
  segment.tsecr = {};
  segment.window_scale = Segment::kNoWindowScale;
  segment.sack_permitted = segment.mptcp = false;
  segment.has_sack = false;
  segment.options_malformed = false;
}

/// NOP NOP TSopt and nothing else: what all data and ACKs carry once timestamps are negotiated.
inline constexpr uint32_t kAlignedTimestamp = 0x0101080a;

/// `tcp` points at `captured` of `length` bytes, `header` of which are TCP header; 20 <= header <= length and
/// captured >= 20.
inline void fill_tcp(Segment& segment, const RawPacket& packet, const uint8_t* tcp, uint32_t captured,
                     uint32_t length, uint32_t header) {
  segment.time_ns = packet.time_ns;
  segment.frame = packet.frame;
  segment.sport = be16(tcp);
  segment.dport = be16(tcp + 2);
  segment.seq = {be32(tcp + 4)};
  segment.ack = {be32(tcp + 8)};
  segment.flags = tcp[13];
  segment.window = be16(tcp + 14);
  segment.payload = length - header;
  segment.tcp = tcp;
  segment.tcp_captured = captured;
  segment.tcp_length = length;
  if (header == 32 && captured >= 32 && be32(tcp + 20) == kAlignedTimestamp) [[likely]] {
    fill_no_options(segment);
    segment.ts = TsOption::present;
    segment.tsval = {be32(tcp + 24)};
    segment.tsecr = {be32(tcp + 28)};
  } else if (header == 20) {
    fill_no_options(segment);
  } else {
    parse_options(segment, tcp + 20, std::min(captured, header) - 20, header - 20);
  }
}

}  // namespace tsaudit::wire
