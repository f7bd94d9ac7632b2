// SPDX-License-Identifier: GPL-3.0-or-later
// A line that never widens the window: where there is no room its middle is left out, and the tooltip has it all.
#pragma once

#include <QLabel>

namespace tsaudit::gui {

class ElidedLabel : public QLabel {
  Q_OBJECT

 public:
  explicit ElidedLabel(QWidget* parent = nullptr);
  void set_full_text(const QString& text);
  const QString& full_text() const { return full_; }

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void elide();
  QString full_;
};

}  // namespace tsaudit::gui
