// SPDX-License-Identifier: Apache-2.0
// Holds the flows of a candidate against their partners in the baseline.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "gate/apply.h"
#include "gate/words.h"
#include "tsaudit/policy.h"

namespace tsaudit {
namespace {

bool more_is_better(Metric metric) {
  return metric == Metric::goodput_before || metric == Metric::goodput_after;
}

/// Does `value` exceed `limit_of` by more than the threshold allows?
bool exceeds(double value, double other, const Threshold& threshold) {
  if (std::isinf(other)) return false;
  return value > other + std::max(threshold.slack, other * threshold.percent / 100);
}
bool falls_below(double value, double other, const Threshold& threshold) {
  return value < other - std::max(threshold.slack, other * threshold.percent / 100);
}

MetricDelta compare_metric(Metric metric, const FlowDigest& before, const FlowDigest& after,
                           const Threshold& threshold) {
  const auto index = static_cast<size_t>(metric);
  MetricDelta delta{.baseline = before.metrics[index], .candidate = after.metrics[index]};
  // Without a move there is no gap and no step; that the flow moved only once is a matter of TS006 and TS020.
  if (!delta.baseline || !delta.candidate) return delta;
  const double old_value = std::abs(*delta.baseline), new_value = std::abs(*delta.candidate);
  bool worse = false;
  if (more_is_better(metric)) {
    const bool steady = metric == Metric::goodput_before ? before.steady_before && after.steady_before
                                                         : before.steady_after && after.steady_after;
    if (!steady) return delta;
    worse = falls_below(new_value, old_value, threshold);
    delta.better = falls_below(old_value, new_value, threshold);
  } else {
    worse = exceeds(new_value, old_value, threshold);
    delta.better = exceeds(old_value, new_value, threshold);
  }
  if (worse) delta.worse = threshold.severity;
  return delta;
}

class Comparison {
 public:
  Comparison(const AnalysisDigest& baseline, const AnalysisDigest& candidate, const Policy& policy,
             Date today)
      : baseline_(baseline.flows()),
        candidate_(candidate.flows()),
        policy_(policy),
        today_(today),
        taken_(policy.suppress.size()) {
    out_.baseline = baseline.summary();
    out_.candidate = candidate.summary();
    out_.gate.fail_on = policy.fail_on;
  }

  CompareSummary run(CompareSink& sink) {
    std::vector<FlowRole> olds, news;
    for (const FlowDigest& flow : baseline_) olds.push_back(flow.role);
    for (const FlowDigest& flow : candidate_) news.push_back(flow.role);
    const FlowMatches matches = match_flows(olds, news);
    for (size_t i = 0, alone = 0; i < matches.pairs.size() || alone < matches.candidate_only.size();) {
      const bool pair =
          i < matches.pairs.size() && (alone == matches.candidate_only.size() ||
                                       matches.pairs[i].candidate < matches.candidate_only[alone]);
      pair ? take_pair(matches.pairs[i++], sink)
           : take_added(candidate_[matches.candidate_only[alone++]], sink);
    }
    for (const size_t index : matches.baseline_only) take_missing(baseline_[index], sink);
    enough("baseline", out_.baseline.totals);
    enough("candidate", out_.candidate.totals);
    number_fingerprints(out_.gate.findings);
    for (const Finding& finding : out_.gate.findings) count(finding);
    out_.gate.remarks = suppression_remarks(policy_, today_, taken_);
    out_.gate.passed = out_.gate.counted == 0;
    out_.answer = answer();
    return std::move(out_);
  }

 private:
  void count(const Finding& finding) { out_.gate.counted += counts(finding, policy_.fail_on); }

  /// Severity, suppression, and what they mean for the gate.
  void settle(FlowDelta& delta, Finding& finding) {
    const FlowDigest& flow = delta.shown();
    if (finding.suppressed.empty()) {
      if (const auto index = suppression_for(policy_, today_, finding, flow.client, flow.role.server)) {
        finding.suppressed = fmt::format("policy: {}", policy_.suppress[*index].reason);
        ++taken_[*index];
        ++out_.gate.suppressed;
      }
    }
    if (finding.suppressed.empty()) delta.worst = std::max(delta.worst, finding.severity);
    count(finding);
  }

