// SPDX-License-Identifier: GPL-3.0-or-later
#include "legend.h"

#include <QApplication>
#include <QContextMenuEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QToolButton>
#include <algorithm>

#include "qt_text.h"
#include "theme.h"

namespace tsaudit::gui {
namespace {

constexpr QSize kCurveIcon(18, 12), kMarkIcon(14, 12);

void draw_curve_icon(QPainter& painter, const Theme& theme, const Curve& curve) {
  painter.setPen(QPen(theme.ink(curve.ink, curve.compared), 2,
                      curve.stroke == Stroke::ghost ? Qt::DashLine : Qt::SolidLine));
  painter.setBrush(Qt::NoBrush);
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
}

}  // namespace

Legend::Legend(QWidget* parent) : QWidget(parent), content_(std::make_shared<PlotContent>()) {
  setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);  // a long legend must not widen the window
  setFixedHeight(kHeight);
  layout_ = new QHBoxLayout(this);
  layout_->setContentsMargins(6, 0, 6, 0);
  layout_->setSpacing(2);
  title_ = new QLabel;
  QFont bold = font();
  bold.setBold(true);
  title_->setFont(bold);
  title_->setFixedHeight(kHeight);
  layout_->addWidget(title_);
  layout_->addSpacing(10);
  layout_->addStretch(1);
}

void Legend::set_content(std::shared_ptr<const PlotContent> content) {
  const bool same = std::equal(content->curves.begin(), content->curves.end(), content_->curves.begin(),
                               content_->curves.end(), [](auto& a, auto& b) { return a.name == b.name; });
  if (!same) hidden_.assign(content->curves.size(), false);
  content_ = std::move(content);
  title_->setText(text_of(titled(*content_)));
  build();
}

void Legend::build() {
  for (QToolButton* button : buttons_) delete button;
  buttons_.clear();
  kinds_.clear();
  for (const MarkSet& marks : content_->marks)
    if (std::find(kinds_.begin(), kinds_.end(), marks.kind) == kinds_.end()) kinds_.push_back(marks.kind);
  const size_t curves = content_->curves.size();
  for (size_t i = 0; i < curves; ++i)
    buttons_.push_back(add_button(text_of(content_->curves[i].name), icon_of(i), i));
  for (size_t i = 0; i < kinds_.size(); ++i)
    buttons_.push_back(add_button(text_of(mark_name(kinds_[i])), icon_of(curves + i), curves));
  fit();
  apply();
}

QToolButton* Legend::add_button(const QString& name, const QPixmap& icon, size_t entry) {
  auto* button = new QToolButton;
  button->setText(name);
  button->setAccessibleName(tr("Show %1").arg(name));
  button->setToolTip(
      tr("%1\nClick hides or shows it, Alt-click shows it alone, right click offers both").arg(name));
  button->setIcon(icon);
  button->setIconSize(icon.deviceIndependentSize().toSize());
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  button->setAutoRaise(true);
  button->setFixedHeight(kHeight - 2);
  QFont small = font();
  small.setPointSizeF(small.pointSizeF() * 0.9);
  button->setFont(small);
  connect(button, &QToolButton::clicked, this, [this, entry] { clicked(entry); });
  layout_->insertWidget(layout_->count() - 1, button);
  return button;
}

void Legend::draw_icon(QPainter& painter, size_t button) const {
  const Theme theme = Theme::of(palette());
  painter.setRenderHint(QPainter::Antialiasing);
  if (button < marks_entry())
    draw_curve_icon(painter, theme, content_->curves[button]);
  else
    draw_mark(painter, theme, kinds_[button - marks_entry()], 7, 6, 9);
}

QPixmap Legend::icon_of(size_t button) const {
  const qreal ratio = devicePixelRatioF();
  QPixmap pixmap((button < marks_entry() ? kCurveIcon : kMarkIcon) * ratio);
  pixmap.setDevicePixelRatio(ratio);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  draw_icon(painter, button);
  return pixmap;
}

/// Where there is no room for all names, those of marks are left to the tooltips, which other plots name too,
/// and then the longest ones.
void Legend::fit() {
  std::vector<QToolButton*> dropped = buttons_;
  const auto marks = dropped.begin() + static_cast<ptrdiff_t>(marks_entry());
  std::stable_sort(dropped.begin(), marks,
                   [](auto* a, auto* b) { return a->text().size() > b->text().size(); });
  std::rotate(dropped.begin(), marks, dropped.end());
  for (QToolButton* button : buttons_) button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  int room = width() - title_->sizeHint().width() - 26;
  for (const QToolButton* button : buttons_) room -= button->sizeHint().width() + layout_->spacing();
  for (QToolButton* button : dropped) {
    if (room >= 0) break;
    const int before = button->sizeHint().width();
    button->setToolButtonStyle(Qt::ToolButtonIconOnly);
    room += before - button->sizeHint().width();
  }
}

void Legend::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fit();
}

void Legend::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange && !buttons_.empty()) build();
}

