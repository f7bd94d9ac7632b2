// SPDX-License-Identifier: Apache-2.0
// Findings that wait for the end of a document, bounded, the worst kept.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tsaudit/report.h"

namespace tsaudit {

class KeptFindings {
 public:
  /// About 10 MB. NDJSON has no such limit, since it writes findings as they come.
  static constexpr size_t kCapacity = 20'000;

  explicit KeptFindings(size_t capacity = kCapacity) : capacity_(capacity) {}

  /// When full, gives up the latest of the mildest: a late error never loses its place to early notes.
  void add(const Finding& finding) {
    ++seen_;
    std::vector<Finding>& same = by_severity_[static_cast<size_t>(finding.severity)];
    if (kept_ < capacity_) {
      ++kept_;
      same.push_back(finding);
      return;
    }
    for (std::vector<Finding>& milder : by_severity_) {
      if (&milder == &same) return;
      if (milder.empty()) continue;
      milder.pop_back();
      same.push_back(finding);
      return;
    }
  }

  /// Worst first; among equals in the order of arrival.
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    for (size_t i = by_severity_.size(); i-- > 0;) {
      for (const Finding& finding : by_severity_[i]) visitor(finding);
    }
  }
  uint64_t seen() const { return seen_; }
  uint64_t omitted() const { return seen_ - kept_; }

 private:
  size_t capacity_;
  size_t kept_ = 0;
  uint64_t seen_ = 0;
  std::array<std::vector<Finding>, 4> by_severity_;  // by Severity, mildest first
};

}  // namespace tsaudit
