// SPDX-License-Identifier: GPL-3.0-or-later
// A capture held against another one, as `tsaudit compare BASELINE CANDIDATE` does it.
#pragma once

#include <vector>

#include "tsaudit/compare.h"

namespace tsaudit::gui {

/// Stays where it was made: flows point into the digests.
struct Comparison : CompareSink {
  Comparison() = default;
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  AnalysisDigest baseline, candidate;
  std::vector<FlowDelta> flows;  ///< pairs and what is new in the candidate's order, then what only the baseline has
  CompareSummary summary;

  void flow(const FlowDelta& delta) override { flows.push_back(delta); }
  /// What is said of a flow of the candidate; nullptr for an id that it does not have.
  const FlowDelta* of_candidate(uint64_t id) const {
    for (const FlowDelta& delta : flows)
      if (delta.candidate && delta.candidate->role.order == id) return &delta;
    return nullptr;
  }
};

}  // namespace tsaudit::gui
