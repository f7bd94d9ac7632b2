// SPDX-License-Identifier: Apache-2.0
// One factory per format of a comparison; compare_writers.cpp chooses.
#pragma once

#include <memory>

#include "tsaudit/writers.h"

namespace tsaudit {

std::unique_ptr<CompareWriter> make_compare_text(std::FILE* out, const WriterOptions& options);
std::unique_ptr<CompareWriter> make_compare_markdown(std::FILE* out);
std::unique_ptr<CompareWriter> make_compare_json(std::FILE* out);
std::unique_ptr<CompareWriter> make_compare_ndjson(std::FILE* out);
std::unique_ptr<CompareWriter> make_compare_csv(std::FILE* out);
/// JUnit, SARIF and annotations know flows and findings: the candidate's, and what the baseline makes of
/// them.
std::unique_ptr<CompareWriter> make_compare_as_report(std::unique_ptr<ReportWriter> writer);

}  // namespace tsaudit