  void settle_all(FlowDelta& delta) {
    number_fingerprints(delta.findings);
    for (Finding& finding : delta.findings) {
      settle(delta, finding);
      count_state(finding);
    }
    std::ranges::stable_sort(delta.findings, [](const Finding& x, const Finding& y) {
      if (x.suppressed.empty() != y.suppressed.empty()) return x.suppressed.empty();
      return x.severity > y.severity;
    });
  }

  /// Here and nowhere else, so that what a report shows as new is what it counts as new.
  void count_state(const Finding& finding) {
    if (finding.rule == RuleId::worse_than_baseline) return;  // a number, which stands beside the findings
    switch (finding.baseline_state) {
      case BaselineState::fresh:
        ++out_.fresh;
        break;
      case BaselineState::worse:
        ++out_.grown;
        break;
      case BaselineState::fixed:
        ++out_.fixed;
        break;
      case BaselineState::unchanged:
        ++out_.unchanged;
        break;
      case BaselineState::none:
        break;
    }
  }

  void findings(FlowDelta& delta) {
    static const std::vector<Finding> kNone;
    const std::vector<Finding>& olds = delta.baseline ? delta.baseline->findings : kNone;
    const std::vector<Finding>& news = delta.candidate ? delta.candidate->findings : kNone;
    const auto by_fingerprint = [](const std::vector<Finding>& all) {
      std::unordered_map<std::string_view, const Finding*> map;
      for (const Finding& finding : all) map.emplace(finding.fingerprint, &finding);
      return map;
    };
    const auto had = by_fingerprint(olds), has = by_fingerprint(news);
    for (const Finding& each : news) {
      Finding finding = each;
      finding.severity = policy_severity(policy_, finding);
      const auto old = had.find(finding.fingerprint);
      if (old == had.end()) {
        finding.baseline_state = BaselineState::fresh;
      } else if (finding.severity > policy_severity(policy_, *old->second)) {
        finding.baseline_state = BaselineState::worse;
      } else {
        finding.baseline_state = BaselineState::unchanged;
        finding.suppressed = "the baseline has it, too";
      }
      delta.findings.push_back(std::move(finding));
    }
    for (const Finding& old : olds) {
      if (has.contains(old.fingerprint)) continue;
      Finding finding = old;
      if (delta.candidate) {
        finding.baseline_state = BaselineState::fixed;
        finding.suppressed = "the candidate has it no more";
      } else {
        finding.suppressed = "the candidate does not have the flow";  // which mends nothing
      }
      delta.findings.push_back(std::move(finding));
    }
  }

  /// A flow that ends badly, where the baseline's does not, is lost whatever the rule that names the cause.
  void survival(FlowDelta& delta) {
    const std::string end = bad_end(delta.candidate->findings, delta.candidate->last_ns);
    if (end.empty() || !bad_end(delta.baseline->findings, delta.baseline->last_ns).empty()) return;
    Finding finding = gate_finding(policy_, RuleId::flow_not_survived, delta.candidate->role.order,
                                   std::nullopt, "in the baseline it survives, but here " + end);
    finding.baseline_state = BaselineState::fresh;
    delta.findings.push_back(std::move(finding));
  }

  void take_pair(const FlowPair& pair, CompareSink& sink) {
    FlowDelta delta;
    delta.baseline = &baseline_[pair.baseline];
    delta.candidate = &candidate_[pair.candidate];
    delta.basis = pair.basis;
    bool better = false;
    findings(delta);
    for (size_t i = 0; i < kMetricCount; ++i) {
      const auto metric = static_cast<Metric>(i);
      MetricDelta& m = delta.metrics[i];
      m = compare_metric(metric, *delta.baseline, *delta.candidate, policy_.metrics[i]);
      better = better || m.better;
      if (m.worse == Severity::none) continue;
      Finding finding =
          gate_finding(policy_, RuleId::worse_than_baseline, delta.candidate->role.order, std::nullopt,
                       fmt::format("{}, but {} in the baseline", metric_words(metric, m.candidate),
                                   metric_words(metric, m.baseline)));
      finding.severity = std::min(m.worse, finding.severity);
      finding.baseline_state = BaselineState::worse;
      finding.fingerprint = fmt::format("{}/{}/1", rule_info(finding.rule).code, to_string(metric));
      delta.findings.push_back(std::move(finding));
    }
    survival(delta);
    settle_all(delta);
    ++out_.pairs;
    // Notes come and go (one tick lost to TCP_TIMESTAMP, a signal of a move more or less): they are shown,
    // but no difference.
    const auto has = [&](BaselineState state) {
      return std::ranges::any_of(delta.findings, [&](const Finding& f) {
        return f.baseline_state == state && f.severity >= Severity::warning;
      });
    };
    if (delta.worst >= policy_.fail_on && policy_.fail_on != Severity::none) {
      delta.verdict = FlowVerdict::worse;
      ++out_.worse;
    } else if (has(BaselineState::fresh) || has(BaselineState::worse)) {
      delta.verdict = FlowVerdict::changed;
      ++out_.changed;
    } else if (better || has(BaselineState::fixed)) {
      delta.verdict = FlowVerdict::better;
      ++out_.better;
    } else {
      delta.verdict = FlowVerdict::equal;
      ++out_.equal;
    }
    sink.flow(delta);
  }

