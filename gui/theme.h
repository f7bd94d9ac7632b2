// SPDX-License-Identifier: GPL-3.0-or-later
// Colours. Hues are those of Okabe and Ito, which people with any colour vision tell apart; what matters has
// a shape of its own as well. Lightness follows the desktop's palette.
#pragma once

#include <QColor>

#include "plot_content.h"

class QPalette;
class QPainter;
class QString;

namespace tsaudit::gui {

struct Theme {
  bool dark = false;
  QColor background, text, faint_text, grid, frame;
  QColor migration, migration_fill, stall_fill, accepted_fill, crosshair, selection;

  static Theme of(const QPalette& palette);
  QColor ink(Ink ink, bool compared = false) const;
  QColor mark(MarkKind kind) const;
  QColor severity(Severity severity) const;
};

/// A cross, a triangle, a diamond or a ring of this size around (x, y).
void draw_mark(QPainter& painter, const Theme& theme, MarkKind kind, double x, double y, double size);

/// "light", "dark" or "system", for the whole application.
void apply_color_scheme(const QString& scheme);

}  // namespace tsaudit::gui
