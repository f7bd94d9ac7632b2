// SPDX-License-Identifier: Apache-2.0
// LINKTYPE_ values are what files hold; DLT_ values are what libpcap's calls take. They are the same number
// but for a handful that differ among operating systems.
#pragma once

#include <pcap/dlt.h>

#include <cstdint>

namespace tsaudit::source {

inline constexpr uint16_t kLinkEthernet = 1;
inline constexpr uint16_t kLinkFddi = 10;
inline constexpr uint16_t kLinkRaw = 101;
inline constexpr uint16_t kLinkLinuxSll = 113;
inline constexpr uint16_t kLinkRadiotap = 127;

struct LinkTypeOfDlt {
  uint16_t link_type;
  int dlt;
};
inline constexpr LinkTypeOfDlt kOwnNumbers[] = {
    {100, DLT_ATM_RFC1483}, {kLinkRaw, DLT_RAW}, {102, DLT_SLIP_BSDOS},
    {103, DLT_PPP_BSDOS},   {106, DLT_ATM_CLIP},
};

inline int dlt_of_link_type(uint16_t link_type) {
  for (const auto& [number, dlt] : kOwnNumbers) {
    if (number == link_type) return dlt;
  }
  return link_type;
}
inline uint16_t link_type_of_dlt(int dlt) {
  for (const auto& [number, own] : kOwnNumbers) {
    if (own == dlt) return number;
  }
  return static_cast<uint16_t>(dlt);
}
/// Some programs wrote the DLT_RAW of their system (12, or 14 on OpenBSD) into files.
inline uint16_t normal_link_type(uint16_t link_type) {
  return link_type == 12 || link_type == 14 ? kLinkRaw : link_type;
}

}  // namespace tsaudit::source
