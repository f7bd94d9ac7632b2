// SPDX-License-Identifier: GPL-3.0-or-later
// The answer of a comparison, its connections to choose from, and what it says of the chosen one.
#pragma once

#include <QWidget>

#include "compare_model.h"

class QLabel;
class QTextBrowser;

namespace tsaudit::gui {

class ListView;

class ComparePanel : public QWidget {
  Q_OBJECT

 public:
  explicit ComparePanel(QWidget* parent = nullptr);
  /// nullptr: it is still being made.
  void show_comparison(const QString& baseline, std::shared_ptr<const Comparison> comparison);
  void select(const FlowDelta* delta);      ///< without a signal
  void show_delta(const FlowDelta* delta);  ///< in words; nullptr: nothing
  QString answer() const;
  QString text() const;
  ListView* table() { return table_; }
  CompareModel& model() { return model_; }

 Q_SIGNALS:
  void chosen(const tsaudit::FlowDelta& delta);
  void end_wanted();

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void fit_table();
  CompareModel model_;
  QLabel* answer_ = nullptr;
  ListView* table_ = nullptr;
  QTextBrowser* text_ = nullptr;
  QString shown_;
};

}  // namespace tsaudit::gui
