// SPDX-License-Identifier: GPL-3.0-or-later
// Makes views of one flow while it grows. Each segment is taken once, however many views there will be of it.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "flow_view.h"
#include "unwrapper.h"

namespace tsaudit::gui {

class FlowFollower {
 public:
  FlowFollower(std::shared_ptr<const CaptureStore> store, uint64_t id) : store_(std::move(store)), id_(id) {}
  uint64_t id() const { return id_; }

  // By any thread; one waits for the other.
  /// Takes what has come since the last time, of that the first `most`. False when `stop` was set meanwhile;
  /// what was taken stays taken.
  bool follow(const std::atomic<bool>* stop = nullptr, size_t most = SIZE_MAX);
  /// What has been taken so far. nullptr when `stop` was set meanwhile.
  std::shared_ptr<const FlowView> view(const std::atomic<bool>* stop = nullptr);

 private:
  /// A Track that grows, and what its next segment has to know of those before.
  struct Growing {
    static constexpr TimeNs kNever = INT64_MIN;
    GrowingArray<uint32_t> rows;
    GrowingArray<TimeNs> times;
    GrowingPyramid tsval, ts_recent, seq, other_tsecr, other_ack, other_rtt;
    std::array<GrowingArray<uint32_t>, kMarkKinds> marks;
    GrowingArray<uint32_t> unset;
    GrowingArray<Silence> silences;
    Unwrapper ticks, sequence;
    TimeNs renewed_ns = kNever;  ///< the last TSval that was not refused, and what it was
    double renewed = 0;
    double first_sequence = 0;
    size_t waiting = 0;  ///< the first sample whose TSval may yet be echoed for the first time
    double last_tsval = kNoValue;

    void append_clock(const LogRow& row, double hz);
    void append_tsval(double value);
    double rtt_of_echo(double echo, TimeNs time);

    void reserve(size_t size);
    Track share() const;
  };
  void append(uint32_t at);
  void take(uint32_t at);
  bool take_sorted(const std::atomic<bool>* stop);

  const std::shared_ptr<const CaptureStore> store_;
  const uint64_t id_;
  std::mutex busy_;
  GrowingArray<uint32_t> rows_;  ///< in order of frames
  TimeNs first_ns_ = 0, last_ns_ = 0;
  bool in_order_ = true;  ///< of time; if not, the tracks are made anew for each view
  std::array<Growing, 2> tracks_;
  std::array<double, 2> hz_{};  ///< of the clocks, by the report; 0: not known (yet)
  bool unplaced_ = false;  ///< TSvals came after a silence whose ticks nobody could count: hz_ was not there
};

}  // namespace tsaudit::gui
