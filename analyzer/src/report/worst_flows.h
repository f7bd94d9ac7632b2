// SPDX-License-Identifier: Apache-2.0
// The flows that a text report speaks of: a bounded number, the worst.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "report/flow_facts.h"
#include "tsaudit/report.h"

namespace tsaudit {

class WorstFlows {
 public:
  explicit WorstFlows(size_t capacity) : capacity_(capacity) {}

  void offer(const FlowReport& flow) {
    ++offered_;
    const Rank rank = rank_of(flow);
    const auto place = std::ranges::upper_bound(kept_, rank, {}, &Entry::rank);
    if (place == kept_.end() && kept_.size() >= capacity_) return;
    kept_.insert(place, Entry{rank, std::make_unique<FlowReport>(flow)});
    if (kept_.size() > capacity_) kept_.pop_back();
  }
  size_t size() const { return kept_.size(); }
  const FlowReport& operator[](size_t i) const { return *kept_[i].flow; }
  uint64_t not_kept() const { return offered_ - kept_.size(); }

 private:
  // Smaller is worse. Ends with the id, so that the order never depends on the order of arrival.
  using Rank = std::tuple<int, int64_t, int64_t, int64_t, uint64_t>;
  struct Entry {
    Rank rank;
    std::unique_ptr<FlowReport> flow;
  };
  static Rank rank_of(const FlowReport& flow) {
    const auto confirmed = flow.directions[0].confirmed + flow.directions[1].confirmed;
    return {-static_cast<int>(flow.worst), -paws_stall_ns(flow), -static_cast<int64_t>(confirmed),
            -static_cast<int64_t>(dropped_by_timestamps(flow)), flow.id};
  }

  size_t capacity_;
  uint64_t offered_ = 0;
  std::vector<Entry> kept_;
};

}  // namespace tsaudit
