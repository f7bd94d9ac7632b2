// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot_surface.h"

#include <QPicture>
#include <cmath>
#include <functional>

#include "axis_tickers.h"
#include "curve_graph.h"
#include "line_clip.h"
#include "plot_layers.h"
#include "qcp.h"
#include "theme.h"
#include "unwrapper.h"

namespace tsaudit::gui {
namespace {

constexpr int kPixelsPerTick = 26, kPixelsPerTimeTick = 90, kBetweenTicks = 8;
constexpr int kLeftMargin = 110, kRightMargin = 12;  // fixed, so that the plots of a stack are in line
/// Beyond so many points lines are drawn without smoothing: it would cost more than it shows.
constexpr size_t kSmoothUpTo = 1200;
/// More circles than this run into each other.
constexpr size_t kCirclesUpTo = 300;

}  // namespace

/// By itself it would draw everything at each change of its size, with the curves that were sampled for the
/// size before, and then once more.
class Plot : public QCustomPlot {
 public:
  using QCustomPlot::QCustomPlot;
  std::function<void()> on_paint;

 protected:
  void resizeEvent(QResizeEvent*) override { setViewport(rect()); }
  void paintEvent(QPaintEvent* event) override {
    on_paint();
    QCustomPlot::paintEvent(event);
  }
};

/// Keys of QCustomPlot are seconds since `base`, its values are counted from the content's origin: a double
/// then resolves nanoseconds and single ticks.
struct PlotSurface::Impl {
  QCustomPlot* plot = nullptr;
  LayerState state;
  AxisOptions axis;
  std::vector<bool> hidden;
  QSharedPointer<TimeTicker> time_ticker{new TimeTicker};
  QSharedPointer<ValueTicker> value_ticker{new ValueTicker};
  TimeNs base = 0;
  double origin = 0;
  QMargins margin;
  bool pending = false;
  int redraws = 0;
  std::vector<SeriesPoint> points;  ///< reused from frame to frame
  OverlayLayer* overlay = nullptr;

  double key(TimeNs time) const { return static_cast<double>(time - base) / 1e9; }

  void style() {
    const Theme& theme = state.theme;
    plot->setBackground(QBrush(theme.background));
    state.font = plot->font();
    state.font.setPointSizeF(state.font.pointSizeF() * 0.9);
    for (QCPAxis* axis_of : {plot->xAxis, plot->yAxis, plot->xAxis2, plot->yAxis2}) {
      axis_of->setBasePen(QPen(theme.frame));
      axis_of->setTickPen(QPen(theme.frame));
      axis_of->setSubTickPen(QPen(theme.frame));
      axis_of->setTickLabelColor(theme.text);
      axis_of->setLabelColor(theme.faint_text);
      axis_of->grid()->setPen(QPen(theme.grid));
      axis_of->grid()->setZeroLinePen(QPen(theme.grid, 1.5));
    }
  }

  void margins(bool time_labels) {
    plot->xAxis->setTickLabels(time_labels);
    const int bottom = time_labels ? QFontMetrics(plot->xAxis->tickLabelFont()).height() + 10 : 6;
    margin = QMargins(kLeftMargin, 5, kRightMargin, bottom);
    plot->axisRect()->setMargins(margin);
  }

  static double pen_width(const Curve& curve) {
    if (curve.stroke == Stroke::dots || curve.compared) return 1;
    return curve.stroke == Stroke::step ? 1.4 : 1.6;
  }

