// SPDX-License-Identifier: Apache-2.0
// Connections between real sockets, one of which moves by TCP_REPAIR again and again, in the midst of
// whatever is going on, with a clock that is kept, lowered or raised by chance.
#pragma once

#include "lab.h"
#include "random_connection.h"

namespace lab {

void play_random_moves(Lab& lab, const RandomPlan& plan);

}  // namespace lab
