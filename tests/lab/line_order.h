// SPDX-License-Identifier: Apache-2.0
// Where a line brought a connection's segments to the receiver as the capture in front of it shows them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace lab {

class LineOrder {
 public:
  /// A segment of either direction: its frames at the capture point and at the receiver, 0 where it has none.
  void add(const std::string& src, const std::string& dst, uint64_t captured, uint64_t at_receiver);

  /// The frames of the capture that met the state which it shows: of their connection nothing was lost,
  /// doubled or overtaken between there and the receiver, from twenty segments before them on.
  std::set<uint64_t> kept() const;

 private:
  struct Passed {
    uint64_t captured, at_receiver;
  };
  std::map<std::pair<std::string, std::string>, std::vector<Passed>> connections_;
};

}  // namespace lab
