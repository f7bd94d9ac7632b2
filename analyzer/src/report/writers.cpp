// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/writers.h"

#include "report/report_writers.h"

namespace tsaudit {

std::unique_ptr<ReportWriter> make_report_writer(ReportFormat format, std::FILE* out,
                                                 const WriterOptions& options) {
  switch (format) {
    case ReportFormat::json:
      return make_json_report(out);
    case ReportFormat::ndjson:
      return make_ndjson_report(out);
    case ReportFormat::csv:
      return make_csv_report(out);
    case ReportFormat::junit:
      return make_junit_report(out, options);
    case ReportFormat::sarif:
      return make_sarif_report(out);
    case ReportFormat::github:
      return make_github_report(out);
    case ReportFormat::markdown:
      return make_markdown_report(out);
    case ReportFormat::text:
      break;
  }
  return make_text_report(out, options);
}

std::unique_ptr<SegmentWriter> make_segment_writer(ReportFormat format, std::FILE* out,
                                                   const WriterOptions& options) {
  switch (format) {
    case ReportFormat::json:
      return make_json_segments(out);
    case ReportFormat::ndjson:
      return make_ndjson_segments(out);
    case ReportFormat::csv:
      return make_csv_segments(out);
    default:
      break;  // no format of segments
  }
  return make_text_segments(out, options);
}

}  // namespace tsaudit
