// SPDX-License-Identifier: GPL-3.0-or-later
// The table of a flow's segments.
#pragma once

#include <QWidget>

#include "segment_model.h"

class QCheckBox;
class QLabel;

namespace tsaudit::gui {

class ListView;

class SegmentTable : public QWidget {
  Q_OBJECT

 public:
  explicit SegmentTable(QWidget* parent = nullptr);
  void set_flow(std::shared_ptr<const FlowView> flow, TimeNs origin_ns);
  void select_frame(quint64 frame);
  /// Also where the table shows the discarded alone and it is none; 0: none.
  quint64 selected_frame() const { return frame_; }
  ListView* table() { return table_; }
  SegmentModel& model() { return model_; }

 Q_SIGNALS:
  void frame_selected(quint64 frame);  ///< by the user, in the table

 private:
  void show_window();
  void fit_time(TimeNs longest_ns);
  SegmentModel model_;
  ListView* table_ = nullptr;
  QCheckBox* drops_only_ = nullptr;
  QLabel* window_ = nullptr;
  bool selecting_ = false;
  quint64 frame_ = 0;
};

}  // namespace tsaudit::gui
