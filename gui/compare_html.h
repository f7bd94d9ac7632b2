// SPDX-License-Identifier: GPL-3.0-or-later
// What a comparison says of one connection, as text that wraps to any width.
#pragma once

#include <QString>

#include "tsaudit/compare.h"

namespace tsaudit::gui {

QString comparison_html(const FlowDelta& delta);

}  // namespace tsaudit::gui
