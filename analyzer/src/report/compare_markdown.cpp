// SPDX-License-Identifier: Apache-2.0
// A comparison as a page for a job summary or a merge request.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/compare_words.h"
#include "report/compare_writers.h"
#include "report/gate_words.h"
#include "report/markup.h"
#include "report/output.h"
#include "report/text_style.h"

namespace tsaudit {
namespace {

/// Two bars side by side say at a glance what the numbers say: eighths of a block, at most ten blocks.
std::string bar(double value, double most) {
  constexpr std::string_view kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(most > 0) || !(value > 0)) return "";
  const double share = std::isinf(value) ? 1 : std::min(value / most, 1.0);
  const auto eighths = static_cast<size_t>(std::ceil(share * 80));
  std::string out;
  for (size_t i = 0; i < eighths / 8; ++i) out += "█";
  return out + std::string(kEighths[eighths % 8]);
}

class CompareMarkdown : public CompareWriter {
 public:
  explicit CompareMarkdown(std::FILE* out) : out_(out), worst_(kShownFlows) {}

  void flow(const FlowDelta& delta) override { worst_.offer(delta); }

  void finish(const CompareSummary& summary) override {
    out_.print("## tsaudit: {}\n\n**{}**\n\n", markdown_text(gate_line(summary.gate)),
               markdown_text(summary.answer));
    out_.print("- baseline: {}\n- candidate: {}\n", markdown_text(side_text(summary.baseline)),
               markdown_text(side_text(summary.candidate)));
    for (const Finding& each : summary.gate.findings) finding(each);
    for (const std::string& remark : summary.gate.remarks) out_.print("- {}\n", markdown_text(remark));
    for (const FlowDelta& delta : worst_.kept()) details(delta);
    if (worst_.not_kept() > 0) {
      out_.print("\n{} more, none of them worse than these.\n", counted(worst_.not_kept(), "flow"));
    }
    out_.print("\n<sub>findings: {} new, {} worse, {} fixed, {} unchanged</sub>\n", grouped(summary.fresh),
               grouped(summary.grown), grouped(summary.fixed), grouped(summary.unchanged));
    out_.flush();
  }

 private:
  static constexpr size_t kShownFlows = 20, kShownFindings = 20;

  void details(const FlowDelta& delta) {
    out_.print("\n<details{}><summary><b>{}</b> {}</summary>\n\n{}.\n\n",
               delta.worst == Severity::error ? " open" : "", to_string(delta.verdict),
               xml_escaped(delta_name(delta)), markdown_text(pairing(delta)));
    out_.write("| | baseline | | candidate | | |\n|---|--:|---|--:|---|---|\n");
    for (size_t i = 0; i < kMetricCount; ++i) {
      const auto metric = static_cast<Metric>(i);
      const MetricDelta& m = delta.metrics[i];
      if (!m.baseline && !m.candidate) continue;
      const double before = std::abs(m.baseline.value_or(0)), after = std::abs(m.candidate.value_or(0));
      const double most = std::isinf(after) ? before : std::isinf(before) ? after : std::max(before, after);
      const std::string_view verdict = metric_verdict(m);
      out_.print("| {} | {} | {} | {} | {} | {} |\n", metric_title(metric), metric_value(metric, m.baseline),
                 bar(before, most), metric_value(metric, m.candidate), bar(after, most),
                 m.worse != Severity::none ? fmt::format("**{}**", verdict) : std::string(verdict));
    }
    out_.write("\n");
    size_t shown = 0;
    for (const Finding& each : delta.findings) {
      if (shown++ < kShownFindings) finding(each);
    }
    if (shown > kShownFindings) out_.print("- {} more\n", shown - kShownFindings);
    out_.write("\n</details>\n");
  }

  void finding(const Finding& finding) {
    out_.print("- **{}** {}: {}\n", to_string(finding.severity), rule_title(finding.rule),
               markdown_text(finding_text(finding)));
  }

  Output out_;
  WorstDeltas worst_;
};

}  // namespace

std::unique_ptr<CompareWriter> make_compare_markdown(std::FILE* out) {
  return std::make_unique<CompareMarkdown>(out);
}

}  // namespace tsaudit