// Hiding.

bool Legend::is_alone(size_t entry) const {
  for (size_t i = 0; i <= marks_entry(); ++i)
    if (is_hidden(i) != (i != entry)) return false;
  return true;
}

void Legend::set_hidden(size_t entry, bool hidden) {
  if (entry < hidden_.size())
    hidden_[entry] = hidden;
  else
    marks_hidden_ = hidden;
}

void Legend::show_alone(size_t entry) {
  for (size_t i = 0; i <= marks_entry(); ++i) set_hidden(i, i != entry);
}

void Legend::show_all() {
  for (size_t i = 0; i <= marks_entry(); ++i) set_hidden(i, false);
}

void Legend::clicked(size_t entry) {
  if (!(QApplication::keyboardModifiers() & Qt::AltModifier))
    set_hidden(entry, !is_hidden(entry));
  else if (is_alone(entry))
    show_all();
  else
    show_alone(entry);
  apply();
  Q_EMIT hidden_changed();
}

void Legend::apply() {
  hidden_.resize(content_->curves.size());
  for (size_t i = 0; i < buttons_.size(); ++i) {
    QFont font = buttons_[i]->font();
    font.setStrikeOut(is_hidden(i));
    buttons_[i]->setFont(font);
  }
}

QString Legend::entry_name(size_t entry) const {
  return entry < marks_entry() ? text_of(content_->curves[entry].name) : tr("discarded segments");
}

/// What a click and an Alt-click do, in words; and all names, also of buttons that have no room for theirs.
QMenu* Legend::new_menu(const QToolButton* button) {
  auto* menu = new QMenu(this);
  menu->setObjectName("legend_menu");
  menu->setAttribute(Qt::WA_DeleteOnClose);
  const auto add = [&](const QString& text, bool enabled, auto change) {
    QAction* action = menu->addAction(text);
    action->setEnabled(enabled);
    connect(action, &QAction::triggered, this, [this, change] {
      change();
      apply();
      Q_EMIT hidden_changed();
    });
    return action;
  };
  const auto at = std::find(buttons_.begin(), buttons_.end(), button);
  if (at != buttons_.end()) {
    const size_t entry = std::min(static_cast<size_t>(at - buttons_.begin()), marks_entry());
    const bool hidden = is_hidden(entry);
    add((hidden ? tr("&Show %1") : tr("&Hide %1")).arg(entry_name(entry)), true,
        [this, entry, hidden] { set_hidden(entry, !hidden); });
    add(tr("Show %1 al&one").arg(entry_name(entry)), !is_alone(entry), [this, entry] { show_alone(entry); });
  }
  bool any_hidden = false;
  for (size_t i = 0; i <= marks_entry(); ++i) any_hidden |= is_hidden(i);
  add(tr("Show &all"), any_hidden, [this] { show_all(); });
  menu->addSeparator();
  for (size_t i = 0; i <= marks_entry(); ++i) {
    if (i == marks_entry() && kinds_.empty()) break;
    QAction* action = add(entry_name(i), true, [this, i] { set_hidden(i, !is_hidden(i)); });
    action->setCheckable(true);
    action->setChecked(!is_hidden(i));
  }
  return menu;
}

void Legend::contextMenuEvent(QContextMenuEvent* event) {
  if (buttons_.empty()) return event->ignore();
  const bool by_key = event->reason() == QContextMenuEvent::Keyboard;
  QWidget* const under = by_key ? focusWidget() : childAt(event->pos());
  new_menu(qobject_cast<QToolButton*>(under))->popup(event->globalPos());
  event->accept();
}

int Legend::paint_to(QPainter* painter, const QRect& into, const QString& title) const {
  constexpr int kIndent = 8, kApart = 14;
  int x = into.left() + kIndent, y = into.top();
  const auto write = [&](const QString& text, const QFont& font) {
    const int width = QFontMetrics(font).horizontalAdvance(text);
    if (painter) {
      painter->setFont(font);
      painter->setPen(Theme::of(palette()).text);
      painter->drawText(QRect(x, y, width + 4, kHeight), Qt::AlignVCenter, text);
    }
    x += width + kApart;
  };
  write(title, title_->font());
  for (size_t i = 0; i < buttons_.size(); ++i) {
    if (is_hidden(i)) continue;
    QFont font = buttons_[i]->font();
    font.setStrikeOut(false);
    const QSize icon = i < marks_entry() ? kCurveIcon : kMarkIcon;
    if (x + icon.width() + 4 + QFontMetrics(font).horizontalAdvance(buttons_[i]->text()) > into.right()) {
      x = into.left() + kIndent;
      y += kHeight - 4;
    }
    if (painter) {
      painter->save();
      painter->translate(x, y + (kHeight - icon.height()) / 2);
      draw_icon(*painter, i);
      painter->restore();
    }
    x += icon.width() + 4;
    write(buttons_[i]->text(), font);
  }
  return y + kHeight - into.top();
}

}  // namespace tsaudit::gui
