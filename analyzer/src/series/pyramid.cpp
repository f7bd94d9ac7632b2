// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tsaudit/series.h"

namespace tsaudit {

MinMaxPyramid::MinMaxPyramid(std::span<const double> values) : values_(values) {
  if (values.size() <= kFanOut) return;
  std::vector<Node> level((values.size() + kFanOut - 1) / kFanOut);
  for (size_t i = 0; i < level.size(); ++i) {
    const size_t end = std::min(values.size(), (i + 1) * kFanOut);
    Node node = empty_node();
    for (size_t at = i * kFanOut; at < end; ++at) {
      // NaN compares false with everything.
      if (values[at] < node.min) node.min = values[at], node.min_at = static_cast<uint32_t>(at);
      if (values[at] > node.max) node.max = values[at], node.max_at = static_cast<uint32_t>(at);
    }
    level[i] = node;
  }
  levels_.push_back(std::move(level));
  while (levels_.back().size() > kFanOut) {
    const std::vector<Node>& below = levels_.back();
    std::vector<Node> above((below.size() + kFanOut - 1) / kFanOut);
    for (size_t i = 0; i < above.size(); ++i) {
      const size_t begin = i * kFanOut;
      above[i] = merge(std::span(below).subspan(begin, std::min(kFanOut, below.size() - begin)));
    }
    levels_.push_back(std::move(above));
  }
}

MinMaxPyramid::Node MinMaxPyramid::empty_node() {
  const MinMax none;
  return {none.min, none.max, 0, 0};
}

MinMaxPyramid::Node MinMaxPyramid::merge(std::span<const Node> nodes) {
  Node out = empty_node();
  for (const Node& node : nodes) {
    if (node.min < out.min) out.min = node.min, out.min_at = node.min_at;
    if (node.max > out.max) out.max = node.max, out.max_at = node.max_at;
  }
  return out;
}

MinMax MinMaxPyramid::range(size_t first, size_t last) const {
  MinMax out;
  last = std::min(last, values_.size());
  // The ends come before the middle, so that among equals the first index has to be looked for.
  const auto take_min = [&](double value, size_t at) {
    if (value < out.min || (value == out.min && at < out.min_at)) out.min = value, out.min_at = at;
  };
  const auto take_max = [&](double value, size_t at) {
    if (value > out.max || (value == out.max && at < out.max_at)) out.max = value, out.max_at = at;
  };
  const auto leaves = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      take_min(values_[i], i);
      take_max(values_[i], i);
    }
  };
  const auto nodes = [&](size_t level, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      const Node& node = levels_[level][i];
      if (node.min > node.max) continue;
      take_min(node.min, node.min_at);
      take_max(node.max, node.max_at);
    }
  };
  // Both ends climb: on each level what does not fill a node of the level above is taken here.
  const auto up = [](size_t index) { return (index + kFanOut - 1) / kFanOut; };
  if (first >= last) return out;
  size_t from = up(first), to = last / kFanOut;
  if (levels_.empty() || from >= to) {
    leaves(first, last);
    return out;
  }
  leaves(first, from * kFanOut);
  leaves(to * kFanOut, last);
  for (size_t level = 0;; ++level) {
    const size_t next_from = up(from), next_to = to / kFanOut;
    if (level + 1 == levels_.size() || next_from >= next_to) {
      nodes(level, from, to);
      return out;
    }
    nodes(level, from, next_from * kFanOut);
    nodes(level, next_to * kFanOut, to);
    from = next_from;
    to = next_to;
  }
}

size_t MinMaxPyramid::bytes() const {
  size_t sum = 0;
  for (const auto& level : levels_) sum += level.capacity() * sizeof(Node);
  return sum;
}

}  // namespace tsaudit
