// SPDX-License-Identifier: Apache-2.0
// Numbers of a comparison, as its reports write them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tsaudit/compare.h"

namespace tsaudit {

/// "31 ms", "-1,000,001", "12,000 B/s", "never", "-".
std::string metric_value(Metric metric, const std::optional<double>& value);
/// "worse", "better" or nothing.
std::string_view metric_verdict(const MetricDelta& delta);
/// "flow 1 10.0.0.1 -> 10.0.0.2:443", of the candidate where there is one.
std::string delta_name(const FlowDelta& delta);
/// "in the baseline: flow 3; paired by first payloads and order", or why there is no pair.
std::string pairing(const FlowDelta& delta);
/// Which captures and how much of them: "healthy.pcap, 1 flow, 36 segments with timestamps".
std::string side_text(const Summary& summary);

/// The worst flows of a comparison, a bounded number.
class WorstDeltas {
 public:
  explicit WorstDeltas(size_t capacity) : capacity_(capacity) {}
  void offer(const FlowDelta& delta);
  const std::vector<FlowDelta>& kept() const { return kept_; }
  uint64_t not_kept() const { return offered_ - kept_.size(); }

 private:
  size_t capacity_;
  uint64_t offered_ = 0;
  std::vector<FlowDelta> kept_;  ///< worst first
};

}  // namespace tsaudit
