// SPDX-License-Identifier: Apache-2.0
// Which of several equal frames at one capture point became which of them at the next, on a line that loses,
// doubles and reorders them. On the cable between the line and a capture point they keep their order.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lab {

/// A frame that passed a capture point: number `which` there, from 0 on, of those with its key.
struct Passage {
  std::string point;
  size_t which = 0;
};

class FrameTrail {
 public:
  Passage arrived(const std::string& point, const std::string& key) {
    return {point, arrived_[{point, key}]++};
  }
  /// The next one with `key` at `point` is the frame that passed `from`.
  void sent(const std::string& point, const std::string& key, const Passage& from) {
    sent_[{point, key}].push_back(from);
  }
  /// Where it passed before that; nothing if it came from the host there.
  std::optional<Passage> before(const Passage& passage, const std::string& key) const {
    const auto found = sent_.find({passage.point, key});
    if (found == sent_.end() || passage.which >= found->second.size()) return {};
    return found->second[passage.which];
  }

 private:
  using Place = std::pair<std::string, std::string>;  // capture point, key
  std::map<Place, size_t> arrived_;
  std::map<Place, std::vector<Passage>> sent_;
};

}  // namespace lab
