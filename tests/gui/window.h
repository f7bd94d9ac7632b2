// SPDX-License-Identifier: GPL-3.0-or-later
// The real window with a capture in it, for tests that drive it.
#pragma once

#include <QApplication>
#include <QSettings>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>
#include <memory>

#include "explain_panel.h"
#include "flow_list.h"
#include "list_view.h"
#include "main_window.h"
#include "plot_stack.h"
#include "segment_table.h"
#include "theme.h"

namespace tsaudit::gui::test {

inline QString capture(const char* name) { return QString(TSAUDIT_CAPTURES) + "/" + name; }

/// Settings of these tests are their own.
inline void own_settings(const QTemporaryDir& folder) {
  QCoreApplication::setOrganizationName("tsaudit-test");
  QCoreApplication::setApplicationName("tsaudit-gui-test");
  QSettings::setDefaultFormat(QSettings::IniFormat);
  QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, folder.path());
}

inline bool wait_for_flow(MainWindow& window) {
  return QTest::qWaitFor(
      [&] {
        return window.document().state() != Document::State::loading && window.plots().flow() &&
               window.plots().flow()->judged() && window.plots().has_view();
      },
      20'000);
}

inline bool show(MainWindow& window, const QString& path, QSize size = {1280, 800}) {
  window.resize(size);
  window.show();
  window.open({path});
  return QTest::qWaitForWindowExposed(&window) && wait_for_flow(window) && (QTest::qWait(50), true);
}

/// Where a time and value of the view stand on a plot.
inline QPoint pixel(PlotPanel& panel, TimeNs time, double value) {
  const ViewTransform transform = panel.surface().transform();
  return {static_cast<int>(std::lround(transform.x_of(time))),
          static_cast<int>(std::lround(transform.y_of(value)))};
}
inline QPoint middle(PlotPanel& panel) {
  const ViewTransform t = panel.surface().transform();
  return {static_cast<int>(t.left + t.width / 2), static_cast<int>(t.top + t.height / 2)};
}

inline void wheel(QWidget& widget, QPoint at, int notches, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
  QWheelEvent event(at, widget.mapToGlobal(at), {}, {0, notches * 120}, Qt::NoButton, modifiers,
                    Qt::NoScrollPhase, false);
  QApplication::sendEvent(&widget, &event);
}

inline void drag(QWidget& widget, QPoint from, QPoint to, Qt::MouseButton button = Qt::LeftButton,
                 Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
  QTest::mousePress(&widget, button, modifiers, from);
  const auto move = [&](QPoint at) {
    QMouseEvent event(QEvent::MouseMove, at, widget.mapToGlobal(at), Qt::NoButton, button, modifiers);
    QApplication::sendEvent(&widget, &event);
  };
  for (int i = 1; i <= 4; ++i) move(from + (to - from) * i / 4);
  QTest::mouseRelease(&widget, button, modifiers, to);
}

/// A test of one window, whose keys go to the first plot.
class DrivenWindow : public QObject {
 protected:
  QTemporaryDir settings_;
  std::unique_ptr<MainWindow> window_;

  PlotStack& plots() { return window_->plots(); }
  PlotPanel& clock() { return plots().panel(PlotKind::clock); }
  PlotSurface& surface() { return clock().surface(); }
  void key(int key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    surface().setFocus();
    QTest::keyClick(&surface(), static_cast<Qt::Key>(key), modifiers);
    QTest::qWait(20);
  }
};

}  // namespace tsaudit::gui::test
