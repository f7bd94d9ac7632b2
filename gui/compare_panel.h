// SPDX-License-Identifier: GPL-3.0-or-later
// The answer of a comparison, and its connections to choose from.
#pragma once

#include <QWidget>

#include "compare_model.h"

class QLabel;

namespace tsaudit::gui {

class ListView;

class ComparePanel : public QWidget {
  Q_OBJECT

 public:
  explicit ComparePanel(QWidget* parent = nullptr);
  /// nullptr: it is still being made.
  void show_comparison(const QString& baseline, std::shared_ptr<const Comparison> comparison);
  void select(const FlowDelta* delta);  ///< without a signal
  QString answer() const;
  ListView* table() { return table_; }
  CompareModel& model() { return model_; }

 Q_SIGNALS:
  void chosen(const tsaudit::FlowDelta& delta);
  void end_wanted();

 private:
  CompareModel model_;
  QLabel* answer_ = nullptr;
  ListView* table_ = nullptr;
};

}  // namespace tsaudit::gui
