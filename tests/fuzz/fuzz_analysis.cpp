// SPDX-License-Identifier: Apache-2.0
// Any bytes as a capture file, through all stages and all writers.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "whole_analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tsaudit;
  static const int file = memfd_create("capture", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    return 0;
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
