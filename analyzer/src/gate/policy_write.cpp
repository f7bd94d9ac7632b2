// SPDX-License-Identifier: Apache-2.0
// A policy as TOML with comments: what `tsaudit check --print-default-policy` prints, to be edited.
#include <fmt/format.h>

#include <algorithm>

#include "gate/toml_text.h"
#include "gate/words.h"
#include "tsaudit/policy.h"

namespace tsaudit {
namespace {

std::string profile_name(const ReceiverProfile* profile) {
  return profile ? std::string(profile->name) : "auto";
}

std::string limit(const std::optional<int64_t>& ns) { return ns ? duration_words(*ns) : "none"; }

/// key = value, and what it means.
std::string line(std::string_view key, std::string_view value, std::string_view comment) {
  const std::string text = fmt::format("{} = {}", key, value);
  return comment.empty() ? text + "\n" : fmt::format("{:<31}# {}\n", text, comment);
}

std::string_view slack_comment(Unit unit) {
  switch (unit) {
    case Unit::segments:
      return "segments";
    case Unit::ticks:
      return "ticks";
    case Unit::bytes_per_second:
      return "bytes a second";
    case Unit::ns:
      break;
  }
  return "";
}

std::string filters(const FlowFilter& filter) {
  return line("client", toml_string(to_string(filter.client)), "") +
         line("server", toml_string(to_string(filter.server)), "");
}

}  // namespace

std::string policy_toml(const Policy& policy) {
  std::string out =
      "# A policy of tsaudit: what check and compare ask of captures. docs/policy.md explains each key.\n\n";
  out += line("fail_on", toml_string(to_string(policy.fail_on)), "note, warning, error; none: never fail");

  out += "\n[receivers]                     # as whom to judge: auto, linux-6.12, freebsd, rfc7323, ...\n";
  out += line("default", toml_string(profile_name(policy.receiver)), "");
  out += line("client", toml_string(profile_name(policy.side_receivers[0])), "auto: as default says");
  out += line("server", toml_string(profile_name(policy.side_receivers[1])), "");
  out += "\n[receivers.address]             # by address, before all others: \"10.0.0.2\" = \"linux-5.10\"\n";
  for (const auto& [address, profile] : policy.address_receivers) {
    out += line(toml_string(to_string(address)), toml_string(profile_name(profile)), "");
  }

  out += "\n[severity]                      # none, note, warning, error\n";
  for (const RuleInfo& rule : rule_table()) {
    out += line(rule.code, toml_string(to_string(policy.severity[static_cast<size_t>(rule.id)])), rule.name);
  }

  out += "\n[limits]                        # \"250 ms\", \"5 s\", or \"none\"; beyond it TS018\n";
  out += line("max_stall", toml_string(limit(policy.max_stall_ns)), "of a stall whatever its cause");
  out += line("max_gap", toml_string(limit(policy.max_gap_ns)), "silence of an endpoint that moves");
  out += line("max_recovery", toml_string(limit(policy.max_recovery_ns)),
              "from a move to new data that got through");

  out += "\n[migrations]\n";
  out += line("count", policy.migration_count ? fmt::format("{}", *policy.migration_count) : "\"any\"",
              "of each flow: any, or exactly so many; else TS020");
  out += line("endpoint",
              toml_string(policy.migration_endpoint ? to_string(*policy.migration_endpoint)
                                                    : std::string_view("any")),
              "that may move: client, server, any; else TS020");
  out +=
      line("expected_offset", policy.expected_offset ? fmt::format("{}", *policy.expected_offset) : "\"any\"",
           "ticks that continue the clock of a moved endpoint, or any; else TS019");
  out += line("offset_tolerance", fmt::format("{}", policy.offset_tolerance), "ticks");

  out += "\n[minimum]                       # fewer: TS021\n";
  out += line("flows", fmt::format("{}", policy.min_flows), "with timestamps");
  out += line("ts_segments", fmt::format("{}", policy.min_ts_segments), "with timestamps");

  if (policy.survive.empty()) {
    out +=
        "\n# Flows that must live through the capture; else TS017. May be repeated.\n"
        "# [[survive]]\n"
        "# name = \"database\"\n"
        "# client = \"10.0.0.0/24\"        # ADDRESS, ADDRESS/BITS, ADDRESS:PORT, :PORT or *\n"
        "# server = \"10.0.0.2:5432\"\n"
        "# min_flows = 1\n";
  }
  for (const Policy::Survivor& survivor : policy.survive) {
    out += "\n[[survive]]\n" + line("name", toml_string(survivor.name), "") + filters(survivor.filter) +
           line("min_flows", fmt::format("{}", survivor.min_flows), "");
  }

  if (policy.suppress.empty()) {
    out +=
        "\n# Findings that do not count, for a reason and for a time. May be repeated.\n"
        "# [[suppress]]\n"
        "# rule = \"TS004\"\n"
        "# direction = \"client\"          # whose segments; without it: any\n"
        "# server = \"10.0.0.2:443\"       # and client: as above\n"
        "# reason = \"the proxy steps ahead until it is replaced\"\n"
        "# expires = 2027-01-31          # the last day\n";
  }
  for (const Policy::Suppression& suppression : policy.suppress) {
    out += "\n[[suppress]]\n" +
           line("rule", toml_string(rule_info(suppression.rule).code), rule_info(suppression.rule).name);
    if (suppression.from) out += line("direction", toml_string(to_string(*suppression.from)), "");
    out += filters(suppression.filter) + line("reason", toml_string(suppression.reason), "") +
           line("expires", to_string(suppression.expires), "");
  }

  out +=
      "\n[compare]                       # of a pair of flows; worse by more than slack and percent: "
      "TS022\n" +
      line("missing_flow", toml_string(to_string(policy.missing_flow)), "TS017: only the baseline has it");
  for (size_t i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    const Threshold& threshold = policy.metrics[i];
    const std::string slack = unit_of(metric) == Unit::ns
                                  ? toml_string(duration_words(static_cast<int64_t>(threshold.slack)))
                                  : fmt::format("{}", threshold.slack);
    const std::string_view comment = slack_comment(unit_of(metric));
    out += fmt::format("{:<15} = {{ severity = {}, slack = {}, percent = {} }}{}{}\n", to_string(metric),
                       toml_string(to_string(threshold.severity)), slack, threshold.percent,
                       comment.empty() ? "" : "  # ", comment);
  }
  return out;
}

}  // namespace tsaudit
