// SPDX-License-Identifier: Apache-2.0
// What holds for every packet whatsoever. Unit tests, the oracles' captures and the fuzzer all ask here.
#pragma once

#include <cstring>

#include "decode/walk.h"
#include "tsaudit/segment.h"

namespace tsaudit {

inline Segment filled_segment(uint8_t pattern) {
  Segment segment;
  static_assert(std::is_trivially_copyable_v<Segment>);
  std::memset(static_cast<void*>(&segment), pattern, sizeof segment);
  // Not every byte is a bool or an enumerator.
  segment.src.v6 = segment.dst.v6 = segment.sack_permitted = segment.has_sack = segment.options_malformed =
      pattern & 1;
  segment.ts = TsOption::cut;
  return segment;
}

inline bool same(const Announcement& a, const Announcement& b) {
  return a.time_ns == b.time_ns && a.frame == b.frame && a.address == b.address && a.mac == b.mac;
}

/// The first property that does not hold, or nullptr.
inline const char* broken_property(const RawPacket& packet) {
  Segment segment = filled_segment(0xaa), other = filled_segment(0x55);
  Notice notice, other_notice;
  notice.announcement = {1, 1, {1, 1, true}, 1};
  const DecodeStatus status = decode(packet, segment, notice);
  if (wire::decode_any(packet, other, other_notice) != status)
    return "the straight line and the walk disagree on the status";
  if (to_string(status) == "?") return "a status has no name";
  if (status == DecodeStatus::announcement && !same(notice.announcement, other_notice.announcement))
    return "an announcement depends on what was there before";
  if (status == DecodeStatus::icmp_error && !(notice.icmp_error == other_notice.icmp_error))
    return "an ICMP error depends on what was there before";
  if (status != DecodeStatus::segment) return nullptr;
  if (!(segment == other)) return "a segment depends on the way it was decoded, or on what was there before";

  const uint8_t *begin = packet.data, *end = begin + packet.captured;
  const uint32_t header = (segment.tcp[12] >> 4) * 4u;
  if (segment.ip < begin || segment.tcp < segment.ip + (segment.src.v6 ? 40 : 20))
    return "headers out of order";
  if (segment.tcp_captured < 20 || segment.tcp_captured > static_cast<size_t>(end - segment.tcp))
    return "the TCP header lies outside of the packet";
  if (segment.tcp_captured > segment.tcp_length) return "more captured than there is";
  if (segment.payload + header != segment.tcp_length) return "payload and header do not add up";
  if (segment.seq.raw != wire::be32(segment.tcp + 4)) return "the sequence number is not the header's";
  if (!segment.has(kSyn) && (segment.sack_permitted || segment.window_scale != Segment::kNoWindowScale))
    return "an option of SYN segments on another one";

  std::array<SackBlock, 4> blocks;
  const int count = sack_blocks(segment, blocks);
  if (count < 0 || count > 4 || (count > 0) != segment.has_sack) return "SACK blocks do not fit has_sack";
  const Checksum checksum = verify_checksums(segment);
  if (segment.tcp_captured < segment.tcp_length && checksum != Checksum::unknown && checksum != Checksum::bad)
    return "a checksum over bytes that are not there";
  return nullptr;
}

}  // namespace tsaudit
