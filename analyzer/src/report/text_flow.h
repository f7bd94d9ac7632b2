// SPDX-License-Identifier: Apache-2.0
// The parts of the text report that speak of one flow.
#pragma once

#include <string>

#include "report/text_style.h"
#include "tsaudit/report.h"
#include "tsaudit/writers.h"

namespace tsaudit {

/// "10.0.0.1:40000 -> 10.0.0.2:443", client first.
std::string flow_name(const FlowReport& flow);
/// "client -> server"
std::string direction_name(Side from);

/// The flow's time as a line: where it moved, where it stood still. Empty when there is nothing to mark.
std::string timeline(const FlowReport& flow, size_t width);

/// Everything that is known of a flow that matters: findings, migrations, receivers, commands.
std::string flow_details(const FlowReport& flow, const WriterOptions& options, const Style& style);

}  // namespace tsaudit
