// SPDX-License-Identifier: GPL-3.0-or-later
// The flows of the store as a table, filtered and sorted. It keeps their order alone; cells are read when
// they are drawn. Many flows are put in order by another thread.
#pragma once

#include <QAbstractTableModel>
#include <QThreadPool>
#include <QTimer>
#include <atomic>
#include <memory>
#include <vector>

#include "flow_order.h"

namespace tsaudit::gui {

class FlowModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { kVerdict, kFlow, kClock, kDropped, kSegments, kStart, kDuration, kColumns };
  enum Role { kIdRole = Qt::UserRole };

  explicit FlowModel(QObject* parent = nullptr);
  ~FlowModel() override;
  void set_store(std::shared_ptr<const CaptureStore> store);
  /// More flows, or other numbers of the same; at its own pace, so that most of the time is left for the
  /// reading.
  void refresh();
  void refresh_now();
  /// The order that was asked for last is not there yet; arranged() follows.
  bool arranging() const { return running_; }
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

  static constexpr size_t kAtOnce = 20'000;  ///< so many flows are put in order in a few ms, without a thread

 Q_SIGNALS:
  void arranged();
  void failed(const QString& message);  ///< the order is the one from before

 private:
  void show(std::vector<uint32_t>&& order);

  std::shared_ptr<const CaptureStore> store_;
  std::vector<uint32_t> order_;  ///< ids as they stand in the table
  size_t known_ = 0;
  FlowQuery query_;

  QThreadPool pool_;
  QTimer pause_;
  bool running_ = false;
  bool behind_ = false;  ///< something has come since the last order was asked for
  std::shared_ptr<std::atomic<bool>> stop_;
};

}  // namespace tsaudit::gui
