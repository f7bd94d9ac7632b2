// SPDX-License-Identifier: Apache-2.0
// The rules: one table, which `tsaudit explain`, every report format and the docs read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tsaudit {

enum class Severity : uint8_t { none, note, warning, error };
std::string_view to_string(Severity severity);
std::optional<Severity> parse_severity(std::string_view text);

/// Ids never change their meaning: add, do not renumber.
enum class RuleId : uint8_t {
  paws_drop = 1,           // TS001
  paws_stall = 2,
  tsval_regression = 3,
  tsval_jump = 4,
  clock_rate_change = 5,
  endpoint_migrated = 6,
  ts_recent_lost = 7,
  tsecr_never_sent = 8,
  tsopt_missing = 9,
  tsopt_malformed = 10,
  stale_ack = 11,
  offset_not_constant = 12,
  offset_not_inverse = 13,
  not_timestamps = 14,
  time_wait_reuse = 15,
  capture_incomplete = 16,
  // Of a gate (`tsaudit check`, `tsaudit compare`): what was asked for does not hold.
  flow_not_survived = 17,
  limit_exceeded = 18,
  offset_unexpected = 19,
  migration_unexpected = 20,
  nothing_judged = 21,
  worse_than_baseline = 22,
  // Of a pair of captures (`tsaudit verify-offset`).
  packet_altered = 23,
  checksum_broken = 24,
  packet_missing = 25,
};
inline constexpr size_t kRuleCount = static_cast<size_t>(RuleId::packet_missing);

struct RuleInfo {
  RuleId id;
  std::string_view code;      ///< "TS001"
  std::string_view name;      ///< "paws-drop"
  Severity severity;          ///< default
  std::string_view title;     ///< one line
  std::string_view help;      ///< what it means, how it is decided, what to do; plain text paragraphs
  std::string_view source;    ///< RFC section, kernel file and function
};
std::span<const RuleInfo> rule_table();
const RuleInfo& rule_info(RuleId id);
/// By code or name, any case.
const RuleInfo* find_rule(std::string_view code_or_name);

}  // namespace tsaudit
