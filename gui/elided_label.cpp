// SPDX-License-Identifier: GPL-3.0-or-later
#include "elided_label.h"

#include <QEvent>

namespace tsaudit::gui {

ElidedLabel::ElidedLabel(QWidget* parent) : QLabel(parent) {
  setTextFormat(Qt::PlainText);
  setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
}

void ElidedLabel::set_full_text(const QString& text) {
  if (text == full_) return;  // the mouse asks at each pixel
  full_ = text;
  setAccessibleDescription(text);
  elide();
}

void ElidedLabel::elide() {
  const QString shown = fontMetrics().elidedText(full_, Qt::ElideMiddle, contentsRect().width());
  setText(shown);
  setToolTip(shown == full_ ? QString() : full_);
}

void ElidedLabel::resizeEvent(QResizeEvent* event) {
  QLabel::resizeEvent(event);
  elide();
}

void ElidedLabel::changeEvent(QEvent* event) {
  QLabel::changeEvent(event);
  if (event->type() == QEvent::FontChange) elide();
}

}  // namespace tsaudit::gui
