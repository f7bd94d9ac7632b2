// SPDX-License-Identifier: Apache-2.0
#include "report/gate_words.h"

#include <fmt/format.h>

#include "report/text_flow.h"
#include "report/text_style.h"

namespace tsaudit {

std::string gate_line(const GateReport& gate) {
  std::string text = gate.passed ? "PASSED" : gate.counted == 0 ? "INCOMPLETE" : "FAILED";
  if (!gate.incomplete.empty()) text += fmt::format(" ({})", gate.incomplete);
  if (gate.fail_on == Severity::none) {
    text += gate.counted == 0 ? ": no finding fails (fail_on none)" : ": too little to judge";
  } else {
    text += fmt::format(": {} of severity {}{}", counted(gate.counted, "finding"), to_string(gate.fail_on),
                        gate.fail_on == Severity::error ? "" : " or above");
  }
  if (gate.suppressed > 0) text += fmt::format("; {} suppressed by the policy", grouped(gate.suppressed));
  if (gate.known > 0) text += fmt::format("; {} known from the baseline", grouped(gate.known));
  return text;
}

std::string interruption(const Summary& summary) {
  if (summary.stopped_at_frame == 0) return "";
  return fmt::format("interrupted at frame {}; what came before is reported", summary.stopped_at_frame);
}

std::string stable_flow_name(const FlowReport& flow) {
  return fmt::format("flow {} {} -> {}", flow.id, to_string(flow.client.address), to_string(flow.server));
}

std::string rule_title(RuleId rule) {
  return fmt::format("{} {}", rule_info(rule).code, rule_info(rule).name);
}

std::string finding_text(const Finding& finding) {
  std::string text = finding.from ? direction_name(*finding.from) + ": " : "";
  text += finding.message;
  if (!finding.frames.empty()) {
    text += finding.frame_count == 1 ? " (frame " : " (frames ";
    for (size_t i = 0; i < finding.frames.size() && i < 5; ++i) {
      text += fmt::format("{}{}", i == 0 ? "" : ", ", finding.frames[i]);
    }
    if (finding.frame_count > 5) text += fmt::format(" ... {} in all", grouped(finding.frame_count));
    text += ")";
  }
  if (finding.evidence != Evidence::none) text += fmt::format(", {}", to_string(finding.evidence));
  if (!text.empty() && text.back() != '.') text += '.';
  if (!finding.advice.empty()) text += " " + finding.advice;
  if (finding.baseline_state != BaselineState::none) {
    text += fmt::format(" [{}]", to_string(finding.baseline_state));
  }
  if (!finding.suppressed.empty()) text += fmt::format(" [does not count: {}]", finding.suppressed);
  return text;
}

}  // namespace tsaudit
