// SPDX-License-Identifier: Apache-2.0
// What is counted of every flow, so that flows of which nothing is to be said need not be kept.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tsaudit/report.h"

namespace tsaudit {

/// Is there something to say about this flow beyond a count?
bool matters(const FlowReport& flow);

struct Tally {
  uint64_t flows = 0;
  uint64_t paws_stalled = 0;  ///< flows with TS002 that the receiver does not contradict
  uint64_t paws_lost = 0;     ///< the same with TS001
  uint64_t syn_refused = 0;   ///< flows with a TS015 that is PAWS in TIME_WAIT
  uint64_t migrated = 0;
  uint64_t stalled_otherwise = 0;  ///< flows with TS014 and not TS002
  uint64_t stalled_undecided = 0;  ///< flows with a stall that the capture does not explain, and not TS002
  uint64_t with_warnings = 0;      ///< flows with a warning or an error
  // Flows that do not matter, each in one of these:
  uint64_t notes_only = 0;
  uint64_t healthy = 0;  ///< with timestamps
  uint64_t without_timestamps = 0;
  uint64_t negotiation_unknown = 0;

  uint64_t options_cut = 0;  ///< flows of which the snapshot length cut TCP options off

  uint64_t judged = 0;   ///< segments that were accepted or refused
  uint64_t assumed = 0;  ///< receivers whose profile is the default, not known by evidence
  // Segments that PAWS discarded without a loss of data:
  uint64_t refused_syns = 0;
  uint64_t stale_acks = 0;
  uint64_t late_copies = 0;
  TsRecentCheck check;
  struct RuleCount {
    uint64_t findings = 0;
    uint64_t flows = 0;
  };
  std::array<RuleCount, kRuleCount + 1> rules{};  ///< by RuleId

  void add(const FlowReport& flow);
};

/// The answer, in one or two sentences.
std::string headline(const Tally& tally, const Totals& totals);

}  // namespace tsaudit
