// SPDX-License-Identifier: Apache-2.0
// Connections between real sockets that do what programs ask of them: fast open, both ends at once, MPTCP,
// SYN cookies, small buffers and segments, urgent data, every way to close, and the same ports again right
// after.
#pragma once

#include "lab.h"
#include "random_connection.h"

namespace lab {

void play_random_programs(Lab& lab, const RandomPlan& plan);

}  // namespace lab
