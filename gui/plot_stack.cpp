// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot_stack.h"

#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QSplitter>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <climits>

#include "elided_label.h"
#include "theme.h"
#include "verdict_text.h"

namespace tsaudit::gui {
namespace {

constexpr int kGesturePauseMs = 400;  ///< a pause this long ends a gesture of the wheel
constexpr double kZoomOutLimit = 8;   ///< times the flow's own duration
/// Pixels below which a plot, with its legend and handle, cannot be read; and what the labels of the time
/// take.
constexpr int kLeastPlot = 88, kLeastClock = 116, kTimeLabels = 20;

}  // namespace

PlotStack::PlotStack(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kFocusFrame, kFocusFrame, kFocusFrame, kFocusFrame);
  layout->setSpacing(2);
  auto* top = new QHBoxLayout;
  banner_ = new QLabel;
  banner_->setWordWrap(true);
  banner_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  banner_->setContentsMargins(8, 5, 8, 5);
  banner_->setAccessibleName(tr("Verdict of the selected flow"));
  direction_ = new QToolButton;
  direction_->setToolTip(tr("Show the other direction (D)"));
  direction_->setAccessibleName(tr("Direction"));
  connect(direction_, &QToolButton::clicked, this, &PlotStack::toggle_direction);
  severity_ = new QWidget;
  severity_->setFixedWidth(5);
  severity_->setAutoFillBackground(true);
  top->setSpacing(0);
  top->addWidget(severity_);
  top->addWidget(banner_, 1);
  top->addWidget(direction_);
  top->addSpacing(6);
  layout->addLayout(top);
  splitter_ = new QSplitter(Qt::Vertical);
  splitter_->setChildrenCollapsible(false);
  splitter_->setMinimumHeight(kLeastClock + kTimeLabels);  // the others give way
  splitter_->installEventFilter(this);
  for (int at = 0; at < kPlotKinds; ++at) {
    const auto kind = static_cast<PlotKind>(at);
    const int stretch = kind == PlotKind::clock ? 2 : 1;
    panels_[static_cast<size_t>(at)] = new_panel(kind, stretch);
    below_[static_cast<size_t>(at)] = new_panel(kind, stretch);
    below_[static_cast<size_t>(at)]->hide();
  }
  splitter_->setSizes({220, 220, 96, 96, 96, 96, 96, 96});
  layout->addWidget(splitter_, 1);
  readout_ = new ElidedLabel;
  readout_->setContentsMargins(8, 0, 8, 2);
  QFont small = font();
  small.setPointSizeF(small.pointSizeF() * 0.9);
  readout_->setFont(small);
  readout_->setAccessibleName(tr("Segment at the crosshair"));
  layout->addWidget(readout_);
  connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) {
    const bool focus = now && (now == this || isAncestorOf(now));
    if (std::exchange(focus_, focus) != focus) update();
  });
  gesture_ = new QTimer(this);
  gesture_->setSingleShot(true);
  gesture_->setInterval(kGesturePauseMs);
  clear({});
}

PlotPanel* PlotStack::new_panel(PlotKind kind, int stretch) {
  auto* panel = new PlotPanel(kind);
  splitter_->addWidget(panel);
  splitter_->setStretchFactor(splitter_->count() - 1, stretch);
  connect(panel, &PlotPanel::view_wanted, this, [this, panel](TimeRange time, auto value, bool continuing) {
    wanted(panel, time, value, continuing);
  });
  connect(panel, &PlotPanel::hovered, this,
          [this, panel](qint64 time, double value) { hover(panel, time, value); });
  connect(panel, &PlotPanel::hover_ended, this, [this] {
    if (!held_) end_hover();
  });
  connect(panel, &PlotPanel::clicked, this,
          [this, panel](qint64 time, double value) { click(panel, time, value); });
  connect(panel, &PlotPanel::double_clicked, this,
          [this, panel](qint64 time, double value) { double_click(panel, time, value); });
  connect(panel, &PlotPanel::hidden_changed, this, &PlotStack::apply_view);
  return panel;
}

void PlotStack::clear(const QString& hint) {
  flow_.reset();
  baseline_.reset();
  arrange_panels();
  history_ = {};
  selected_frame_ = 0;
  end_measurements();
  splitter_->hide();
  direction_->hide();
  severity_->hide();
  banner_->setAlignment(Qt::AlignCenter);
  banner_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Expanding);
  banner_->setText(hint);
  readout_->set_full_text({});
  Q_EMIT view_changed();
}

void PlotStack::show_flow(std::shared_ptr<const FlowView> flow) {
  const bool same = flow_ && flow_->id() == flow->id() && &flow_->store() == &flow->store();
  const bool whole_in_sight = same && has_view() && view() == whole();
  flow_ = std::move(flow);
  if (!same) {
    side_ = flow_->interesting_side();
    baseline_.reset();
    arrange_panels();
    selected_frame_ = 0;
    end_measurements();
  }
  splitter_->show();
  direction_->show();
  banner_->setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  QSizePolicy wrapped(QSizePolicy::Preferred, QSizePolicy::Preferred);
  wrapped.setHeightForWidth(true);
  banner_->setSizePolicy(wrapped);
  show_banner();
  rebuild();
  if (!same || !has_view())
    history_.reset(whole());
  else if (whole_in_sight)
    history_.amend(whole());
  apply_view();
}

