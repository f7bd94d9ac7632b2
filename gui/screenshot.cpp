// SPDX-License-Identifier: GPL-3.0-or-later
#include "screenshot.h"

#include <QApplication>
#include <QEventLoop>
#include <QMessageBox>
#include <QPixmap>
#include <QTimer>
#include <cstdio>

#include "comparer.h"
#include "flow_list.h"
#include "main_window.h"
#include "plot_stack.h"
#include "segment_table.h"

namespace tsaudit::gui {

int take_screenshot(MainWindow& window, const QString& path) {
  Document& document = window.document();
  QEventLoop loop;
  bool explained = false, lost = false;
  quint64 shown = 0;  // the last flow of which the whole was shown
  const auto look = [&] {
    const bool over = document.state() != Document::State::loading;
    const bool nothing = document.store()->flows() == 0 || (lost && document.requested_flow() == 0);
    const bool frame_shown = explained || (!window.wants_frame() && window.segments().selected_frame() == 0);
    if (over && (nothing || (shown != 0 && shown == document.requested_flow() && window.flows().settled() &&
                             frame_shown && window.comparer().settled())))
      loop.quit();
  };
  QObject::connect(&document, &Document::finished, &loop, look);
  QObject::connect(&document, &Document::flow_ready, &loop, [&](const std::shared_ptr<const FlowView>& flow) {
    shown = document.state() == Document::State::loading ? 0 : flow->id();
    look();
  });
  QObject::connect(&document, &Document::flow_lost, &loop, [&] {
    lost = true;
    look();
  });
  QObject::connect(&document, &Document::explained, &loop, [&] {
    explained = true;
    look();
  });
  QObject::connect(&window.flows().model(), &FlowModel::arranged, &loop, look);
  QObject::connect(&window.comparer(), &Comparer::partner_ready, &loop, look);
  QObject::connect(&window.comparer(), &Comparer::failed, &loop, look);
  look();
  loop.exec();
  const QList<QMessageBox*> complaints = window.findChildren<QMessageBox*>();
  for (QMessageBox* box : complaints) {
    std::fprintf(stderr, "tsaudit-gui: %s\n", qPrintable(box->text()));
    box->close();
  }
  if (document.store()->flows() == 0) {
    if (complaints.isEmpty())
      std::fprintf(stderr, "tsaudit-gui: %s: there is no TCP segment in this capture\n",
                   qPrintable(document.title()));
    return 3;
  }
  if (QWidget* focus = window.focusWidget()) focus->clearFocus();  // in a picture no keys go anywhere
  for (int i = 0; i < 3; ++i) QApplication::processEvents();
  for (PlotPanel* panel : window.plots().visible_panels()) panel->surface().replot_now();
  if (window.grab().save(path)) return complaints.isEmpty() ? 0 : 3;
  std::fprintf(stderr, "tsaudit-gui: %s cannot be written\n", qPrintable(path));
  return 4;
}

}  // namespace tsaudit::gui
