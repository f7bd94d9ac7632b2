// SPDX-License-Identifier: GPL-3.0-or-later
// The wiring of a comparison.
#include <QSplitter>
#include <QStatusBar>

#include "compare_panel.h"
#include "comparer.h"
#include "flow_list.h"
#include "main_window.h"
#include "plot_stack.h"

namespace tsaudit::gui {

void MainWindow::connect_comparison() {
  connect(comparer_, &Comparer::changed, this, &MainWindow::comparison_changed);
  connect(comparer_, &Comparer::failed, this, &MainWindow::complain);
  connect(comparer_, &Comparer::partner_ready, this, [this](const std::shared_ptr<const FlowView>& flow) {
    plots_->show_baseline(flow);
    comparison_changed();
  });
  connect(compare_, &ComparePanel::chosen, this, &MainWindow::comparison_chosen);
  connect(compare_, &ComparePanel::end_wanted, comparer_, &Comparer::end);
}

void MainWindow::compare_with(const QStringList& baseline) {
  if (!baseline.isEmpty()) comparer_->start(baseline);
}

void MainWindow::choose_baseline() {
  compare_with(ask_for_captures(tr("Compare with a capture that is known to be good")));
}

void MainWindow::comparison_changed() {
  if (comparer_->active() && compare_->isHidden())
    left_->setSizes({2, 3});  // of five parts; it has more to say
  compare_->setVisible(comparer_->active());
  if (comparer_->active()) {
    if (compare_->model().comparison() != comparer_->comparison() || !comparer_->comparison())
      compare_->show_comparison(comparer_->title(), comparer_->comparison());
    compare_->select(comparer_->delta());
  }
  compare_->show_delta(comparer_->delta());
  update_actions();
}

void MainWindow::comparison_chosen(const FlowDelta& delta) {
  if (delta.candidate) return flows_->select(delta.candidate->role.order);
  compare_->show_delta(&delta);
  statusBar()->showMessage(tr("Only %1 has this connection").arg(comparer_->title()), 6000);
}

}  // namespace tsaudit::gui
