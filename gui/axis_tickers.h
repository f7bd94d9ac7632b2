// SPDX-License-Identifier: GPL-3.0-or-later
// What stands on the axes of a plot, for QCustomPlot.
#pragma once

#include <cmath>

#include "axis_text.h"
#include "plot_surface.h"
#include "qcp.h"

namespace tsaudit::gui {

class TimeTicker : public QCPAxisTicker {
 public:
  AxisOptions options;
  TimeNs base_ns = 0;

  QString label(TimeNs time, double step) const {
    if (options.absolute_time) return QString::fromStdString(axis_clock(time, step));
    return QString::fromStdString(
        axis_seconds(static_cast<double>(time - options.time_origin_ns) / 1e9, step));
  }

 protected:
  double getTickStep(const QCPRange& range) override {
    return step_ = round_in_days(QCPAxisTicker::getTickStep(range));
  }
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    return label(base_ns + std::llround(tick * 1e9), step_);
  }

 private:
  double step_ = 1;
};

class ValueTicker : public QCPAxisTicker {
 public:
  double origin = 0;

 protected:
  double getTickStep(const QCPRange& range) override { return step_ = QCPAxisTicker::getTickStep(range); }
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    return QString::fromStdString(axis_number(tick + origin, step_));
  }

 private:
  double step_ = 1;
};

}  // namespace tsaudit::gui
