// SPDX-License-Identifier: Apache-2.0
// What every format says about a gate.
#pragma once

#include <string>

#include "tsaudit/report.h"

namespace tsaudit {

/// "FAILED: 3 findings of severity error or above; 1 suppressed, 2 known"
std::string gate_line(const GateReport& gate);
/// That the user stopped the reading, and where; empty if nobody did.
std::string interruption(const Summary& summary);
/// "flow 7 10.0.0.1 -> 10.0.0.2:443": the client's port changes from run to run and is left out.
std::string stable_flow_name(const FlowReport& flow);
/// "TS001 paws-drop"
std::string rule_title(RuleId rule);
/// "client -> server: 12 segments ... (frames 812, 815 ...). ADVICE"
std::string finding_text(const Finding& finding);

}  // namespace tsaudit
