// SPDX-License-Identifier: GPL-3.0-or-later
// From the picture to the rule: the findings of the flow, and the explanation of one segment.
#pragma once

#include <QTabWidget>

#include "flow_view.h"

class QPlainTextEdit;
class QTextBrowser;

namespace tsaudit::gui {

class ExplainPanel : public QTabWidget {
  Q_OBJECT

 public:
  explicit ExplainPanel(QWidget* parent = nullptr);
  void show_flow(const FlowView& flow, const QString& verdict);
  void clear_flow();
  void expect(quint64 frame);  ///< its explanation is under way
  void show_explanation(quint64 frame, const QString& text);
  QString explanation() const;
  QString findings() const;

 Q_SIGNALS:
  void frame_wanted(quint64 frame);

 private:
  void show_rule(const QString& code);
  QTextBrowser* findings_ = nullptr;
  QPlainTextEdit* segment_ = nullptr;
  QPlainTextEdit* rule_ = nullptr;
};

}  // namespace tsaudit::gui