  void build() {
    plot->clearGraphs();
    if (!state.content) return;
    plot->yAxis->setTickLabels(state.content->nothing.empty());  // of what?
    for (const Curve& curve : state.content->curves) {
      auto* graph = new CurveGraph(plot->xAxis, plot->yAxis);
      const QColor color = state.theme.ink(curve.ink, curve.compared);
      graph->setPen(
          QPen(color, pen_width(curve), curve.stroke == Stroke::ghost ? Qt::DashLine : Qt::SolidLine));
      if (curve.stroke == Stroke::dots) graph->setLineStyle(QCPGraph::lsNone);
      graph->setAdaptiveSampling(false);  // the series has chosen already
      if (curve.accepts_above) graph->setBrush(QBrush(state.theme.accepted_fill));
    }
    // The shade reaches half of the number circle up: to a line of its own, which is not drawn.
    for (size_t i = 0; i < state.content->curves.size(); ++i) {
      if (!state.content->curves[i].accepts_above) continue;
      QCPGraph* far_end = plot->addGraph();
      far_end->setPen(Qt::NoPen);
      far_end->setAdaptiveSampling(false);
      plot->graph(static_cast<int>(i))->setChannelFillGraph(far_end);
    }
  }

  void fill(QCPGraph* graph, const Curve& curve, QCPGraph* far_end) {
    const TimeNs from = std::max(state.time.from - curve.shift_ns, curve.from_ns);
    const TimeNs to = std::min(state.time.to - curve.shift_ns, curve.to_ns);
    const auto columns = static_cast<unsigned>(std::max(1.0, state.transform.width));
    points.clear();
    if (curve.series && from <= to) {
      // Dots cover several pixels: fewer columns show the same.
      curve.series->sample(from, to, curve.stroke == Stroke::dots ? columns / 3 + 1 : columns, points);
    }
    QVector<QCPGraphData> data, far_data;
    data.reserve(static_cast<qsizetype>(points.size()));
    // Not further out than can be seen: Qt cuts a shape that leaves its coordinates, at every corner. So it
    // is mostly a straight line, of two points.
    const double lowest = state.value.from - state.value.span() - origin;
    const double highest = state.value.to + state.value.span() - origin;
    const auto add_far = [&](double key, double value) {
      const double end = std::clamp(value, lowest, highest);
      const bool goes_on =
          far_data.size() > 1 && far_data.back().value == end && far_data.rbegin()[1].value == end;
      if (goes_on)
        far_data.back().key = key;
      else
        far_data.append(QCPGraphData(key, end));
    };
    const SeriesPoint* before = nullptr;
    for (const SeriesPoint& point : points) {
      if (point.time_ns < curve.from_ns || point.time_ns > curve.to_ns) continue;
      if (const TimeNs gap = before ? broken(curve, *before, point) : kWhole; gap != kWhole) {
        data.append(QCPGraphData(key(gap + curve.shift_ns), kNoValue));
        if (far_end) far_data.append(QCPGraphData(data.back().key, kNoValue));
      }
      data.append(QCPGraphData(key(point.time_ns + curve.shift_ns),
                               point.value * curve.scale + curve.offset - origin));
      if (far_end) {
        const double far = data.back().value + kHalfCircle;
        if (const TimeRange* forgets = forgotten(curve, point.time_ns); forgets && before) {
          if (before->time_ns < forgets->from) add_far(key(forgets->from + curve.shift_ns), far);
          far_data.append(QCPGraphData(data.back().key, kNoValue));
        }
        add_far(data.back().key, far);
      }
      before = &point;
    }
    const bool few = static_cast<size_t>(data.size()) <= kSmoothUpTo;
    graph->setAntialiased(few);
    graph->setAntialiasedFill(few);
    // A wide pen makes one outline of the whole line, whose cost grows faster than its points; a cosmetic one
    // is a walk over them.
    QPen pen = graph->pen();
    pen.setWidthF(few ? pen_width(curve) : 0);
    graph->setPen(pen);
    if (curve.stroke == Stroke::step) {
      // A step within a pixel is a line within it, of half as many points.
      for (QCPGraph* each : {graph, far_end})
        if (each) each->setLineStyle(few ? QCPGraph::lsStepRight : QCPGraph::lsLine);
    }
    if (curve.stroke == Stroke::dots) {
      const bool circles = static_cast<size_t>(data.size()) <= kCirclesUpTo;
      graph->setScatterStyle(circles ? QCPScatterStyle(QCPScatterStyle::ssCircle, curve.compared ? 3 : 4.5)
                                     : QCPScatterStyle(QCPScatterStyle::ssDot));
      graph->setAntialiasedScatters(circles);
    } else if (curve.stroke == Stroke::line) {
      const bool sparse = data.size() * 8 < static_cast<qsizetype>(columns);
      graph->setScatterStyle(sparse ? QCPScatterStyle(QCPScatterStyle::ssDisc, 4.5)
                                    : QCPScatterStyle(QCPScatterStyle::ssNone));
    }
    graph->data()->set(data, true);
    if (far_end) far_end->data()->set(far_data, true);
  }

