// SPDX-License-Identifier: Apache-2.0
// The policy's own questions about a flow, and what of all findings counts.
#include <fmt/format.h>

#include <algorithm>

#include "gate/apply.h"
#include "gate/words.h"

namespace tsaudit {
namespace {

/// Why the flow did not survive; empty if it did.
std::string cause_of_death(const FlowReport& flow) {
  if (flow.timestamps != Negotiated::yes) return "timestamps are not in use, so nothing is known of PAWS";
  for (const Migration& migration : flow.migrations) {
    if (!migration.recovery_ns) {
      return fmt::format("after the {} moved at frame {}, no new data got through",
                         to_string(migration.endpoint), migration.frame);
    }
  }
  return bad_end(flow.findings, flow.last_ns);
}

}  // namespace

/// The questions about one flow, each adding its findings.
struct Gate::FlowChecks {
  const Policy& policy;
  FlowReport& flow;

  Finding& add(RuleId rule, std::optional<Side> from, std::string message) {
    flow.findings.push_back(gate_finding(policy, rule, flow.id, from, std::move(message)));
    return flow.findings.back();
  }
  Finding& add_at(const Migration& migration, RuleId rule, std::string message) {
    Finding& finding = add(rule, migration.endpoint, std::move(message));
    finding.frames = {migration.frame};
    finding.frame_count = 1;
    finding.time_ns = migration.time_ns;
    return finding;
  }

  void limits() {
    if (policy.max_stall_ns) {
      const std::vector<Finding> found = flow.findings;  // add() moves them
      for (const Finding& stall : found) {
        if (!is_stall(stall) || stall.evidence == Evidence::contradicted ||
            stall.duration_ns <= *policy.max_stall_ns)
          continue;
        Finding& finding =
            add(RuleId::limit_exceeded, stall.from,
                fmt::format("a stall of {}, but at most {} are allowed", duration_words(stall.duration_ns),
                            duration_words(*policy.max_stall_ns)));
        finding.frames = stall.frames;
        finding.frame_count = stall.frame_count;
        finding.time_ns = stall.time_ns;
        finding.duration_ns = stall.duration_ns;
      }
    }
    for (const Migration& migration : flow.migrations) {
      if (policy.max_gap_ns && migration.gap_ns > *policy.max_gap_ns) {
        add_at(migration, RuleId::limit_exceeded,
               fmt::format("silent for {} while it moved, but at most {} are allowed",
                           duration_words(migration.gap_ns), duration_words(*policy.max_gap_ns)));
      }
      if (policy.max_recovery_ns &&
          (!migration.recovery_ns || *migration.recovery_ns > *policy.max_recovery_ns)) {
        add_at(
            migration, RuleId::limit_exceeded,
            migration.recovery_ns
                ? fmt::format("new data got through {} after the move, but at most {} are allowed",
                              duration_words(*migration.recovery_ns), duration_words(*policy.max_recovery_ns))
                : fmt::format("no new data got through after the move, but within {} it has to",
                              duration_words(*policy.max_recovery_ns)));
      }
    }
  }

  void offsets() {
    if (!policy.expected_offset) return;
    for (const Migration& migration : flow.migrations) {
      if (!migration.offset) {
        add_at(migration, RuleId::offset_unexpected,
               fmt::format("the offset cannot be measured, but {:+} ticks are expected",
                           *policy.expected_offset));
        continue;
      }
      const int64_t off = migration.offset->suggested - *policy.expected_offset;
      if (off >= -policy.offset_tolerance && off <= policy.offset_tolerance) continue;
      add_at(migration, RuleId::offset_unexpected,
             fmt::format("an offset of {:+} ticks continues the old clock, but {:+} (within {}) are expected",
                         migration.offset->suggested, *policy.expected_offset, policy.offset_tolerance));
    }
  }

