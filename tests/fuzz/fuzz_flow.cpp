// SPDX-License-Identifier: Apache-2.0
// Bytes as a script of segments that nearly belong together (segment_script.h): deep into model, rules and
// writers, where a fuzzer that has to invent addresses and lengths seldom gets. First byte: the receivers'
// profile.
#include "segment_script.h"
#include "whole_analysis.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tsaudit;
  if (size < 2) return 0;
  AnalysisOptions options;
  const auto profiles = receiver_profiles();
  if (data[0] < profiles.size()) options.profile = &profiles[data[0]];
  options.explain_frame = data[1];
  if (data[1] & 1) options.cuts = {data[1] / 2u};
  SegmentScript script(data + 2, size - 2), again(data + 2, size - 2);
  if (analyze_whole(script, options) != analyze_whole(again, options))
    broken("the same segments, the same bytes");
  return 0;
}
