// SPDX-License-Identifier: Apache-2.0
// Which frame of a capture is which segment of the truth: equal headers, and which of those that have them.
// Nothing is guessed; what finds no partner has no frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "packet.h"

namespace lab {

class FrameIndex {
 public:
  /// What tells one segment from another.
  static std::string key(const Segment& segment);

  void add(const Segment& segment, uint64_t frame) { frames_[key(segment)].push_back(frame); }
  /// The frame of that key's number `which` from 0 on; nothing if it was given out already.
  std::optional<uint64_t> take(const std::string& key, size_t which);

 private:
  std::unordered_map<std::string, std::vector<uint64_t>> frames_;  // 0: given out
};

}  // namespace lab
