// SPDX-License-Identifier: Apache-2.0
#include "report/compare_writers.h"

#include <algorithm>

namespace tsaudit {
namespace {

class AsReport : public CompareWriter {
 public:
  explicit AsReport(std::unique_ptr<ReportWriter> writer) : writer_(std::move(writer)) {}

  void flow(const FlowDelta& delta) override {
    const FlowDigest& digest = delta.shown();
    FlowReport flow;
    flow.id = digest.role.order;
    flow.client = digest.client;
    flow.server = digest.role.server;
    flow.timestamps = digest.timestamps;
    for (const Side side : {Side::client, Side::server}) {
      const auto i = static_cast<size_t>(side);
      flow.directions[i].from = side;
      flow.directions[i].segments = digest.segments[i];
      flow.directions[i].ts_segments = digest.ts_segments[i];
    }
    flow.findings = delta.findings;
    flow.worst = delta.worst;
    writer_->flow(flow);
  }

  void finish(const CompareSummary& compared) override {
    Summary summary = compared.candidate;
    summary.worst = Severity::none;
    summary.gate = compared.gate;
    summary.gate->answer = compared.answer;
    writer_->finish(summary);
  }

 private:
  std::unique_ptr<ReportWriter> writer_;
};

}  // namespace

std::unique_ptr<CompareWriter> make_compare_as_report(std::unique_ptr<ReportWriter> writer) {
  return std::make_unique<AsReport>(std::move(writer));
}

std::unique_ptr<CompareWriter> make_compare_writer(ReportFormat format, std::FILE* out,
                                                   const WriterOptions& options) {
  switch (format) {
    case ReportFormat::json:
      return make_compare_json(out);
    case ReportFormat::ndjson:
      return make_compare_ndjson(out);
    case ReportFormat::csv:
      return make_compare_csv(out);
    case ReportFormat::markdown:
      return make_compare_markdown(out);
    case ReportFormat::junit:
    case ReportFormat::sarif:
    case ReportFormat::github:
      return make_compare_as_report(make_report_writer(format, out, options));
    case ReportFormat::text:
      break;
  }
  return make_compare_text(out, options);
}

}  // namespace tsaudit
