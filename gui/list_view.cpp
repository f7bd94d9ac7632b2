// SPDX-License-Identifier: GPL-3.0-or-later
#include "list_view.h"

#include <QFocusEvent>
#include <QHeaderView>
#include <QPainter>

#include "theme.h"

namespace tsaudit::gui {

ListView::ListView(const QString& name, QWidget* parent) : QTableView(parent) {
  setSelectionBehavior(QAbstractItemView::SelectRows);
  setSelectionMode(QAbstractItemView::SingleSelection);
  setShowGrid(false);
  setAlternatingRowColors(true);
  setWordWrap(false);
  setTabKeyNavigation(false);
  setAccessibleName(name);
  verticalHeader()->hide();
  horizontalHeader()->setHighlightSections(false);
  setFrameStyle(QFrame::Box | QFrame::Plain);
  setLineWidth(kFocusFrame);
}

void ListView::set_placeholder(const QString& text) {
  if (text == placeholder_) return;
  placeholder_ = text;
  setAccessibleDescription(text);
  viewport()->update();
}

/// The frame is this widget's own: the rows scroll within it.
bool ListView::event(QEvent* event) {
  if (event->type() != QEvent::Paint) return QTableView::event(event);
  QPainter painter(this);
  draw_focus_frame(painter, palette(), rect(), hasFocus());
  return true;
}

/// Qt makes the first row the current one for who comes by keyboard. Here a row that becomes current is
/// chosen, and nobody has chosen it.
void ListView::focusInEvent(QFocusEvent* event) {
  if (currentIndex().isValid())
    QTableView::focusInEvent(event);
  else
    QAbstractScrollArea::focusInEvent(event);
  update();
}

void ListView::focusOutEvent(QFocusEvent* event) {
  QTableView::focusOutEvent(event);
  update();
}

void ListView::paintEvent(QPaintEvent* event) {
  QTableView::paintEvent(event);
  if (placeholder_.isEmpty() || !model() || model()->rowCount() > 0) return;
  QPainter painter(viewport());
  painter.setPen(Theme::of(palette()).faint_text);
  painter.drawText(viewport()->rect().adjusted(12, 12, -12, -12), Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap,
                   placeholder_);
}

}  // namespace tsaudit::gui
