// SPDX-License-Identifier: GPL-3.0-or-later
// A table of which one row at a time is looked at: it says why it is empty, and whether keys go to it.
#pragma once

#include <QTableView>

namespace tsaudit::gui {

class ListView : public QTableView {
  Q_OBJECT

 public:
  explicit ListView(const QString& name, QWidget* parent = nullptr);
  /// Stands where the rows would, while there are none.
  void set_placeholder(const QString& text);
  QString placeholder() const { return placeholder_; }

 protected:
  bool event(QEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  QString placeholder_;
};

}  // namespace tsaudit::gui