  void migrations(bool watched) {
    if (policy.migration_endpoint) {
      for (const Migration& migration : flow.migrations) {
        if (migration.endpoint == *policy.migration_endpoint) continue;
        add_at(migration, RuleId::migration_unexpected,
               fmt::format("the {} moved, but only the {} may", to_string(migration.endpoint),
                           to_string(*policy.migration_endpoint)));
      }
    }
    if (!watched || !policy.migration_count || flow.migrations.size() == *policy.migration_count) return;
    const std::string wanted = *policy.migration_count == 0
                                   ? "none is allowed"
                                   : fmt::format("{} {} expected", *policy.migration_count,
                                                 *policy.migration_count == 1 ? "is" : "are");
    add(RuleId::migration_unexpected, std::nullopt,
        fmt::format("{}, but {}", count_words(flow.migrations.size(), "move"), wanted));
  }
};

Gate::Gate(const Policy& policy, Date today, KnownFindings* known, bool accept)
    : policy_(policy),
      today_(today),
      known_(known),
      accept_(accept),
      survivors_(policy.survive.size()),
      suppressed_(policy.suppress.size()) {
  report_.fail_on = policy.fail_on;
}

void Gate::judge(FlowReport& flow) {
  for (Finding& finding : flow.findings) finding.severity = policy_severity(policy_, finding);
  FlowChecks checks{policy_, flow};
  bool wanted = false;
  for (size_t i = 0; i < policy_.survive.size(); ++i) {
    if (!policy_.survive[i].filter.matches(flow)) continue;
    ++survivors_[i];
    wanted = true;
  }
  if (wanted) {
    if (const std::string cause = cause_of_death(flow); !cause.empty()) {
      checks.add(RuleId::flow_not_survived, std::nullopt, "must survive, but " + cause);
    }
  }
  checks.limits();
  checks.offsets();
  checks.migrations(policy_.survive.empty() ? flow.timestamps == Negotiated::yes : wanted);
  number_fingerprints(flow.findings);
}

/// Does it count? `flow` is null for what concerns the captures as a whole, which nothing suppresses.
void Gate::settle(Finding& finding, const FlowReport* flow) {
  const bool grave = counts(finding, policy_.fail_on);
  if (flow != nullptr) {
    if (const auto index = suppression_for(policy_, today_, finding, flow->client, flow->server)) {
      finding.suppressed = fmt::format("policy: {}", policy_.suppress[*index].reason);
      ++suppressed_[*index];
      ++report_.suppressed;
      return;
    }
    // A note does not take the place of the error that is known.
    const bool recorded =
        grave || (policy_.fail_on == Severity::none && finding.severity >= Severity::warning);
    if (recorded) found_.add(flow->server, finding);
    if (recorded && known_ != nullptr) {
      const bool is_known = known_->take(flow->server, finding);
      finding.baseline_state = is_known ? BaselineState::unchanged : BaselineState::fresh;
      if (is_known || (accept_ && grave)) {
        finding.suppressed = "known: it is in the baseline";
        ++report_.known;
        return;
      }
    }
  }
  report_.counted += grave;
  worst_ = std::max(worst_, finding.severity);
}

void Gate::apply(FlowReport& flow) {
  ts_flows_ += flow.timestamps == Negotiated::yes;
  judge(flow);
  flow.worst = Severity::none;
  for (Finding& finding : flow.findings) {
    settle(finding, &flow);
    if (finding.suppressed.empty()) flow.worst = std::max(flow.worst, finding.severity);
  }
  // Worst first, and what does not count after what does.
  std::ranges::stable_sort(flow.findings, [](const Finding& x, const Finding& y) {
    if (x.suppressed.empty() != y.suppressed.empty()) return x.suppressed.empty();
    return x.severity > y.severity;
  });
}

void Gate::finish(Summary& summary) {
  const auto add = [&](RuleId rule, std::string message) {
    report_.findings.push_back(gate_finding(policy_, rule, 0, std::nullopt, std::move(message)));
  };
  if (ts_flows_ < policy_.min_flows) {
    add(RuleId::nothing_judged,
        fmt::format("{} with timestamps, but {} wanted", count_words(ts_flows_, "flow"), policy_.min_flows));
  }
  // Without flows to judge, segments are not asked for either (--min-flows 0).
  if (policy_.min_flows > 0 && summary.totals.ts_segments < policy_.min_ts_segments) {
    add(RuleId::nothing_judged,
        fmt::format("{} with timestamps, but {} wanted", count_words(summary.totals.ts_segments, "segment"),
                    policy_.min_ts_segments));
  }
  for (size_t i = 0; i < survivors_.size(); ++i) {
    const Policy::Survivor& survivor = policy_.survive[i];
    if (survivors_[i] >= survivor.min_flows) continue;
    add(RuleId::flow_not_survived,
        fmt::format("{} of '{}' ({} -> {}), but {} must survive", count_words(survivors_[i], "flow"),
                    survivor.name, to_string(survivor.filter.client), to_string(survivor.filter.server),
                    survivor.min_flows));
  }
  number_fingerprints(report_.findings);
  for (Finding& finding : report_.findings) settle(finding, nullptr);
  report_.remarks = suppression_remarks(policy_, today_, suppressed_);
  if (known_ != nullptr && !accept_) {
    for (std::string& line : known_->stale()) report_.remarks.push_back(std::move(line));
  }
  report_.passed = report_.counted == 0;
  summary.gate = report_;
  summary.worst = worst_;
}

}  // namespace tsaudit
