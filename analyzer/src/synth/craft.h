// SPDX-License-Identifier: Apache-2.0
// Bytes for packets. The only place that knows libtins.
#pragma once

#include <cstdint>
#include <vector>

#include "synth/packet.h"

namespace tsaudit::synth {

class World;

/// The whole Ethernet frame, with right checksums.
std::vector<uint8_t> craft(const World& world, const Packet& packet);

}  // namespace tsaudit::synth
