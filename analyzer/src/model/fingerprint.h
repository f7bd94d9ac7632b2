// SPDX-License-Identifier: Apache-2.0
// Link-layer address and packet identification in 16 bits: only whether they changed matters, and every byte
// counts.
#pragma once

#include <cstdint>

#include "tsaudit/segment.h"

namespace tsaudit {

constexpr uint16_t fold_mac(MacAddress mac) {
  const uint64_t mixed = mac * 0x9e3779b97f4a7c15u;
  return static_cast<uint16_t>(mixed >> 48);
}
/// Did it come from another address than the host's `known`, folded? 0: not told.
constexpr bool is_other_mac(uint16_t known, MacAddress mac) {
  return mac != 0 && known != 0 && known != fold_mac(mac);
}
/// What a host puts on its packets beyond TCP: the IPv4 identification, or the IPv6 flow label folded.
constexpr uint16_t packet_id(const Segment& s) {
  return s.src.v6 ? static_cast<uint16_t>(s.flow_label * 0x9e3779b1u >> 16) : s.ip_id;
}

}  // namespace tsaudit
