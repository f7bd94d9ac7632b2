// SPDX-License-Identifier: GPL-3.0-or-later
// A picture of the window once everything is there.
#pragma once

#include <QString>

namespace tsaudit::gui {

class MainWindow;

/// Returns the exit code: 0 done, 3 the capture could not be read, 4 the picture could not be written.
int take_screenshot(MainWindow& window, const QString& path);

}  // namespace tsaudit::gui
