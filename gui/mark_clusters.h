// SPDX-License-Identifier: GPL-3.0-or-later
// Findings are never thinned out: where marks would cover each other they become one mark with a count.
#pragma once

#include <QRectF>
#include <functional>
#include <vector>

#include "plot_content.h"

namespace tsaudit::gui {

struct MarkCluster {
  MarkKind kind = MarkKind::paws;
  Side from = Side::client;
  double x = 0, y = 0;  ///< pixels
  uint32_t count = 0;
  uint32_t row = 0;       ///< of the store: the first segment of it
  uint32_t last_row = 0;  ///< and the last
  size_t holder = 0;      ///< whose store: as MarkSet::holder
  QRectF count_at;        ///< where the count stands; empty: it is one segment, or there is no room left
};

inline constexpr double kClusterPixels = 12;

/// The marks of `content` that are in sight. Their counts sum up to the number of marks within the view.
std::vector<MarkCluster> cluster_marks(const PlotContent& content, const ViewTransform& view);
/// Gives each count a place of this size beside its mark where it covers no other count and, if it can be, no
/// mark. Those that are drawn last, which are the gravest, come first.
void place_counts(std::vector<MarkCluster>& clusters, const ViewTransform& view,
                  const std::function<QSizeF(uint32_t count)>& size);

}  // namespace tsaudit::gui
