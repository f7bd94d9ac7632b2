// SPDX-License-Identifier: Apache-2.0
// From facts to findings: applies the rule table to one finished flow.
#pragma once

#include "model/flow_state.h"
#include "model/trouble.h"
#include "tsaudit/report.h"
#include "tsaudit/words.h"

namespace tsaudit {

/// Fills findings, worst and summary of `report`. `trouble` may be null.
void apply_rules(FlowReport& report, const Flow& flow, const Trouble* trouble);

/// The flow in one sentence. Needs the findings.
std::string summarise(const FlowReport& report);

/// The latest replacement of this endpoint at or before the frame; nullptr: none.
const Migration* migration_before(const FlowReport& report, Side side, uint64_t frame);

/// "the client", "the server"
inline std::string_view named(Side side) { return side == Side::client ? "the client" : "the server"; }

}  // namespace tsaudit
