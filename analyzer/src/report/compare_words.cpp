// SPDX-License-Identifier: Apache-2.0
#include "report/compare_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "report/text_style.h"
#include "report/utf8.h"

namespace tsaudit {

std::string metric_value(Metric metric, const std::optional<double>& value) {
  if (!value) return "-";
  if (std::isinf(*value)) return "never";
  // Beyond int64 a capture says things that cannot be.
  const auto whole = static_cast<int64_t>(std::clamp(*value, -9e18, 9e18));
  switch (unit_of(metric)) {
    case Unit::ns:
      return duration_text(whole);
    case Unit::bytes_per_second:
      return grouped(whole) + " B/s";
    case Unit::segments:
    case Unit::ticks:
      break;
  }
  return grouped(whole);
}

std::string_view metric_verdict(const MetricDelta& delta) {
  return delta.worse != Severity::none ? "worse" : delta.better ? "better" : "";
}

std::string delta_name(const FlowDelta& delta) {
  const FlowDigest& flow = delta.shown();
  return fmt::format("flow {} {} -> {}", flow.role.order, to_string(flow.client.address),
                     to_string(flow.role.server));
}

std::string pairing(const FlowDelta& delta) {
  if (!delta.candidate) return "only the baseline has it";
  if (!delta.baseline) return "the baseline does not have it";
  std::string_view how;
  switch (delta.basis) {
    case MatchBasis::profile:
      how = "server, client and volume";
      break;
    case MatchBasis::client:
      how = "server, client, first payloads and order";
      break;
    case MatchBasis::first_payload:
      how = "server, first payloads and order";
      break;
    case MatchBasis::server:
      how = "server and order";
      break;
    case MatchBasis::port_and_payload:
      how = "server port, first payloads and order";
      break;
    case MatchBasis::port:
      how = "server port and order";
      break;
  }
  return fmt::format("in the baseline: flow {}; paired by {}", delta.baseline->role.order, how);
}

std::string side_text(const Summary& summary) {
  std::string names;
  for (const CaptureInfo& capture : summary.captures)
    names += (names.empty() ? "" : ", ") + printable(capture.name);
  return fmt::format("{}: {}, {} with timestamps", names, counted(summary.totals.flows, "flow"),
                     counted(summary.totals.ts_segments, "segment"));
}

void WorstDeltas::offer(const FlowDelta& delta) {
  ++offered_;
  // Ends with the flow's number, so that equal ones never change places.
  const auto rank = [](const FlowDelta& d) {
    return std::make_tuple(static_cast<int>(d.verdict), -static_cast<int>(d.worst), d.candidate == nullptr,
                           d.shown().role.order);
  };
  const auto place = std::ranges::upper_bound(kept_, rank(delta), {}, rank);
  if (place == kept_.end() && kept_.size() >= capacity_) return;
  kept_.insert(place, delta);
  if (kept_.size() > capacity_) kept_.pop_back();
}

}  // namespace tsaudit
