// SPDX-License-Identifier: GPL-3.0-or-later
// The connections of a comparison as a table, worst first.
#pragma once

#include <QAbstractTableModel>
#include <memory>
#include <vector>

#include "comparison.h"

namespace tsaudit::gui {

class CompareModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { kVerdict, kFlow, kFindings, kColumns };
  enum Role { kSeverityRole = Qt::UserRole };

  using QAbstractTableModel::QAbstractTableModel;
  void set_comparison(std::shared_ptr<const Comparison> comparison);  ///< nullptr: empties it
  const std::shared_ptr<const Comparison>& comparison() const { return comparison_; }
  const FlowDelta& at(int row) const { return comparison_->flows[order_[static_cast<size_t>(row)]]; }
  int row_of(const FlowDelta* delta) const;  ///< -1: none

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  void sort(int column, Qt::SortOrder order) override;

 private:
  std::shared_ptr<const Comparison> comparison_;
  std::vector<size_t> order_;
};

}  // namespace tsaudit::gui
