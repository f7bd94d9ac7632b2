// SPDX-License-Identifier: Apache-2.0
// From the packed state of a finished connection to what the public says of it.
#pragma once

#include "model/tracker.h"
#include "tsaudit/report.h"

namespace tsaudit {

/// All of the report but findings and summary, which are the rules' business. `trouble` may be null.
FlowReport report_flow(const Tracker& tracker, const Flow& flow, const Trouble* trouble);

/// The side of a flow that host[index] is.
inline Side side_of(const Flow& flow, unsigned index) {
  return index == flow.client ? Side::client : Side::server;
}
inline unsigned host_of(const Flow& flow, Side side) {
  return side == Side::client ? flow.client : flow.client ^ 1u;
}

}  // namespace tsaudit