  static constexpr TimeNs kWhole = INT64_MIN;
  /// Where the line ends that would lead from one point to the next; kWhole: it leads there.
  static TimeNs broken(const Curve& curve, const SeriesPoint& before, const SeriesPoint& point) {
    const auto at = std::upper_bound(curve.breaks.begin(), curve.breaks.end(), before.index);
    if (at == curve.breaks.end() || *at > point.index) return kWhole;
    // A step's value holds from the sample before on, whose own is what there was not.
    const size_t last = static_cast<size_t>(*(std::upper_bound(at, curve.breaks.end(), point.index) - 1));
    return curve.stroke == Stroke::step ? curve.series->time(last) : before.time_ns;
  }
  /// The span, if there is one, within which or at whose end `time` is.
  static const TimeRange* forgotten(const Curve& curve, TimeNs time) {
    const auto in = [&](const TimeRange& span) { return time > span.from && time <= span.to; };
    const auto at = std::find_if(curve.forgets.begin(), curve.forgets.end(), in);
    return at == curve.forgets.end() ? nullptr : &*at;
  }

  /// The axis rectangle as QCustomPlot's layout will make it: margins are fixed here, so nobody need wait for
  /// it.
  void measure() {
    const QRect rect = plot->rect().marginsRemoved(margin);
    state.transform = {.time = state.time,
                       .value = state.value,
                       .left = static_cast<double>(rect.left()),
                       .top = static_cast<double>(rect.top()),
                       .width = static_cast<double>(std::max(rect.width(), 1)),
                       .height = static_cast<double>(std::max(rect.height(), 1))};
  }

  /// As many as there is room for their labels: late in a long capture those are long.
  int time_ticks() const {
    const auto fitting = [&](double pixels) {
      return std::clamp(static_cast<int>(state.transform.width / pixels), 2, 14);
    };
    const int most = fitting(kPixelsPerTimeTick);
    // A digit more than the step would have that is a power of ten: it may be 2.5 times that.
    const double exact = static_cast<double>(state.time.span()) / 1e9 / most;
    const double step = std::pow(10, std::floor(std::log10(exact)) - 1);
    const QString last = time_ticker->label(state.time.to, step);
    // QCustomPlot takes the nearest round step: of 3.75, 2.5.
    const double width = QFontMetricsF(plot->xAxis->tickLabelFont()).horizontalAdvance(last) + kBetweenTicks;
    return std::min(most, fitting(width * 1.5));
  }

