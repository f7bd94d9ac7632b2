// SPDX-License-Identifier: Apache-2.0
// The segments of one capture, with a look ahead.
#pragma once

#include <atomic>
#include <deque>

#include "tsaudit/capture.h"
#include "verify/item.h"

namespace tsaudit::verify {

class Feed {
 public:
  explicit Feed(PacketSource& source) : source_(source) {}
  struct Entry {
    Endpoint from, to;
    Item item;
  };
  /// Reads on until `count` segments are ahead, or there are no more.
  void look_ahead(size_t count);
  bool empty() {
    look_ahead(1);
    return ahead_.empty();
  }
  const std::deque<Entry>& ahead() const { return ahead_; }
  Entry next();

  bool finished() const { return finished_; }
  TimeNs first_ns() const { return first_ns_; }  ///< of any packet; INT64_MAX before one was read
  TimeNs last_ns() const { return last_ns_; }
  uint64_t not_segments() const { return not_segments_; }
  void stop_on(const std::atomic<bool>* stop) { stop_ = stop; }

 private:
  PacketSource& source_;
  std::deque<Entry> ahead_;
  const std::atomic<bool>* stop_ = nullptr;
  bool finished_ = false;
  TimeNs first_ns_ = INT64_MAX, last_ns_ = INT64_MIN;
  uint64_t not_segments_ = 0;
};

/// How far the clock of the outside capture is ahead of the inside one's, judged by segments that both have
/// among those ahead; 0 if one clock explains them. What takes equally long there and back cancels out.
int64_t clock_difference_ns(const Feed& inside, const Feed& outside);

}  // namespace tsaudit::verify
