// SPDX-License-Identifier: Apache-2.0
#include "line_order.h"

#include <algorithm>

namespace lab {
namespace {

/// After so many segments the state is what the capture shows again.
constexpr size_t kForgotten = 20;

}  // namespace

void LineOrder::add(const std::string& src, const std::string& dst, uint64_t captured, uint64_t at_receiver) {
  connections_[std::minmax(src, dst)].push_back({captured, at_receiver});
}

std::set<uint64_t> LineOrder::kept() const {
  std::set<uint64_t> frames;
  for (const auto& [hosts, passed] : connections_) {
    std::vector<uint64_t> captured;
    std::map<uint64_t, uint64_t> arrived;
    for (const auto& [at_capture, at_receiver] : passed) {
      if (at_capture) captured.push_back(at_capture);
      if (at_receiver) arrived[at_receiver] = at_capture;
    }
    std::sort(captured.begin(), captured.end());
    auto next = captured.cbegin();
    size_t undisturbed = kForgotten;
    for (const auto& [at_receiver, at_capture] : arrived) {
      const bool in_order = next != captured.cend() && *next == at_capture;
      undisturbed = in_order ? undisturbed + 1 : 0;
      if (at_capture) next = std::max(next, std::upper_bound(captured.cbegin(), captured.cend(), at_capture));
      if (undisturbed >= kForgotten) frames.insert(at_capture);
    }
  }
  return frames;
}

}  // namespace lab
