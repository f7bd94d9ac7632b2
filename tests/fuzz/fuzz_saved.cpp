// SPDX-License-Identifier: Apache-2.0
// Any bytes as a saved analysis: read and compared, or refused with an error that names the file.
#include <string>

#include "memory_file.h"
#include "tsaudit/compare.h"
#include "tsaudit/policy.h"
#include "tsaudit/saved.h"
#include "whole_analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tsaudit;
  const std::string& path = memory_file(data, size);
  AnalysisDigest digest;
  auto summary =
      read_saved_analysis(path, digest, [&](Finding&& finding) { digest.finding(std::move(finding)); });
  if (!summary) {
    if (summary.error().message.find(path) == std::string::npos) broken("an error names the file");
    return 0;
  }
  digest.finish(std::move(summary).value());
  Text text;
  const auto writer = make_compare_writer(ReportFormat::json, text.file(), {});
  writer->finish(compare(digest, digest, {}, {}, *writer));
  if (!nlohmann::json::accept(text.view())) broken("the comparison is JSON");
  return 0;
}
