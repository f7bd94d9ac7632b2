// SPDX-License-Identifier: GPL-3.0-or-later
// What is said of a connection above its plots.
#pragma once

#include <QString>

#include "flow_view.h"

namespace tsaudit::gui {

/// The library's sentence, which knows of the flow alone. `stopped` is where the capture could not be read any
/// further ("after frame 20"), so that nobody takes a part for the whole; empty: nowhere.
QString verdict_sentence(const FlowView& flow, const QString& stopped);

}  // namespace tsaudit::gui