  /// Samples every curve for the current view.
  void refresh() {
    pending = false;
    ++redraws;
    measure();
    // Anew for each view: a double key then never loses what this view can show.
    base = state.time.from;
    origin = state.content && state.content->has_origin ? state.content->value_origin : 0;
    time_ticker->options = axis;
    time_ticker->base_ns = base;
    value_ticker->origin = axis.absolute_value ? origin : 0;
    // Round numbers are round in what the labels say, not in keys. Absolute times are so by the day.
    constexpr TimeNs kDay = 86'400 * kSecond;
    const TimeNs zero = axis.absolute_time ? base - base % kDay : axis.time_origin_ns;
    time_ticker->setTickOrigin(key(zero));
    value_ticker->setTickOrigin(axis.absolute_value ? -origin : 0);
    value_ticker->setTickCount(std::clamp(static_cast<int>(state.transform.height) / kPixelsPerTick, 2, 9));
    time_ticker->setTickCount(time_ticks());
    plot->xAxis->setRange(0, key(state.time.to));
    plot->yAxis->setRange(state.value.from - origin, state.value.to - origin);
    state.clusters.clear();
    if (state.content) {
      int far_end = static_cast<int>(state.content->curves.size());
      for (size_t i = 0; i < state.content->curves.size(); ++i) {
        const Curve& curve = state.content->curves[i];
        QCPGraph* graph = plot->graph(static_cast<int>(i));
        QCPGraph* far_graph = curve.accepts_above ? plot->graph(far_end++) : nullptr;
        const bool hide = i < hidden.size() && hidden[i];
        graph->setVisible(!hide);
        if (far_graph) far_graph->setVisible(!hide);
        if (!hide) fill(graph, curve, far_graph);
      }
      state.clusters = cluster_marks(*state.content, state.transform);
      const QFontMetricsF metrics(state.font);
      if (!state.marks_hidden)
        place_counts(state.clusters, state.transform, [&](uint32_t count) {
          return QSizeF(metrics.horizontalAdvance(QString::fromStdString(grouped(count))) + 8,
                        metrics.height() + 2);
        });
    }
  }

  QRectF area() const {
    return QRectF(QPointF(0, state.value.from - origin),
                  QPointF(key(state.time.to), state.value.to - origin));
  }

  /// Draws the curves by others that end where the view ends, for a file whose format cannot clip; until
  /// build().
  void clip() {
    const QRectF view = area();
    const int graphs = plot->graphCount();
    for (int i = 0; i < graphs; ++i) {
      QCPGraph* graph = plot->graph(i);
      if (!graph->visible()) continue;
      QList<QPointF> line, inside;
      const bool steps = graph->lineStyle() == QCPGraph::lsStepRight;
      for (const QCPGraphData& each : *graph->data()) {
        if (steps && !line.isEmpty()) line.append(QPointF(line.back().x(), each.value));
        line.append(QPointF(each.key, each.value));
        if (view.contains(line.back())) inside.append(line.back());
      }
      const auto add = [&](const QList<QPointF>& what) {
        auto* part = new CurveGraph(plot->xAxis, plot->yAxis);
        part->setPen(graph->pen());
        part->setAdaptiveSampling(false);
        part->setAntialiased(graph->antialiased());
        for (const QPointF& at : what) part->data()->add(QCPGraphData(at.x(), at.y()));
        return part;
      };
      if (graph->lineStyle() != QCPGraph::lsNone) add(clipped_line(line, view));
      QCPGraph* dots = add(inside);
      dots->setLineStyle(QCPGraph::lsNone);
      dots->setScatterStyle(graph->scatterStyle());
      // What is left of it is the shade.
      graph->setPen(Qt::NoPen);
      graph->setScatterStyle(QCPScatterStyle::ssNone);
      for (QCPGraphData& each : *graph->data()) {
        each.key = std::clamp(each.key, view.left(), view.right());
        each.value = std::clamp(each.value, view.top(), view.bottom());
      }
    }
  }

