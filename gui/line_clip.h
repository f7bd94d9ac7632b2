// SPDX-License-Identifier: GPL-3.0-or-later
// What of a line lies in a rectangle, for drawings that cannot clip: SVG as Qt writes it.
#pragma once

#include <QList>
#include <QPointF>
#include <QRectF>

namespace tsaudit::gui {

/// The pieces of `line` within `area`, each after the other; where one ends a point without a y stands. Such
/// points in `line` end a piece too.
QList<QPointF> clipped_line(const QList<QPointF>& line, const QRectF& area);

}  // namespace tsaudit::gui
