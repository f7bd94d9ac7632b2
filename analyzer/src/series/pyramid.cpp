// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "tsaudit/series.h"

namespace tsaudit {

namespace {

using Node = MinMaxPyramid::Node;

Node as_node(double value) { return {value, value}; }
const Node& as_node(const Node& node) { return node; }

/// Of the last kFanOut entries before `end`. NaN compares false with everything, and so does what a node
/// without a value says.
template <class Entry>
Node node_above(const Entry* end) {
  constexpr size_t kLanes = 4;  // side by side: in one chain each comparison waits for the one before
  static_assert(MinMaxPyramid::kFanOut % kLanes == 0);
  const MinMax none;
  std::array<Node, kLanes> lanes;
  lanes.fill({none.min, none.max});
  for (const Entry* at = end - MinMaxPyramid::kFanOut; at != end; at += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const Node node = as_node(at[lane]);
      lanes[lane].min = node.min < lanes[lane].min ? node.min : lanes[lane].min;
      lanes[lane].max = node.max > lanes[lane].max ? node.max : lanes[lane].max;
    }
  }
  for (size_t lane = 1; lane < kLanes; ++lane) {
    lanes[0].min = std::min(lanes[0].min, lanes[lane].min);
    lanes[0].max = std::max(lanes[0].max, lanes[lane].max);
  }
  return lanes[0];
}

}  // namespace

/// A group is full: it gets its node, and so does each group of nodes that is full by that.
void GrowingPyramid::add_nodes() {
  Node node = node_above(values_.end());
  for (size_t height = 0;; ++height) {
    if (height == levels_.size()) levels_.emplace_back();
    GrowingArray<Node>& level = levels_[height];
    level.push_back(node);
    if (level.size() % MinMaxPyramid::kFanOut != 0) return;
    node = node_above(level.end());
  }
}

MinMaxPyramid GrowingPyramid::share() const {
  MinMaxPyramid out;
  out.values_ = values_.share();
  for (const GrowingArray<Node>& level : levels_) out.levels_.push_back(level.share());
  return out;
}

size_t MinMaxPyramid::Place::first() const {
  size_t first = at;
  for (size_t i = 0; i < height; ++i) first *= kFanOut;
  return first;
}

size_t MinMaxPyramid::find(Place place, double extreme, double Node::*which) const {
  while (place.height > 0) {
    place.at *= kFanOut;
    --place.height;
    const auto is_it = [&](size_t at) {
      return (place.height == 0 ? values_[at] : levels_[place.height - 1][at].*which) == extreme;
    };
    while (!is_it(place.at)) ++place.at;
  }
  return place.at;
}

MinMax MinMaxPyramid::range(size_t first, size_t last) const {
  MinMax out;
  last = std::min(last, values_.size());
  if (first >= last) return out;
  Place min_place, max_place;
  // The ends come before the middle, so that among equals the first has to be looked for.
  const auto take = [&](Place place, double min, double max) {
    if (min < out.min || (min == out.min && place.first() < min_place.first()))
      out.min = min, min_place = place;
    if (max > out.max || (max == out.max && place.first() < max_place.first()))
      out.max = max, max_place = place;
  };
  const auto entries = [&](size_t height, size_t from, size_t to) {
    for (size_t at = from; at < to; ++at) {
      if (height == 0)
        take({height, at}, values_[at], values_[at]);
      else
        take({height, at}, levels_[height - 1][at].min, levels_[height - 1][at].max);
    }
  };
  // Both ends climb: on each level what does not fill a node of the level above is taken here.
  for (size_t height = 0;; ++height) {
    const size_t next_first = (first + kFanOut - 1) / kFanOut, next_last = last / kFanOut;
    if (height == levels_.size() || next_first >= next_last) {
      entries(height, first, last);
      break;
    }
    entries(height, first, next_first * kFanOut);
    entries(height, next_last * kFanOut, last);
    first = next_first;
    last = next_last;
  }
  if (!out.empty()) {
    out.min_at = find(min_place, out.min, &Node::min);
    out.max_at = find(max_place, out.max, &Node::max);
  }
  return out;
}

size_t MinMaxPyramid::bytes() const {
  size_t sum = values_.size() * sizeof(double);
  for (const auto& level : levels_) sum += level.size() * sizeof(Node);
  return sum;
}

}  // namespace tsaudit
