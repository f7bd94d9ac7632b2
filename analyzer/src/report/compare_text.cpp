// SPDX-License-Identifier: Apache-2.0
// A comparison as text: the answer, both sides, and of each flow the numbers side by side, worst first.
#include <fmt/format.h>

#include "report/compare_words.h"
#include "report/compare_writers.h"
#include "report/gate_words.h"
#include "report/output.h"
#include "report/text_style.h"
#include "report/utf8.h"

namespace tsaudit {
namespace {

constexpr size_t kColumn = 9;  ///< of everything about a flow, as in the report of analyze

/// A flow: what became of it, its numbers side by side, the findings that came, went or stayed.
class DeltaText {
 public:
  explicit DeltaText(const WriterOptions& options) : width_(options.width), style_(options.color) {}

  std::string operator()(const FlowDelta& delta) const {
    const std::string_view verdict = to_string(delta.verdict);
    const std::string name = delta_name(delta);
    std::string out = fmt::format(
        "{}{}  {}\n", margin(verdict, delta.worst), style_.bold(name),
        wrapped(fmt::format("({})", pairing(delta)), width_, kColumn, kColumn + name.size() + 2));
    Table table({{"", Table::Align::left},
                 {"baseline", Table::Align::right},
                 {"candidate", Table::Align::right},
                 {"", Table::Align::left}});
    for (size_t i = 0; i < kMetricCount; ++i) {
      const auto metric = static_cast<Metric>(i);
      const MetricDelta& m = delta.metrics[i];
      if (!m.baseline && !m.candidate) continue;
      table.add({std::string(metric_title(metric)), metric_value(metric, m.baseline),
                 metric_value(metric, m.candidate), std::string(metric_verdict(m))});
    }
    out += table.text(std::string(kColumn, ' '));
    size_t shown = 0;
    for (const Finding& each : delta.findings) {
      if (each.rule == RuleId::worse_than_baseline && each.suppressed.empty()) continue;  // the table has it
      if (shown++ < kShownFindings) out += finding(each, kColumn);
    }
    if (shown > kShownFindings)
      out += fmt::format("{:{}}{} more\n", "", kColumn, counted(shown - kShownFindings, "finding"));
    return out;
  }

  std::string finding(const Finding& finding, size_t indent) const {
    const std::string_view state = to_string(finding.baseline_state);
    const bool counts = finding.suppressed.empty();
    const std::string head =
        fmt::format("{}{}{} {}: ", finding.baseline_state == BaselineState::none ? "" : state,
                    finding.baseline_state == BaselineState::none ? "" : " ", to_string(finding.severity),
                    rule_title(finding.rule));
    Finding plain = finding;  // its state has been said, and with it why it does not count
    plain.baseline_state = BaselineState::none;
    if (finding.baseline_state == BaselineState::unchanged ||
        finding.baseline_state == BaselineState::fixed) {
      plain.suppressed.clear();
    }
    const std::string text =
        wrapped(printable(finding_text(plain)), width_, indent + 2, indent + head.size());
    return fmt::format("{:{}}{}{}\n", "", indent,
                       counts ? style_.by_severity(finding.severity, head) : style_.dim(head), text);
  }

 private:
  static constexpr size_t kShownFindings = 20;

  std::string margin(std::string_view word, Severity severity) const {
    return style_.by_severity(severity, word) +
           std::string(word.size() < kColumn ? kColumn - word.size() : 1, ' ');
  }

  size_t width_;
  Style style_;
};

class CompareText : public CompareWriter {
 public:
  CompareText(std::FILE* out, const WriterOptions& options)
      : options_(options), style_(options.color), text_(options), out_(out), worst_(kShownFlows) {}

  void flow(const FlowDelta& delta) override { worst_.offer(delta); }

  void finish(const CompareSummary& summary) override {
    out_.print("{}\n", style_.bold(wrapped(summary.answer, options_.width, 2, 0)));
    const Severity severity = summary.gate.passed ? Severity::none : Severity::error;
    out_.print("{}\n", style_.by_severity(severity, wrapped(gate_line(summary.gate), options_.width, 2, 0)));
    out_.print("baseline   {}\n", wrapped(side_text(summary.baseline), options_.width, 11, 11));
    out_.print("candidate  {}\n", wrapped(side_text(summary.candidate), options_.width, 11, 11));
    for (const Finding& each : summary.gate.findings) out_.write(text_.finding(each, 0));
    for (const std::string& remark : summary.gate.remarks) {
      out_.print("{} {}\n", style_.by_severity(Severity::warning, "warning:"),
                 wrapped(printable(remark), options_.width, 9, 9));
    }
    for (const FlowDelta& delta : worst_.kept()) out_.print("\n{}", text_(delta));
    if (worst_.not_kept() > 0) {
      out_.print("\n{} more, none of them worse than these: --format csv or ndjson has every flow\n",
                 counted(worst_.not_kept(), "flow"));
    }
    out_.print("\nfindings: {} new, {} worse, {} fixed, {} unchanged\n", grouped(summary.fresh),
               grouped(summary.grown), grouped(summary.fixed), grouped(summary.unchanged));
    out_.flush();
  }

 private:
  static constexpr size_t kShownFlows = 10;

  WriterOptions options_;
  Style style_;
  DeltaText text_;
  Output out_;
  WorstDeltas worst_;
};

}  // namespace

std::unique_ptr<CompareWriter> make_compare_text(std::FILE* out, const WriterOptions& options) {
  return std::make_unique<CompareText>(out, options);
}

std::string compare_text(const FlowDelta& delta, const WriterOptions& options) {
  return DeltaText(options)(delta);
}

}  // namespace tsaudit
