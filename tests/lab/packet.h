// SPDX-License-Identifier: Apache-2.0
// TCP segments in Ethernet frames: built from fields, and fields read back. Independent of tsaudit's decoder
// on purpose: what the lab checks must not be what the lab stands on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "address.h"

namespace lab {

using Bytes = std::vector<uint8_t>;

enum : uint8_t { kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10, kUrg = 0x20 };

struct Timestamps {
  uint32_t val = 0;
  uint32_t ecr = 0;
  friend bool operator==(const Timestamps&, const Timestamps&) = default;
};

struct Segment {
  Endpoint src, dst;
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint8_t flags = kAck;
  uint16_t window = 0;           ///< as on the wire, unscaled
  std::optional<Timestamps> ts;  ///< sent as NOP NOP TSopt, as Linux does
  std::optional<uint16_t> mss;
  std::optional<uint8_t> window_scale;
  bool sack_permitted = false;
  Bytes raw_options;     ///< further options, byte for byte (malformed ones)
  uint32_t payload = 0;  ///< bytes; sent as a pattern of letters
  uint8_t ttl = 64;
  bool bad_checksum = false;  ///< TCP checksum off by one (or two)

  bool has(uint8_t bits) const { return (flags & bits) != 0; }
  uint32_t length() const { return payload + (has(kSyn) ? 1 : 0) + (has(kFin) ? 1 : 0); }
  uint32_t end_seq() const { return seq + length(); }
};

struct Link {
  MacAddress src = 0, dst = 0;
};

/// The whole frame, checksums included.
Bytes build_frame(const Link& link, const Segment& segment);
/// "Address A lives at MAC M now": gratuitous ARP, or an unsolicited neighbour advertisement.
Bytes build_announcement(MacAddress mac, const IpAddress& address);

/// Reads a TCP segment from its IP header on; nothing for anything else. `length` is the packet's length,
/// which may be more than what `bytes` holds of it.
std::optional<Segment> parse_ip_packet(std::span<const uint8_t> bytes, uint32_t length);
/// The same from an Ethernet frame, through VLAN tags and VXLAN.
std::optional<Segment> parse_frame(std::span<const uint8_t> frame, uint32_t length);

/// "SA", "PA", "R": letters as tcpdump orders them.
std::string flags_text(uint8_t flags);

}  // namespace lab
