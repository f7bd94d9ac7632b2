// SPDX-License-Identifier: GPL-3.0-or-later
// The table of actions, and those that ask for something first.
#include <QActionGroup>
#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QInputDialog>
#include <QMenu>
#include <QMessageBox>
#include <QStatusBar>

#include "actions.h"
#include "comparer.h"
#include "exporter.h"
#include "flow_list.h"
#include "list_view.h"
#include "main_window.h"
#include "plot_stack.h"
#include "segment_table.h"
#include "theme.h"
#include "wireshark.h"

namespace tsaudit::gui {
namespace {

constexpr double kZoomStep = 0.7, kPanStep = 0.1;
constexpr QSize kLeastExport(900, 700);

}  // namespace

void MainWindow::build_actions() {
  const auto zoom = [this](double factor) { return [this, factor] { plots_->zoom_all(factor); }; };
  const auto panel = [this](PlotKind kind) {
    return [this, kind] { plots_->set_panel_visible(kind, plots_->panel(kind).isHidden()); };
  };
  const auto copy = [this](QString (*text)(const FlowView&)) {
    return [this, text] {
      if (!plots_->flow()) return;
      QApplication::clipboard()->setText(text(*plots_->flow()));
      statusBar()->showMessage(tr("Copied: %1").arg(QApplication::clipboard()->text()), 6000);
    };
  };
  const bool plots = true, check = true, line = true;
  std::vector<ActionSpec> specs{
      {"open", "&File", "&Open\u2026", "Ctrl+O", [this] { choose_files(); }},
      {"live", "&File", "&Live capture\u2026", "Ctrl+L", [this] { choose_live(); }},
      {"save", "&File", "Save captured &packets\u2026", "Ctrl+S", [this] { save_recording(); }},
      {"compare", "&File", "&Compare with\u2026", "Ctrl+Shift+O", [this] { choose_baseline(); }, false, false,
       line},
      {"end-compare", "&File", "End co&mparison", "", [this] { comparer_->end(); }},
      {"reload", "&File", "&Read again", "F5; Ctrl+R", [this] { document_->reload(); }},
      {"stop", "&File", "&Stop reading", "Esc", [this] { document_->cancel(); }},
      {"export", "&File", "&Export plots\u2026", "Ctrl+E", [this] { choose_export(); }, false, false, line},
      {"csv", "&File", "Export segments in sight as &CSV\u2026", "Ctrl+Shift+E", [this] { choose_csv(); }},
      {"wireshark", "&File", "Open in &Wireshark", "Ctrl+W", [this] { to_wireshark(); }, false, false, line},
      {"quit", "&File", "&Quit", "Ctrl+Q", [this] { close(); }, false, false, line},
      {"copy-filter", "&Edit", "&Copy connection as display filter", "Ctrl+Shift+C", copy(&display_filter)},
      {"copy-dropped", "&Edit", "Copy &discarded frames as display filter", "Ctrl+Shift+D",
       copy([](const FlowView& flow) { return dropped_filter(flow); })},
      {"filter", "&Edit", "&Filter connections", "Ctrl+F", [this] { focus_filter(); }},
      {"back", "&View", "\u2190 &Back", "Alt+Left; Backspace", [this] { plots_->back(); }},
      {"forward", "&View", "\u2192 &Forward", "Alt+Right", [this] { plots_->forward(); }},
      {"home", "&View", "&Whole connection", "Home; 0", [this] { plots_->home(); }, plots},
      {"zoom-in", "&View", "Zoom &in", "+; =", zoom(kZoomStep), plots, false, line},
      {"zoom-out", "&View", "Zoom &out", "-", zoom(1 / kZoomStep), plots},
      {"time-in", "&View", "Zoom in, time alone", "X", [this] { plots_->zoom_time(kZoomStep); }, plots},
      {"time-out", "&View", "Zoom out, time alone", "Shift+X", [this] { plots_->zoom_time(1 / kZoomStep); },
       plots},
      {"values-in", "&View", "Zoom in, values alone", "Y", [this] { plots_->zoom_values(kZoomStep); }, plots},
      {"values-out", "&View", "Zoom out, values alone", "Shift+Y",
       [this] { plots_->zoom_values(1 / kZoomStep); }, plots},
      {"pan-left", "&View", "Earlier", "Left; H", [this] { plots_->pan_time(-kPanStep); }, plots, false,
       line},
      {"pan-right", "&View", "Later", "Right; L", [this] { plots_->pan_time(kPanStep); }, plots},
      {"pan-up", "&View", "Higher values", "Up; K", [this] { plots_->pan_values(kPanStep); }, plots},
      {"pan-down", "&View", "Lower values", "Down; J", [this] { plots_->pan_values(-kPanStep); }, plots},
      {"crosshair", "&View", "&Crosshair", "Space", [this] { plots_->toggle_crosshair(); }, plots, check,
       line},
      {"origin", "&View", "Absolute &time and values", "T", [this] { plots_->toggle_origin(); }, plots,
       check},
      {"stack", "&View", "&Baseline under the plots, not in them", "S", [this] { plots_->toggle_stacked(); },
       plots, check},
      {"panel-clock", "&View", "TSval", "1", panel(PlotKind::clock), plots, check, line},
      {"panel-residual", "&View", "TSval against its clock", "2", panel(PlotKind::residual), plots, check},
      {"panel-sequence", "&View", "Bytes", "3", panel(PlotKind::sequence), plots, check},
      {"panel-rtt", "&View", "Round trip", "4", panel(PlotKind::rtt), plots, check},
      {"go", "&Go", "&Go to frame\u2026", "G; Ctrl+G", [this] { ask_frame(); }},
      {"direction", "&Go", "Other &direction", "D", [this] { plots_->toggle_direction(); }},
      {"next-dropped", "&Go", "&Next discarded", "N", [this] { next_dropped(1); }},
      {"previous-dropped", "&Go", "&Previous discarded", "Shift+N", [this] { next_dropped(-1); }},
      {"next-flow", "&Go", "Next connection", "PgDown", [this] { flows_->step(1); }, plots, false, line},
      {"previous-flow", "&Go", "Previous connection", "PgUp", [this] { flows_->step(-1); }, plots},
      {"keys", "&Help", "&Keys and mouse", "F1", [this] { actions_->show_sheet(this); }},
      {"about", "&Help", "&About tsaudit", "", [this] { about(); }},
  };
  actions_ = std::make_unique<ActionTable>(this, plots_, std::move(specs));
  actions_->action("crosshair")->setChecked(true);

  recent_ = new QMenu(tr("Open re&cent"), this);
  actions_->menu("&File")->insertMenu(actions_->action("live"), recent_);
  update_recent();
  QMenu* colours = actions_->menu("&View")->addMenu(tr("Co&lours"));
  auto* group = new QActionGroup(this);
  const QString chosen = settings_.text("colours", "system");
  const std::pair<QString, QString> schemes[] = {
      {"system", tr("As the desktop")}, {"light", tr("Light")}, {"dark", tr("Dark")}};
  for (const auto& [scheme, text] : schemes) {
    QAction* action = colours->addAction(text);
    action->setCheckable(true);
    action->setChecked(scheme == chosen);
    group->addAction(action);
    connect(action, &QAction::triggered, this, [this, scheme = scheme] {
      settings_.set_text("colours", scheme);
      apply_color_scheme(scheme);
    });
  }
}

void MainWindow::connect_context_menus() {
  for (QWidget* widget : std::initializer_list<QWidget*>{plots_, flows_->table(), segments_->table()})
    widget->setContextMenuPolicy(Qt::CustomContextMenu);
  const char* const line = nullptr;
  connect(plots_, &QWidget::customContextMenuRequested, this, [this, line](QPoint at) {
    plots_->hold_hover();  // what is chosen means the plot under the pointer
    const QMenu* menu = actions_->popup(
        {"zoom-in", "zoom-out", "home", "back", "forward", line, "direction", "next-dropped",
         "previous-dropped", "go", line, "copy-filter", "copy-dropped", "wireshark", line, "export", "csv"},
        plots_->mapToGlobal(at), this);
    connect(menu, &QMenu::aboutToHide, plots_, &PlotStack::end_hover, Qt::QueuedConnection);
  });
  connect(flows_->table(), &QWidget::customContextMenuRequested, this, [this, line](QPoint at) {
    actions_->popup(
        {"copy-filter", "copy-dropped", "wireshark", line, "next-flow", "previous-flow", "filter"},
        flows_->table()->viewport()->mapToGlobal(at), this);
  });
  connect(segments_->table(), &QWidget::customContextMenuRequested, this, [this, line](QPoint at) {
    actions_->popup({"wireshark", "copy-filter", "copy-dropped", line, "next-dropped", "previous-dropped",
                     "go", line, "csv"},
                    segments_->table()->viewport()->mapToGlobal(at), this);
  });
}

QStringList MainWindow::ask_for_captures(const QString& title) {
  const QStringList paths = QFileDialog::getOpenFileNames(
      this, title, settings_.text("folder", {}),
      tr("Captures (*.pcap *.pcapng *.cap *.snoop *.erf *.pcap[0-9]* *.gz *.zst *.lz4);;All files (*)"));
  if (!paths.isEmpty()) settings_.set_text("folder", QFileInfo(paths.front()).absolutePath());
  return paths;
}

void MainWindow::choose_files() { open(ask_for_captures(tr("Open a capture; several files are read as one"))); }

void MainWindow::tell_written(const QString& path, const QString& error) {
  if (error.isEmpty())
    statusBar()->showMessage(tr("Written: %1").arg(path), 6000);
  else
    complain(error);
}

void MainWindow::choose_export() {
  const QString path = QFileDialog::getSaveFileName(this, tr("Export plots"), "tsaudit.png",
                                                    tr("PNG (*.png);;SVG (*.svg);;PDF (*.pdf)"));
  if (path.isEmpty()) return;
  // A small window's plots are not those of a small picture.
  const QString capture = comparer_->active() ? tr("%1 beside %2").arg(document_->title(), comparer_->title())
                                              : document_->title();
  tell_written(path, export_plots(*plots_, path, plots_->size().expandedTo(kLeastExport), capture));
}

void MainWindow::choose_csv() {
  if (!plots_->flow()) return;
  const QString path =
      QFileDialog::getSaveFileName(this, tr("Export segments in sight"), "segments.csv", tr("CSV (*.csv)"));
  if (path.isEmpty()) return;
  const QString error = export_csv(*plots_->flow(), plots_->view().time, path);
  if (!error.isEmpty()) complain(error);
}

void MainWindow::to_wireshark() {
  if (!wireshark_installed()) return complain(tr("Wireshark is not installed."));
  if (!open_in_wireshark(document_->paths().front(), selected_frame()))
    complain(tr("Wireshark did not start."));
}

void MainWindow::ask_frame() {
  auto* dialog = new QInputDialog(this);
  dialog->setObjectName("go_to_frame");
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Go to frame"));
  dialog->setLabelText(tr("Number of the frame, as in Wireshark:"));
  dialog->setInputMode(QInputDialog::IntInput);
  dialog->setIntRange(1, INT_MAX);
  if (selected_frame()) dialog->setIntValue(static_cast<int>(selected_frame()));
  connect(dialog, &QInputDialog::intValueSelected, this,
          [this](int frame) { go_to_frame(static_cast<quint64>(frame)); });
  dialog->open();
}

void MainWindow::about() {
  auto* box = new QMessageBox(
      QMessageBox::NoIcon, tr("About tsaudit"),
      tr("<h3>tsaudit %1</h3><p>Did TCP timestamps kill this connection?</p><p>The viewer is free software "
         "under "
         "the GNU General Public License, version 3 or later. It uses Qt and QCustomPlot.</p>")
          .arg(QApplication::applicationVersion()),
      QMessageBox::Close, this);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->open();
}

}  // namespace tsaudit::gui
