// SPDX-License-Identifier: Apache-2.0
// 802.11 data frames and the capture headers that come in front of them.
#include "decode/walk.h"

namespace tsaudit::wire {
namespace {

constexpr uint16_t kLinkPpi = 192;

constexpr uint8_t kVersion = 0x03, kType = 0x0c, kData = 0x08, kNoBody = 0x40, kQos = 0x80;  // first byte
constexpr uint8_t kToDs = 0x01, kFromDs = 0x02, kProtected = 0x40, kOrder = 0x80;            // flags byte

/// Aggregated MSDUs are several packets in one frame, and a RawPacket gives one Segment: only an aggregate of
/// one is decoded, the rest is counted.
DecodeStatus amsdu(Walk& walk) noexcept {
  constexpr uint32_t kSubframeHeader = 14;
  if (!walk.has(kSubframeHeader)) return walk.shortage(kSubframeHeader);
  const uint32_t subframe = (kSubframeHeader + be16(walk.at + 12) + 3u) & ~3u;
  if (walk.length >= subframe + kSubframeHeader) return DecodeStatus::unsupported_link;
  walk.src_mac = mac48(walk.at + 6);
  walk.skip(kSubframeHeader);
  return llc(walk);
}

/// 802.11 behind its frame control bytes, which `control` and `flags` are. `padded`: the driver aligned the
/// body to four bytes.
DecodeStatus data_frame(Walk& walk, uint8_t control, uint8_t flags, bool padded) noexcept {
  if ((control & kVersion) != 0) return DecodeStatus::bad_header;
  if ((control & kType) != kData || (control & kNoBody)) return DecodeStatus::not_ip;
  if (flags & kProtected) return DecodeStatus::encrypted;

  const bool to_ds = flags & kToDs, from_ds = flags & kFromDs, qos = control & kQos;
  uint32_t header = 24;
  if (to_ds && from_ds) header += 6;  // a fourth address
  const uint32_t qos_control = header;
  if (qos) header += (flags & kOrder) ? 6 : 2;  // QoS control, HT control
  if (padded) header = (header + 3) & ~3u;
  if (!walk.has(header)) return walk.shortage(header);
  const uint32_t source = !from_ds ? 10 : !to_ds ? 16 : 24;
  walk.src_mac = mac48(walk.at + source);
  constexpr uint8_t kAmsduPresent = 0x80;
  const bool aggregated = qos && (walk.at[qos_control] & kAmsduPresent);
  walk.skip(header);
  return aggregated ? amsdu(walk) : llc(walk);
}

}  // namespace

DecodeStatus ieee80211(Walk& walk) noexcept {
  if (!walk.has(2)) return walk.shortage(2);
  return data_frame(walk, walk.at[0], walk.at[1], false);
}

/// Cisco's access points send the two bytes of frame control swapped. A tunnelled data frame has exactly one
/// of ToDS and FromDS set, so its flags byte cannot be mistaken for a data frame's first byte.
DecodeStatus ieee80211_in_capwap(Walk& walk) noexcept {
  if (!walk.has(2)) return walk.shortage(2);
  const bool swapped = (walk.at[0] & (kType | kVersion)) != kData;
  return data_frame(walk, walk.at[swapped], walk.at[!swapped], false);
}

/// Radiotap: version, padding, length, then bitmaps of the fields that follow. The flags field is one of the
/// first two, so that the bitmaps need no walk beyond their end.
DecodeStatus radiotap(Walk& walk) noexcept {
  if (!walk.has(8)) return walk.shortage(8);
  const uint8_t* p = walk.at;
  const uint32_t header = le16(p + 2);
  if (header < 8) return DecodeStatus::bad_header;
  if (!walk.has(header)) return walk.shortage(header);

  constexpr uint32_t kTsft = 1, kFlags = 2, kMoreBitmaps = 1u << 31;
  const uint32_t present = le32(p + 4);
  uint32_t field = 8;
  for (uint32_t bitmap = present; (bitmap & kMoreBitmaps) && field + 4 <= header; field += 4)
    bitmap = le32(p + field);
  if (present & kTsft) field = ((field + 7) & ~7u) + 8;
  constexpr uint8_t kDataPad = 0x20;
  const bool padded = (present & kFlags) && field < header && (p[field] & kDataPad);
  walk.skip(header);
  if (!walk.has(2)) return walk.shortage(2);
  return data_frame(walk, walk.at[0], walk.at[1], padded);
}

/// Prism monitor header, or the AVS header that shares its LINKTYPE: both have their length at byte 4.
DecodeStatus prism(Walk& walk) noexcept {
  if (!walk.has(8)) return walk.shortage(8);
  const bool avs = be32(walk.at) >> 12 == 0x80211;
  const uint32_t little = le32(walk.at + 4);
  // Prism has the byte order of the host that captured; no such header is longer than 65535 bytes.
  const uint32_t header = avs || little > 0xffff ? be32(walk.at + 4) : little;
  if (header < 8) return DecodeStatus::bad_header;
  if (!walk.has(header)) return walk.shortage(header);
  walk.skip(header);
  return ieee80211(walk);
}

/// Per-Packet Information: version, flags, length, and the LINKTYPE of what follows.
DecodeStatus ppi(Walk& walk) noexcept {
  if (!walk.has(8)) return walk.shortage(8);
  const uint32_t header = le16(walk.at + 2);
  const uint32_t inner = le32(walk.at + 4);
  if (header < 8) return DecodeStatus::bad_header;
  if (!walk.has(header)) return walk.shortage(header);
  walk.skip(header);
  if (inner > 0xffff || inner == kLinkPpi) return DecodeStatus::unsupported_link;
  return link(walk, static_cast<uint16_t>(inner));
}

}  // namespace tsaudit::wire
