// SPDX-License-Identifier: Apache-2.0
//
// Single TCP segments, made by hand and taken from the wire byte by byte.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "entry.h"
#include "rig.h"

namespace rig {

using Bytes = std::vector<uint8_t>;

enum Flag : uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16 };

struct Segment {
  tsoffset::Address source, destination;
  uint32_t seq = 1000, ack = 2000;
  uint8_t flags = kAck;
  Bytes options;  // padded with EOL to whole words
  Bytes payload;
  Bytes extension;             // IPv6: extension headers, without the type of the last one's next header
  uint8_t extension_type = 0;  // ... and the type of the first
  std::optional<uint16_t> fragment;    // IPv4: flags and offset; IPv6: makes a fragment header with it
  std::optional<uint8_t> data_offset;  // a false one, in words
  bool checksum_valid = true;          // of what was received
};

// Kind 8, length 10.
Bytes timestamps(uint32_t tsval, uint32_t tsecr);

// From the network header on.
Bytes to_packet(const Segment& segment);
std::optional<Segment> from_packet(const Bytes& packet);

// A packet socket on a device.
class Wire {
 public:
  Wire(const Namespace& where, const std::string& device);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void send(const Segment& segment);  // to whoever the only neighbour is
  void send(const Bytes& packet);

  // The next packet that came in (not what this host sent) and `wanted` likes; the others are thrown away.
  std::optional<Segment> receive(const std::function<bool(const Segment&)>& wanted, double seconds = 3);

 private:
  int fd_ = -1;
  int index_ = 0;
  uint8_t neighbour_[6]{};
};

}  // namespace rig
