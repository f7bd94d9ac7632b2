// SPDX-License-Identifier: Apache-2.0
#include "line_order.h"

#include <algorithm>
#include <cstdlib>

namespace lab {
namespace {

/// After so many segments the state is what the capture shows again...
constexpr size_t kForgotten = 20;
/// ...but for the RTO, once a segment was so much longer on its way than another. (The line itself holds back
/// for 4 ms, a machine that is busy elsewhere for any time.)
constexpr int64_t kHeldUp = 8'000'000;  // ns

}  // namespace

void LineOrder::add(const std::string& src, const std::string& dst, const Place& captured,
                    const Place& at_receiver) {
  connections_[std::minmax(src, dst)].push_back({captured, at_receiver});
}

std::set<uint64_t> LineOrder::kept() const {
  std::set<uint64_t> frames;
  for (const auto& [hosts, passed] : connections_) {
    std::vector<uint64_t> captured;
    struct Arrived {
      uint64_t captured;
      int64_t way_ns;
    };
    std::map<uint64_t, Arrived> arrived;
    int64_t shortest_ns = INT64_MAX;
    for (const auto& [at_capture, at_receiver] : passed) {
      const bool both = at_capture.frame && at_receiver.frame;
      const int64_t way_ns = both ? std::abs(at_receiver.time_ns - at_capture.time_ns) : 0;
      if (both) shortest_ns = std::min(shortest_ns, way_ns);
      if (at_capture.frame) captured.push_back(at_capture.frame);
      if (at_receiver.frame) arrived[at_receiver.frame] = {at_capture.frame, way_ns};
    }
    std::sort(captured.begin(), captured.end());
    auto next = captured.cbegin();
    size_t undisturbed = kForgotten;
    for (const auto& [at_receiver, arrival] : arrived) {
      const uint64_t at_capture = arrival.captured;
      if (at_capture && arrival.way_ns - shortest_ns > kHeldUp) break;
      const bool in_order = next != captured.cend() && *next == at_capture;
      undisturbed = in_order ? undisturbed + 1 : 0;
      if (at_capture) next = std::max(next, std::upper_bound(captured.cbegin(), captured.cend(), at_capture));
      if (undisturbed >= kForgotten) frames.insert(at_capture);
    }
  }
  return frames;
}

}  // namespace lab
