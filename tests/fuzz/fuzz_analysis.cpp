// SPDX-License-Identifier: Apache-2.0
// Any bytes as a capture file, through all stages and all writers.
#include <string>

#include "memory_file.h"
#include "whole_analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tsaudit;
  const std::string& path = memory_file(data, size);
  auto source = open_capture(path);
  if (!source) {
    if (source.error().message.find(path) == std::string::npos) broken("an error names the file");
    return 0;
  }
  AnalysisOptions options;
  options.explain_frame = 1 + size % 61;
  options.cuts = {1 + size % 17};
  options.max_flows = 1 + size % 5;
  analyze_whole(**source, options);
  return 0;
}
