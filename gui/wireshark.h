// SPDX-License-Identifier: GPL-3.0-or-later
// The way to Wireshark: filters to paste, and the capture opened at a frame.
#pragma once

#include <QString>

#include "flow_view.h"

namespace tsaudit::gui {

/// The connection as a display filter. Both endpoints are named: a stream number would not mean the same in
/// another file.
QString display_filter(const FlowView& flow);
/// The same, of discarded segments alone. Frame numbers, at most `most`.
QString dropped_filter(const FlowView& flow, size_t most = 200);
bool wireshark_installed();
/// False if it could not be started.
bool open_in_wireshark(const QString& capture, quint64 frame);

}  // namespace tsaudit::gui
