// SPDX-License-Identifier: Apache-2.0
// A verdict, told test by test: what `tsaudit explain CAPTURE --frame N` shows.
#pragma once

#include "model/tracker.h"
#include "tsaudit/report.h"

namespace tsaudit {

ReceiverSnapshot snapshot(const Flow& flow, const Host& receiver, TimeNs now);

/// The tests that `receiver` applies to `s` in their order, up to the one that decided.
std::vector<std::string> explain_steps(const ReceiverProfile& profile, const Flow& flow, const Host& receiver,
                                       const Host& sender, const Segment& s, const Judgement& j);

}  // namespace tsaudit
