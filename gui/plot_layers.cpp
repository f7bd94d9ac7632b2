// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot_layers.h"

namespace tsaudit::gui {
namespace {

/// `text` with a plate of the background behind it, so that it can be read on anything. Returns its width.
double draw_label(QPainter& painter, const Theme& theme, QPointF at, const QString& text,
                  const QColor& color) {
  const QFontMetricsF metrics(painter.font());
  const QRectF plate(at.x(), at.y(), metrics.horizontalAdvance(text) + 8, metrics.height() + 2);
  QColor fill = theme.background;
  fill.setAlpha(225);
  painter.setPen(Qt::NoPen);
  painter.setBrush(fill);
  painter.drawRoundedRect(plate, 3, 3);
  painter.setPen(color);
  painter.drawText(plate, Qt::AlignCenter, text);
  return plate.width();
}

/// Far out of sight it need not be exact, and must be where Qt can still draw a line to.
QPointF point_of(const ViewTransform& view, TimeNs time, double value) {
  constexpr double kFar = 1e6;
  return {std::clamp(view.x_of(time), -kFar, kFar), std::clamp(view.y_of(value), -kFar, kFar)};
}

QRectF area_of(const ViewTransform& view) { return {view.left, view.top, view.width, view.height}; }

}  // namespace

void BandLayer::draw(QCPPainter* painter) {
  if (!state_.content) return;
  const ViewTransform& view = state_.transform;
  painter->setClipRect(area_of(view));
  for (const Band& band : state_.content->bands) {
    const double left = std::max(view.x_of(band.from_ns), view.left);
    const double right = std::min(view.x_of(band.to_ns), view.left + view.width);
    if (right < view.left || left > view.left + view.width) continue;
    painter->fillRect(QRectF(left, view.top, std::max(right - left, 1.0), view.height), fill_of(band.kind));
  }
}

const QColor& BandLayer::fill_of(Band::Kind kind) const {
  switch (kind) {
    case Band::Kind::migration:
      return state_.theme.migration_fill;
    case Band::Kind::stall:
      return state_.theme.stall_fill;
    case Band::Kind::idle:
      return state_.theme.accepted_fill;
  }
  return state_.theme.accepted_fill;
}

void MomentLayer::draw(QCPPainter* painter) {
  if (!state_.content) return;
  const ViewTransform& view = state_.transform;
  painter->setClipRect(area_of(view));
  for (const Band& band : state_.content->bands) {
    const double x = view.x_of(band.to_ns);
    if (band.kind != Band::Kind::migration || x < view.left || x > view.left + view.width) continue;
    painter->fillRect(QRectF(std::round(x) - 1, view.top, 2, view.height), state_.theme.migration);
  }
}

void MarkLayer::draw(QCPPainter* painter) {
  if (!state_.content) return;
  painter->setClipRect(area_of(state_.transform).adjusted(-6, -6, 6, 6));
  painter->setFont(state_.font);
  if (!state_.content->nothing.empty()) {
    painter->setPen(state_.theme.faint_text);
    painter->drawText(area_of(state_.transform), Qt::AlignCenter,
                      QString::fromStdString(state_.content->nothing));
  }
  draw_band_labels(*painter);
  if (state_.marks_hidden) return;
  draw_marks(*painter);  // which no words may cover
  draw_counts(*painter);
}

/// Each stands on a line of its own where it would meet the one before: a move's from the top down, a stall's
/// from the bottom up, where what stands still at the height of what was sent does not meet it.
void MarkLayer::draw_band_labels(QCPPainter& painter) const {
  const ViewTransform& view = state_.transform;
  const QFontMetricsF metrics(painter.font());
  struct Row {
    double occupied = -1e9, line = 0;
  } from_top, from_bottom;
  const double height = metrics.height() + 4;
  for (const Band& band : state_.content->bands) {
    const bool move = band.kind == Band::Kind::migration;
    if (move && state_.content->kind != PlotKind::clock) continue;
    if (band.label.empty()) continue;
    const double x = view.x_of(move ? band.to_ns : band.from_ns);
    if (x < view.left - 1 || x > view.left + view.width + 1) continue;
    const QString text = QString::fromStdString(band.label);
    const double width = metrics.horizontalAdvance(text) + 8;
    const double left = std::max(view.left, x + 4 + width > view.left + view.width ? x - 4 - width : x + 4);
    Row& row = move ? from_top : from_bottom;
    row.line = left < row.occupied ? row.line + 1 : 0;
    if (view.top + (row.line + 1) * height > view.top + view.height) continue;
    row.occupied = std::max(row.occupied, left + width);
    const double y =
        move ? view.top + 2 + row.line * height : view.top + view.height - (row.line + 1) * height;
    draw_label(painter, state_.theme, {left, y}, text,
               move ? state_.theme.migration : state_.theme.faint_text);
  }
}

void MarkLayer::draw_marks(QCPPainter& painter) const {
  const ViewTransform& view = state_.transform;
  for (const MarkCluster& mark : state_.clusters) {
    if (mark.y < view.top - 6 || mark.y > view.top + view.height + 6) continue;
    draw_mark(painter, state_.theme, mark.kind, mark.x, mark.y, mark.count > 1 ? 11 : 9);
  }
}

/// On a plate in the colour of the mark, which leads to it where it stands away.
void MarkLayer::draw_counts(QCPPainter& painter) const {
  for (const MarkCluster& mark : state_.clusters) {
    if (mark.count_at.isEmpty()) continue;
    const QRectF& plate = mark.count_at;
    const QColor color = state_.theme.mark(mark.kind);
    const double below = plate.top() - mark.y, above = mark.y - plate.bottom();
    if (std::max(below, above) > plate.height() / 2) {
      const double x = mark.x < plate.left() ? plate.left() + 1 : plate.right() - 1;
      painter.setPen(QPen(color, 1));
      painter.drawLine(QPointF(mark.x, mark.y), QPointF(x, below > above ? plate.top() : plate.bottom()));
    }
    painter.setPen(QPen(color, 1));
    painter.setBrush(state_.theme.background);
    painter.drawRoundedRect(plate.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
    painter.setPen(state_.theme.text);
    painter.drawText(plate, Qt::AlignCenter, QString::fromStdString(grouped(mark.count)));
  }
}

void OverlayLayer::draw(QCPPainter* painter) {
  const ViewTransform& view = state_.transform;
  const PlotOverlay& overlay = state_.overlay;
  painter->setClipRect(area_of(view));
  const bool selected = overlay.selected && view.time.from <= overlay.selected->first &&
                        overlay.selected->first <= view.time.to;
  if (selected) {
    const double x = view.x_of(overlay.selected->first);
    painter->setPen(QPen(state_.theme.selection, 1, Qt::DashLine));
    painter->drawLine(QPointF(x, view.top), QPointF(x, view.top + view.height));
    if (overlay.selected->second >= view.value.from && overlay.selected->second <= view.value.to) {
      painter->setPen(QPen(state_.theme.selection, 2));
      painter->setBrush(Qt::NoBrush);
      painter->drawEllipse(QPointF(x, view.y_of(overlay.selected->second)), 8, 8);
    }
  }
  painter->setPen(QPen(state_.theme.crosshair, 1, Qt::DotLine));
  if (overlay.crosshair) {
    const double x = view.x_of(*overlay.crosshair);
    painter->drawLine(QPointF(x, view.top), QPointF(x, view.top + view.height));
  }
  if (overlay.crosshair_value) {
    const double y = view.y_of(*overlay.crosshair_value);
    painter->drawLine(QPointF(view.left, y), QPointF(view.left + view.width, y));
  }
  if (overlay.box) {
    QColor fill = state_.theme.selection;
    fill.setAlpha(50);
    painter->setPen(QPen(state_.theme.selection, 1));
    painter->setBrush(fill);
    painter->drawRect(*overlay.box);
  }
  if (overlay.ruler) {
    painter->setPen(QPen(state_.theme.text, 1.4));
    const QPointF from = point_of(view, overlay.ruler->from_ns, overlay.ruler->from);
    const QPointF to = point_of(view, overlay.ruler->to_ns, overlay.ruler->to);
    painter->drawLine(from, to);
    painter->setBrush(state_.theme.text);
    for (const QPointF& end : {from, to}) painter->drawEllipse(end, 3, 3);
    const QFontMetricsF metrics(painter->font());
    const double width = metrics.horizontalAdvance(overlay.ruler_text) + 8;
    QPointF at = to + QPointF(10, 10);
    at.setX(std::clamp(at.x(), view.left, std::max(view.left, view.left + view.width - width)));
    at.setY(std::clamp(at.y(), view.top, view.top + view.height - metrics.height() - 2));
    draw_label(*painter, state_.theme, at, overlay.ruler_text, state_.theme.text);
  }
}

}  // namespace tsaudit::gui
