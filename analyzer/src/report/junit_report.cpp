// SPDX-License-Identifier: Apache-2.0
// JUnit as Ant writes it and Jenkins and GitLab read it: a test case for each flow and direction, one for
// each capture, one for the gate. Names hold nothing that changes from run to run, so that histories line up.
#include <fmt/format.h>

#include <algorithm>

#include "report/gate_words.h"
#include "report/markup.h"
#include "report/output.h"
#include "report/report_writers.h"
#include "report/spool.h"
#include "report/text_flow.h"

namespace tsaudit {
namespace {

struct Counts {
  uint64_t tests = 0, failures = 0, errors = 0, skipped = 0;
};

class JunitReport : public ReportWriter {
 public:
  JunitReport(std::FILE* out, const WriterOptions& options)
      : fail_on_(options.fail_on), out_(out), cases_(spool_.file()) {}

  void flow(const FlowReport& flow) override {
    for (const DirectionReport& direction : flow.directions) test_case(flow, direction);
  }

  void finish(const Summary& summary) override {
    cases_.flush();
    out_.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tsaudit\">\n");
    out_.print(
        "  <testsuite name=\"tsaudit.flows\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
        flows_.tests, flows_.failures, flows_.skipped);
    spool_.copy_to(out_);
    out_.write("  </testsuite>\n");
    captures(summary);
    if (summary.gate) gate(*summary.gate);
    out_.write("</testsuites>\n");
    out_.flush();
  }

 private:
  static void open_case(Output& out, std::string_view suite, std::string_view name, bool empty) {
    out.print("    <testcase classname=\"{}\" name=\"{}\"{}\n", suite, xml_escaped(name), empty ? "/>" : ">");
  }

  void test_case(const FlowReport& flow, const DirectionReport& direction) {
    const std::string name = stable_flow_name(flow) + ", " + direction_name(direction.from);
    ++flows_.tests;
    // What concerns the whole flow is said once, with the first direction.
    std::vector<const Finding*> failed, noted;
    for (const Finding& finding : flow.findings) {
      if (finding.from.value_or(Side::client) != direction.from) continue;
      (counts(finding, fail_on_) ? failed : noted).push_back(&finding);
    }
    const char* nothing = direction.segments == 0      ? "no segments in the capture"
                          : direction.ts_segments == 0 ? "no timestamps: nothing to judge"
                                                       : nullptr;
    if (failed.empty() && noted.empty() && nothing == nullptr) {
      open_case(cases_, "tsaudit.flows", name, true);
      return;
    }
    open_case(cases_, "tsaudit.flows", name, false);
    if (!failed.empty()) {
      ++flows_.failures;
      failure(cases_, *failed.front(), failed);
    } else if (nothing != nullptr) {
      ++flows_.skipped;
      cases_.print("      <skipped message=\"{}\"/>\n", nothing);
    }
    if (!noted.empty()) {
      cases_.write("      <system-out>");
      for (const Finding* finding : noted) line(cases_, *finding);
      cases_.write("</system-out>\n");
    }
    cases_.write("    </testcase>\n");
  }

  static void line(Output& out, const Finding& finding) {
    out.print("{} {}: {}\n", to_string(finding.severity), rule_title(finding.rule),
              xml_escaped(finding_text(finding)));
  }
  /// Readers show the first failure of a test only, so there is but one, and it holds all.
  static void failure(Output& out, const Finding& worst, const std::vector<const Finding*>& all) {
    out.print("      <failure type=\"{}\" message=\"{}\">", rule_title(worst.rule),
              xml_escaped(worst.message));
    for (const Finding* finding : all) line(out, *finding);
    out.write("</failure>\n");
  }

  void captures(const Summary& summary) {
    std::vector<std::string> errors;
    for (const CaptureInfo& capture : summary.captures)
      errors.push_back(capture.error ? capture.error->message : "");
    // Which of several captures was being read is not told: it stands with the last, which was not read to
    // its end.
    if (!errors.empty() && errors.back().empty()) errors.back() = interruption(summary);
    out_.print(
        "  <testsuite name=\"tsaudit.captures\" tests=\"{}\" failures=\"0\" errors=\"{}\" skipped=\"0\">\n",
        errors.size(), errors.size() - static_cast<size_t>(std::ranges::count(errors, "")));
    for (size_t i = 0; i < errors.size(); ++i) {
      open_case(out_, "tsaudit.captures", summary.captures[i].name, errors[i].empty());
      if (errors[i].empty()) continue;
      error(errors[i]);
      out_.write("    </testcase>\n");
    }
    out_.write("  </testsuite>\n");
  }

  void error(std::string_view message) {
    out_.print("      <error type=\"input\" message=\"{}\"/>\n", xml_escaped(message));
  }

  void gate(const GateReport& gate) {
    std::vector<const Finding*> failed;
    for (const Finding& finding : gate.findings) {
      if (counts(finding, gate.fail_on)) failed.push_back(&finding);
    }
    const bool no_verdict = failed.empty() && !gate.incomplete.empty();
    out_.print(
        "  <testsuite name=\"tsaudit.gate\" tests=\"1\" failures=\"{}\" errors=\"{}\" skipped=\"0\">\n",
        failed.empty() ? 0 : 1, no_verdict ? 1 : 0);
    open_case(out_, "tsaudit.gate", "the captures as a whole", false);
    if (!failed.empty()) failure(out_, *failed.front(), failed);
    if (no_verdict) error(gate.incomplete);
    out_.print("      <system-out>{}\n", xml_escaped(gate_line(gate)));
    for (const std::string& remark : gate.remarks) out_.print("{}\n", xml_escaped(remark));
    out_.write("</system-out>\n    </testcase>\n  </testsuite>\n");
  }

  Severity fail_on_;
  Output out_;
  Spool spool_;
  Output cases_;
  Counts flows_;
};

}  // namespace

std::unique_ptr<ReportWriter> make_junit_report(std::FILE* out, const WriterOptions& options) {
  return std::make_unique<JunitReport>(out, options);
}

}  // namespace tsaudit
