// SPDX-License-Identifier: Apache-2.0
#include "frame_index.h"

#include <fmt/format.h>

namespace lab {

std::string FrameIndex::key(const Segment& s) {
  const Timestamps ts = s.ts.value_or(Timestamps{});
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", to_string(s.src), to_string(s.dst), s.seq, s.ack,
                     s.flags, s.window, s.payload, s.ts.has_value(), ts.val, ts.ecr);
}

std::optional<uint64_t> FrameIndex::take(const Segment& segment) {
  const auto found = frames_.find(key(segment));
  if (found == frames_.end() || found->second.empty()) return {};
  const uint64_t frame = found->second.front();
  found->second.pop_front();
  return frame;
}

}  // namespace lab