  void take_added(const FlowDigest& flow, CompareSink& sink) {
    FlowDelta delta;
    delta.candidate = &flow;
    for (size_t i = 0; i < kMetricCount; ++i) delta.metrics[i].candidate = flow.metrics[i];
    findings(delta);
    settle_all(delta);
    delta.verdict = FlowVerdict::added;
    ++out_.added;
    sink.flow(delta);
  }

  void take_missing(const FlowDigest& flow, CompareSink& sink) {
    FlowDelta delta;
    delta.baseline = &flow;
    for (size_t i = 0; i < kMetricCount; ++i) delta.metrics[i].baseline = flow.metrics[i];
    findings(delta);
    Finding finding = gate_finding(policy_, RuleId::flow_not_survived, flow.role.order, std::nullopt,
                                   "the baseline has this flow, the candidate does not");
    finding.severity = policy_.missing_flow;
    finding.baseline_state = BaselineState::fresh;
    delta.findings.push_back(std::move(finding));
    settle_all(delta);
    delta.verdict = FlowVerdict::missing;
    ++out_.missing;
    sink.flow(delta);
  }

  void enough(std::string_view side, const Totals& totals) {
    const auto add = [&](uint64_t number, std::string_view noun, uint64_t wanted) {
      if (number >= wanted) return;
      out_.gate.findings.push_back(gate_finding(
          policy_, RuleId::nothing_judged, 0, std::nullopt,
          fmt::format("{}: {} with timestamps, but {} wanted", side, count_words(number, noun), wanted)));
    };
    add(totals.ts_flows, "flow", policy_.min_flows);
    if (policy_.min_flows > 0) add(totals.ts_segments, "segment", policy_.min_ts_segments);
  }

  std::string answer() const {
    const auto flows = [](uint64_t number) { return count_words(number, "flow"); };
    std::string text;
    const auto say = [&](uint64_t number, std::string_view what) {
      if (number > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", flows(number), what);
    };
    if (out_.pairs + out_.missing + out_.added == 0) return "Inconclusive: neither side has a flow.";
    say(out_.worse, "worse");
    say(out_.missing, "missing");
    say(out_.added, "added");
    say(out_.changed, "changed below the gate");
    say(out_.better, "better");
    say(out_.equal, "equal");
    const bool nothing = !out_.gate.findings.empty() && out_.worse + out_.missing == 0;
    return fmt::format("{}: {}.",
                       nothing                                        ? "Inconclusive"
                       : !out_.gate.passed                            ? "Worse than the baseline"
                       : out_.missing + out_.added + out_.changed > 0 ? "Different, but not worse"
                       : out_.better > 0                              ? "Better than the baseline"
                                                                      : "Equal",
                       text);
  }

  const std::vector<FlowDigest>& baseline_;
  const std::vector<FlowDigest>& candidate_;
  const Policy& policy_;
  Date today_;
  std::vector<uint64_t> taken_;
  CompareSummary out_;
};

}  // namespace

CompareSummary compare(const AnalysisDigest& baseline, const AnalysisDigest& candidate, const Policy& policy,
                       Date today, CompareSink& sink) {
  return Comparison(baseline, candidate, policy, today).run(sink);
}

}  // namespace tsaudit
