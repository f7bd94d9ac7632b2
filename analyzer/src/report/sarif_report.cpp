// SPDX-License-Identifier: Apache-2.0
// SARIF 2.1.0 (OASIS): one run, the rule table as its rules, a result for each finding, the worst kept.
#include <fmt/format.h>

#include <algorithm>

#include "report/gate_words.h"
#include "report/json_objects.h"
#include "report/json_stream.h"
#include "report/kept_findings.h"
#include "report/markup.h"
#include "report/output.h"
#include "report/report_writers.h"

namespace tsaudit {
namespace {

std::string_view level(Severity severity) { return to_string(severity); }  // SARIF has the same four words

std::string_view sarif_state(BaselineState state) {
  switch (state) {
    case BaselineState::fresh:
      return "new";
    case BaselineState::unchanged:
      return "unchanged";
    case BaselineState::worse:
      return "updated";
    case BaselineState::fixed:
      return "absent";
    case BaselineState::none:
      break;
  }
  return "";
}

class SarifReport : public ReportWriter {
 public:
  explicit SarifReport(std::FILE* out) : out_(out), json_(out_) {}

  void flow(const FlowReport& flow) override {
    for (const Finding& finding : flow.findings) {
      Finding kept = finding;
      // Results stand alone: each says which flow it speaks of.
      kept.message = fmt::format("{} -> {} (flow {}), {}", to_string(flow.client), to_string(flow.server),
                                 flow.id, finding_text(finding));
      kept.fingerprint = fmt::format("{} {} {}", to_string(flow.server), flow.id, finding.fingerprint);
      findings_.add(kept);
    }
  }

  void finish(const Summary& summary) override {
    json_.begin_object(JsonStream::Layout::lines);
    json_.field("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_.field("version", "2.1.0");
    json_.key("runs");
    json_.begin_array();
    json_.begin_object(JsonStream::Layout::lines);
    tool();
    invocations(summary);
    artifacts(summary);
    json_.key("results");
    json_.begin_array(JsonStream::Layout::lines);
    if (summary.gate) {
      for (Finding finding : summary.gate->findings) {
        finding.message = finding_text(finding);
        result(finding, summary);
      }
    }
    findings_.visit([&](const Finding& finding) { result(finding, summary); });
    json_.end_array();
    json_.end_object();
    json_.end_array();
    json_.end_object();
    json_.end_line();
    out_.flush();
  }

 private:
  void text(std::string_view key, std::string_view content) {
    json_.key(key);
    json_.begin_object();
    json_.field("text", content);
    json_.end_object();
  }

  void tool() {
    json_.key("tool");
    json_.begin_object();
    json_.key("driver");
    json_.begin_object();
    json_.field("name", "tsaudit");
    json_.field("version", tool_version());
    json_.key("rules");
    json_.begin_array(JsonStream::Layout::lines);
    for (const RuleInfo& rule : rule_table()) {
      json_.begin_object();
      json_.field("id", rule.code);
      json_.field("name", rule.name);
      text("shortDescription", rule.title);
      text("fullDescription", rule.help.substr(0, rule.help.find('\n')));
      text("help", fmt::format("{}\n\nSource: {}", rule.help, rule.source));
      json_.key("defaultConfiguration");
      json_.begin_object();
      json_.field("level", level(rule.severity));
      json_.end_object();
      json_.end_object();
    }
    json_.end_array();
    json_.end_object();
    json_.end_object();
  }

  /// What went wrong with the input, and what the gate remarks.
  void invocations(const Summary& summary) {
    const bool successful =
        std::ranges::none_of(summary.captures, [](const CaptureInfo& c) { return c.error.has_value(); }) &&
        summary.stopped_at_frame == 0;
    json_.key("invocations");
    json_.begin_array();
    json_.begin_object();
    json_.field("executionSuccessful", successful);
    json_.key("toolExecutionNotifications");
    json_.begin_array();
    const auto notify = [&](Severity severity, std::string_view what) {
      json_.begin_object();
      json_.field("level", level(severity));
      text("message", what);
      json_.end_object();
    };
    for (const CaptureInfo& capture : summary.captures) {
      if (capture.error) notify(Severity::error, capture.error->message);
    }
    if (const std::string what = interruption(summary); !what.empty()) notify(Severity::error, what);
    if (summary.gate) {
      for (const std::string& remark : summary.gate->remarks) notify(Severity::warning, remark);
    }
    if (findings_.omitted() > 0) {
      notify(Severity::note, fmt::format("{} milder findings are left out", findings_.omitted()));
    }
    json_.end_array();
    json_.end_object();
    json_.end_array();
  }

  void artifacts(const Summary& summary) {
    json_.key("artifacts");
    json_.begin_array();
    for (const CaptureInfo& capture : summary.captures) {
      json_.begin_object();
      location(capture.name);
      json_.end_object();
    }
    json_.end_array();
  }

  void location(const std::string& name) {
    json_.key("location");
    json_.begin_object();
    json_.field("uri", uri_encoded(name));
    json_.end_object();
  }

  void result(const Finding& finding, const Summary& summary) {
    json_.begin_object();
    json_.field("ruleId", rule_info(finding.rule).code);
    json_.field("ruleIndex", static_cast<size_t>(finding.rule) - 1);
    json_.field("level", level(finding.severity));
    text("message", finding.message);
    json_.key("locations");
    json_.begin_array();
    json_.begin_object();
    // Frames go on over a set of files, so that a file can be named only where there is one.
    if (summary.captures.size() == 1) {
      json_.key("physicalLocation");
      json_.begin_object();
      json_.key("artifactLocation");
      json_.begin_object();
      json_.field("uri", uri_encoded(summary.captures[0].name));
      json_.field("index", 0);
      json_.end_object();
      // A packet is to a capture what a line is to a text; code scanning of GitHub asks for a line.
      json_.key("region");
      json_.begin_object();
      json_.field("startLine", finding.frames.empty() ? 1 : std::max<uint64_t>(finding.frames.front(), 1));
      json_.end_object();
      json_.end_object();
    }
    json_.key("logicalLocations");
    json_.begin_array();
    json_.begin_object();
    json_.field("fullyQualifiedName",
                finding.flow == 0
                    ? std::string("captures")
                    : fmt::format("flow {}{}", finding.flow,
                                  finding.from ? fmt::format("/from {}", to_string(*finding.from)) : ""));
    json_.end_object();
    json_.end_array();
    json_.end_object();
    json_.end_array();
    json_.key("partialFingerprints");
    json_.begin_object();
    json_.field("tsauditFinding/v1", finding.fingerprint);
    json_.end_object();
    if (finding.baseline_state != BaselineState::none) {
      json_.field("baselineState", sarif_state(finding.baseline_state));
    }
    if (!finding.suppressed.empty()) {
      json_.key("suppressions");
      json_.begin_array();
      json_.begin_object();
      json_.field("kind", "external");
      json_.field("justification", finding.suppressed);
      json_.end_object();
      json_.end_array();
    }
    json_.key("properties");
    json_.begin_object();
    json_.field("flow", finding.flow);
    json_.field("evidence", to_string(finding.evidence));
    json_.field("frame_count", finding.frame_count);
    json_.key("frames");
    json_.begin_array();
    for (const uint64_t frame : finding.frames) json_.value(frame);
    json_.end_array();
    json_.end_object();
    json_.end_object();
  }

  Output out_;
  JsonStream json_;
  KeptFindings findings_;
};

}  // namespace

std::unique_ptr<ReportWriter> make_sarif_report(std::FILE* out) { return std::make_unique<SarifReport>(out); }

}  // namespace tsaudit
