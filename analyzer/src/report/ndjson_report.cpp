// SPDX-License-Identifier: Apache-2.0
// One object a line, each with a "type": a flow, then its findings, and so on; the summary last. Constant
// memory.
#include "report/json_objects.h"
#include "report/output.h"
#include "report/report_writers.h"

namespace tsaudit {
namespace {

class NdjsonReport : public ReportWriter {
 public:
  explicit NdjsonReport(std::FILE* out) : out_(out), json_(out_) {}

  void flow(const FlowReport& flow) override {
    begin_line("flow");
    write_flow_members(json_, flow);
    end_line();
    for (const Finding& finding : flow.findings) {
      begin_line("finding");
      write_finding_members(json_, finding);
      end_line();
    }
    findings_ += flow.findings.size();
  }

  void finish(const Summary& summary) override {
    begin_line("summary");
    json_.field("schema", kAnalysisSchema);
    json_.field("tool_version", tool_version());
    write_summary_members(json_, summary, {.seen = findings_, .omitted = 0});
    end_line();
    out_.flush();
  }

 private:
  void begin_line(std::string_view type) {
    json_.begin_object();
    json_.field("type", type);
  }
  void end_line() {
    json_.end_object();
    json_.end_line();
  }

  Output out_;
  JsonStream json_;
  uint64_t findings_ = 0;
};

}  // namespace

std::unique_ptr<ReportWriter> make_ndjson_report(std::FILE* out) {
  return std::make_unique<NdjsonReport>(out);
}

}  // namespace tsaudit
