// SPDX-License-Identifier: Apache-2.0
// The flows of two analyses, paired by the part they play and held against each other.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tsaudit/analysis.h"
#include "tsaudit/report.h"

namespace tsaudit {

/// The part that a flow plays in its capture: what stays the same when the same thing is done again. Client port,
/// sequence numbers, frames and TSvals are not in it, for they are drawn anew each time.
struct FlowRole {
  Endpoint server;
  IpAddress client;
  std::array<uint8_t, 2> first_payload_bits{};  ///< see DirectionReport; [0] from the client
  std::array<uint64_t, 2> delivered_bytes{};    ///< see DirectionReport; [0] from the client
  uint64_t order = 0;                           ///< of appearance: FlowReport::id
};
FlowRole role_of(const FlowReport& flow);

/// What made two flows a pair, from the surest on.
enum class MatchBasis : uint8_t {
  profile,          ///< server, client address and payload profile, and nobody else has them
  client,           ///< server, client address and first payloads, then order of appearance
  first_payload,    ///< server and first payloads, then order
  server,           ///< server, then order
  port_and_payload, ///< server port and first payloads, then order: the server's address is another one
  port,             ///< server port, then order
};
std::string_view to_string(MatchBasis basis);

struct FlowPair {
  size_t baseline = 0, candidate = 0;  ///< indices
  MatchBasis basis{};
};
struct FlowMatches {
  std::vector<FlowPair> pairs;              ///< by candidate
  std::vector<size_t> baseline_only;        ///< indices, ascending
  std::vector<size_t> candidate_only;
};
/// O(n log n). The same for any order in which the flows are given.
FlowMatches match_flows(std::span<const FlowRole> baseline, std::span<const FlowRole> candidate);

/// What is held against each other of two flows. Less is better, but for goodput; of tsval_step the size counts.
enum class Metric : uint8_t {
  dropped,          ///< segments discarded by timestamps
  stall,            ///< ns that one direction or both stood still (TS002, TS014, TS016)
  gap,              ///< ns of silence before a moved endpoint spoke again; the longest
  tsval_step,       ///< ticks, of a moved endpoint against its own clock; the largest
  retransmissions,  ///< segments
  goodput_before,   ///< acknowledged bytes a second, both directions, until the first move
  goodput_after,    ///< the same from the last move on
  recovery,  ///< ns from a moved endpoint's first segment to new data that got through; infinite: never
};
inline constexpr size_t kMetricCount = static_cast<size_t>(Metric::recovery) + 1;
/// "dropped", "stall", ... as in a policy and in JSON.
std::string_view to_string(Metric metric);
enum class Unit : uint8_t { segments, ns, ticks, bytes_per_second };
Unit unit_of(Metric metric);
/// "TSval step, ticks", "goodput after", ...
std::string_view metric_title(Metric metric);

/// By Metric; absent: there is no such thing in the flow, such as a gap without a move.
using Metrics = std::array<std::optional<double>, kMetricCount>;
Metrics metrics_of(const FlowReport& flow);

/// What a comparison keeps of a flow: some 350 bytes, and its findings.
struct FlowDigest {
  FlowRole role;
  Endpoint client;
  Negotiated timestamps = Negotiated::unknown;
  TimeNs last_ns = 0;
  std::array<uint64_t, 2> segments{}, ts_segments{};   ///< [0] from the client
  Metrics metrics;
  bool steady_before = false, steady_after = false;    ///< lasted long enough for its goodput to mean something
  std::vector<Finding> findings;
};

/// One side of a comparison. Takes flows from an analysis, or from a saved one, where findings come apart from flows.
class AnalysisDigest : public Sink {
 public:
  void flow(FlowReport&& flow) override;
  void finding(Finding&& finding) { loose_.push_back(std::move(finding)); }
  /// Call once, when all is there: gives each finding to its flow and sorts the flows by their order.
  void finish(Summary summary);

  const std::vector<FlowDigest>& flows() const { return flows_; }
  const Summary& summary() const { return summary_; }

 private:
  std::vector<FlowDigest> flows_;
  std::vector<Finding> loose_;
  Summary summary_;
};

struct MetricDelta {
  std::optional<double> baseline, candidate;
  Severity worse = Severity::none;   ///< beyond its threshold: the severity that the policy gives it
  bool better = false;               ///< beyond the same threshold
};

/// Worst first.
enum class FlowVerdict : uint8_t {
  worse,     ///< at or above the gate
  missing,   ///< only the baseline has it
  added,     ///< only the candidate has it
  changed,   ///< worse or with something new, but below the gate
  better,
  equal,     ///< but for notes
};
std::string_view to_string(FlowVerdict verdict);

/// A flow of the baseline, the same of the candidate, and what is between them. One of the two may be missing.
struct FlowDelta {
  const FlowDigest* baseline = nullptr;
  const FlowDigest* candidate = nullptr;
  MatchBasis basis{};                              ///< of a pair
  FlowVerdict verdict{};
  std::array<MetricDelta, kMetricCount> metrics;   ///< by Metric
  std::vector<Finding> findings;                   ///< worst first; what is not new or worse is marked as suppressed
  Severity worst = Severity::none;                 ///< of the findings that count
  const FlowDigest& shown() const { return candidate ? *candidate : *baseline; }
};

struct CompareSummary {
  Summary baseline, candidate;
  uint64_t pairs = 0, equal = 0, worse = 0, better = 0, changed = 0;   ///< each pair is one of the last four
  uint64_t missing = 0, added = 0;                    ///< flows of the baseline alone, of the candidate alone
  uint64_t fresh = 0, grown = 0, fixed = 0, unchanged = 0;   ///< findings but TS022; a missing flow has none but TS017
  std::string answer;                                 ///< one sentence
  GateReport gate;
};

class CompareSink {
 public:
  virtual ~CompareSink() = default;
  /// Pairs in the candidate's order, then what only the baseline has.
  virtual void flow(const FlowDelta& delta) = 0;
};

struct Policy;
struct Date;
/// Holds the candidate against the baseline. Costs O(n log n) of the flows.
CompareSummary compare(const AnalysisDigest& baseline, const AnalysisDigest& candidate, const Policy& policy,
                       Date today, CompareSink& sink);

}  // namespace tsaudit
