// SPDX-License-Identifier: GPL-3.0-or-later
// The flows of the store as a table, filtered and sorted. It keeps their order alone; cells are read when
// they are drawn.
#pragma once

#include <QAbstractTableModel>
#include <memory>
#include <vector>

#include "capture_store.h"

namespace tsaudit::gui {

class FlowModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { kVerdict, kFlow, kClock, kDropped, kSegments, kStart, kDuration, kColumns };
  enum Role { kIdRole = Qt::UserRole };

  using QAbstractTableModel::QAbstractTableModel;
  void set_store(std::shared_ptr<const CaptureStore> store);
  void refresh();  ///< more flows, or other numbers of the same
  /// Words that must all be in the addresses, the ports or the sentence; "TS002" or its name asks for a rule.
  void set_filter(const QString& text);
  void set_least_severity(Severity severity);
  const std::shared_ptr<const CaptureStore>& store() const { return store_; }
  quint64 id_of(int row) const { return order_[static_cast<size_t>(row)]; }
  int row_of(quint64 id) const;  ///< -1: filtered out, or there is none
  int all_rows() const { return static_cast<int>(known_); }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  void sort(int column, Qt::SortOrder order) override;

 private:
  bool accepts(const FlowEntry& flow) const;
  bool comes_before(const FlowEntry& a, const FlowEntry& b) const;
  void arrange();

  std::shared_ptr<const CaptureStore> store_;
  std::vector<uint32_t> order_;  ///< ids as they stand in the table
  size_t known_ = 0;
  QStringList words_;
  uint16_t rules_ = 0;  ///< all of these
  Severity least_ = Severity::none;
  int column_ = kVerdict;
  Qt::SortOrder direction_ = Qt::DescendingOrder;  ///< worst first
};

}  // namespace tsaudit::gui
