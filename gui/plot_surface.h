// SPDX-License-Identifier: GPL-3.0-or-later
// Draws a PlotContent in a view. QCustomPlot does axes, lines and export; what it is given is never more than
// a few points a pixel column. It knows nothing of mice and keys: plot_panel does.
#pragma once

#include <QWidget>
#include <memory>
#include <optional>

#include "mark_clusters.h"
#include "plot_content.h"
#include "ruler.h"
#include "view_transform.h"

namespace tsaudit::gui {

struct Theme;

/// What lies over the plot and changes with the mouse.
struct PlotOverlay {
  std::optional<TimeNs> crosshair;
  std::optional<double> crosshair_value;  ///< only where the mouse is
  std::optional<std::pair<TimeNs, double>> selected;
  std::optional<QRectF> box;  ///< rubber band
  std::optional<Ruler> ruler;
  QString ruler_text;
};

/// How numbers stand on the axes.
struct AxisOptions {
  TimeNs time_origin_ns = 0;  ///< relative times count from it
  bool absolute_time = false;
  bool absolute_value = false;
  bool time_labels = true;  ///< false: the plot below has them
};

class PlotSurface : public QWidget {
  Q_OBJECT

 public:
  explicit PlotSurface(QWidget* parent = nullptr);
  ~PlotSurface() override;

  void set_content(std::shared_ptr<const PlotContent> content);
  void set_hidden(const std::vector<bool>& curves, bool marks_hidden);
  void set_view(TimeRange time, ValueRange value);
  void set_axis_options(const AxisOptions& options);
  void set_overlay(const PlotOverlay& overlay);

  /// Valid after the widget has got its size.
  ViewTransform transform() const;
  const std::vector<MarkCluster>& clusters() const;
  /// Draws now, if there is anything new, instead of at the next turn of the event loop.
  void replot_now();
  /// Vector drawing for export.
  void paint_to(QPainter& painter, const QRect& into);
  static int left_margin();
  /// What stands on the axis of time, with the place of its middle; none: the plot below has it.
  std::vector<std::pair<double, QString>> time_labels() const;
  /// How often curves were sampled and drawn: one notch of the wheel is to cost one.
  int redraws() const;

 protected:
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct Impl;
  void schedule();
  std::unique_ptr<Impl> impl_;
};

}  // namespace tsaudit::gui
