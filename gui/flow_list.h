// SPDX-License-Identifier: GPL-3.0-or-later
// The list of flows with its filter.
#pragma once

#include <QWidget>

#include "flow_model.h"

class QComboBox;
class QLabel;
class QLineEdit;

namespace tsaudit::gui {

class ListView;

class FlowList : public QWidget {
  Q_OBJECT

 public:
  explicit FlowList(QWidget* parent = nullptr);
  void set_store(std::shared_ptr<const CaptureStore> store);
  void refresh();
  /// What hosts took along; a click on an address shows the connections of it.
  void show_moves(const std::vector<HostMove>& moves);
  /// The flow that was chosen last, which a filter may have taken from the list; 0: none.
  quint64 selected() const { return selected_; }
  /// These wait for the order that is being made.
  void select(quint64 id);
  void select_worst();  ///< the first row, as sorted
  bool settled() const { return wish_ == kNothing; }
  void step(int rows);  ///< PgDn, PgUp
  ListView* table() { return table_; }
  QLineEdit* filter_edit() { return filter_edit_; }
  FlowModel& model() { return model_; }

 Q_SIGNALS:
  void flow_selected(quint64 id);
  void failed(const QString& message);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void show_count();
  void choose(quint64 id);
  void fulfil();
  void restore(bool scroll);
  void make_current(int row);
  void scroll_to_current();
  void rearranged();
  static constexpr quint64 kNothing = 0, kWorst = ~quint64{0};
  quint64 wish_ = kNothing;  ///< what to select when the order is there: a flow, or kWorst
  quint64 selected_ = 0;
  bool follow_ = false;  ///< the order that is being made was asked for by the user
  FlowModel model_;
  QLineEdit* filter_edit_ = nullptr;
  QComboBox* severity_ = nullptr;
  ListView* table_ = nullptr;
  QLabel *moves_ = nullptr, *count_ = nullptr;
};

}  // namespace tsaudit::gui
