// SPDX-License-Identifier: GPL-3.0-or-later
// The wiring of a live capture, and what becomes of its packets.
#include <QEventLoop>
#include <QFileDialog>
#include <QMessageBox>

#include "live_dialog.h"
#include "main_window.h"

namespace tsaudit::gui {

void MainWindow::choose_live() {
  auto* dialog = new LiveDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &LiveDialog::chosen, this, [this](const QString& interface, const QString& filter) {
    if (may_forget_recording()) document_->open_live(interface, filter);
  });
  dialog->open();
}

/// False: it was not saved.
bool MainWindow::save_recording() {
  const QString path = QFileDialog::getSaveFileName(this, tr("Save captured packets"), "tsaudit.pcap",
                                                    tr("Captures (*.pcap)"));
  if (path.isEmpty()) return false;
  QEventLoop until_saved;
  bool done = false;
  connect(document_, &Document::saved, &until_saved, [&](const QString&, const QString& error) {
    done = error.isEmpty();
    until_saved.quit();
  });
  document_->save_recording(path);
  until_saved.exec(QEventLoop::ExcludeUserInputEvents);
  return done;
}

/// Asks, if packets would be lost.
bool MainWindow::may_forget_recording() {
  if (!document_->is_unsaved()) return true;
  QMessageBox box(QMessageBox::Question, tr("tsaudit"),
                  tr("Keep what was captured (%1)?").arg(document_->title()),
                  QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, this);
  box.setObjectName("unsaved");
  box.setDefaultButton(QMessageBox::Save);
  const int answer = box.exec();
  return answer == QMessageBox::Discard || (answer == QMessageBox::Save && save_recording());
}

}  // namespace tsaudit::gui
