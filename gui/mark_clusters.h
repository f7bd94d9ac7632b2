// SPDX-License-Identifier: GPL-3.0-or-later
// Findings are never thinned out: where marks would cover each other they become one mark with a count.
#pragma once

#include <vector>

#include "plot_content.h"

namespace tsaudit::gui {

struct MarkCluster {
  MarkKind kind = MarkKind::paws;
  Side from = Side::client;
  double x = 0, y = 0;  ///< pixels
  uint32_t count = 0;
  uint32_t row = 0;  ///< of the store: the first segment of it
  size_t holder = 0;  ///< whose store: as MarkSet::holder
};

inline constexpr double kClusterPixels = 12;

/// The marks of `content` that are in sight. Their counts sum up to the number of marks within the view.
std::vector<MarkCluster> cluster_marks(const PlotContent& content, const ViewTransform& view);

}  // namespace tsaudit::gui