void PlotStack::show_baseline(std::shared_ptr<const FlowView> flow) {
  const bool first = (flow != nullptr) != (baseline_ != nullptr);
  baseline_ = std::move(flow);
  for (PlotPanel* panel : below_) panel->end_measurement();  // they are aligned anew
  if (!flow_) return;
  if (baseline_) alignment_ = align(*flow_, *baseline_);
  arrange_panels();
  rebuild();
  if (first && has_view()) history_.amend(whole());
  apply_view();
}

/// Four plots twice are too many to read: stacked, the clock and the bytes are shown, until the user wants others.
void PlotStack::toggle_stacked() {
  stacked_ = !stacked_;
  wanted_ = {true, !stacked_, true, !stacked_};
  arrange_panels();
  rebuild();
  apply_view();
}

/// Those that are wanted, as far as there is room to read them: what was wanted last before all others, then
/// by what one needs most.
std::array<bool, kPlotKinds> PlotStack::with_room() const {
  std::array<bool, kPlotKinds> shown{};
  const int times = stacked_ && baseline_ ? 2 : 1;
  int room = splitter_->isHidden() ? INT_MAX : splitter_->height() - kTimeLabels;
  bool none = true;
  for (const PlotKind kind : by_need_) {
    const auto at = static_cast<size_t>(kind);
    const int least = times * (kind == PlotKind::clock ? kLeastClock : kLeastPlot);
    if (!wanted_[at] || (room < least && !none)) continue;
    shown[at] = true;
    none = false;
    room -= least;
  }
  return shown;
}

/// Returns whether others than before are shown.
bool PlotStack::arrange_panels() {
  const auto shown = with_room();
  bool changed = false;
  for (size_t i = 0; i < panels_.size(); ++i) {
    const bool below = shown[i] && stacked_ && baseline_;
    changed |= panels_[i]->isHidden() == shown[i] || below_[i]->isHidden() == below;
    panels_[i]->setVisible(shown[i]);
    below_[i]->setVisible(below);
  }
  return changed;
}

bool PlotStack::eventFilter(QObject* watched, QEvent* event) {
  if (watched == splitter_ && (event->type() == QEvent::Resize || event->type() == QEvent::Show) &&
      arrange_panels()) {
    apply_axis_options();
    apply_overlays();
    Q_EMIT view_changed();
  }
  return QWidget::eventFilter(watched, event);
}

bool PlotStack::is_below(const PlotPanel* panel) const {
  return std::find(below_.begin(), below_.end(), panel) != below_.end();
}

int PlotStack::key(const PlotPanel* panel) const {
  return static_cast<int>(panel->kind()) + (is_below(panel) ? kPlotKinds : 0);
}

void PlotStack::set_stopped(const QString& where) {
  stopped_ = where;
  if (flow_) show_banner();
}

QString PlotStack::verdict() const { return banner_->text(); }

void PlotStack::show_banner() {
  const Theme theme = Theme::of(palette());
  banner_->setText(verdict_sentence(*flow_, stopped_));
  const QColor color = flow_->judged() ? theme.severity(flow_->worst()) : theme.faint_text;
  QPalette bar = palette();
  bar.setColor(QPalette::Window, color);
  severity_->setPalette(bar);
  severity_->show();
  const QString from = side_ == Side::client ? tr("client") : tr("server");
  const QString to = side_ == Side::client ? tr("server") : tr("client");
  direction_->setText(QString::fromUtf8("%1 \u2192 %2").arg(from, to));
}

void PlotStack::rebuild() {
  if (!flow_) return;
  for (size_t i = 0; i < panels_.size(); ++i) {
    PlotContent content = make_content(panels_[i]->kind(), flow_, side_);
    if (baseline_ && !stacked_) add_baseline(content, baseline_, side_, alignment_);
    panels_[i]->set_content(std::move(content));
    below_[i]->set_content(baseline_ && stacked_
                               ? make_baseline_content(below_[i]->kind(), baseline_, side_, alignment_)
                               : PlotContent{});
  }
  apply_axis_options();
}

ViewState PlotStack::whole() const {
  TimeRange time{flow_->first_ns(), flow_->last_ns()};
  if (baseline_) {
    time.from = std::min(time.from, baseline_->first_ns() + alignment_.shift_ns);
    time.to = std::max(time.to, baseline_->last_ns() + alignment_.shift_ns);
  }
  return {padded(time), {}};
}

