// SPDX-License-Identifier: GPL-3.0-or-later
#include "mark_clusters.h"

#include <algorithm>

namespace tsaudit::gui {
namespace {

/// Marks at one place in time that lie apart in value stay apart, as long as there are few enough to look at
/// each.
constexpr size_t kLookAtEach = 400;
constexpr double kMarkHalf = 7;  ///< pixels from the middle of a mark to where it ends
constexpr size_t kCounts =
    300;  ///< more than fit a screen: the rest is left out before each is held against all

QRectF mark_rect(const MarkCluster& mark) {
  return {mark.x - kMarkHalf, mark.y - kMarkHalf, 2 * kMarkHalf, 2 * kMarkHalf};
}

/// Beside the mark, the nearest first: above, below, then further up and down line by line.
std::vector<QPointF> places_beside(const MarkCluster& mark, const QRectF& area, QSizeF size) {
  std::vector<QPointF> out;
  const double right = mark.x + kMarkHalf + 1, left = mark.x - kMarkHalf - 1 - size.width();
  const int lines = static_cast<int>(area.height() / size.height());
  for (int line = 0; line <= lines; ++line) {
    const double away = size.height() * line;
    for (const double y : {mark.y - size.height() - away, mark.y + away})
      for (const double x : {right, left}) out.emplace_back(x, y);
  }
  return out;
}

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
                       .last_row = flow.track(set.from).rows[sample],
                       .holder = set.holder,
                       .count_at = {}};
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
      out.back().last_row = flow.track(set.from).rows[end[-1]];
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
          near->last_row = mark.row;
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

void place_counts(std::vector<MarkCluster>& clusters, const ViewTransform& view,
                  const std::function<QSizeF(uint32_t count)>& size) {
  const QRectF area(view.left, view.top, view.width, view.height);
  std::vector<QRectF> marks, taken;
  for (const MarkCluster& each : clusters) marks.push_back(mark_rect(each));
  for (auto mark = clusters.rbegin(); mark != clusters.rend() && taken.size() < kCounts; ++mark) {
    if (mark->count < 2 || !area.adjusted(-1, -1, 1, 1).contains(QPointF(mark->x, mark->y))) continue;
    const QSizeF own = size(mark->count);
    const auto free_of = [](const std::vector<QRectF>& others, const QRectF& place) {
      return std::none_of(others.begin(), others.end(),
                          [&](const QRectF& other) { return other.intersects(place); });
    };
    QRectF second;
    for (const QPointF& at : places_beside(*mark, area, own)) {
      const QRectF place(at, own);
      if (!area.contains(place) || !free_of(taken, place)) continue;
      if (second.isNull()) second = place;
      if (!free_of(marks, place)) continue;
      mark->count_at = place;
      break;
    }
    if (mark->count_at.isNull()) mark->count_at = second;
    if (!mark->count_at.isNull()) taken.push_back(mark->count_at);
  }
}

}  // namespace tsaudit::gui
