// SPDX-License-Identifier: GPL-3.0-or-later
// What QCustomPlot has no notion of, as layers of its own: bands below the curves, marks above, crosshair on
// top.
#pragma once

#include "plot_surface.h"
#include "qcp.h"
#include "theme.h"

namespace tsaudit::gui {

/// What the layers draw; plot_surface keeps it.
struct LayerState {
  std::shared_ptr<const PlotContent> content;
  std::vector<MarkCluster> clusters;
  PlotOverlay overlay;
  Theme theme;
  QFont font;  ///< of words in the plot
  TimeRange time;
  ValueRange value;
  bool marks_hidden = false;
  ViewTransform transform;
};

/// Draws from what is kept for all of them. `smooth`: antialiased.
class StateLayer : public QCPLayerable {
 protected:
  StateLayer(QCustomPlot* plot, const char* layer, const LayerState& state, bool smooth)
      : QCPLayerable(plot, layer), state_(state), smooth_(smooth) {}
  void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(smooth_); }

  const LayerState& state_;

 private:
  const bool smooth_;
};

class BandLayer : public StateLayer {
 public:
  BandLayer(QCustomPlot* plot, const LayerState& state) : StateLayer(plot, "background", state, false) {}
  void draw(QCPPainter* painter) override;

 private:
  const QColor& fill_of(Band::Kind kind) const;
};

/// When hosts moved: the first segments of the new ones. Above the lines of the grid, which would hide them.
class MomentLayer : public StateLayer {
 public:
  MomentLayer(QCustomPlot* plot, const LayerState& state) : StateLayer(plot, "grid", state, false) {}
  void draw(QCPPainter* painter) override;
};

class MarkLayer : public StateLayer {
 public:
  MarkLayer(QCustomPlot* plot, const LayerState& state) : StateLayer(plot, "marks", state, true) {}
  void draw(QCPPainter* painter) override;

 private:
  void draw_band_labels(QCPPainter& painter) const;
  void draw_marks(QCPPainter& painter) const;
  void draw_counts(QCPPainter& painter) const;
};

class OverlayLayer : public StateLayer {
 public:
  OverlayLayer(QCustomPlot* plot, const LayerState& state) : StateLayer(plot, "overlay", state, true) {}
  void draw(QCPPainter* painter) override;
};

}  // namespace tsaudit::gui
