// SPDX-License-Identifier: Apache-2.0
// Segments in frame order, each held back until its verdict's evidence is in.
#pragma once

#include <algorithm>
#include <deque>

#include "model/tracker.h"
#include "tsaudit/analysis.h"

namespace tsaudit {

class RowQueue : public EvidenceSink {
 public:
  explicit RowQueue(Sink& sink) : sink_(sink) {}

  void opened(uint64_t frame) override { opened_frame_ = frame; }
  void resolved(const OpenVerdict& verdict) override {
    const auto at =
        std::lower_bound(rows_.begin(), rows_.end(), verdict.frame,
                         [](const Entry& entry, uint64_t frame) { return entry.row.frame < frame; });
    if (at == rows_.end() || at->row.frame != verdict.frame) return;  // gone ahead: the queue was full
    at->row.evidence = verdict.evidence;
    at->row.evidence_frames = verdict.evidence_frames;
    at->open = false;
    flush(kMaxHeld);
  }
  void push(const SegmentRow& row) {
    const bool open = opened_frame_ == row.frame;
    if (!open && rows_.empty()) {
      sink_.segment(row);
      return;
    }
    rows_.push_back({row, open});
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

  void flush(size_t keep) {
    while (!rows_.empty() && (!rows_.front().open || rows_.size() > keep)) {
      sink_.segment(rows_.front().row);
      rows_.pop_front();
    }
  }

  Sink& sink_;
  std::deque<Entry> rows_;
  uint64_t opened_frame_ = 0;
};

}  // namespace tsaudit
