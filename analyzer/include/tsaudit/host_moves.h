// SPDX-License-Identifier: Apache-2.0
// A host that moves takes all of its connections along. What they have in common is told once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tsaudit/report.h"

namespace tsaudit {

/// Several connections of one address that went on from another host at about the same time.
struct HostMove {
  IpAddress host;
  uint64_t first_frame = 0, last_frame = 0;  ///< where the first and the last of them go on
  TimeNs first_ns = 0, last_ns = 0;
  uint64_t flows = 0;
  uint64_t stalled = 0;  ///< of these, by timestamps, and not contradicted
  struct Offset {
    int64_t min, max;  ///< ticks
  };
  std::optional<Offset> offset = {};  ///< needed by some, and suits all; absent: not needed, or there is none
  bool offset_needed = false;
};

class HostMoves {
 public:
  void add(const FlowReport& flow);
  /// After the last flow: the moves, in order of time.
  void finish();
  const std::vector<HostMove>& moves() const { return moves_; }
  /// With which of moves() the flow moved first, if with any.
  std::optional<size_t> move_of(const FlowReport& flow) const;
  /// Migrations that moves() leaves out, for want of room.
  uint64_t omitted() const { return omitted_; }

  static constexpr size_t kMost = 1 << 16;  ///< migrations: a few megabytes
  /// A connection shows that it has moved when it speaks next. Silence of more than this begins another move.
  static constexpr TimeNs kTogether = 1 * kSecond;

 private:
  struct Entry {
    IpAddress host;
    TimeNs time_ns;
    uint64_t frame, flow;
    std::optional<OffsetAdvice> offset;
    bool stalled;
  };
  static HostMove sum_up(const Entry* begin, const Entry* end);
  std::vector<Entry> entries_;
  std::vector<HostMove> moves_;
  uint64_t omitted_ = 0;
};

/// A sentence or two: how many of the connections timestamps stalled, and what offset would suit them all.
std::string what_came_of(const HostMove& move);

}  // namespace tsaudit
