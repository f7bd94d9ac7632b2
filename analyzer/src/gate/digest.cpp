// SPDX-License-Identifier: Apache-2.0
// What a comparison keeps of a flow: its numbers, its findings, and the part it plays.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tsaudit/compare.h"
#include "tsaudit/policy.h"

namespace tsaudit {
namespace {

/// Goodput of less time than this is chance: a few round trips, the length of a pause.
constexpr int64_t kSteady = kSecond;

double size_of(int64_t value) { return std::abs(static_cast<double>(value)); }

/// The time before the first move and after the last one, and what was delivered in it.
struct Phase {
  int64_t ns = 0;
  uint64_t bytes = 0;
  std::optional<double> goodput() const {
    if (ns <= 0) return std::nullopt;
    return std::floor(static_cast<double>(bytes) * 1e9 / static_cast<double>(ns));
  }
};

uint64_t delivered(const FlowReport& flow) {
  return flow.directions[0].delivered_bytes + flow.directions[1].delivered_bytes;
}

Phase phase_before(const FlowReport& flow) {
  if (flow.migrations.empty()) return {flow.last_ns - flow.first_ns, delivered(flow)};
  const Migration& first = flow.migrations.front();
  return {first.time_ns - first.gap_ns - flow.first_ns, first.delivered_bytes[0] + first.delivered_bytes[1]};
}

Phase phase_after(const FlowReport& flow) {
  if (flow.migrations.empty()) return {};
  const Migration& last = flow.migrations.back();
  const uint64_t before = last.delivered_bytes[0] + last.delivered_bytes[1];
  return {flow.last_ns - last.time_ns, delivered(flow) - std::min(before, delivered(flow))};
}

double stalled(std::span<const Finding> findings) {
  return static_cast<double>(stalled_ns(findings, [](const Finding& finding) {
    return is_stall(finding) && finding.evidence != Evidence::contradicted;
  }));
}

void keep_most(std::optional<double>& most, double value) { most = most ? std::max(*most, value) : value; }

}  // namespace

Metrics metrics_of(const FlowReport& flow) {
  Metrics out;
  const auto at = [&](Metric metric) -> std::optional<double>& { return out[static_cast<size_t>(metric)]; };
  double dropped = 0, retransmissions = 0;
  for (const DirectionReport& direction : flow.directions) {
    dropped += static_cast<double>(direction.confirmed + direction.predicted);
    retransmissions += static_cast<double>(direction.retransmissions);
  }
  at(Metric::dropped) = dropped;
  at(Metric::retransmissions) = retransmissions;
  at(Metric::stall) = stalled(flow.findings);
  for (const Migration& migration : flow.migrations) {
    keep_most(at(Metric::gap), static_cast<double>(migration.gap_ns));
    keep_most(at(Metric::recovery), migration.recovery_ns ? static_cast<double>(*migration.recovery_ns)
                                                          : std::numeric_limits<double>::infinity());
    auto& step = at(Metric::tsval_step);
    if (migration.tsval_step && (!step || size_of(*migration.tsval_step) > std::abs(*step))) {
      step = static_cast<double>(*migration.tsval_step);
    }
  }
  at(Metric::goodput_before) = phase_before(flow).goodput();
  at(Metric::goodput_after) = phase_after(flow).goodput();
  return out;
}

void AnalysisDigest::flow(FlowReport&& flow) {
  FlowDigest& out = flows_.emplace_back();
  out.role = role_of(flow);
  out.client = flow.client;
  out.timestamps = flow.timestamps;
  out.last_ns = flow.last_ns;
  for (size_t i = 0; i < 2; ++i) {
    out.segments[i] = flow.directions[i].segments;
    out.ts_segments[i] = flow.directions[i].ts_segments;
  }
  out.metrics = metrics_of(flow);
  out.steady_before = phase_before(flow).ns >= kSteady;
  out.steady_after = phase_after(flow).ns >= kSteady;
  out.findings = std::move(flow.findings);
}

void AnalysisDigest::finish(Summary summary) {
  summary_ = std::move(summary);
  std::ranges::sort(flows_, {}, [](const FlowDigest& flow) { return flow.role.order; });
  for (Finding& finding : loose_) {
    const auto at = std::ranges::lower_bound(flows_, finding.flow, {},
                                             [](const FlowDigest& flow) { return flow.role.order; });
    if (at == flows_.end() || at->role.order != finding.flow) continue;  // of the captures as a whole
    at->findings.push_back(std::move(finding));
  }
  // A saved flow came without its findings, and so without its stalls.
  for (FlowDigest& flow : flows_) flow.metrics[static_cast<size_t>(Metric::stall)] = stalled(flow.findings);
  loose_.clear();
  flows_.shrink_to_fit();
}

std::array<Severity, kRuleCount + 1> Policy::default_severities() {
  std::array<Severity, kRuleCount + 1> out{};
  for (const RuleInfo& rule : rule_table()) out[static_cast<size_t>(rule.id)] = rule.severity;
  return out;
}

std::array<Threshold, kMetricCount> Policy::default_thresholds() {
  std::array<Threshold, kMetricCount> out;
  const auto set = [&](Metric metric, double slack, double percent) {
    out[static_cast<size_t>(metric)] = {Severity::error, slack, percent};
  };
  set(Metric::dropped, 0, 0);
  set(Metric::stall, 500'000'000, 20);
  set(Metric::gap, 1'000'000'000, 100);
  set(Metric::tsval_step, 100, 0);
  set(Metric::retransmissions, 10, 100);
  set(Metric::goodput_before, 0, 50);
  set(Metric::goodput_after, 0, 50);
  set(Metric::recovery, 1'000'000'000, 100);
  return out;
}

}  // namespace tsaudit
