// SPDX-License-Identifier: GPL-3.0-or-later
#include "line_clip.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tsaudit::gui {
namespace {

/// Liang and Barsky: narrows [from, to] of the way from `start` by `step` to what is within [low, high].
bool narrow(double start, double step, double low, double high, double& from, double& to) {
  if (step == 0) return start >= low && start <= high;
  double enter = (low - start) / step, leave = (high - start) / step;
  if (enter > leave) std::swap(enter, leave);
  from = std::max(from, enter);
  to = std::min(to, leave);
  return from <= to;
}

}  // namespace

QList<QPointF> clipped_line(const QList<QPointF>& line, const QRectF& area) {
  QList<QPointF> out;
  for (qsizetype i = 1; i < line.size(); ++i) {
    const QPointF start = line[i - 1], step = line[i] - line[i - 1];
    double from = 0, to = 1;
    if (std::isnan(step.y()) || !narrow(start.x(), step.x(), area.left(), area.right(), from, to) ||
        !narrow(start.y(), step.y(), area.top(), area.bottom(), from, to))
      continue;
    const QPointF enter = from == 0 ? start : start + step * from,
                  leave = to == 1 ? line[i] : start + step * to;
    if (!out.isEmpty() && out.back() != enter)
      out.append(QPointF(out.back().x(), std::numeric_limits<double>::quiet_NaN()));
    if (out.isEmpty() || out.back() != enter) out.append(enter);
    out.append(leave);
  }
  return out;
}

}  // namespace tsaudit::gui
