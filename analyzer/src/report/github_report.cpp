// SPDX-License-Identifier: Apache-2.0
// Workflow commands of GitHub Actions: an annotation for each finding, the worst, and the answer last. The
// runner shows ten of each level of a step, so that more would only be noise.
#include <fmt/format.h>

#include <array>

#include "report/gate_words.h"
#include "report/kept_findings.h"
#include "report/markup.h"
#include "report/output.h"
#include "report/report_writers.h"
#include "report/tally.h"
#include "report/utf8.h"

namespace tsaudit {
namespace {

constexpr uint64_t kShownOfALevel = 9;  // the tenth is for the answer

std::string_view command(Severity severity) {
  return severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "notice";
}

class GithubReport : public ReportWriter {
 public:
  explicit GithubReport(std::FILE* out) : out_(out) {}

  void flow(const FlowReport& flow) override {
    tally_.add(flow);
    for (const Finding& finding : flow.findings) {
      Finding kept = finding;
      kept.message = fmt::format("{}, {}", stable_flow_name(flow), finding_text(finding));
      findings_.add(kept);
    }
  }

  void finish(const Summary& summary) override {
    for (const CaptureInfo& capture : summary.captures) {
      if (capture.error) line("error", "title=tsaudit", capture.error->message);
    }
    if (const std::string what = interruption(summary); !what.empty()) line("error", "title=tsaudit", what);
    if (summary.gate) {
      for (const Finding& finding : summary.gate->findings) annotation(finding, finding_text(finding), "");
      for (const std::string& remark : summary.gate->remarks) line("warning", "title=tsaudit", remark);
    }
    const std::string file = summary.captures.size() == 1 ? summary.captures[0].name : "";
    std::array<uint64_t, 4> shown{};
    uint64_t left_out = 0;
    findings_.visit([&](const Finding& finding) {
      if (!finding.suppressed.empty()) return;
      if (shown.at(static_cast<size_t>(finding.severity))++ < kShownOfALevel) {
        annotation(finding, finding.message, file);
      } else {
        ++left_out;
      }
    });
    std::string answer = headline(tally_, summary.totals);
    if (summary.gate && !summary.gate->answer.empty()) answer = summary.gate->answer;
    if (summary.gate) answer = gate_line(*summary.gate) + ". " + answer;
    if (left_out + findings_.omitted() > 0) {
      answer += fmt::format(" {} more findings are in the report.", left_out + findings_.omitted());
    }
    line(summary.gate && !summary.gate->passed ? "error" : "notice", "title=tsaudit", answer);
    out_.flush();
  }

 private:
  void annotation(const Finding& finding, std::string_view text, const std::string& file) {
    std::string properties;
    if (!file.empty()) properties = fmt::format("file={},", github_property(printable(file)));
    if (!file.empty() && !finding.frames.empty())
      properties += fmt::format("line={},", finding.frames.front());
    line(command(finding.severity), properties + "title=" + github_property(rule_title(finding.rule)), text);
  }
  void line(std::string_view command, std::string_view properties, std::string_view message) {
    out_.print("::{} {}::{}\n", command, properties, github_message(printable(message)));
  }

  Output out_;
  Tally tally_;
  KeptFindings findings_;
};

}  // namespace

std::unique_ptr<ReportWriter> make_github_report(std::FILE* out) {
  return std::make_unique<GithubReport>(out);
}

}  // namespace tsaudit
