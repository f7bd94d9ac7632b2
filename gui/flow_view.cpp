// SPDX-License-Identifier: GPL-3.0-or-later
#include "flow_view.h"

#include <algorithm>
#include <cmath>

#include "flow_follower.h"
#include "tsaudit/segment.h"

namespace tsaudit::gui {
namespace {

/// Ticks a second from the samples alone: the median slope of pairs a third of the capture apart, which
/// neither a step nor a burst of retransmissions moves.
double measured_hz(const Series& tsval) {
  std::vector<double> slopes;
  const size_t n = tsval.size(), apart = n / 3, stride = std::max<size_t>(1, n / 300);
  for (size_t i = 0; apart > 0 && i + apart < n; i += stride) {
    const double seconds = static_cast<double>(tsval.time(i + apart) - tsval.time(i)) / 1e9;
    const double ticks = tsval.value(i + apart) - tsval.value(i);
    if (seconds > 0 && !std::isnan(ticks)) slopes.push_back(ticks / seconds);
  }
  if (slopes.size() < 3) return 0;
  std::nth_element(slopes.begin(), slopes.begin() + static_cast<ptrdiff_t>(slopes.size() / 2), slopes.end());
  return std::max(0.0, slopes[slopes.size() / 2]);
}

}  // namespace

std::optional<MarkKind> mark_of(const LogRow& row) {
  const auto verdict = static_cast<Verdict>(row.verdict);
  const auto reason = static_cast<Reason>(row.reason);
  if (verdict == Verdict::unknown) return MarkKind::unknown;
  if (verdict != Verdict::drop || reason == Reason::reset) return std::nullopt;
  if (!is_paws(reason)) return MarkKind::other;
  return row.length == 0 && !(row.flags & (kSyn | kFin)) ? MarkKind::stale_ack : MarkKind::paws;
}

std::shared_ptr<const FlowView> FlowView::build(std::shared_ptr<const CaptureStore> store, uint64_t id,
                                                const std::atomic<bool>* stop) {
  FlowFollower follower(std::move(store), id);
  return follower.follow(stop) ? follower.view(stop) : nullptr;
}

/// The clock's own line goes through the samples before the first step, by their median.
void FlowView::fit_clock(Side side, double hz) {
  Track& track = tracks_[static_cast<size_t>(side)];
  if (track.rows.empty()) return;
  track.hz = hz;
  if (track.hz <= 0) {
    track.hz = measured_hz(track.tsval);
    track.hz_is_guess = true;
  }
  EvenClock clock{.origin_ns = track.times.front()};
  size_t calm = 0;
  if (track.hz > 0) {
    clock.hz = track.hz;
    calm = track.rows.size();
  }
  if (report_)
    for (const Migration& migration : report_->migrations)
      if (migration.endpoint == side) calm = std::min(calm, track.tsval.lower_bound(migration.time_ns));
  std::vector<double> before;
  const size_t stride = std::max<size_t>(1, calm / 4096);
  for (size_t i = 0; i < calm; i += stride)
    if (!std::isnan(track.tsval.value(i)))
      before.push_back(clock.ahead(track.tsval.value(i), track.times[i]));
  const auto middle = before.begin() + static_cast<ptrdiff_t>(before.size() / 2);
  std::nth_element(before.begin(), middle, before.end());
  clock.at_origin = before.empty() ? kNoValue : *middle * track.hz;
  track.residual = track.tsval.ahead_of(clock);
}

size_t FlowView::position_of_frame(uint64_t frame) const {
  const auto at = std::lower_bound(rows_.begin(), rows_.end(), frame, [&](uint32_t index, uint64_t key) {
    return store_->row(index).frame < key;
  });
  return at != rows_.end() && store_->row(*at).frame == frame ? static_cast<size_t>(at - rows_.begin())
                                                              : rows_.size();
}

std::optional<size_t> FlowView::nearest(TimeNs time, std::optional<Side> side) const {
  std::optional<uint32_t> best;
  TimeNs best_distance = INT64_MAX;
  for (const Track& track : tracks_) {
    if (side && &track != &this->track(*side)) continue;
    const SharedArray<TimeNs>& times = track.times;
    const auto at = static_cast<size_t>(std::lower_bound(times.begin(), times.end(), time) - times.begin());
    for (const size_t i : {at, at - 1}) {
      if (i >= times.size()) continue;
      const TimeNs distance = std::abs(times[i] - time);
      if (distance >= best_distance) continue;
      best_distance = distance;
      best = track.rows[i];
    }
  }
  if (!best) return std::nullopt;
  return position_of_frame(store_->row(*best).frame);
}

Side FlowView::interesting_side() const {
  const auto weight = [&](Side side) {
    const Track& t = track(side);
    const auto drops = t.marks[static_cast<size_t>(MarkKind::paws)].size();
    const auto stale = t.marks[static_cast<size_t>(MarkKind::stale_ack)].size();
    bool moved = false;
    if (report_)
      for (const Migration& migration : report_->migrations) moved |= migration.endpoint == side;
    return std::tuple(drops > 0, moved, drops + stale, t.rows.size());
  };
  return weight(Side::server) > weight(Side::client) ? Side::server : Side::client;
}

size_t FlowView::bytes() const {
  size_t sum = rows_.size() * sizeof(uint32_t);
  for (const Track& t : tracks_) {
    sum += t.rows.size() * sizeof(uint32_t) + t.times.size() * sizeof(TimeNs);
    for (const Series* series :
         {&t.tsval, &t.ts_recent, &t.residual, &t.seq, &t.other_tsecr, &t.other_ack, &t.other_rtt})
      sum += series->bytes();
  }
  return sum;
}

}  // namespace tsaudit::gui