  /// If there is anything new.
  void draw(QCustomPlot::RefreshPriority priority) {
    if (!pending) return;
    refresh();
    plot->replot(priority);
  }
};

PlotSurface::PlotSurface(QWidget* parent) : QWidget(parent), impl_(new Impl) {
  auto* plot = new Plot(this);
  impl_->plot = plot;
  plot->on_paint = [this] { impl_->draw(QCustomPlot::rpQueuedRefresh); };
  plot->setAttribute(Qt::WA_TransparentForMouseEvents);
  plot->setFocusPolicy(Qt::NoFocus);
  plot->setAttribute(Qt::WA_OpaquePaintEvent);
  plot->setPlottingHint(
      QCP::phFastPolylines);  // a line piece by piece: as one outline it crosses itself, which is slow
  plot->axisRect()->setAutoMargins(QCP::msNone);
  plot->axisRect()->setupFullAxesBox();
  plot->xAxis2->setTicks(false);
  plot->yAxis2->setTicks(false);
  plot->xAxis->setTicker(impl_->time_ticker);
  plot->yAxis->setTicker(impl_->value_ticker);
  plot->addLayer("marks", plot->layer("axes"), QCustomPlot::limAbove);
  plot->layer("overlay")->setMode(QCPLayer::lmBuffered);  // the crosshair moves without the curves drawn anew
  new BandLayer(plot, impl_->state);
  new MomentLayer(plot, impl_->state);
  new MarkLayer(plot, impl_->state);
  impl_->overlay = new OverlayLayer(plot, impl_->state);
  impl_->state.theme = Theme::of(palette());
  impl_->style();
  impl_->margins(true);
}

PlotSurface::~PlotSurface() = default;

int PlotSurface::left_margin() { return kLeftMargin; }
int PlotSurface::redraws() const { return impl_->redraws; }
std::vector<std::pair<double, QString>> PlotSurface::time_labels() const {
  std::vector<std::pair<double, QString>> out;
  if (!impl_->axis.time_labels) return out;
  const QVector<double> ticks = impl_->plot->xAxis->tickVector();
  const QVector<QString> labels = impl_->plot->xAxis->tickVectorLabels();
  for (qsizetype i = 0; i < std::min(ticks.size(), labels.size()); ++i)
    out.emplace_back(impl_->plot->xAxis->coordToPixel(ticks[i]), labels[i]);
  return out;
}
const std::vector<MarkCluster>& PlotSurface::clusters() const { return impl_->state.clusters; }
ViewTransform PlotSurface::transform() const { return impl_->state.transform; }

void PlotSurface::set_content(std::shared_ptr<const PlotContent> content) {
  impl_->state.content = std::move(content);
  impl_->build();
  schedule();
}

void PlotSurface::set_hidden(const std::vector<bool>& curves, bool marks_hidden) {
  impl_->hidden = curves;
  impl_->state.marks_hidden = marks_hidden;
  schedule();
}

void PlotSurface::set_view(TimeRange time, ValueRange value) {
  if (impl_->state.time == time && impl_->state.value == value) return;
  impl_->state.time = time;
  impl_->state.value = value;
  impl_->measure();
  schedule();
}

void PlotSurface::set_axis_options(const AxisOptions& options) {
  impl_->axis = options;
  impl_->margins(options.time_labels);
  schedule();
}

void PlotSurface::set_overlay(const PlotOverlay& overlay) {
  impl_->state.overlay = overlay;
  if (!impl_->pending) impl_->plot->layer("overlay")->replot();
}

void PlotSurface::schedule() {
  if (impl_->pending) return;
  impl_->pending = true;
  QMetaObject::invokeMethod(
      this,
      [this] {
        if (isVisible()) replot_now();  // one that is hidden waits until it is painted
      },
      Qt::QueuedConnection);
}

void PlotSurface::replot_now() { impl_->draw(QCustomPlot::rpImmediateRefresh); }

void PlotSurface::paint_to(QPainter& painter, const QRect& into) {
  // QCustomPlot draws at the origin in a size it is given; the curves are sampled for that size first.
  const QSize before = impl_->plot->size();
  impl_->plot->setGeometry(QRect(QPoint(0, 0), into.size()));
  impl_->refresh();
  impl_->clip();
  QPicture picture;
  QCPPainter vector(&picture);
  vector.setMode(QCPPainter::pmVectorized);
  vector.setMode(QCPPainter::pmNoCaching);
  impl_->plot->toPainter(&vector, into.width(), into.height());
  vector.end();
  painter.drawPicture(into.topLeft(), picture);
  impl_->plot->setGeometry(QRect(QPoint(0, 0), before));
  impl_->build();
  impl_->measure();
  schedule();
}

void PlotSurface::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() != QEvent::PaletteChange && event->type() != QEvent::FontChange) return;
  impl_->state.theme = Theme::of(palette());
  impl_->style();
  impl_->build();
  schedule();
}

void PlotSurface::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  impl_->plot->setGeometry(rect());
  schedule();
}

}  // namespace tsaudit::gui
