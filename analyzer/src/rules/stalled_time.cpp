// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "tsaudit/report.h"

namespace tsaudit {

int64_t stalled_ns(std::span<const Finding> findings, bool (*counts)(const Finding&)) {
  std::vector<const Finding*> stalls;
  for (const Finding& finding : findings)
    if (counts(finding) && finding.duration_ns > 0) stalls.push_back(&finding);
  std::ranges::sort(stalls, {}, &Finding::time_ns);
  int64_t sum = 0;
  TimeNs reached = INT64_MIN;
  for (const Finding* stall : stalls) {
    TimeNs end = 0;
    if (__builtin_add_overflow(stall->time_ns, stall->duration_ns, &end)) end = INT64_MAX;
    if (end <= reached) continue;
    sum += end - std::max(stall->time_ns, reached);
    reached = end;
  }
  return sum;
}

}  // namespace tsaudit
