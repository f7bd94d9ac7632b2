// SPDX-License-Identifier: Apache-2.0
// Connections out of a random number generator: honest traffic mixed with every kind of odd segment. The same
// seed plays the same scenario again (on another ISN and clock of the peer, which the kernel chooses).
#pragma once

#include <cstdint>
#include <string>

#include "lab.h"

namespace lab {

struct RandomPlan {
  uint64_t seed = 1;
  uint32_t connections = 100;
  uint32_t steps = 60;  ///< of each connection
  int64_t only = -1;    ///< play this connection alone
  bool far = false;     ///< the hosts are milliseconds apart
  std::string network;  ///< options that made the network, to be named where the play is
};

/// Returns how many segments were injected.
uint64_t play_random(Lab& lab, const RandomPlan& plan);

}  // namespace lab
