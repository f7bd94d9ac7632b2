// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "tsaudit/series.h"

namespace tsaudit {

MinMaxPyramid::MinMaxPyramid(std::span<const double> values) : values_(values) {
  if (values.size() <= kFanOut) return;
  std::vector<Node> level((values.size() + kFanOut - 1) / kFanOut);
  for (size_t i = 0; i < level.size(); ++i) {
    const size_t end = std::min(values.size(), (i + 1) * kFanOut);
    Node node{kNone, kNone};
    for (size_t at = i * kFanOut; at < end; ++at) {
      if (std::isnan(values[at])) continue;
      if (node.min_at == kNone || values[at] < values[node.min_at]) node.min_at = static_cast<uint32_t>(at);
      if (node.max_at == kNone || values[at] > values[node.max_at]) node.max_at = static_cast<uint32_t>(at);
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

MinMaxPyramid::Node MinMaxPyramid::merge(std::span<const Node> nodes) const {
  Node out{kNone, kNone};
  for (const Node& node : nodes) {
    if (node.min_at == kNone) continue;
    if (out.min_at == kNone || values_[node.min_at] < values_[out.min_at]) out.min_at = node.min_at;
    if (out.max_at == kNone || values_[node.max_at] > values_[out.max_at]) out.max_at = node.max_at;
  }
  return out;
}

void MinMaxPyramid::take(MinMax& into, uint32_t index) const {
  const double value = values_[index];
  if (value < into.min || (value == into.min && index < into.min_at)) {
    into.min = value;
    into.min_at = index;
  }
  if (value > into.max || (value == into.max && index < into.max_at)) {
    into.max = value;
    into.max_at = index;
  }
}

MinMax MinMaxPyramid::range(size_t first, size_t last) const {
  MinMax out;
  last = std::min(last, values_.size());
  const auto leaves = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i)
      if (!std::isnan(values_[i])) take(out, static_cast<uint32_t>(i));
  };
  const auto nodes = [&](size_t level, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      const Node node = levels_[level][i];
      if (node.min_at == kNone) continue;
      take(out, node.min_at);
      take(out, node.max_at);
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
