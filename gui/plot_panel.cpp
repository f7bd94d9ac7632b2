// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot_panel.h"

#include <fmt/format.h>

#include <QApplication>
#include <QHBoxLayout>
#include <QHelpEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QToolButton>
#include <QToolTip>
#include <QVBoxLayout>
#include <QWheelEvent>

#include "qt_text.h"
#include "theme.h"

namespace tsaudit::gui {
namespace {

constexpr double kDragStarts = 4;    ///< pixels; below it a hand trembles
constexpr double kSmallestBox = 8;   ///< a box thinner than this zooms the other axis alone
constexpr double kWheelNotch = 0.8;  ///< of the span that is left after one notch inward
constexpr int kHeaderHeight = 22;

}  // namespace

PlotPanel::PlotPanel(PlotKind kind, QWidget* parent)
    : QWidget(parent), kind_(kind), content_(std::make_shared<PlotContent>()) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  header_ = new QWidget;
  header_->setSizePolicy(QSizePolicy::Ignored,
                         QSizePolicy::Fixed);  // a long legend must not widen the window
  header_->setFixedHeight(kHeaderHeight);
  legend_ = new QHBoxLayout(header_);
  legend_->setContentsMargins(6, 0, 6, 0);
  legend_->setSpacing(2);
  title_ = new QLabel;
  QFont bold = font();
  bold.setBold(true);
  title_->setFont(bold);
  title_->setFixedHeight(kHeaderHeight);
  legend_->addWidget(title_);
  legend_->addSpacing(10);
  legend_->addStretch(1);
  layout->addWidget(header_);
  surface_ = new PlotSurface;
  surface_->setMouseTracking(true);
  surface_->setFocusPolicy(Qt::ClickFocus);
  surface_->setMinimumHeight(60);
  surface_->installEventFilter(this);
  layout->addWidget(surface_, 1);
}

void PlotPanel::set_content(PlotContent content) {
  // What was hidden stays hidden while the plot shows the same things.
  const bool same = std::equal(content.curves.begin(), content.curves.end(), content_->curves.begin(),
                               content_->curves.end(), [](auto& a, auto& b) { return a.name == b.name; });
  if (!same) hidden_.assign(content.curves.size(), false);
  content_ = std::make_shared<const PlotContent>(std::move(content));
  title_->setText(QString::fromStdString(
      content_->unit.empty() ? content_->title : fmt::format("{} [{}]", content_->title, content_->unit)));
  surface_->setAccessibleName(QString::fromStdString(content_->title));
  build_legend();
  surface_->set_content(content_);
  apply_hidden();
}

void PlotPanel::set_view(TimeRange time, std::optional<ValueRange> value) {
  time_ = time;
  value_ = value ? *value : fit_values(*content_, time, hidden_);
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

// Legend: one button a curve and one for each kind of mark.

QPixmap PlotPanel::curve_icon(const Curve& curve) const {
  const qreal ratio = devicePixelRatioF();
  QPixmap pixmap(QSize(18, 12) * ratio);
  pixmap.setDevicePixelRatio(ratio);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  const QColor color = Theme::of(palette()).ink(curve.ink, curve.compared);
  painter.setPen(QPen(color, 2, curve.stroke == Stroke::ghost ? Qt::DashLine : Qt::SolidLine));
  switch (curve.stroke) {
    case Stroke::dots:
      painter.drawEllipse(QPointF(9, 6), 3, 3);
      break;
    case Stroke::step:
      painter.drawPolyline(QPolygonF({{1, 9}, {6, 9}, {6, 6}, {12, 6}, {12, 3}, {17, 3}}));
      break;
    default:
      painter.drawLine(QPointF(1, 6), QPointF(17, 6));
  }
  return pixmap;
}

QPixmap PlotPanel::mark_icon(MarkKind kind) const {
  const qreal ratio = devicePixelRatioF();
  QPixmap pixmap(QSize(14, 12) * ratio);
  pixmap.setDevicePixelRatio(ratio);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  draw_mark(painter, Theme::of(palette()), kind, 7, 6, 9);
  return pixmap;
}

QToolButton* PlotPanel::legend_button(const QString& name, const QPixmap& icon, size_t entry) {
  auto* button = new QToolButton;
  button->setText(name);
  button->setAccessibleName(tr("Show %1").arg(name));
  button->setToolTip(tr("%1\nClick hides or shows it, Alt-click shows it alone").arg(name));
  button->setIcon(icon);
  button->setIconSize(icon.deviceIndependentSize().toSize());
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  button->setAutoRaise(true);
  button->setFixedHeight(kHeaderHeight - 2);
  QFont small = font();
  small.setPointSizeF(small.pointSizeF() * 0.9);
  button->setFont(small);
  connect(button, &QToolButton::clicked, this, [this, entry] { legend_clicked(entry); });
  legend_->insertWidget(legend_->count() - 1, button);
  return button;
}

void PlotPanel::build_legend() {
  for (QToolButton* button : buttons_) delete button;
  buttons_.clear();
  for (size_t i = 0; i < content_->curves.size(); ++i) {
    const Curve& curve = content_->curves[i];
    buttons_.push_back(legend_button(QString::fromStdString(curve.name), curve_icon(curve), i));
  }
  bool seen[kMarkKinds] = {};
  for (const MarkSet& marks : content_->marks) {
    const auto kind = static_cast<size_t>(marks.kind);
    if (std::exchange(seen[kind], true)) continue;
    const auto name = mark_name(marks.kind);
    buttons_.push_back(legend_button(text_of(name), mark_icon(marks.kind), content_->curves.size()));
  }
  fit_legend();
}

/// Where there is no room for all names, those of marks are left to the tooltips, which other plots name too,
/// and then the longest ones.
void PlotPanel::fit_legend() {
  std::vector<QToolButton*> dropped = buttons_;
  const auto marks = dropped.begin() + static_cast<ptrdiff_t>(content_->curves.size());
  std::stable_sort(dropped.begin(), marks,
                   [](auto* a, auto* b) { return a->text().size() > b->text().size(); });
  std::rotate(dropped.begin(), marks, dropped.end());
  for (QToolButton* button : buttons_) button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  int room = header_->width() - title_->sizeHint().width() - 26;
  for (const QToolButton* button : buttons_) room -= button->sizeHint().width() + legend_->spacing();
  for (QToolButton* button : dropped) {
    if (room >= 0) break;
    const int before = button->sizeHint().width();
    button->setToolButtonStyle(Qt::ToolButtonIconOnly);
    room += before - button->sizeHint().width();
  }
}

void PlotPanel::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fit_legend();
}

