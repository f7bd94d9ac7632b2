// SPDX-License-Identifier: Apache-2.0
// Source and decode by the batch: all of the work on a packet that needs nothing of the packets before it. When its
// segments are judged, their flows are on the way into the cache.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "flow/flow_key.h"
#include "tsaudit/analysis.h"
#include "tsaudit/segment.h"

namespace tsaudit {

struct DecodedBatch {
  struct Packet {
    Segment segment;
    FlowKey key;
    uint32_t hash;
    bool from_low;
  };
  std::array<Packet, PacketSource::kMaxBatch> segments;
  size_t segment_count = 0;
  std::vector<Announcement> announcements;
  struct PlacedIcmpError {
    IcmpError error;
    size_t place;  ///< so many of the segments came before it
  };
  std::vector<PlacedIcmpError> icmp_errors;
  std::array<uint64_t, kDecodeStatusCount> statuses{};  ///< packets by what became of them
  uint64_t packets = 0;
  uint64_t last_frame = 0;
  std::optional<Progress> progress;  ///< set about every 64k packets
  bool end = false;                  ///< nothing follows
};

/// Fills one batch after the other.
class DecodeStage {
 public:
  DecodeStage(PacketSource& source, uint64_t seed) : source_(source), seed_(seed) {}
  /// A batch without packets may come in between (see PacketSource::next_batch). The segments point into the source's
  /// buffer, until the next call.
  void next(DecodedBatch& batch);

 private:
  PacketSource& source_;
  const uint64_t seed_;  ///< of the hash
  uint64_t packets_ = 0, next_progress_ = kProgressEvery;
  static constexpr uint64_t kProgressEvery = 65536;
};

}  // namespace tsaudit
