// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot_panel.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <QVBoxLayout>
#include <QWheelEvent>

#include "legend.h"
#include "qt_text.h"
#include "theme.h"

namespace tsaudit::gui {
namespace {

constexpr double kDragStarts = 4;    ///< pixels; below it a hand trembles
constexpr double kSmallestBox = 8;   ///< a box thinner than this zooms the other axis alone
constexpr double kClickReach = 14;   ///< pixels around a mark that count as the mark
constexpr double kWheelNotch = 0.8;  ///< of the span that is left after one notch inward

}  // namespace

PlotPanel::PlotPanel(PlotKind kind, QWidget* parent)
    : QWidget(parent), kind_(kind), content_(std::make_shared<PlotContent>()) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  legend_ = new Legend;
  connect(legend_, &Legend::hidden_changed, this, [this] {
    apply_hidden();
    Q_EMIT hidden_changed();
  });
  layout->addWidget(legend_);
  surface_ = new PlotSurface;
  surface_->setMouseTracking(true);
  surface_->setFocusPolicy(Qt::ClickFocus);
  surface_->setMinimumHeight(60);
  surface_->installEventFilter(this);
  layout->addWidget(surface_, 1);
}

void PlotPanel::set_content(PlotContent content) {
  content_ = std::make_shared<const PlotContent>(std::move(content));
  legend_->set_content(content_);
  surface_->setAccessibleName(text_of(content_->title));
  surface_->set_content(content_);
  apply_hidden();
}

void PlotPanel::set_view(TimeRange time, std::optional<ValueRange> value) {
  time_ = time;
  value_ = value ? *value : fit_values(*content_, time, hidden());
  surface_->set_view(time_, value_);
}

void PlotPanel::set_overlay(const PlotOverlay& overlay) {
  const auto box = overlay_.box;
  const auto ruler = overlay_.ruler;
  const QString text = overlay_.ruler_text;
  overlay_ = overlay;
  overlay_.box = box;
  overlay_.ruler = ruler;
  overlay_.ruler_text = text;
  surface_->set_overlay(overlay_);
}

void PlotPanel::end_measurement() {
  if (drag_ == Drag::ruler) drag_ = Drag::none;
  overlay_.ruler.reset();
  surface_->set_overlay(overlay_);
}

const std::vector<bool>& PlotPanel::hidden() const { return legend_->hidden(); }
bool PlotPanel::marks_hidden() const { return legend_->marks_hidden(); }
void PlotPanel::apply_hidden() { surface_->set_hidden(hidden(), marks_hidden()); }

// Gestures.

bool PlotPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched != surface_) return QWidget::eventFilter(watched, event);
  switch (event->type()) {
    case QEvent::MouseButtonPress: {
      const auto* mouse = static_cast<QMouseEvent*>(event);
      pressed(mouse->position(), mouse->button(), mouse->modifiers());
      return false;
    }
    case QEvent::MouseButtonDblClick: {
      const auto* mouse = static_cast<QMouseEvent*>(event);
      const ViewTransform view = surface_->transform();
      if (mouse->button() == Qt::LeftButton)
        Q_EMIT double_clicked(view.time_at(mouse->position().x()), view.value_at(mouse->position().y()));
      return true;
    }
    case QEvent::MouseMove:
      moved(static_cast<QMouseEvent*>(event)->position());
      return true;
    case QEvent::MouseButtonRelease:
      released(static_cast<QMouseEvent*>(event)->position());
      return true;
    case QEvent::Leave:
      Q_EMIT hover_ended();
      return false;
    case QEvent::Wheel: {
      auto* wheel = static_cast<QWheelEvent*>(event);
      wheel->accept();
      return wheeled(wheel->position(), wheel->angleDelta(), wheel->modifiers());
    }
    case QEvent::ToolTip: {
      const auto* help = static_cast<QHelpEvent*>(event);
      return show_tooltip(QPointF(help->pos()), help->globalPos());
    }
    case QEvent::Resize:
      return false;
    default:
      return QWidget::eventFilter(watched, event);
  }
}

bool PlotPanel::wheeled(QPointF at, QPoint angle, Qt::KeyboardModifiers modifiers) {
  const ViewTransform view = surface_->transform();
  if (angle.x() != 0 && std::abs(angle.x()) > std::abs(angle.y())) {
    Q_EMIT view_wanted(pan(time_, -angle.x() / 120.0 * 0.1), std::nullopt, true);
    return true;
  }
  const double notches = angle.y() / 120.0;
  if (notches == 0) return true;
  if (modifiers & Qt::ShiftModifier) {
    Q_EMIT view_wanted(pan(time_, -notches * 0.1), std::nullopt, true);
    return true;
  }
  const double factor = std::pow(kWheelNotch, notches);
  const bool over_values = at.x()<view.left, over_time = at.y()> view.top + view.height;
  const double x = std::clamp(view.x_fraction(at.x()), 0.0, 1.0);
  const double y = std::clamp(view.y_fraction(at.y()), 0.0, 1.0);
  if (over_values || (modifiers & Qt::ControlModifier)) {
    Q_EMIT view_wanted(time_, zoom(value_, y, factor), true);
  } else if (over_time) {
    Q_EMIT view_wanted(zoom(time_, x, factor), std::nullopt, true);
  } else {
    Q_EMIT view_wanted(zoom(time_, x, factor), zoom(value_, y, factor), true);
  }
  return true;
}

