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
/// Round in hours and days: the least such number of seconds that is no less; of less than half an hour, the
/// same.
double round_in_days(double seconds);
/// Seconds, a multiple of `step`: "12,500 s", "0.0025 s"; of steps that round_in_days() made, "18 h", "2 d 6
/// h".
std::string axis_seconds(double seconds, double step);
/// Wall-clock time of day (UTC) with the digits that `step_seconds` calls for, or the date before it.
std::string axis_clock(TimeNs time_ns, double step_seconds);
/// "2026-01-31 23:59:58.125 UTC".
std::string utc_text(TimeNs time_ns);

}  // namespace tsaudit::gui
