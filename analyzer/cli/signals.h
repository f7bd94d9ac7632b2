// SPDX-License-Identifier: Apache-2.0
// SIGINT ends the reading, not the report. Signals that kill leave no half-written files behind.
#pragma once

#include <atomic>

#include "exit_code.h"  // before `interrupted`: to GCC 12 ExitCode::interrupted shadows it

namespace tsaudit::cli {

/// Set by the first SIGINT; the second one kills.
extern std::atomic<bool> interrupted;

void install_signal_handlers();
/// SIGINT, even where it is ignored, and SIGTERM interrupt from now on, and so does the clock after so many
/// seconds (0: never).
void interrupt_later(double seconds);

/// While registered, `path` is unlinked if a signal kills the process. `path` must stay where it is; there is
/// room for a few. Returns a slot to forget it by; -1 when there is no room.
int remove_if_killed(const char* path);
void forget_removal(int slot);

}  // namespace tsaudit::cli