void PlotPanel::pressed(QPointF at, Qt::MouseButton button, Qt::KeyboardModifiers modifiers) {
  const ViewTransform view = surface_->transform();
  if (drag_ != Drag::none || !view.contains(at.x(), at.y())) return;
  drag_from_ = at;
  drag_time_ = time_;
  drag_value_ = value_;
  if (button == Qt::MiddleButton) {
    drag_ = Drag::pan;
    surface_->setCursor(Qt::ClosedHandCursor);
  } else if (button == Qt::LeftButton) {
    drag_ = modifiers & Qt::ShiftModifier ? Drag::ruler : Drag::press;
    if (drag_ != Drag::ruler) return;
    const TimeNs time = view.time_at(at.x());
    const double value = view.value_at(at.y());
    overlay_.ruler = Ruler{.from_ns = time, .to_ns = time, .from = value, .to = value};
    overlay_.ruler_text.clear();
  }
}

void PlotPanel::moved(QPointF at) {
  const ViewTransform view = surface_->transform();
  if (drag_ == Drag::press &&
      std::max(std::abs(at.x() - drag_from_.x()), std::abs(at.y() - drag_from_.y())) > kDragStarts) {
    drag_ = Drag::box;
  }
  update_drag(at);
  if (view.contains(at.x(), at.y()))
    Q_EMIT hovered(view.time_at(at.x()), view.value_at(at.y()));
  else
    Q_EMIT hover_ended();
}

void PlotPanel::update_drag(QPointF at) {
  const ViewTransform view = surface_->transform();
  const QPointF held(std::clamp(at.x(), view.left, view.left + view.width),
                     std::clamp(at.y(), view.top, view.top + view.height));
  if (drag_ == Drag::pan) {
    const double dx = (drag_from_.x() - at.x()) / view.width, dy = (at.y() - drag_from_.y()) / view.height;
    Q_EMIT view_wanted(
        pan(drag_time_, dx),
        std::abs(dy) * view.height > kDragStarts ? std::optional(pan(drag_value_, dy)) : std::nullopt, true);
  } else if (drag_ == Drag::box) {
    overlay_.box = QRectF(drag_from_, held).normalized();
    surface_->set_overlay(overlay_);
  } else if (drag_ == Drag::ruler) {
    overlay_.ruler->to_ns = view.time_at(held.x());
    overlay_.ruler->to = view.value_at(held.y());
    overlay_.ruler_text = QString::fromStdString(ruler_text(*overlay_.ruler, *content_));
    surface_->set_overlay(overlay_);
  }
}

void PlotPanel::released(QPointF at) {
  const ViewTransform view = surface_->transform();
  const Drag was = std::exchange(drag_, Drag::none);
  if (was == Drag::press) {
    overlay_.ruler.reset();
    Q_EMIT clicked(view.time_at(at.x()), view.value_at(at.y()));
  } else if (was == Drag::box && overlay_.box) {
    const QRectF box = *overlay_.box;
    const bool wide = box.width() >= kSmallestBox, high = box.height() >= kSmallestBox;
    const TimeRange time = wide ? TimeRange{view.time_at(box.left()), view.time_at(box.right())} : time_;
    const ValueRange value =
        high ? ValueRange{view.value_at(box.bottom()), view.value_at(box.top())} : value_;
    if ((wide || high) && (!wide || time.span() >= kMinSpanNs))
      Q_EMIT view_wanted(time, high ? std::optional(value) : std::nullopt, false);
  } else if (was == Drag::pan) {
    surface_->unsetCursor();
  } else if (was == Drag::ruler && overlay_.ruler_text.isEmpty()) {
    overlay_.ruler.reset();  // it was not drawn out
  }
  // The ruler stays until the next click: it is read, perhaps copied by hand.
  overlay_.box.reset();
  surface_->set_overlay(overlay_);
}

const MarkCluster* PlotPanel::cluster_at(QPointF at) const {
  const MarkCluster* best = nullptr;
  double best_distance = kClickReach;
  for (const MarkCluster& mark : surface_->clusters()) {
    const double distance = mark.count_at.contains(at) ? 0 : std::hypot(mark.x - at.x(), mark.y - at.y());
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = &mark;
  }
  return best;
}

/// How many, and which.
QString PlotPanel::cluster_text(const MarkCluster& mark) const {
  const CaptureStore& store = content_->holds[mark.holder]->store();
  const auto frame = [&](uint32_t row) { return text_of(grouped(store.row(row).frame)); };
  const QString what = text_of(mark_name(mark.kind));
  return mark.count == 1
             ? tr("%1: frame %2").arg(what, frame(mark.row))
             : tr("%1 \u00d7 %2: frames %3 to %4\nA click selects the first, a double click zooms in")
                   .arg(text_of(grouped(mark.count)), what, frame(mark.row), frame(mark.last_row));
}

bool PlotPanel::show_tooltip(QPointF at, QPoint global) {
  const ViewTransform view = surface_->transform();
  QString text;
  if (const MarkCluster* mark = marks_hidden() ? nullptr : cluster_at(at)) text = cluster_text(*mark);
  for (const Band& band : content_->bands) {
    const double left = view.x_of(band.from_ns) - 3, right = view.x_of(band.to_ns) + 6;
    if (view.contains(at.x(), at.y()) && at.x() >= left && at.x() <= right)
      text += (text.isEmpty() ? "" : "\n\n") + QString::fromStdString(band.detail);
  }
  if (text.isEmpty())
    QToolTip::hideText();
  else
    QToolTip::showText(global, text, surface_);
  return true;
}

void PlotPanel::paint_to(QPainter& painter, const QRect& into, const QString& title) {
  const int height = legend_->paint_to(&painter, into, title);
  surface_->paint_to(painter, into.adjusted(0, height, 0, 0));
}

}  // namespace tsaudit::gui
