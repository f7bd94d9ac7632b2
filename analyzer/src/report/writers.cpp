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
    case ReportFormat::text:
      break;
  }
  return make_text_segments(out, options);
}

}  // namespace tsaudit
