// SPDX-License-Identifier: Apache-2.0
// Data that the capture has not shown although it shows later ones, or their ACK.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tsaudit/types.h"

namespace tsaudit {

/// What a capture lacks.
struct Lacking {
  uint64_t bytes = 0;
  uint64_t frame = 0;  ///< first that tells of some
  void add(uint64_t more, uint64_t told_by) {
    if (more == 0) return;
    frame = bytes == 0 ? told_by : std::min(frame, told_by);
    bytes += more;
  }
};

/// Of one sender, and a receiver whose ACKs may be read late: but before any data are shown that do not come
/// next. The network may have lost data on their way to the capture. Once they are acknowledged it was the
/// capture that lost them, or that shows them late.
class Gaps {
 public:
  /// Data begin at `to`, in that frame, where `from` was next.
  void skip(SeqNum from, SeqNum to, uint64_t frame) {
    std::erase_if(ranges_, [&](const Range& r) { return distance(r.left, to) > kForgotten; });
    push({from, to, frame, false});
  }

  /// Data are acknowledged, in that frame, that end behind all that was shown.
  void lack(SeqNum from, SeqNum to, uint64_t frame) {
    acknowledge(to);
    if (!ranges_.empty() && after(ranges_.back().right, from)) from = ranges_.back().right;
    if (!before(from, to)) return;
    push({from, to, frame, true});
    lacking_.add(bytes(ranges_.back()), frame);
  }

  /// All before `ack` has arrived.
  void acknowledge(SeqNum ack) {
    size_t i = 0;
    for (; i < ranges_.size() && before(ranges_[i].left, ack); ++i) {
      if (ranges_[i].acknowledged) continue;
      Range rest = ranges_[i];
      rest.left = ack;
      if (bytes(rest) != 0) {
        ranges_[i].right = ack;
        insert(i + 1, rest);
      }
      ranges_[i].acknowledged = true;
      lacking_.add(bytes(ranges_[i]), ranges_[i].frame);
    }
    if (i > kShownLate)
      ranges_.erase(ranges_.begin(), ranges_.begin() + static_cast<ptrdiff_t>(i - kShownLate));
  }

  /// These data are shown now: are some of them new?
  bool show(SeqNum from, SeqNum to) {
    bool shown_first = false;
    for (size_t i = 0; i < ranges_.size(); ++i) {
      const Range range = ranges_[i];
      if (!before(range.left, to) || !before(from, range.right)) continue;
      shown_first = true;
      Range left = range, right = range;
      left.right = from;
      right.left = to;
      if (range.acknowledged) lacking_.bytes -= bytes(range) - bytes(left) - bytes(right);
      ranges_[i] = bytes(left) != 0 ? left : right;
      if (bytes(left) != 0 && bytes(right) != 0) insert(++i, right);
    }
    std::erase_if(ranges_, [](const Range& r) { return bytes(r) == 0; });
    return shown_first;
  }

  /// Was one of these acknowledged although the capture has not shown it?
  bool lacks(SeqNum from, SeqNum to) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& r) {
      return r.acknowledged && before(r.left, to) && before(from, r.right);
    });
  }

  const Lacking& lacking() const { return lacking_; }
  bool none() const { return ranges_.empty() && lacking_.bytes == 0; }

 private:
  struct Range {
    SeqNum left, right;
    uint64_t frame;
    bool acknowledged;
  };
  static uint32_t bytes(const Range& r) {
    return static_cast<uint32_t>(std::max(distance(r.left, r.right), 0));
  }

  /// Beyond the limit the oldest are forgotten.
  void push(const Range& range) {
    if (ranges_.size() >= kMax) ranges_.erase(ranges_.begin());
    ranges_.push_back(range);
  }
  void insert(size_t at, const Range& range) {
    if (ranges_.size() < kMax) ranges_.insert(ranges_.begin() + static_cast<ptrdiff_t>(at), range);
  }

  static constexpr size_t kMax = 256;
  static constexpr size_t kShownLate = 8;         // acknowledged ones that may still be shown
  static constexpr int32_t kForgotten = 1 << 30;  // sequence numbers, the largest window
  std::vector<Range> ranges_;                     ///< by SEQ
  Lacking lacking_;
};

}  // namespace tsaudit
