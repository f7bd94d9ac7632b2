// SPDX-License-Identifier: Apache-2.0
// What got through: bytes acknowledged, and whether a moved connection went on.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "model/flow_state.h"

namespace tsaudit {

/// Size of a payload as a number of bits, for Host::first_payload_bits.
constexpr uint8_t payload_bits(uint32_t payload) {
  return static_cast<uint8_t>(std::bit_width(payload)) & 0x1f;
}

/// Payload bytes of `host` that the other side has acknowledged. The ACK number tells them mod 2^32; which
/// turn of the circle it is on is told by the bytes sent. Exact while less than 4 GB were sent in vain.
inline uint64_t delivered_bytes(const Flow& flow, unsigned host) {
  const Host& a = flow.host[host];
  const Host& b = flow.host[host ^ 1];
  if (!a.seen || !b.acked) return 0;
  const bool from_syn = host == flow.client ? flow.syn_seen : flow.synack_seen;
  const SeqNum first = from_syn ? a.isn + 1 : a.isn;
  const int32_t turn = distance(first, b.ack_max);
  if (a.payload_bytes < (uint64_t{1} << 31)) {
    return std::min<uint64_t>(static_cast<uint64_t>(std::max(turn, 0)), a.payload_bytes);
  }
  return a.payload_bytes - (static_cast<uint32_t>(a.payload_bytes) - static_cast<uint32_t>(turn));
}

}  // namespace tsaudit
