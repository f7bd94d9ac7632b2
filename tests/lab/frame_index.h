// SPDX-License-Identifier: Apache-2.0
// Which frame of a capture is which segment of the truth: equal headers, and the order among equals. Nothing
// is guessed; what finds no partner has no frame.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "packet.h"

namespace lab {

class FrameIndex {
 public:
  void add(const Segment& segment, uint64_t frame) { frames_[key(segment)].push_back(frame); }
  /// The first frame with these headers that was not given out yet.
  std::optional<uint64_t> take(const Segment& segment);

 private:
  static std::string key(const Segment& segment);
  std::unordered_map<std::string, std::deque<uint64_t>> frames_;
};

}  // namespace lab
