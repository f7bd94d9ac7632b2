// SPDX-License-Identifier: GPL-3.0-or-later
#include "text_delegate.h"

#include <QPainter>
#include <QWidget>

namespace tsaudit::gui {
namespace {

QPalette::ColorGroup color_group(QStyle::State state) {
  if (!(state & QStyle::State_Enabled)) return QPalette::Disabled;
  return state & QStyle::State_Active ? QPalette::Active : QPalette::Inactive;
}

void draw_text(QPainter& painter, const QStyleOptionViewItem& option, int margin) {
  const QRect room = option.rect.adjusted(margin, 0, -margin, 0);
  QString text = option.text;
  int width = option.fontMetrics.horizontalAdvance(text);
  if (width > room.width()) {
    text = option.fontMetrics.elidedText(text, option.textElideMode, room.width());
    width = option.fontMetrics.horizontalAdvance(text);
  }
  const QSize size(width, option.fontMetrics.height());
  const QRect at = QStyle::alignedRect(option.direction, option.displayAlignment, size, room);
  const bool selected = option.state & QStyle::State_Selected;
  painter.setPen(
      option.palette.color(color_group(option.state), selected ? QPalette::HighlightedText : QPalette::Text));
  painter.drawText(QPoint(at.left(), at.top() + option.fontMetrics.ascent()), text);
}

}  // namespace

void TextDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given,
                         const QModelIndex& index) const {
  QStyleOptionViewItem option = given;
  initStyleOption(&option, index);
  const QStyle& style = *option.widget->style();
  style.drawPrimitive(QStyle::PE_PanelItemViewItem, &option, painter, option.widget);
  if (!option.text.isEmpty())
    draw_text(*painter, option, style.pixelMetric(QStyle::PM_FocusFrameHMargin, &option, option.widget) + 1);
  if (!(option.state & QStyle::State_HasFocus)) return;
  QStyleOptionFocusRect focus;
  focus.QStyleOption::operator=(option);
  const bool selected = option.state & QStyle::State_Selected;
  focus.backgroundColor =
      option.palette.color(color_group(option.state), selected ? QPalette::Highlight : QPalette::Window);
  style.drawPrimitive(QStyle::PE_FrameFocusRect, &focus, painter, option.widget);
}

}  // namespace tsaudit::gui
