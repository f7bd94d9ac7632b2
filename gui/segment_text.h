// SPDX-License-Identifier: GPL-3.0-or-later
// A segment in words: for the table, the crosshair and what is copied.
#pragma once

#include <string>

#include "capture_store.h"

namespace tsaudit::gui {

/// "SYN ACK"
std::string flags_text(uint8_t flags);
/// "confirmed"; empty: there is none
std::string evidence_text(const LogRow& row);
/// "frame 9 · 3.002100 s · client PSH ACK 300 B · drop TCP_RFC7323_PAWS · Δ −1,000,000 · TSval … TSecr … ·
/// TS.Recent …"
std::string segment_line(const LogRow& row, TimeNs origin_ns);

}  // namespace tsaudit::gui
