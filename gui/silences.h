// SPDX-License-Identifier: GPL-3.0-or-later
// What a long silence does to a clock's plot: where its line has no meaning, and where TS.Recent holds nobody
// off.
#pragma once

#include <string>
#include <vector>

#include "flow_view.h"
#include "view_transform.h"

namespace tsaudit::gui {

/// The receiver's TS.Recent has become so old that any TSval passes (RFC 7323, 5.5).
struct IdleSpan {
  TimeRange time;         ///< until the first segment that comes again
  TimeNs silence_ns = 0;  ///< in all
};

/// Of the receiver of what `side` sends; none before its kernel is known.
std::vector<IdleSpan> idle_spans(const FlowView& flow, Side side);
/// Samples of `side` that come after a silence which its clock did not go through evenly: another host's
/// clock may have gone on for a part of it, or the rate is not known, and nobody saw when. No line leads to
/// them.
std::vector<uint32_t> lost_in_silence(const Track& track);

}  // namespace tsaudit::gui
