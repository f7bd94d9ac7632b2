// SPDX-License-Identifier: GPL-3.0-or-later
// Colours. Hues are those of Okabe and Ito, which people with any colour vision tell apart; what matters has
// a shape of its own as well. Lightness follows the desktop's palette.
#pragma once

#include <QColor>

#include "plot_content.h"

class QPalette;
class QPainter;
class QRect;
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

inline constexpr int kFocusFrame = 2;  ///< pixels, that are kept free for it
/// Around what the keys go to; around what else takes keys, a thin line.
void draw_focus_frame(QPainter& painter, const QPalette& palette, const QRect& around, bool focus);

/// "light", "dark" or "system", for the whole application.
void apply_color_scheme(const QString& scheme);

}  // namespace tsaudit::gui
