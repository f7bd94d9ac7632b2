// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as they stand on axes: as many digits as the distance of ticks calls for, and no more.
#pragma once

#include <string>

#include "tsaudit/types.h"

namespace tsaudit::gui {

/// `value`, a multiple of `step`, with a group mark each three digits: "12,500", "0.0025".
std::string axis_number(double value, double step);
/// With so many digits that count, and none that say nothing: "333.333", "1,000", "\u22120.5".
std::string rounded_number(double value, int digits);
/// Wall-clock time of day (UTC) with the digits that `step_seconds` calls for.
std::string axis_clock(TimeNs time_ns, double step_seconds);

}  // namespace tsaudit::gui
