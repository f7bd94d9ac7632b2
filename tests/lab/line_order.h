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
  /// Where a segment passed, and when. No frame: it did not.
  struct Place {
    uint64_t frame = 0;
    int64_t time_ns = 0;
  };
  /// A segment of either direction, at the capture point and at the receiver.
  void add(const std::string& src, const std::string& dst, const Place& captured, const Place& at_receiver);

  /// The frames of the capture that met the state which it shows: of their connection nothing was lost,
  /// doubled or overtaken between there and the receiver, from twenty segments before them on, and nothing
  /// was held up so long that the receiver has measured another round trip.
  std::set<uint64_t> kept() const;

 private:
  struct Passed {
    Place captured, at_receiver;
  };
  std::map<std::pair<std::string, std::string>, std::vector<Passed>> connections_;
};

}  // namespace lab