void PlotStack::apply_view() {
  if (!has_view()) return;
  for (const auto* panels : {&panels_, &below_}) {
    for (PlotPanel* panel : *panels) {
      const auto own = view().values.find(key(panel));
      panel->set_view(view().time, own == view().values.end() ? std::nullopt : std::optional(own->second));
    }
  }
  apply_overlays();
  Q_EMIT view_changed();
}

void PlotStack::change(const ViewState& wanted_view, bool continuing) {
  if (!flow_ || !has_view()) return;
  ViewState next = wanted_view;
  const TimeRange all = whole().time;
  if (static_cast<double>(next.time.span()) > static_cast<double>(all.span()) * kZoomOutLimit)
    next.time = view().time;
  if (next == view()) return;
  if (continuing && gesture_->isActive())
    history_.amend(next);
  else
    history_.push(next);
  if (continuing)
    gesture_->start();
  else
    gesture_->stop();
  apply_view();
}

void PlotStack::wanted(PlotPanel* panel, TimeRange time, std::optional<ValueRange> value, bool continuing) {
  ViewState next = view();
  next.time = time;
  if (value) next.values[key(panel)] = *value;
  change(next, continuing);
}

void PlotStack::set_view(const ViewState& next) { change(next, false); }
void PlotStack::home() {
  if (flow_) change(whole(), false);
}
void PlotStack::back() {
  if (!has_view()) return;
  history_.back();
  gesture_->stop();
  apply_view();
}
void PlotStack::forward() {
  if (!has_view()) return;
  history_.forward();
  gesture_->stop();
  apply_view();
}

PlotPanel* PlotStack::target() const {
  if (hovered_ && hovered_->isVisibleTo(this)) return hovered_;
  const auto visible = visible_panels();
  return visible.empty() ? panels_[0] : visible.front();
}

double PlotStack::fraction_of_mouse() const {
  if (!hovered_ || view().time.span() <= 0) return 0.5;
  return static_cast<double>(hover_time_ - view().time.from) / static_cast<double>(view().time.span());
}

void PlotStack::zoom_time(double factor) {
  if (!has_view()) return;
  ViewState next = view();
  next.time = zoom(next.time, fraction_of_mouse(), factor);
  change(next, true);
}

void PlotStack::zoom_values(double factor) {
  if (!has_view()) return;
  ViewState next = view();
  next.values[key(target())] = zoom(target()->value_range(), 0.5, factor);
  change(next, true);
}

void PlotStack::zoom_all(double factor) {
  if (!has_view()) return;
  ViewState next = view();
  next.time = zoom(next.time, fraction_of_mouse(), factor);
  next.values[key(target())] = zoom(target()->value_range(), 0.5, factor);
  change(next, true);
}

void PlotStack::pan_time(double fractions) {
  if (!has_view()) return;
  ViewState next = view();
  next.time = pan(next.time, fractions);
  change(next, true);
}

void PlotStack::pan_values(double fractions) {
  if (!has_view()) return;
  ViewState next = view();
  next.values[key(target())] = pan(target()->value_range(), fractions);
  change(next, true);
}

void PlotStack::toggle_direction() {
  if (!flow_) return;
  side_ = other(side_);
  end_measurements();
  show_banner();
  rebuild();
  ViewState next = view();  // the other clock has other numbers: only the time means the same
  next.values.clear();
  history_.amend(next);
  apply_view();
  Q_EMIT side_changed();
}

void PlotStack::toggle_origin() {
  absolute_ = !absolute_;
  apply_axis_options();
}

void PlotStack::toggle_crosshair() {
  crosshair_ = !crosshair_;
  apply_overlays();
}

void PlotStack::apply_axis_options() {
  const auto visible = visible_panels();
  for (PlotPanel* panel : visible) {
    panel->surface().set_axis_options({.time_origin_ns = origin(),
                                       .absolute_time = absolute_,
                                       .absolute_value = absolute_,
                                       .time_labels = panel == visible.back()});
  }
}

std::vector<PlotPanel*> PlotStack::visible_panels() const {
  std::vector<PlotPanel*> out;
  for (size_t i = 0; i < panels_.size(); ++i)
    for (PlotPanel* panel : {panels_[i], below_[i]})
      if (!panel->isHidden()) out.push_back(panel);
  return out;
}

void PlotStack::set_panel_visible(PlotKind kind, bool visible) {
  wanted_[static_cast<size_t>(kind)] = visible;
  if (visible) {
    const auto at = std::find(by_need_.begin(), by_need_.end(), kind);
    std::rotate(by_need_.begin(), at, at + 1);
  }
  arrange_panels();
  apply_axis_options();
  apply_overlays();
  Q_EMIT view_changed();
}

void PlotStack::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape) return end_measurements();
  QWidget::keyPressEvent(event);
}

/// Whether its keys work.
void PlotStack::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  if (focus_) draw_focus_frame(painter, palette(), rect(), true);
}

void PlotStack::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange && flow_) show_banner();
}

}  // namespace tsaudit::gui
