// SPDX-License-Identifier: GPL-3.0-or-later
#include "list_view.h"

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
}

void ListView::set_placeholder(const QString& text) {
  if (text == placeholder_) return;
  placeholder_ = text;
  setAccessibleDescription(text);
  viewport()->update();
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
