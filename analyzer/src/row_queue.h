// SPDX-License-Identifier: Apache-2.0
// Segments in frame order, each held back until its verdict's evidence is in.
#pragma once

#include <algorithm>
#include <vector>

#include "model/tracker.h"
#include "tsaudit/analysis.h"

namespace tsaudit {

class RowQueue : public EvidenceSink {
 public:
  explicit RowQueue(Sink& sink) : sink_(sink) {}

  void opened(uint64_t frame) override { opened_frame_ = frame; }
  void resolved(const OpenVerdict& verdict) override {
    size_t low = 0, high = count_;
    while (low < high) {
      const size_t middle = low + (high - low) / 2;
      at(middle).row.frame < verdict.frame ? low = middle + 1 : high = middle;
    }
    if (low == count_) return;
    Entry& entry = at(low);
    if (entry.row.frame != verdict.frame) return;  // gone ahead: the queue was full
    entry.row.verdict = verdict.verdict;
    entry.row.reason = verdict.reason;
    if (entry.row.ts_recent_known) entry.row.ts_recent = verdict.state.ts_recent;
    entry.row.evidence = verdict.evidence;
    entry.row.evidence_frames = verdict.evidence_frames;
    entry.open = false;
    flush(kMaxHeld);
  }
  void push(const SegmentRow& row) {
    if (count_ == 0 && opened_frame_ != row.frame) [[likely]]
      sink_.segment(row);
    else
      hold(row);
  }
  /// What waits, up to this frame, waits no longer.
  void let_go(uint64_t last_frame) {
    while (count_ > 0 && at(0).row.frame <= last_frame) pop();
    flush(kMaxHeld);
  }
  void finish() { flush(0); }

 private:
  struct Entry {
    SegmentRow row;
    bool open;
  };
  /// A verdict that nothing decides must not hold up the rest for ever; it goes out as predicted.
  static constexpr size_t kMaxHeld = 1 << 16;

  /// Its verdict is open, or that of one before it: seldom, so that push() is little more than the call.
  [[gnu::noinline]] void hold(const SegmentRow& row) {
    const bool open = opened_frame_ == row.frame;
    if (count_ == ring_.size()) grow();
    at(count_++) = {row, open};
    flush(kMaxHeld);
  }
  Entry& at(size_t index) { return ring_[(head_ + index) & (ring_.size() - 1)]; }

  void grow() {
    std::rotate(ring_.begin(), ring_.begin() + static_cast<ptrdiff_t>(head_), ring_.end());
    head_ = 0;
    ring_.resize(std::max<size_t>(64, ring_.size() * 2));
  }

  void flush(size_t keep) {
    while (count_ > 0 && (!at(0).open || count_ > keep)) pop();
  }
  void pop() {
    sink_.segment(at(0).row);
    head_ = (head_ + 1) & (ring_.size() - 1);
    --count_;
  }

  Sink& sink_;
  std::vector<Entry> ring_;  ///< a power of two, or nothing
  size_t head_ = 0, count_ = 0;
  uint64_t opened_frame_ = 0;
};

}  // namespace tsaudit
