// SPDX-License-Identifier: GPL-3.0-or-later
#include "silences.h"

#include <algorithm>
#include <cmath>

#include "tsaudit/profile.h"

namespace tsaudit::gui {
namespace {

constexpr double kUneven = 0.01;  ///< of the silence: no clock is that wrong, and no rate measured that badly

}  // namespace

std::vector<IdleSpan> idle_spans(const FlowView& flow, Side side) {
  std::vector<IdleSpan> out;
  if (!flow.report()) return out;
  const ReceiverProfile* profile = flow.report()->directions[static_cast<size_t>(side)].receiver_profile;
  if (!profile) return out;
  const Track& track = flow.track(side);
  TimeNs last_since = INT64_MIN;
  for (const Silence& each : track.silences) {
    const TimeNs from = each.since_ns + profile->idle_seconds * kSecond, to = track.times[each.sample];
    // The first segment alone ends it: what else comes before TS.Recent is renewed passes as well.
    if (to <= from || each.since_ns == last_since) continue;
    last_since = each.since_ns;
    out.push_back({.time = {from, to}, .silence_ns = to - each.since_ns});
  }
  return out;
}

std::vector<uint32_t> lost_in_silence(const Track& track) {
  std::vector<uint32_t> out;
  for (const Silence& each : track.silences) {
    size_t before = each.sample;
    while (before > 0 && std::isnan(track.tsval.value(before - 1))) --before;
    if (before-- == 0) continue;
    const double passed = static_cast<double>(track.times[each.sample] - track.times[before]) / 1e9;
    const double ahead = track.residual.value(each.sample) - track.residual.value(before);
    if (track.hz > 0 && std::abs(ahead) <= std::max(passed * kUneven, 1.0)) continue;
    out.push_back(each.sample);
  }
  return out;
}

}  // namespace tsaudit::gui
