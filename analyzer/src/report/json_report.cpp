// SPDX-License-Identifier: Apache-2.0
// One JSON document, schema tsaudit.analysis/1. Flows are written as they end; findings, captures and totals
// follow. A flow and a finding take a line each, so that the document can be compared line by line.
#include "report/host_moves.h"
#include "report/json_document.h"
#include "report/kept_findings.h"
#include "report/report_writers.h"

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
    write_moves();
    write_summary_members(json_, summary, {findings_.seen(), findings_.omitted()});
    document_.finish();
  }

 private:
  void write_moves() {
    moves_.finish();
    json_.key("moves");
    json_.begin_array(JsonStream::Layout::lines);
    for (const HostMove& move : moves_.moves()) {
      json_.begin_object();
      json_.field("host", to_string(move.host));
      json_.field("first_frame", move.first_frame);
      json_.field("last_frame", move.last_frame);
      json_.field("first_ns", move.first_ns);
      json_.field("last_ns", move.last_ns);
      json_.field("flows", move.flows);
      json_.field("stalled", move.stalled);
      json_.field("offset_needed", move.offset_needed);
      json_.key("offset");
      if (move.offset) {
        json_.begin_object();
        json_.field("min", move.offset->min);
        json_.field("max", move.offset->max);
        json_.end_object();
      } else {
        json_.value(nullptr);
      }
      json_.end_object();
    }
    json_.end_array();
    json_.field("moves_omitted", moves_.omitted());
  }

  JsonDocument document_;
  JsonStream& json_ = document_.json();
  KeptFindings findings_;
  HostMoves moves_;
};

}  // namespace

std::unique_ptr<ReportWriter> make_json_report(std::FILE* out) { return std::make_unique<JsonReport>(out); }

}  // namespace tsaudit
