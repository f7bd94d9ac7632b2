// SPDX-License-Identifier: Apache-2.0
// One JSON document, schema tsaudit.analysis/1. Flows are written as they end; findings, captures and totals
// follow. A flow and a finding take a line each, so that the document can be compared line by line.
#include "report/json_document.h"
#include "report/kept_findings.h"
#include "report/report_writers.h"
#include "tsaudit/host_moves.h"

namespace tsaudit {
namespace {

class JsonReport : public ReportWriter {
 public:
  explicit JsonReport(std::FILE* out) : document_(out, kAnalysisSchema, "flows") {}

  void flow(const FlowReport& flow) override {
    json_.begin_object();
    write_flow_members(json_, flow);
    json_.end_object();
    moves_.add(flow);
    for (const Finding& finding : flow.findings) findings_.add(finding);
  }

  void finish(const Summary& summary) override {
    json_.end_array();
    json_.key("findings");
    json_.begin_array(JsonStream::Layout::lines);
    findings_.visit([&](const Finding& finding) {
      json_.begin_object();
      write_finding_members(json_, finding);
      json_.end_object();
    });
    json_.end_array();
    moves_.finish();
    write_move_members(json_, moves_);
    write_summary_members(json_, summary, {findings_.seen(), findings_.omitted()});
    document_.finish();
  }

 private:
  JsonDocument document_;
  JsonStream& json_ = document_.json();
  KeptFindings findings_;
  HostMoves moves_;
};

}  // namespace

std::unique_ptr<ReportWriter> make_json_report(std::FILE* out) { return std::make_unique<JsonReport>(out); }

}  // namespace tsaudit
