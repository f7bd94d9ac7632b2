// SPDX-License-Identifier: GPL-3.0-or-later
// What the viewer keeps of an analysis: every segment in 48 bytes, every flow. Written by the thread that
// analyzes while the window already reads, so that a capture can be looked at before it is read whole.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "stable_array.h"
#include "tsaudit/analysis.h"
#include "tsaudit/host_moves.h"

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

/// What each segment changes of its flow, apart from all else so that thousands of flows stay in the cache.
/// The analyzing thread writes it and waits for nobody; any other may read it at any time.
struct FlowCounts {
  std::atomic<uint32_t> segments = 0;
  std::atomic<uint32_t> dropped = 0;  ///< by timestamps
  std::atomic<uint32_t> last_row = LogRow::kNoRow;
  std::atomic<uint32_t> milestone = LogRow::kNoRow;  ///< the last one
};

/// A row on the way back through a long flow: one of many, so that its clocks are drawn without all of them.
struct Milestone {
  uint32_t row;
  uint32_t previous;  ///< of the same flow; LogRow::kNoRow: none
};

struct FlowEntry {
  const FlowCounts* counts = nullptr;
  uint32_t segments() const { return counts->segments.load(std::memory_order_relaxed); }
  uint32_t dropped() const { return counts->dropped.load(std::memory_order_relaxed); }
  uint32_t last_row() const { return counts->last_row.load(std::memory_order_acquire); }
  uint32_t milestone() const { return counts->milestone.load(std::memory_order_acquire); }

  std::atomic<uint32_t> first_row = LogRow::kNoRow;  ///< there is one when there is a last one
  uint64_t id = 0;
  Severity worst = Severity::none;
  uint16_t rules = 0;                    ///< bit n - 1: has a finding of TS00n
  Side clock_of = Side::client;          ///< whose clock is worth a look
  Endpoint client, server;               ///< until the report has come: by who spoke first
  const std::string* summary = nullptr;  ///< nullptr until a report has come
  std::array<double, 2> hz{};            ///< of the client's clock and the server's; 0: not known (yet)
  /// Of a flow that there is more to say about than this.
  std::shared_ptr<const FlowReport> report;
  bool judged() const { return summary != nullptr; }  ///< by what has come so far, if it goes on
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
  void flow_so_far(FlowReport&& report) override;

  void moved();  ///< after the last flow(): moves() is complete

  // By any thread.
  size_t segments() const { return published_.load(std::memory_order_acquire); }
  /// `index` < segments().
  const LogRow& row(size_t index) const { return rows_[index]; }
  /// Of FlowEntry::first_row and last_row; 0 before the first row.
  TimeNs time_ns(uint32_t index) const { return index == LogRow::kNoRow ? 0 : row(index).time_ns; }
  /// So many times a connection that goes on has been judged anew.
  size_t judgements() const { return judgements_.load(std::memory_order_relaxed); }
  size_t flows() const { return published_flows_.load(std::memory_order_acquire); }
  /// Calls `look` with the flow of this id, 1..flows(), which holds still meanwhile.
  template <class Look>
  auto flow_at(uint64_t id, Look&& look) const {
    const std::lock_guard lock(mutex_);
    return look(flow_entry(id));
  }
  /// Calls `look` with one flow after the other, by id. They hold still a few hundred at a time: neither the
  /// analysis nor the window waits for more.
  template <class Look>
  void each_flow(Look&& look) const {
    for (uint64_t id = 1, end = flows() + 1; id < end;) {
      const std::lock_guard lock(mutex_);
      for (const uint64_t pause = std::min(end, id + kAtATime); id < pause; ++id) look(flow_entry(id));
    }
  }
  static constexpr uint64_t kAtATime = 256;
  struct ClockPoint {
    double seconds, ticks;  ///< since the first
  };
  static constexpr size_t kClockPoints = 32;
  /// The clock of one side of a flow in about so many points, spread over its time; none if it has no
  /// timestamps. `flow` is held still by the caller.
  std::vector<ClockPoint> clock_line(const FlowEntry& flow, Side side) const;
  std::shared_ptr<const FlowReport> report(uint64_t id) const;
  /// Frames that show what became of a dropped segment; 0: unused.
  std::array<uint64_t, 4> evidence_frames(uint64_t frame) const;
  /// The row of a frame; segments() if it has none.
  size_t find_frame(uint64_t frame) const;
  TimeNs start_ns() const { return segments() ? row(0).time_ns : 0; }
  /// Hosts that moved with several connections, by time; none before the capture is read.
  std::vector<HostMove> moves() const;
  uint64_t rows_lost() const { return rows_lost_.load(std::memory_order_relaxed); }

 private:
  void count(const LogRow& row, uint32_t at, FlowCounts& flow);
  static void judge(FlowEntry& flow, FlowReport&& report);
  const FlowEntry& flow_entry(uint64_t id) const { return flows_[id - 1]; }

  StableArray<LogRow, 1 << 16> rows_;
  static_assert(decltype(rows_)::max_size() > LogRow::kNoRow);
  alignas(kCacheLine) std::atomic<size_t> published_ = 0;  ///< so many rows may be read
  std::atomic<uint64_t> rows_lost_ = 0;
  std::atomic<size_t> judgements_ = 0;

  StableArray<FlowCounts, 1 << 14> counts_;
  StableArray<Milestone, 1 << 10> milestones_;
  StableArray<FlowEntry, 1 << 14> flows_;
  std::atomic<size_t> published_flows_ = 0;  ///< so many are there
  mutable std::mutex mutex_;                 ///< for what changes of a flow that is there, and the following
  std::vector<std::pair<uint64_t, std::array<uint64_t, 4>>> evidence_;  ///< by frame, in order
  HostMoves moves_;
  std::unordered_set<std::string> summaries_;  ///< a million connections are healthy in the same words
};

}  // namespace tsaudit::gui
