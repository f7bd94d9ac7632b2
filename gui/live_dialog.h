// SPDX-License-Identifier: GPL-3.0-or-later
// Asks which interface to capture from.
#pragma once

#include <QDialog>

class QComboBox;
class QLineEdit;

namespace tsaudit::gui {

class LiveDialog : public QDialog {
  Q_OBJECT

 public:
  explicit LiveDialog(QWidget* parent = nullptr);

 Q_SIGNALS:
  void chosen(const QString& interface, const QString& filter);

 private:
  QComboBox* interface_ = nullptr;
  QLineEdit* filter_ = nullptr;
};

}  // namespace tsaudit::gui
