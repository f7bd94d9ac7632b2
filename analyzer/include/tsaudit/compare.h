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

}  // namespace tsaudit
