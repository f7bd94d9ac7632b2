// SPDX-License-Identifier: Apache-2.0
// One factory per format; writers.cpp chooses.
#pragma once

#include <memory>

#include "tsaudit/writers.h"

namespace tsaudit {

std::unique_ptr<ReportWriter> make_text_report(std::FILE* out, const WriterOptions& options);
std::unique_ptr<ReportWriter> make_json_report(std::FILE* out);
std::unique_ptr<ReportWriter> make_ndjson_report(std::FILE* out);
std::unique_ptr<ReportWriter> make_csv_report(std::FILE* out);
std::unique_ptr<ReportWriter> make_junit_report(std::FILE* out, const WriterOptions& options);
std::unique_ptr<ReportWriter> make_sarif_report(std::FILE* out);
std::unique_ptr<ReportWriter> make_github_report(std::FILE* out);
std::unique_ptr<ReportWriter> make_markdown_report(std::FILE* out);

std::unique_ptr<SegmentWriter> make_text_segments(std::FILE* out, const WriterOptions& options);
std::unique_ptr<SegmentWriter> make_json_segments(std::FILE* out);
std::unique_ptr<SegmentWriter> make_ndjson_segments(std::FILE* out);
std::unique_ptr<SegmentWriter> make_csv_segments(std::FILE* out);

}  // namespace tsaudit
