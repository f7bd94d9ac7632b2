// SPDX-License-Identifier: GPL-3.0-or-later
// The segments of the selected flow as a table. Qt's table view spends memory and time on each row it knows
// of, so the model shows a window of kWindow rows, which moves to where it is needed.
#pragma once

#include <QAbstractTableModel>
#include <memory>

#include "flow_view.h"

namespace tsaudit::gui {

class SegmentModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  /// What decides comes first: in a window of the usual size nobody need scroll to it.
  enum Column {
    kFrame,
    kTime,
    kFrom,
    kTsVal,
    kTsEcr,
    kTsRecent,
    kDelta,
    kVerdict,
    kReason,
    kEvidence,
    kSeq,
    kAck,
    kLength,
    kFlags,
    kColumns
  };
  static constexpr size_t kWindow = 100'000;

  using QAbstractTableModel::QAbstractTableModel;
  void set_flow(std::shared_ptr<const FlowView> flow, TimeNs origin_ns);
  void set_drops_only(bool only);
  /// Row of a frame, after moving the window there; -1 if the table does not hold it.
  int show_frame(quint64 frame);
  quint64 frame_of(int row) const;
  size_t first() const { return first_; }  ///< position of row 0 among size()
  size_t size() const { return drops_only_ ? drops_.size() : flow_ ? flow_->rows().size() : 0; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  const LogRow& row(int row) const;
  void find_drops();
  std::shared_ptr<const FlowView> flow_;
  TimeNs origin_ns_ = 0;
  bool drops_only_ = false;
  std::vector<uint32_t> drops_;  ///< positions in flow_->rows()
  size_t first_ = 0;
};

}  // namespace tsaudit::gui
