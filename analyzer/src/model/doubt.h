// SPDX-License-Identifier: Apache-2.0
// A verdict that the capture left open, held against what the receiver sends next.
#pragma once

#include <optional>

#include "model/trouble.h"
#include "tsaudit/segment.h"

namespace tsaudit {

/// What the receiver sends after a segment in doubt.
struct Sequel {
  const Segment& segment;
  bool last = false;         ///< nothing came for it since the one in doubt
  bool at_receiver = false;  ///< the capture shows what it got, in that order
  bool settled = false;      ///< it has had the time to act on the one in doubt
  bool tick_known = false;   ///< of the receiver's clock, and so in what it measures an old TSval
  bool restored = false;     ///< the receiver was, so that how old an ACK may be started anew
  bool late = false;         ///< an ACK that tells of data which came late
  bool answers = false;      ///< an ACK because of the one in doubt, or for no reason that shows
};

struct DoubtWeighed {
  struct Decision {
    Verdict verdict = Verdict::unknown;
    Reason reason = Reason::state_unknown;
    bool by_echo = false;  ///< TSecr is the TS.Recent that the segment met, and it is still that
  };
  std::optional<Decision> decision = {};
  bool over = false;  ///< no decision is to be expected from what comes later
};

/// The receiver's state when the segment came, had it been this TS.Recent (0: none), of this age.
PawsState state_with(const OpenVerdict& verdict, TsVal ts_recent, int64_t age_seconds);

DoubtWeighed weigh_doubt(const ReceiverProfile& profile, OpenVerdict& doubt, const Sequel& sequel);

}  // namespace tsaudit