void PlotPanel::legend_clicked(size_t entry) {
  const size_t curves = content_->curves.size();
  if (QApplication::keyboardModifiers() & Qt::AltModifier) {
    bool alone = marks_hidden_ == (entry != curves);
    for (size_t i = 0; i < curves; ++i) alone &= hidden_[i] == (i != entry);
    for (size_t i = 0; i < curves; ++i) hidden_[i] = !alone && i != entry;  // again: all come back
    marks_hidden_ = !alone && entry != curves;
  } else if (entry == curves) {
    marks_hidden_ = !marks_hidden_;
  } else {
    hidden_[entry] = !hidden_[entry];
  }
  apply_hidden();
  Q_EMIT hidden_changed();
}

void PlotPanel::apply_hidden() {
  hidden_.resize(content_->curves.size());
  for (size_t i = 0; i < buttons_.size(); ++i) {
    const bool hide = i < hidden_.size() ? hidden_[i] : marks_hidden_;
    QFont font = buttons_[i]->font();
    font.setStrikeOut(hide);
    buttons_[i]->setFont(font);
  }
  surface_->set_hidden(hidden_, marks_hidden_);
}

// Gestures.

bool PlotPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched != surface_) return QWidget::eventFilter(watched, event);
  switch (event->type()) {
    case QEvent::MouseButtonPress: {
      const auto* mouse = static_cast<QMouseEvent*>(event);
      pressed(mouse->position(), mouse->button(), mouse->modifiers());
      return false;
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

bool PlotPanel::show_tooltip(QPointF at, QPoint global) {
  const ViewTransform view = surface_->transform();
  QString text;
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

void PlotPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange && !buttons_.empty()) {
    build_legend();
    apply_hidden();
  }
}

void PlotPanel::paint_to(QPainter& painter, const QRect& into) {
  const Theme theme = Theme::of(palette());
  painter.fillRect(into, theme.background);
  int x = into.left() + 8;
  const auto write = [&](const QString& text, const QFont& font) {
    painter.setFont(font);
    painter.setPen(theme.text);
    const int width = QFontMetrics(font).horizontalAdvance(text);
    painter.drawText(QRect(x, into.top(), width + 4, kHeaderHeight), Qt::AlignVCenter, text);
    x += width + 14;
  };
  write(title_->text(), title_->font());
  for (size_t i = 0; i < buttons_.size(); ++i) {
    if (i < hidden_.size() ? hidden_[i] : marks_hidden_) continue;
    const QPixmap icon = buttons_[i]->icon().pixmap(buttons_[i]->iconSize());
    painter.drawPixmap(x, into.top() + (kHeaderHeight - buttons_[i]->iconSize().height()) / 2, icon);
    x += buttons_[i]->iconSize().width() + 4;
    write(buttons_[i]->text(), buttons_[i]->font());
  }
  surface_->paint_to(painter, into.adjusted(0, kHeaderHeight, 0, 0));
}

}  // namespace tsaudit::gui
