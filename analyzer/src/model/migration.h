// SPDX-License-Identifier: Apache-2.0
// Signs that an endpoint was replaced by another host, and how much each of them says.
#pragma once

#include <string>
#include <string_view>

#include "model/trouble.h"

namespace tsaudit {

/// A case below this confidence is not reported.
inline constexpr double kBelievable = 0.5;

/// How likely one sign alone means migration. Signs are taken as independent: 1 - (1-w1)(1-w2)...
namespace weight {
inline constexpr double kClockStep = 0.55;   // few things but another host make a clock step
inline constexpr double kClockPaused = 0.2;  // a restored clock that stood still during the move; or a queue
inline constexpr double kClockStopped = 0.5;  // for sure, as a virtual machine's does; or a computer slept
inline constexpr double kZeroEcho = 0.45;    // TCP_REPAIR does not restore TS.Recent
inline constexpr double kZeroEchoOnData = 0.25;  // the same, but some stacks never echo on data
inline constexpr double kMac = 0.55;         // or a router took over
inline constexpr double kTtl = 0.35;         // or the route changed
inline constexpr double kAnnouncement = 0.45;  // or an address was configured
inline constexpr double kRepairProbe = 0.25;   // or a keepalive
inline constexpr double kSequence = 0.6;       // no stack contradicts its own sequence numbers
inline constexpr double kIpId = 0.1;
inline constexpr double kFlowLabel = 0.1;  // Linux changes it after timeouts, too
inline constexpr double kGap = 0.1;
}  // namespace weight

bool has_signal(const MigrationCase& open, std::string_view name);
/// Does it rest on this sign alone, and on those that any silence may bring?
bool only_by(const Migration& m, std::string_view name);
/// Adds a sign unless it is there already.
void add_signal(MigrationCase& open, const char* name, double sign_weight, uint64_t frame,
                std::string detail);
/// It was no such sign.
void remove_signal(MigrationCase& open, std::string_view name, double sign_weight);

}  // namespace tsaudit
