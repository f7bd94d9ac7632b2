// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "tsaudit/series.h"

namespace tsaudit {

namespace {

using Node = MinMaxPyramid::Node;

Node as_node(double value) { return {value, value}; }
const Node& as_node(const Node& node) { return node; }

/// Of kFanOut entries. NaN compares false with everything, and so does what a node without a value says.
template <class EntryAt>
Node node_above(EntryAt entry) {
  constexpr size_t kLanes = 4;  // side by side: in one chain each comparison waits for the one before
  static_assert(MinMaxPyramid::kFanOut % kLanes == 0);
  const MinMax none;
  std::array<Node, kLanes> lanes;
  lanes.fill({none.min, none.max});
  for (size_t at = 0; at < MinMaxPyramid::kFanOut; at += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const Node node = as_node(entry(at + lane));
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

/// Of the last kFanOut entries.
template <class Entry>
Node node_above_last(const GrowingArray<Entry>& entries) {
  return node_above([group = entries.end() - MinMaxPyramid::kFanOut](size_t i) { return group[i]; });
}

}  // namespace

/// A group is full: it gets its node, and so does each group of nodes that is full by that.
void GrowingLevels::add(Node node) {
  for (size_t height = 0;; ++height) {
    if (height == levels_.size()) levels_.emplace_back();
    GrowingArray<Node>& level = levels_[height];
    level.push_back(node);
    if (level.size() % MinMaxPyramid::kFanOut != 0) return;
    node = node_above_last(level);
  }
}

std::vector<SharedArray<Node>> GrowingLevels::share() const {
  std::vector<SharedArray<Node>> out;
  for (const GrowingArray<Node>& level : levels_) out.push_back(level.share());
  return out;
}

void GrowingPyramid::add_node() { levels_.add(node_above_last(values_)); }

MinMaxPyramid GrowingPyramid::share() const {
  MinMaxPyramid out;
  out.values_ = values_.share();
  out.levels_ = levels_.share();
  return out;
}

MinMaxPyramid MinMaxPyramid::ahead_of(const EvenClock& clock, SharedArray<TimeNs> times) const {
  MinMaxPyramid out;
  out.values_ = values_;
  out.times_ = std::move(times);
  out.clock_ = clock;
  GrowingLevels levels;
  for (size_t group = 0; group + kFanOut <= size(); group += kFanOut)
    levels.add(node_above([&](size_t i) { return clock.ahead(values_[group + i], out.times_[group + i]); }));
  out.levels_ = levels.share();
  return out;
}

size_t MinMaxPyramid::Place::first() const {
  size_t first = at;
  for (size_t i = 0; i < height; ++i) first *= kFanOut;
  return first;
}

size_t MinMaxPyramid::find(Place place, double extreme, double Node::*which, size_t height) const {
  while (place.height > height) {
    place.at *= kFanOut;
    --place.height;
    const auto is_it = [&](size_t at) {
      return (place.height == 0 ? (*this)[at] : levels_[place.height - 1][at].*which) == extreme;
    };
    for (const size_t last = place.at + kFanOut - 1; place.at != last && !is_it(place.at);) ++place.at;
  }
  return place.first();
}

MinMax MinMaxPyramid::range(size_t first, size_t last, size_t find_to) const {
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
        take({height, at}, (*this)[at], (*this)[at]);
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
    out.min_at = find(min_place, out.min, &Node::min, find_to);
    out.max_at = find(max_place, out.max, &Node::max, find_to);
  }
  return out;
}

size_t MinMaxPyramid::bytes() const {
  size_t sum = times_.empty() ? values_.size() * sizeof(double) : 0;
  for (const auto& level : levels_) sum += level.size() * sizeof(Node);
  return sum;
}

}  // namespace tsaudit
