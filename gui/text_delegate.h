// SPDX-License-Identifier: GPL-3.0-or-later
// Cells of one line of text. Qt's own delegate lays each text out several times, to measure it, to elide it
// and to draw it, and both tables are painted with every picture of a capture that is being read.
#pragma once

#include <QStyledItemDelegate>

namespace tsaudit::gui {

class TextDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace tsaudit::gui
