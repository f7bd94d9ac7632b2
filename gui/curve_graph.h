// SPDX-License-Identifier: GPL-3.0-or-later
// QCustomPlot's graph, made faster for lines of many points.
#pragma once

#include <algorithm>
#include <cmath>

#include "qcp.h"

namespace tsaudit::gui {

/// A curve of thousands of points is drawn with a cosmetic pen, in one go: Qt is asked once and not for each
/// piece.
class CurveGraph : public QCPGraph {
 public:
  using QCPGraph::QCPGraph;

 protected:
  void drawLinePlot(QCPPainter* painter, const QVector<QPointF>& lines) const override {
    if (painter->pen().widthF() > 0 || painter->pen().style() == Qt::NoPen)
      return QCPGraph::drawLinePlot(painter, lines);
    applyDefaultAntialiasingHint(painter);
    const auto broken = [](const QPointF& at) { return std::isnan(at.y()); };
    for (auto from = lines.begin(); from != lines.end();) {
      const auto to = std::find_if(from, lines.end(), broken);
      painter->drawPolyline(&*from, static_cast<int>(to - from));
      from = std::find_if_not(to, lines.end(), broken);
    }
  }
  /// QCustomPlot's dot is a line of its own, and of one pixel.
  void drawScatterPlot(QCPPainter* painter, const QVector<QPointF>& scatters,
                       const QCPScatterStyle& style) const override {
    if (style.shape() != QCPScatterStyle::ssDot) return QCPGraph::drawScatterPlot(painter, scatters, style);
    constexpr double kSize = 2;
    applyScattersAntialiasingHint(painter);
    for (const QPointF& at : scatters)
      painter->fillRect(QRectF(at.x() - kSize / 2, at.y() - kSize / 2, kSize, kSize), pen().color());
  }
};

}  // namespace tsaudit::gui
