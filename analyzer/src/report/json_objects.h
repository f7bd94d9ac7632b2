// SPDX-License-Identifier: Apache-2.0
// The objects of the schema tsaudit.analysis/1 (docs/tsaudit-analysis.schema.json), shared by JSON and
// NDJSON. Each function writes the members of an object that the caller has opened.
#pragma once

#include <array>

#include "report/json_stream.h"
#include "tsaudit/host_moves.h"
#include "tsaudit/report.h"

namespace tsaudit {

inline constexpr std::string_view kAnalysisSchema = "tsaudit.analysis/1";
std::string_view tool_version();

void write_flow_members(JsonStream& json, const FlowReport& flow);
void write_finding_members(JsonStream& json, const Finding& finding);
void write_gate_members(JsonStream& json, const GateReport& gate);
/// moves, moves_omitted; after HostMoves::finish().
void write_move_members(JsonStream& json, const HostMoves& moves);

/// Findings that were seen, and those that the document had no room for.
struct FindingCounts {
  uint64_t seen = 0;
  uint64_t omitted = 0;
};
/// captures, totals, worst, stopped_at_frame.
void write_summary_members(JsonStream& json, const Summary& summary, const FindingCounts& findings);

}  // namespace tsaudit
