// SPDX-License-Identifier: GPL-3.0-or-later
// One plot with its title and legend, and what mouse gestures in it mean. It asks for views; plot_stack,
// which knows the other plots, grants them.
#pragma once

#include <QWidget>
#include <optional>

#include "plot_surface.h"

namespace tsaudit::gui {

class Legend;

class PlotPanel : public QWidget {
  Q_OBJECT

 public:
  explicit PlotPanel(PlotKind kind, QWidget* parent = nullptr);

  PlotKind kind() const { return kind_; }
  void set_content(PlotContent content);
  const PlotContent& content() const { return *content_; }
  void set_view(TimeRange time, std::optional<ValueRange> value);  ///< no value: what fits
  ValueRange value_range() const { return value_; }
  void set_overlay(const PlotOverlay& overlay);
  const PlotOverlay& overlay() const { return overlay_; }
  void end_measurement();
  PlotSurface& surface() { return *surface_; }
  /// The mark under a point of the surface, or the nearest within reach, if there is one; a count is its
  /// mark's.
  const MarkCluster* cluster_at(QPointF at) const;
  Legend& legend() { return *legend_; }
  const std::vector<bool>& hidden() const;
  bool marks_hidden() const;
  /// Title, the whole legend and plot as a vector drawing.
  void paint_to(QPainter& painter, const QRect& into, const QString& title);

 Q_SIGNALS:
  /// `continuing`: one more step of a gesture (notches of the wheel, a drag), no new entry in the history.
  void view_wanted(tsaudit::gui::TimeRange time, std::optional<tsaudit::gui::ValueRange> value,
                   bool continuing);
  void hovered(qint64 time_ns, double value);
  void hover_ended();
  void clicked(qint64 time_ns, double value);
  void double_clicked(qint64 time_ns, double value);
  void hidden_changed();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  enum class Drag : uint8_t { none, press, box, ruler, pan };
  void apply_hidden();
  void pressed(QPointF at, Qt::MouseButton button, Qt::KeyboardModifiers modifiers);
  void moved(QPointF at);
  void released(QPointF at);
  bool wheeled(QPointF at, QPoint angle, Qt::KeyboardModifiers modifiers);
  QString cluster_text(const MarkCluster& mark) const;
  bool show_tooltip(QPointF at, QPoint global);
  void update_drag(QPointF at);

  PlotKind kind_;
  std::shared_ptr<const PlotContent> content_;
  Legend* legend_ = nullptr;
  PlotSurface* surface_ = nullptr;
  TimeRange time_;
  ValueRange value_;
  PlotOverlay overlay_;
  Drag drag_ = Drag::none;
  QPointF drag_from_;
  TimeRange drag_time_;
  ValueRange drag_value_;
};

}  // namespace tsaudit::gui
