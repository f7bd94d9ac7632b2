// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme.h"

#include <QApplication>
#include <QPainter>
#include <QPalette>
#include <QPolygonF>
#include <QStyle>
#include <QStyleFactory>

namespace tsaudit::gui {

Theme Theme::of(const QPalette& palette) {
  Theme theme;
  theme.background = palette.color(QPalette::Base);
  theme.text = palette.color(QPalette::Text);
  theme.dark = theme.background.lightness() < 128;
  const auto mix = [&](double share) {
    const QColor &a = theme.text, &b = theme.background;
    return QColor::fromRgbF(static_cast<float>(a.redF() * share + b.redF() * (1 - share)),
                            static_cast<float>(a.greenF() * share + b.greenF() * (1 - share)),
                            static_cast<float>(a.blueF() * share + b.blueF() * (1 - share)));
  };
  theme.faint_text = mix(0.65);
  theme.grid = mix(0.10);
  theme.frame = mix(0.35);
  theme.crosshair = mix(0.55);
  theme.migration = theme.dark ? QColor(0xf0, 0xa0, 0xd0) : QColor(0x9c, 0x2f, 0x74);
  theme.migration_fill = theme.migration;
  theme.migration_fill.setAlpha(theme.dark ? 46 : 30);
  theme.stall_fill = theme.dark ? QColor(0xe6, 0x9f, 0x00, 44) : QColor(0xe6, 0x9f, 0x00, 40);
  theme.accepted_fill = theme.dark ? QColor(0x00, 0x9e, 0x73, 44) : QColor(0x00, 0x9e, 0x73, 26);
  theme.selection = palette.color(QPalette::Highlight);
  return theme;
}

QColor Theme::ink(Ink role, bool compared) const {
  QColor color;
  switch (role) {
    case Ink::client:
      color = dark ? QColor(0x56, 0xb4, 0xe9) : QColor(0x00, 0x66, 0xab);
      break;
    case Ink::server:
      color = dark ? QColor(0x2f, 0xc8, 0x9b) : QColor(0x00, 0x80, 0x5c);
      break;
    case Ink::recent:
      color = dark ? QColor(0xf5, 0xb8, 0x2e) : QColor(0xb8, 0x78, 0x00);
      break;
    case Ink::echo:
      color = dark ? QColor(0xe0, 0x9a, 0xc4) : QColor(0xa8, 0x55, 0x86);
      break;
    case Ink::ghost:
      color = dark ? QColor(0xb0, 0xb0, 0xb8) : QColor(0x70, 0x70, 0x78);
      break;
    case Ink::ack:
      color = dark ? QColor(0xf5, 0xb8, 0x2e) : QColor(0xb8, 0x78, 0x00);
      break;
  }
  if (compared) color.setAlpha(130);
  return color;
}

QColor Theme::mark(MarkKind kind) const {
  switch (kind) {
    case MarkKind::paws:
      return dark ? QColor(0xff, 0x6f, 0x3c) : QColor(0xd0, 0x3b, 0x00);
    case MarkKind::stale_ack:
      return dark ? QColor(0xff, 0xa0, 0x5c) : QColor(0xc8, 0x6a, 0x00);
    case MarkKind::other:
      return dark ? QColor(0xb8, 0xb0, 0xff) : QColor(0x5a, 0x4f, 0xb0);
    case MarkKind::unknown:
      return faint_text;
  }
  return text;
}

QColor Theme::severity(Severity severity) const {
  switch (severity) {
    case Severity::error:
      return mark(MarkKind::paws);
    case Severity::warning:
      return dark ? QColor(0xf5, 0xb8, 0x2e) : QColor(0xb8, 0x78, 0x00);
    case Severity::note:
      return ink(Ink::client);
    case Severity::none:
      return ink(Ink::server);
  }
  return text;
}

void draw_mark(QPainter& painter, const Theme& theme, MarkKind kind, double x, double y, double size) {
  const double r = size / 2;
  const QColor color = theme.mark(kind);
  painter.setPen(QPen(color, kind == MarkKind::paws ? 2.2 : 1.6));
  painter.setBrush(Qt::NoBrush);
  switch (kind) {
    case MarkKind::paws:
      painter.drawLine(QPointF(x - r, y - r), QPointF(x + r, y + r));
      painter.drawLine(QPointF(x - r, y + r), QPointF(x + r, y - r));
      break;
    case MarkKind::stale_ack:
      painter.drawPolygon(QPolygonF({{x, y - r}, {x + r, y + r * 0.8}, {x - r, y + r * 0.8}}));
      break;
    case MarkKind::other:
      painter.drawPolygon(QPolygonF({{x, y - r}, {x + r, y}, {x, y + r}, {x - r, y}}));
      break;
    case MarkKind::unknown:
      painter.drawEllipse(QPointF(x, y), r * 0.8, r * 0.8);
      break;
  }
}

void draw_focus_frame(QPainter& painter, const QPalette& palette, const QRect& around, bool focus) {
  painter.setPen(Qt::NoPen);
  painter.setBrush(palette.color(focus ? QPalette::Highlight : QPalette::Mid));
  const int width = focus ? kFocusFrame : 1;
  painter.drawRects(QList<QRect>{{around.left(), around.top(), around.width(), width},
                                 {around.left(), around.bottom() + 1 - width, around.width(), width},
                                 {around.left(), around.top(), width, around.height()},
                                 {around.right() + 1 - width, around.top(), width, around.height()}});
}

void apply_color_scheme(const QString& scheme) {
  QApplication::setStyle(QStyleFactory::create("Fusion"));
  if (scheme != "dark" && scheme != "light") {
    QApplication::setPalette(QApplication::style()->standardPalette());
    return;
  }
  const bool dark = scheme == "dark";
  QPalette palette;
  const QColor window = dark ? QColor(0x26, 0x28, 0x2c) : QColor(0xf2, 0xf2, 0xf3);
  const QColor base = dark ? QColor(0x1b, 0x1d, 0x20) : QColor(0xff, 0xff, 0xff);
  const QColor text = dark ? QColor(0xe6, 0xe6, 0xe8) : QColor(0x1c, 0x1c, 0x20);
  const QColor highlight = dark ? QColor(0x2f, 0x6f, 0xb5) : QColor(0x1f, 0x6f, 0xc0);
  palette.setColor(QPalette::Window, window);
  palette.setColor(QPalette::WindowText, text);
  palette.setColor(QPalette::Base, base);
  palette.setColor(QPalette::AlternateBase, dark ? QColor(0x22, 0x24, 0x28) : QColor(0xf6, 0xf7, 0xf9));
  palette.setColor(QPalette::Text, text);
  palette.setColor(QPalette::PlaceholderText, dark ? QColor(0x94, 0x96, 0x9c) : QColor(0x74, 0x76, 0x7c));
  palette.setColor(QPalette::Button, dark ? QColor(0x32, 0x35, 0x3a) : QColor(0xe9, 0xe9, 0xec));
  palette.setColor(QPalette::ButtonText, text);
  palette.setColor(QPalette::ToolTipBase, dark ? QColor(0x38, 0x3b, 0x40) : QColor(0xff, 0xff, 0xf0));
  palette.setColor(QPalette::ToolTipText, text);
  palette.setColor(QPalette::Highlight, highlight);
  palette.setColor(QPalette::HighlightedText, Qt::white);
  palette.setColor(QPalette::Link, dark ? QColor(0x6c, 0xb2, 0xf2) : QColor(0x1f, 0x5f, 0xa8));
  palette.setColor(QPalette::BrightText, Qt::white);
  palette.setColor(QPalette::Light, dark ? QColor(0x44, 0x47, 0x4d) : QColor(0xff, 0xff, 0xff));
  palette.setColor(QPalette::Midlight, dark ? QColor(0x3a, 0x3d, 0x42) : QColor(0xf6, 0xf6, 0xf8));
  palette.setColor(QPalette::Mid, dark ? QColor(0x3a, 0x3d, 0x42) : QColor(0xc4, 0xc5, 0xca));
  palette.setColor(QPalette::Dark, dark ? QColor(0x14, 0x15, 0x17) : QColor(0x9c, 0x9e, 0xa4));
  palette.setColor(QPalette::Shadow, dark ? QColor(0x08, 0x08, 0x09) : QColor(0x60, 0x62, 0x66));
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    palette.setColor(QPalette::Disabled, role, dark ? QColor(0x78, 0x7a, 0x80) : QColor(0x9a, 0x9c, 0xa2));
  QApplication::setPalette(palette);
}

}  // namespace tsaudit::gui
