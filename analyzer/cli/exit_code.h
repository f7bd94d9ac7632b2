// SPDX-License-Identifier: Apache-2.0
// What a script learns from tsaudit without reading a word.
#pragma once

#include <algorithm>

namespace tsaudit::cli {

/// Found and broken are kept apart: a gate must not turn red, or green, because a file could not be read.
enum class ExitCode : int {
  ok = 0,
  findings = 1,
  usage = 2,
  input = 3,
  internal = 4,
  interrupted = 130,
};

/// Of two things to say, the one that limits the other: no verdict on half of a capture.
constexpr ExitCode worse(ExitCode a, ExitCode b) { return std::max(a, b); }

inline constexpr const char* kExitCodeHelp =
    "Exit codes:\n"
    "  0    nothing at or above the gate (without a gate: done)\n"
    "  1    findings at or above --fail-on, fewer flows than --min-flows, or a policy\n"
    "       that does not hold\n"
    "  2    wrong usage, or a policy that is not understood\n"
    "  3    input unreadable or truncated; what could be read is reported\n"
    "  4    internal error, or a result could not be written\n"
    "  130  interrupted (SIGINT); what was read is reported\n";

}  // namespace tsaudit::cli
