// SPDX-License-Identifier: Apache-2.0
// What a gate asks of captures (`tsaudit check --policy FILE.toml`, docs/policy.md), and what it already knows.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tsaudit/analysis.h"
#include "tsaudit/compare.h"
#include "tsaudit/error.h"
#include "tsaudit/report.h"

namespace tsaudit {

/// A day of the proleptic Gregorian calendar, UTC.
struct Date {
  int year = 0;
  unsigned month = 0, day = 0;
  friend constexpr auto operator<=>(const Date&, const Date&) = default;
};
/// "2027-01-31"; nothing for what is no day.
std::optional<Date> parse_date(std::string_view text);
std::string to_string(const Date& date);
/// The day of a number of seconds since 1970.
Date date_of(int64_t unix_seconds);

/// Addresses and a port; what is absent matches all.
struct EndpointFilter {
  std::optional<IpAddress> address;
  unsigned prefix = 0;             ///< leading bits of `address` that count
  std::optional<uint16_t> port;
  bool matches(const Endpoint& endpoint) const;
};
/// "10.0.0.2:443", "10.0.0.0/24", ":443", "[2001:db8::1]:443", "2001:db8::/32", "*".
std::optional<EndpointFilter> parse_endpoint_filter(std::string_view text);
std::string to_string(const EndpointFilter& filter);

struct FlowFilter {
  EndpointFilter client, server;
  bool matches(const FlowReport& flow) const { return client.matches(flow.client) && server.matches(flow.server); }
};

/// How much worse than the baseline a number may be: by the slack, or by the percentage of the baseline's if that is
/// more. Beyond it, it is a finding of this severity.
struct Threshold {
  Severity severity = Severity::error;
  double slack = 0;      ///< in the unit of the metric
  double percent = 0;
};

struct Policy {
  Severity fail_on = Severity::error;   ///< none: never fails

  // receivers
  const ReceiverProfile* receiver = nullptr;                        ///< nullptr: auto
  std::array<const ReceiverProfile*, 2> side_receivers{};           ///< by Side; instead of `receiver`
  std::vector<std::pair<IpAddress, const ReceiverProfile*>> address_receivers;   ///< instead of both

  std::array<Severity, kRuleCount + 1> severity = default_severities();   ///< by RuleId

  // limits; absent: none
  std::optional<int64_t> max_stall_ns, max_gap_ns, max_recovery_ns;

  // migrations; absent: any
  std::optional<uint64_t> migration_count;
  std::optional<Side> migration_endpoint;
  std::optional<int64_t> expected_offset;   ///< ticks
  int64_t offset_tolerance = 10;            ///< ticks

  uint64_t min_flows = 1;        ///< with timestamps
  uint64_t min_ts_segments = 1;

  struct Survivor {
    std::string name;
    FlowFilter filter;
    uint64_t min_flows = 1;
  };
  std::vector<Survivor> survive;

  struct Suppression {
    RuleId rule{};
    std::optional<Side> from;
    FlowFilter filter;
    std::string reason;
    Date expires;          ///< the last day on which it holds
  };
  std::vector<Suppression> suppress;

  Severity missing_flow = Severity::error;   ///< of a flow that only the baseline has
  std::array<Threshold, kMetricCount> metrics = default_thresholds();   ///< by Metric

  static std::array<Severity, kRuleCount + 1> default_severities();
  static std::array<Threshold, kMetricCount> default_thresholds();
};

/// Errors name the file, the line, the column, and what is wrong.
Result<Policy> read_policy(const std::string& path);
Result<Policy> parse_policy(std::string_view toml, const std::string& name);
/// As TOML with comments; parse_policy() makes the same policy of it.
std::string policy_toml(const Policy& policy);

/// Findings that are known and do not count, by what is the same from run to run: server, rule, direction, ordinal.
class KnownFindings {
 public:
  static Result<KnownFindings> read(const std::string& path);
  static Result<KnownFindings> parse(std::string_view toml, const std::string& name);
  std::string toml() const;

  void add(const Endpoint& server, const Finding& finding) { ++known_[{to_string(server), finding.fingerprint}].flows; }
  /// Is it known of one more flow of that server? Each known finding stands for one.
  bool take(const Endpoint& server, const Finding& finding);
  /// A line for each that was not, or not as often, taken.
  std::vector<std::string> stale() const;

 private:
  struct Count {
    uint64_t flows = 0, seen = 0;
  };
  std::map<std::pair<std::string, std::string>, Count> known_;   ///< by server and fingerprint
};

/// Applies a policy to flows as they end, before a writer gets them, and to the summary.
class Gate {
 public:
  /// `known`, which may be null, and `policy` must outlive the gate. `accept`: what is found is known from now on.
  Gate(const Policy& policy, Date today, KnownFindings* known, bool accept = false);
  /// Severities, the policy's own findings, what does not count and why, and the worst of what counts.
  void apply(FlowReport& flow);
  /// Sets summary.gate and summary.worst.
  void finish(Summary& summary);
  /// All findings that would count but for the baseline, for a new baseline.
  const KnownFindings& found() const { return found_; }

 private:
  struct FlowChecks;
  void judge(FlowReport& flow);
  void settle(Finding& finding, const FlowReport* flow);

  const Policy& policy_;
  Date today_;
  KnownFindings* known_;
  bool accept_;
  KnownFindings found_;
  GateReport report_;
  Severity worst_ = Severity::none;
  uint64_t ts_flows_ = 0;
  std::vector<uint64_t> survivors_;     ///< flows that match, by survive filter
  std::vector<uint64_t> suppressed_;    ///< findings, by suppression
};

/// Sets what the policy says of receivers, where the options do not say it already.
void apply_receivers(const Policy& policy, AnalysisOptions& options);

}  // namespace tsaudit
