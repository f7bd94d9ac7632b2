// SPDX-License-Identifier: Apache-2.0
// Which segments another point of the capture has shown already: `tcpdump -i any` on a bridge or a router, a
// mirror of both sides of a firewall, the captures of two hosts read as one. A receiver gets such a segment
// once.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "flow/flow_key.h"
#include "tsaudit/segment.h"

namespace tsaudit {

/// Remembers what passed lately, in fixed memory: of each direction, ACK, TSval and TSecr the range of
/// SEG.SEQ and where it was first seen. A range, since one segment may be several at another point (TSO,
/// GRO). What echoes nothing has to agree in SEG.SEQ and IP ID: without TSopt only they tell what was sent
/// again, and a socket that is restored twice from one image begins with the same TSval.
class Copies {
 public:
  /// `hash`: of addresses and ports, with a seed. Returns 0, or if another point has shown all of `s` before,
  /// the first frame with its ACK, TSval and TSecr: that one showed it, or one soon after.
  uint64_t first_frame_of(const Segment& s, uint32_t hash, bool from_low) {
    if (seen_.empty()) seen_.resize(kPlaces), packets_.resize(kPlaces);  // most captures have one point
    const uint64_t name = name_of(s, hash, from_low);
    const uint32_t point = point_of(s);
    const Range range{s.seq, s.end_seq()};
    // Each name has two places: hardly one is lost to another that came soon after, or to what comes after a
    // hole.
    Seen* const two = &seen_[name >> (64 - kBits) & ~uint64_t{1}];
    const auto has = [&](const Seen& seen) { return seen.name == name && seen.all.touches(range); };
    Seen* const known = has(two[0]) ? &two[0] : has(two[1]) ? &two[1] : nullptr;
    if (!known) {
      two[two[1].frame < two[0].frame] = {name, s.frame, point, range, range};
      return 0;
    }
    Seen& seen = *known;
    const bool shown = seen.all.holds(range);
    // Now and then another point is the first.
    const bool copy = shown && (point != seen.point || !seen.at_point.holds(range));
    if (point == seen.point) seen.at_point.add(range);
    seen.all.add(range);
    return copy ? seen.frame : 0;
  }

  /// A packet that another point has shown before, with other timestamps.
  struct Rewritten {
    uint64_t frame;
    TsVal tsval;
  };
  /// After first_frame_of() said 0. By its IP ID, so that IPv6 and who leaves that at 0 are not recognised.
  /// `hash`: with no seed, since what is forgotten must not differ from run to run.
  std::optional<Rewritten> rewritten(const Segment& s, uint32_t hash, bool from_low) {
    if (s.ip_id == 0 || s.src.v6 || !s.has_ts()) return std::nullopt;
    const uint64_t name =
        fold(((uint64_t{hash} << 32 | s.ack.raw) ^ kOne),
             (uint64_t{s.seq.raw} << 32 | uint64_t{s.ip_id} << 16 | s.flags << 1 | from_low) ^ kOther) |
        1;
    const uint32_t point = point_of(s);
    Packet* const two = &packets_[name >> (64 - kBits) & ~uint64_t{1}];
    const auto is = [&](const Packet& known) { return known.name == name && known.end == s.end_seq(); };
    Packet& place = is(two[0]) ? two[0] : is(two[1]) ? two[1] : two[two[1].frame < two[0].frame];
    const Packet before =
        std::exchange(place, {name, s.frame, s.time_ns, s.end_seq(), s.tsval, s.tsecr, point});
    const bool same =
        is(before) && before.point != point && std::abs(s.time_ns - before.time_ns) <= kOnTheWay;
    if (!same || (before.tsval == s.tsval && before.tsecr == s.tsecr)) return std::nullopt;
    return Rewritten{before.frame, before.tsval};
  }

  /// From one point to the next.
  static constexpr TimeNs kOnTheWay = 10 * kMillisecond;
  /// A router between them shows in link address and TTL, the end of a tunnel in the scope.
  static uint32_t point_of(const Segment& s) {
    return static_cast<uint32_t>(
        fold((s.src_mac << 8 | s.ttl) ^ kOne, (uint64_t{s.scope} << 32 | s.point) ^ kOther) >> 16);
  }

 private:
  struct Packet {
    uint64_t name = 0, frame = 0;
    TimeNs time_ns = 0;
    SeqNum end;
    TsVal tsval, tsecr;
    uint32_t point = 0;
  };
  struct Range {
    SeqNum from, to;
    bool holds(const Range& other) const { return !before(other.from, from) && !after(other.to, to); }
    bool touches(const Range& other) const { return !before(other.to, from) && !after(other.from, to); }
    void add(const Range& other) {
      if (before(other.from, from)) from = other.from;
      if (after(other.to, to)) to = other.to;
    }
  };
  struct Seen {
    uint64_t name = 0, frame = 0;
    uint32_t point = 0;
    Range all, at_point;  ///< what was shown, and what of it at `point`, which was the first
  };
  /// Enough for what is under way between two hosts that are far from each other.
  static constexpr int kBits = 15;
  static constexpr size_t kPlaces = size_t{1} << kBits;

  static uint64_t name_of(const Segment& s, uint32_t hash, bool from_low) {
    const uint64_t whose = uint64_t{hash} << 32 | s.ack.raw;
    const TsVal tsval = s.has_ts() ? s.tsval : TsVal{};
    const bool echoes = s.has_ts() && s.tsecr.raw != 0;
    const uint64_t what = echoes ? s.tsecr.raw : uint64_t{s.seq.raw} << 32 | s.ip_id;
    const uint64_t label = s.src.v6 ? s.flow_label : 0;
    const unsigned kind = s.has(kSyn) << 3 | s.has(kRst) << 2 | echoes << 1 | from_low;
    return fold(whose ^ kOne, fold(what ^ kOther, kOne ^ (uint64_t{tsval.raw} << 32 | label << 4 | kind))) |
           1;
  }
  static constexpr uint64_t kOne = 0x9fb21c651e98df25u, kOther = 0x9e3779b97f4a7c15u;  ///< any odd numbers
  std::vector<Seen> seen_;
  std::vector<Packet> packets_;
};

}  // namespace tsaudit
