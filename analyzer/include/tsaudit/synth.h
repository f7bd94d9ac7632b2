// SPDX-License-Identifier: Apache-2.0
// Captures with known content, one scenario each: for tests, demonstrations and questions of the kind "what
// would tsaudit say if". Two simulated hosts talk over a simulated path; what they do with a segment is
// decided by the rule that the analysis uses (model/paws.h), the bytes are crafted by libtins.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tsaudit/rule_table.h"
#include "tsaudit/types.h"

namespace tsaudit {

namespace synth {
class World;
}

/// Where on the path the capture is taken. What is lost, delayed or rewritten, is so in the middle: after
/// the client's side of it and before the server's, or the other way round.
enum class SynthPoint : uint8_t { client, server };

struct SynthScenario {
  std::string_view name;         ///< "naive-restore-client"
  std::string_view description;  ///< one line
  std::vector<RuleId> rules;     ///< what an analysis of it must find; empty: nothing but notes
  SynthPoint at;                 ///< where it is captured unless told otherwise
  void (*play)(synth::World&);
};

/// All of them, in the order of docs and lists.
std::span<const SynthScenario> synth_scenarios();
/// nullptr: there is none of that name.
const SynthScenario* find_synth_scenario(std::string_view name);

enum class SynthFormat : uint8_t { pcap, pcapng };  ///< both with nanoseconds

struct SynthOptions {
  uint64_t seed = 1;  ///< of ports, sequence numbers, clocks and sizes: the same seed gives the same bytes
  std::optional<SynthPoint> at;
  SynthFormat format = SynthFormat::pcap;
};

/// Plays the scenario and writes its capture. Returns the number of packets. Whether all bytes arrived is for
/// the caller to ask of `out` (ferror).
uint64_t synthesize(const SynthScenario& scenario, const SynthOptions& options, std::FILE* out);

}  // namespace tsaudit
