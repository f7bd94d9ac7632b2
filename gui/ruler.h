// SPDX-License-Identifier: GPL-3.0-or-later
// A measurement in a plot: from one time and value to another, whatever part of them is in sight.
#pragma once

#include <string>

#include "plot_content.h"

namespace tsaudit::gui {

struct Ruler {
  TimeNs from_ns = 0, to_ns = 0;
  double from = 0, to = 0;
};

/// What lies between its ends: time, value and rate.
std::string ruler_text(const Ruler& ruler, const PlotContent& content);

}  // namespace tsaudit::gui
