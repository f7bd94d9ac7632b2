// SPDX-License-Identifier: GPL-3.0-or-later
// Makes views of one flow while it grows. Each segment is taken once, however many views there will be of it.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "flow_view.h"

namespace tsaudit::gui {

/// A mod-2^32 counter without its wraps: each value is placed next to the last one.
class Unwrapper {
 public:
  bool started() const { return started_; }
  double place(uint32_t raw) {
    value_ = started_ ? next_to_last(raw) : raw;
    started_ = true;
    raw_ = raw;
    return static_cast<double>(value_);
  }
  /// Where `raw` would be, without following it.
  double peek(uint32_t raw) const { return started_ ? static_cast<double>(next_to_last(raw)) : raw; }

 private:
  int64_t next_to_last(uint32_t raw) const { return value_ + static_cast<int32_t>(raw - raw_); }
  bool started_ = false;
  uint32_t raw_ = 0;
  int64_t value_ = 0;
};

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
    GrowingArray<uint32_t> rows;
    GrowingArray<TimeNs> times;
    GrowingPyramid tsval, ts_recent, seq, other_tsecr, other_ack, other_rtt;
    std::array<GrowingArray<uint32_t>, kMarkKinds> marks;
    Unwrapper ticks, sequence;
    double first_sequence = 0;
    size_t waiting = 0;  ///< the first sample whose TSval may yet be echoed for the first time
    double last_tsval = kNoValue;

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
};

}  // namespace tsaudit::gui
