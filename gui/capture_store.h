// SPDX-License-Identifier: GPL-3.0-or-later
// What the viewer keeps of an analysis: every segment in 48 bytes, every flow. Written by the thread that
// analyzes while the window already reads, so that a capture can be looked at before it is read whole.
#pragma once

#include <array>
#include <atomic>
#include <cstdlib>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tsaudit/analysis.h"

namespace tsaudit::gui {

/// A SegmentRow, packed.
struct LogRow {
  TimeNs time_ns;
  uint32_t frame;
  uint32_t flow;
  uint32_t seq, ack;
  uint32_t length;
  uint32_t tsval, tsecr, ts_recent;
  uint32_t previous;  ///< index of the same flow's row before; kNoRow: none
  uint8_t flags;
  uint8_t verdict : 2, evidence : 2, from : 1, has_ts : 1, ts_recent_known : 1;
  uint8_t reason;
  static constexpr uint32_t kNoRow = UINT32_MAX;

  Side side() const { return static_cast<Side>(from); }
  int32_t delta() const { return static_cast<int32_t>(tsval - ts_recent); }
};
static_assert(sizeof(LogRow) == 48);

/// A clock in a few strokes: samples spread evenly over what has come so far.
struct Sparkline {
  static constexpr size_t kSamples = 20;
  struct Sample {
    float seconds, ticks;  ///< since the first sample
  };
  uint8_t count = 0;
  uint32_t stride = 1, pending = 0;
  uint32_t last_raw = 0;
  int64_t unwrapped = 0;
  TimeNs start_ns = 0, last_ns = 0;
  std::array<Sample, kSamples> samples;
  void add(TimeNs time_ns, uint32_t tsval);
  /// The newest, drawn behind the others. `count` > 0.
  Sample last() const {
    return {static_cast<float>(last_ns - start_ns) * 1e-9f, static_cast<float>(unwrapped)};
  }
};

struct FlowEntry {
  uint64_t id = 0;
  Endpoint client, server;  ///< until the report has come: by who spoke first
  TimeNs first_ns = 0, last_ns = 0;
  uint32_t first_frame = 0, last_frame = 0;
  uint32_t segments = 0;
  uint32_t dropped = 0;  ///< by timestamps
  uint32_t last_row = LogRow::kNoRow;
  Severity worst = Severity::none;
  uint16_t rules = 0;  ///< bit n - 1: has a finding of TS00n
  bool ended = false;  ///< the report has come
  std::string summary;
  std::array<Sparkline, 2> clock;  ///< by side of the sender
  /// Of flows with findings, migrations, or among the first kReportsOfHealthy.
  std::shared_ptr<const FlowReport> report;
};

class CaptureStore : public Sink {
 public:
  CaptureStore();
  CaptureStore(const CaptureStore&) = delete;
  ~CaptureStore() override;

  // By the analyzing thread.
  bool wants_segments() const override { return true; }
  void flow_opened(uint64_t id, const Endpoint& source, const Endpoint& destination) override;
  void segment(const SegmentRow& row) override;
  void flow(FlowReport&& report) override;
  void caught_up() override { flush(); }
  void flush();  ///< makes the last rows visible

  // By any thread.
  size_t segments() const { return published_.load(std::memory_order_acquire); }
  /// `index` < segments().
  const LogRow& row(size_t index) const { return chunks_[index / kChunk][index % kChunk]; }
  size_t flows() const;
  /// Calls `look` with the flow of this id, 1..flows(), which holds still meanwhile.
  template <class Look>
  auto flow_at(uint64_t id, Look&& look) const {
    const std::lock_guard lock(mutex_);
    return look(static_cast<const FlowEntry&>(*flows_[id - 1]));
  }
  /// Calls `look` with all flows, by id, which hold still meanwhile. To be short: the analysis waits.
  template <class Look>
  auto all_flows(Look&& look) const {
    const std::lock_guard lock(mutex_);
    return look(static_cast<const std::vector<std::unique_ptr<FlowEntry>>&>(flows_));
  }
  std::shared_ptr<const FlowReport> report(uint64_t id) const;
  /// Frames that show what became of a dropped segment; 0: unused.
  std::array<uint64_t, 4> evidence_frames(uint64_t frame) const;
  /// The row of a frame; segments() if it has none.
  size_t find_frame(uint64_t frame) const;
  TimeNs start_ns() const { return segments() ? row(0).time_ns : 0; }
  uint64_t rows_lost() const { return rows_lost_.load(std::memory_order_relaxed); }

  static constexpr size_t kReportsOfHealthy = 20'000;

 private:
  static constexpr size_t kChunk = 1 << 15;
  static constexpr size_t kMaxChunks = 1 << 17;
  struct Free {
    void operator()(LogRow* rows) const { std::free(rows); }
  };
  using Chunk = std::unique_ptr<LogRow[], Free>;
  static Chunk new_chunk();
  static constexpr size_t kBatch = 512;
  void publish(size_t index);

  std::unique_ptr<Chunk[]> chunks_;
  std::atomic<size_t> published_ = 0;
  std::future<Chunk> next_chunk_;  ///< is being made by another thread meanwhile
  size_t written_ = 0;             ///< of these the first published_ are with their flows, and may be read
  std::atomic<uint64_t> rows_lost_ = 0;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<FlowEntry>> flows_;
  std::vector<std::pair<uint64_t, std::array<uint64_t, 4>>> evidence_;  ///< by frame, in order
  size_t healthy_reports_ = 0;
};

}  // namespace tsaudit::gui
