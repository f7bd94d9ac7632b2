// SPDX-License-Identifier: Apache-2.0
// The TCP headers of a capture in tshark's eyes and in ours, in the same words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <ostream>
#include <string>

#include "tsaudit/segment.h"

namespace tsaudit::oracle {

/// One packet as tshark shows it, or as we decode it.
struct Seen {
  bool tcp = false;
  std::string src = {}, dst = {};
  uint64_t sport = 0, dport = 0, seq = 0, ack = 0, flags = 0, length = 0, window = 0;
  std::string tsval = {}, tsecr = {};
  friend bool operator==(const Seen&, const Seen&) = default;
};
std::ostream& operator<<(std::ostream& out, const Seen& seen);

bool have_tshark();
/// By frame number. IP reassembly is off.
std::map<uint64_t, Seen> ask_tshark(const std::filesystem::path& path);
Seen as_we_decode(const RawPacket& packet, DecodeStatus& status);

}  // namespace tsaudit::oracle
