// SPDX-License-Identifier: Apache-2.0
#include "frame_index.h"

#include <fmt/format.h>

#include <utility>

namespace lab {

std::string FrameIndex::key(const Segment& s) {
  const Timestamps ts = s.ts.value_or(Timestamps{});
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", to_string(s.src), to_string(s.dst), s.seq, s.ack,
                     s.flags, s.window, s.payload, s.ts.has_value(), ts.val, ts.ecr);
}

std::optional<uint64_t> FrameIndex::take(const std::string& key, size_t which) {
  const auto found = frames_.find(key);
  if (found == frames_.end() || which >= found->second.size() || found->second[which] == 0) return {};
  return std::exchange(found->second[which], 0);
}

}  // namespace lab
