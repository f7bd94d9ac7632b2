// SPDX-License-Identifier: GPL-3.0-or-later
// The line above a plot: its title, and a button for each curve and each kind of mark, which hides and shows
// it.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "plot_content.h"

class QHBoxLayout;
class QLabel;
class QMenu;
class QToolButton;

namespace tsaudit::gui {

class Legend : public QWidget {
  Q_OBJECT

 public:
  static constexpr int kHeight = 22;
  explicit Legend(QWidget* parent = nullptr);

  /// What was hidden stays hidden while the plot shows the same things.
  void set_content(std::shared_ptr<const PlotContent> content);
  const std::vector<bool>& hidden() const { return hidden_; }  ///< by curve
  bool marks_hidden() const { return marks_hidden_; }
  /// Title and all that is not hidden, with all names, on as many lines as it takes. Returns their height;
  /// without a painter it measures alone.
  int paint_to(QPainter* painter, const QRect& into, const QString& title) const;

 Q_SIGNALS:
  void hidden_changed();

 protected:
  void changeEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  /// A curve, or all marks: they are hidden together, as the entry after the last curve.
  size_t marks_entry() const { return content_->curves.size(); }
  bool is_hidden(size_t entry) const { return entry < hidden_.size() ? hidden_[entry] : marks_hidden_; }
  void set_hidden(size_t entry, bool hidden);
  void show_alone(size_t entry);
  void show_all();
  bool is_alone(size_t entry) const;
  QString entry_name(size_t entry) const;
  void clicked(size_t entry);
  void apply();
  void build();
  void fit();
  QToolButton* add_button(const QString& name, const QPixmap& icon, size_t entry);
  QMenu* new_menu(const QToolButton* button);
  QPixmap icon_of(size_t button) const;
  void draw_icon(QPainter& painter, size_t button) const;

  std::shared_ptr<const PlotContent> content_;
  QLabel* title_ = nullptr;
  QHBoxLayout* layout_ = nullptr;
  std::vector<QToolButton*> buttons_;  ///< of the curves, then of the kinds of marks
  std::vector<MarkKind> kinds_;        ///< those that have a button
  std::vector<bool> hidden_;
  bool marks_hidden_ = false;
};

}  // namespace tsaudit::gui
