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

class BandLayer : public QCPLayerable {
 public:
  BandLayer(QCustomPlot* plot, const LayerState& state);
  void draw(QCPPainter* painter) override;

 protected:
  void applyDefaultAntialiasingHint(QCPPainter* painter) const override;

 private:
  const QColor& fill_of(Band::Kind kind) const;
  const LayerState& state_;
};

/// When hosts moved: the first segments of the new ones. Above the lines of the grid, which would hide them.
class MomentLayer : public QCPLayerable {
 public:
  MomentLayer(QCustomPlot* plot, const LayerState& state);
  void draw(QCPPainter* painter) override;

 protected:
  void applyDefaultAntialiasingHint(QCPPainter* painter) const override;

 private:
  const LayerState& state_;
};

class MarkLayer : public QCPLayerable {
 public:
  MarkLayer(QCustomPlot* plot, const LayerState& state);
  void draw(QCPPainter* painter) override;

 protected:
  void applyDefaultAntialiasingHint(QCPPainter* painter) const override;

 private:
  void draw_band_labels(QCPPainter& painter) const;
  void draw_marks(QCPPainter& painter) const;
  void draw_counts(QCPPainter& painter) const;
  const LayerState& state_;
};

class OverlayLayer : public QCPLayerable {
 public:
  OverlayLayer(QCustomPlot* plot, const LayerState& state);
  void draw(QCPPainter* painter) override;

 protected:
  void applyDefaultAntialiasingHint(QCPPainter* painter) const override;

 private:
  const LayerState& state_;
};

}  // namespace tsaudit::gui
