// SPDX-License-Identifier: GPL-3.0-or-later
// The plots of the selected flow above each other, linked in time. It owns the view, its history, the
// direction and the crosshair; keys come in as its slots.
#pragma once

#include <QWidget>
#include <array>

#include "plot_panel.h"
#include "view_history.h"

class QLabel;
class QSplitter;
class QTimer;
class QToolButton;

namespace tsaudit::gui {

class ElidedLabel;

class PlotStack : public QWidget {
  Q_OBJECT

 public:
  explicit PlotStack(QWidget* parent = nullptr);

  /// Another flow starts with everything in sight; more of the same flow leaves the view where it is.
  void show_flow(std::shared_ptr<const FlowView> flow);
  /// The same flow of the baseline, over it or under it; nullptr: none.
  void show_baseline(std::shared_ptr<const FlowView> flow);
  const std::shared_ptr<const FlowView>& baseline() const { return baseline_; }
  bool stacked() const { return stacked_; }
  void clear(const QString& hint);
  const std::shared_ptr<const FlowView>& flow() const { return flow_; }
  Side side() const { return side_; }
  const ViewState& view() const { return history_.current(); }
  bool has_view() const { return !history_.empty(); }
  /// Nobody has zoomed, turned or clicked since the flow was first shown.
  bool view_untouched() const { return !can_back() && selected_frame_ == 0; }
  bool can_back() const { return history_.can_back(); }
  bool can_forward() const { return history_.can_forward(); }
  PlotPanel& panel(PlotKind kind) { return *panels_[static_cast<size_t>(kind)]; }
  PlotPanel& baseline_panel(PlotKind kind) { return *below_[static_cast<size_t>(kind)]; }
  std::vector<PlotPanel*> visible_panels() const;
  /// One that is wanted and has no room to be read is not shown; the one that was wanted last has room first.
  void set_panel_visible(PlotKind kind, bool visible);
  void set_stopped(const QString& where);  ///< as verdict_sentence()
  QString verdict() const;                 ///< above the plots
  void set_capture_start(TimeNs start_ns) { capture_start_ = start_ns; }
  /// What relative times count from: the cut, when two flows are aligned at it.
  TimeNs origin() const { return baseline_ ? alignment_.zero_ns : capture_start_; }
  QString readout() const;  ///< all of it, even where there is no room
  bool crosshair_shown() const { return crosshair_; }
  bool absolute() const { return absolute_; }

 public Q_SLOTS:
  void set_view(const tsaudit::gui::ViewState& view);  ///< as a new entry of the history
  void home();
  void back();
  void forward();
  void zoom_all(double factor);  ///< around the middle, or the mouse when it is in a plot
  void zoom_time(double factor);
  void zoom_values(double factor);  ///< of the plot where the mouse is, else the first
  void pan_time(double fractions);
  void pan_values(double fractions);
  void hold_hover() { held_ = true; }  ///< a menu lies over the plot under the mouse...
  void end_hover();                    ///< ... and is gone, or the mouse has left
  void toggle_direction();
  void toggle_origin();
  void toggle_crosshair();
  void toggle_stacked();  ///< the baseline's plots under the others, or over them
  void select_frame(quint64 frame);  ///< marks it and brings it into sight, in time and value

 Q_SIGNALS:
  void frame_clicked(quint64 frame);
  void view_changed();
  void side_changed();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void changeEvent(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void rebuild();
  void apply_view();
  void apply_axis_options();
  void apply_overlays();
  void end_measurements();
  void wanted(PlotPanel* panel, TimeRange time, std::optional<ValueRange> value, bool continuing);
  void change(const ViewState& view, bool continuing);
  void hover(PlotPanel* panel, TimeNs time, double value);
  void click(PlotPanel* panel, TimeNs time, double value);
  void double_click(PlotPanel* panel, TimeNs time, double value);
  void show_banner();
  ViewState whole() const;
  PlotPanel* new_panel(PlotKind kind, int stretch);
  std::array<bool, kPlotKinds> with_room() const;
  bool arrange_panels();
  bool is_below(const PlotPanel* panel) const;
  int key(const PlotPanel* panel) const;  ///< in ViewState::values
  PlotPanel* target() const;
  double fraction_of_mouse() const;
  /// Where a segment, a position among the flow's, stands on a plot; kNoValue: it does not.
  double value_on(const PlotPanel& panel, size_t at) const;
  std::optional<size_t> segment_near(PlotPanel* panel, TimeNs time, double value) const;

  std::shared_ptr<const FlowView> flow_, baseline_;
  Alignment alignment_;
  bool stacked_ = false;
  Side side_ = Side::client;
  ViewHistory history_;
  std::array<PlotPanel*, kPlotKinds> panels_{}, below_{};
  std::array<bool, kPlotKinds> wanted_{true, true, true, true};
  std::array<PlotKind, kPlotKinds> by_need_{PlotKind::clock, PlotKind::sequence, PlotKind::residual,
                                            PlotKind::rtt};
  QSplitter* splitter_ = nullptr;
  QLabel* banner_ = nullptr;
  QString stopped_;
  bool focus_ = false;           ///< it or a part of it has the focus
  QWidget* severity_ = nullptr;  ///< a bar in the colour of the verdict
  ElidedLabel* readout_ = nullptr;
  QToolButton* direction_ = nullptr;
  QTimer* gesture_ = nullptr;  ///< runs while one gesture goes on
  PlotPanel* hovered_ = nullptr;
  TimeNs hover_time_ = 0;
  double hover_value_ = 0;
  bool held_ = false;
  quint64 selected_frame_ = 0;
  bool crosshair_ = true, absolute_ = false;
  TimeNs capture_start_ = 0;
};

}  // namespace tsaudit::gui
