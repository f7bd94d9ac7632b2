// SPDX-License-Identifier: Apache-2.0
#include "gate/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace tsaudit {

Severity policy_severity(const Policy& policy, const Finding& finding) {
  const Severity wanted = policy.severity[static_cast<size_t>(finding.rule)];
  const Severity usual = rule_info(finding.rule).severity;
  return finding.severity < usual ? std::min(finding.severity, wanted) : wanted;
}

std::optional<size_t> suppression_for(const Policy& policy, Date today, const Finding& finding,
                                      const Endpoint& client, const Endpoint& server) {
  for (size_t i = 0; i < policy.suppress.size(); ++i) {
    const Policy::Suppression& s = policy.suppress[i];
    if (s.rule != finding.rule || today > s.expires || (s.from && s.from != finding.from)) continue;
    if (s.filter.client.matches(client) && s.filter.server.matches(server)) return i;
  }
  return std::nullopt;
}

Finding gate_finding(const Policy& policy, RuleId rule, uint64_t flow, std::optional<Side> from,
                     std::string message) {
  Finding finding;
  finding.rule = rule;
  finding.severity = policy.severity[static_cast<size_t>(rule)];
  finding.flow = flow;
  finding.from = from;
  finding.message = std::move(message);
  return finding;
}

std::string bad_end(const std::vector<Finding>& findings, TimeNs last_ns) {
  for (const Finding& finding : findings) {
    if (!is_stall(finding) || finding.evidence == Evidence::contradicted) continue;
    // TS014 without a duration is a reset with data unacknowledged.
    if (finding.duration_ns == 0) return "it was reset with data unacknowledged";
    if (finding.time_ns + finding.duration_ns >= last_ns) return "it stands still at the end of the capture";
  }
  return "";
}

void number_fingerprints(std::vector<Finding>& findings) {
  std::map<std::pair<RuleId, std::optional<Side>>, uint64_t> ordinals;
  for (Finding& finding : findings) {
    const uint64_t ordinal = ++ordinals[{finding.rule, finding.from}];
    if (!finding.fingerprint.empty()) continue;
    finding.fingerprint = fmt::format("{}/{}/{}", rule_info(finding.rule).code,
                                      finding.from ? to_string(*finding.from) : "flow", ordinal);
  }
}

std::vector<std::string> suppression_remarks(const Policy& policy, Date today,
                                             const std::vector<uint64_t>& taken) {
  std::vector<std::string> remarks;
  for (size_t i = 0; i < policy.suppress.size(); ++i) {
    const Policy::Suppression& s = policy.suppress[i];
    const RuleInfo& rule = rule_info(s.rule);
    if (today > s.expires) {
      remarks.push_back(fmt::format("suppression of {} {} expired on {}: {}", rule.code, rule.name,
                                    to_string(s.expires), s.reason));
    } else if (taken[i] == 0) {
      remarks.push_back(
          fmt::format("suppression of {} {} suppresses nothing: {}", rule.code, rule.name, s.reason));
    }
  }
  return remarks;
}

void apply_receivers(const Policy& policy, AnalysisOptions& options) {
  // By address first, as the command line has it; what it names itself comes before the policy's.
  options.receivers.insert(options.receivers.end(), policy.address_receivers.begin(),
                           policy.address_receivers.end());
  if (options.profile != nullptr) return;
  options.profile = policy.receiver;
  options.side_profiles = policy.side_receivers;
}

}  // namespace tsaudit
