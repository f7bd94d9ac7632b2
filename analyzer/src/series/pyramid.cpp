// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <type_traits>

#include "tsaudit/series.h"

namespace tsaudit {

/// NaN compares false with everything, and so does what a node without a value says.
template <class Entry>
std::vector<MinMaxPyramid::Node> MinMaxPyramid::level_above(std::span<const Entry> below) {
  constexpr size_t kLanes = 4;  // side by side: in one chain each comparison waits for the one before
  const auto as_node = [](const Entry& entry) {
    if constexpr (std::is_same_v<Entry, Node>)
      return entry;
    else
      return Node{entry, entry};
  };
  std::vector<Node> level;
  level.reserve((below.size() + kFanOut - 1) / kFanOut);
  for (size_t begin = 0; begin < below.size(); begin += kFanOut) {
    const std::span<const Entry> group = below.subspan(begin, std::min(kFanOut, below.size() - begin));
    const MinMax none;
    std::array<Node, kLanes> lanes;
    lanes.fill({none.min, none.max});
    const auto take = [&](Node& lane, const Entry& entry) {
      const Node node = as_node(entry);
      lane.min = node.min < lane.min ? node.min : lane.min;
      lane.max = node.max > lane.max ? node.max : lane.max;
    };
    size_t i = 0;
    for (; i + kLanes <= group.size(); i += kLanes)
      for (size_t lane = 0; lane < kLanes; ++lane) take(lanes[lane], group[i + lane]);
    for (; i < group.size(); ++i) take(lanes[0], group[i]);
    for (size_t lane = 1; lane < kLanes; ++lane) {
      lanes[0].min = std::min(lanes[0].min, lanes[lane].min);
      lanes[0].max = std::max(lanes[0].max, lanes[lane].max);
    }
    level.push_back(lanes[0]);
  }
  return level;
}

MinMaxPyramid::MinMaxPyramid(std::span<const double> values) : values_(values) {
  if (values.size() <= kFanOut) return;
  levels_.push_back(level_above(values));
  while (levels_.back().size() > kFanOut)
    levels_.push_back(level_above(std::span<const Node>(levels_.back())));
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
  size_t sum = 0;
  for (const auto& level : levels_) sum += level.capacity() * sizeof(Node);
  return sum;
}

}  // namespace tsaudit
