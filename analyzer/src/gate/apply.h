// SPDX-License-Identifier: Apache-2.0
// What a policy makes of one finding.
#pragma once

#include "tsaudit/policy.h"

namespace tsaudit {

/// A rule that was lowered for a reason (evidence against it, a single tick) is not raised above that again.
Severity policy_severity(const Policy& policy, const Finding& finding);

/// Index of the suppression that takes the finding, on that day; nothing if none does.
std::optional<size_t> suppression_for(const Policy& policy, Date today, const Finding& finding,
                                      const Endpoint& client, const Endpoint& server);

/// Adds a finding of the gate to a flow, or to the captures as a whole: `flow` is 0 then.
Finding gate_finding(const Policy& policy, RuleId rule, uint64_t flow, std::optional<Side> from,
                     std::string message);

/// How a flow ended, if not well: reset with data unacknowledged, or standing still; else empty.
std::string bad_end(const std::vector<Finding>& findings, TimeNs last_ns);

/// Gives the findings of one rule and direction their ordinals.
void number_fingerprints(std::vector<Finding>& findings);

/// Expired suppressions, and those that took nothing.
std::vector<std::string> suppression_remarks(const Policy& policy, Date today,
                                             const std::vector<uint64_t>& taken);

}  // namespace tsaudit
