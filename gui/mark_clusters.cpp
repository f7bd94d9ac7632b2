// SPDX-License-Identifier: GPL-3.0-or-later
#include "mark_clusters.h"

#include <algorithm>

namespace tsaudit::gui {
namespace {

/// Marks at one place in time that lie apart in value stay apart, as long as there are few enough to look at
/// each.
constexpr size_t kLookAtEach = 400;

void cluster_set(const MarkSet& set, const FlowView& flow, const ViewTransform& view,
                 std::vector<MarkCluster>& out) {
  const SharedArray<uint32_t>& samples = *set.samples;
  const auto time_of = [&](uint32_t sample) { return set.series->time(sample) + set.shift_ns; };
  const auto first_from = [&](auto begin, TimeNs time) {
    return std::lower_bound(begin, samples.end(), time,
                            [&](uint32_t sample, TimeNs key) { return time_of(sample) < key; });
  };
  const auto cluster = [&](uint32_t sample) {
    return MarkCluster{.kind = set.kind,
                       .from = set.from,
                       .x = view.x_of(time_of(sample)),
                       .y = view.y_of(set.series->value(sample) * set.scale + set.offset),
                       .count = 0,
                       .row = flow.track(set.from).rows[sample],
                       .holder = set.holder};
  };
  auto at = first_from(samples.begin(), view.time.from);
  while (at != samples.end() && time_of(*at) <= view.time.to) {
    // A cluster starts at a mark and takes what comes within its width.
    const TimeNs until = view.time_at(view.x_of(time_of(*at)) + kClusterPixels);
    const auto end = first_from(at, std::min(std::max(until, time_of(*at) + 1), view.time.to + 1));
    const auto begin_out = static_cast<ptrdiff_t>(out.size());
    const auto count = static_cast<size_t>(end - at);
    if (count > kLookAtEach) {
      out.push_back(cluster(*at));
      out.back().count = static_cast<uint32_t>(count);
    } else {
      for (auto each = at; each != end; ++each) {
        MarkCluster mark = cluster(*each);
        if (std::isnan(mark.y))
          mark.y = view.top + view.height;  // a segment without a value stands on the axis
        const auto near = std::find_if(out.begin() + begin_out, out.end(), [&](const MarkCluster& other) {
          return std::abs(other.y - mark.y) < kClusterPixels;
        });
        if (near == out.end()) {
          out.push_back(mark);
          ++out.back().count;
        } else {
          ++near->count;
        }
      }
    }
    at = end;
  }
}

}  // namespace

std::vector<MarkCluster> cluster_marks(const PlotContent& content, const ViewTransform& view) {
  std::vector<MarkCluster> out;
  if (content.holds.empty() || view.time.span() <= 0 || view.width <= 0) return out;
  for (const MarkSet& set : content.marks) {
    cluster_set(set, *content.holds[set.holder], view, out);
  }
  return out;
}

}  // namespace tsaudit::gui
