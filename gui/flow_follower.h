// SPDX-License-Identifier: GPL-3.0-or-later
// Makes views of one flow while it grows. Each segment is taken once, however many views there will be of it.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>

#include "flow_view.h"

namespace tsaudit::gui {

/// A mod-2^32 counter without its wraps: each value is placed next to the last one.
class Unwrapper {
 public:
  bool started() const { return started_; }
  double place(uint32_t raw);
  /// Where `raw` would be, without following it.
  double peek(uint32_t raw) const;

 private:
  bool started_ = false;
  uint32_t raw_ = 0;
  int64_t value_ = 0;
};

/// When each TSval went by first, until its echo comes back: passive RTT, as pping measures it.
class EchoWaits {
 public:
  void sent(uint32_t tsval, TimeNs time);
  /// Seconds; kNoValue: not the first echo, or of what was not seen.
  double echoed(uint32_t tsecr, TimeNs time);

 private:
  static constexpr size_t kMost = 1 << 16;  ///< of a side that is never echoed
  struct Wait {
    uint32_t tsval;
    TimeNs time;
  };
  std::deque<Wait> waits_;
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
    EchoWaits waits;

    void reserve(size_t size);
    Track share() const;
  };
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
