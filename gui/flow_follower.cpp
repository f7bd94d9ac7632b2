// SPDX-License-Identifier: GPL-3.0-or-later
#include "flow_follower.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <vector>

#include "tsaudit/profile.h"
#include "tsaudit/segment.h"

namespace tsaudit::gui {
namespace {

/// A flow with fewer of the rows than one of so many is walked along its own.
constexpr uint32_t kSparse = 4;
constexpr size_t kBetweenLooks = 1 << 16;  ///< rows that pass until `stop` is looked at

/// The shortest silence after which a receiver lets any TSval pass.
TimeNs shortest_idle() {
  static const TimeNs shortest =
      std::ranges::min(receiver_profiles(), {}, &ReceiverProfile::idle_seconds).idle_seconds * kSecond;
  return shortest;
}

bool is_set(const std::atomic<bool>* stop) { return stop && stop->load(std::memory_order_relaxed); }

}  // namespace

void FlowFollower::Growing::reserve(size_t size) {
  rows.reserve(size);
  times.reserve(size);
  for (GrowingPyramid* column : {&tsval, &ts_recent, &seq, &other_tsecr, &other_ack, &other_rtt})
    column->reserve(size);
}

/// TS.Recent leads, so that TSval stands above or below it by exactly what the receiver sees. But for a
/// silence of more than half of the number circle: what the receiver sees then says nothing of the clock, and
/// it is the time that tells where TSval stands.
void FlowFollower::Growing::append_clock(const LogRow& row, double hz) {
  const auto sample = static_cast<uint32_t>(tsval.size());
  // A receiver whose TS.Recent is 0 has none. It has lost it, or has not had one yet.
  const bool has_recent = row.has_ts && row.ts_recent_known && row.ts_recent != 0 && ticks.started();
  if (row.has_ts && row.ts_recent_known && row.ts_recent == 0) unset.push_back(sample);
  ts_recent.append(has_recent ? ticks.place(row.ts_recent) : kNoValue);
  if (!row.has_ts) return append_tsval(kNoValue);
  const TimeNs silence = renewed_ns == kNever ? 0 : row.time_ns - renewed_ns;
  if (silence >= shortest_idle()) silences.push_back({.sample = sample, .since_ns = renewed_ns});
  const double passed = ticks_beyond_half(silence, hz);
  const bool refused = static_cast<Verdict>(row.verdict) == Verdict::drop;
  double value = 0;
  if (passed > 0)
    value = refused ? ticks.peek(row.tsval, renewed + passed) : ticks.place(row.tsval, renewed + passed);
  else
    value = has_recent ? ticks.peek(row.tsval) : ticks.place(row.tsval);
  append_tsval(value);
  if (refused) return;
  renewed_ns = row.time_ns;
  renewed = value;
}

void FlowFollower::Growing::append_tsval(double value) {
  // The clock went back: what was before is never echoed in order again.
  if (value < last_tsval) waiting = tsval.size();
  if (!std::isnan(value)) last_tsval = value;
  tsval.append(value);
}

/// Passive RTT, as pping measures it: seconds since the TSval went by first. kNoValue: not its first echo, or
/// of what was not seen.
double FlowFollower::Growing::rtt_of_echo(double echo, TimeNs time) {
  const auto skip = [&](auto is_over) {
    while (waiting < tsval.size() && is_over(tsval[waiting])) ++waiting;
  };
  skip([&](double sent) { return !(sent >= echo); });  // kNoValue is not
  if (waiting == tsval.size() || tsval[waiting] != echo) return kNoValue;
  const double seconds = static_cast<double>(time - times[waiting]) / 1e9;
  skip([&](double sent) { return !(sent > echo); });
  return seconds;
}

Track FlowFollower::Growing::share() const {
  Track track;
  track.rows = rows.share();
  track.times = times.share();
  track.tsval = Series(track.times, tsval.share());
  track.ts_recent = Series(track.times, ts_recent.share());
  track.seq = Series(track.times, seq.share());
  track.other_tsecr = Series(track.times, other_tsecr.share());
  track.other_ack = Series(track.times, other_ack.share());
  track.other_rtt = Series(track.times, other_rtt.share());
  for (size_t kind = 0; kind < kMarkKinds; ++kind) track.marks[kind] = marks[kind].share();
  track.unset = unset.share();
  track.silences = silences.share();
  return track;
}

void FlowFollower::take(uint32_t at) {
  const LogRow& row = store_->row(at);
  Growing &mine = tracks_[row.from], &others = tracks_[row.from ^ 1];
  if (const auto kind = mark_of(row))
    mine.marks[static_cast<size_t>(*kind)].push_back(static_cast<uint32_t>(mine.rows.size()));
  mine.rows.push_back(at);
  mine.times.push_back(row.time_ns);

  const bool echoes = row.has_ts && (row.flags & kAck) && row.tsecr != 0 && others.ticks.started();
  const double echo = echoes ? others.ticks.peek(row.tsecr) : kNoValue;
  mine.other_tsecr.append(echo);
  mine.other_rtt.append(echoes ? others.rtt_of_echo(echo, row.time_ns) : kNoValue);

  const size_t silences = mine.silences.size();
  mine.append_clock(row, hz_[row.from]);
  unplaced_ |= hz_[row.from] <= 0 && mine.silences.size() > silences;

  const uint32_t end = row.seq + row.length + ((row.flags & kSyn) ? 1 : 0) + ((row.flags & kFin) ? 1 : 0);
  if (!mine.sequence.started()) mine.first_sequence = mine.sequence.place(row.seq);
  mine.seq.append((row.flags & kRst) ? kNoValue : mine.sequence.place(end) - mine.first_sequence);
  const bool acknowledges = (row.flags & kAck) && others.sequence.started();
  mine.other_ack.append(acknowledges ? others.sequence.peek(row.ack) - others.first_sequence : kNoValue);
}

void FlowFollower::append(uint32_t at) {
  const TimeNs time = store_->row(at).time_ns;
  if (rows_.size() == 0)
    first_ns_ = last_ns_ = time;
  else if (time < last_ns_)
    in_order_ = false;
  first_ns_ = std::min(first_ns_, time);
  last_ns_ = std::max(last_ns_, time);
  rows_.push_back(at);
  if (in_order_) take(at);
}

bool FlowFollower::follow(const std::atomic<bool>* stop, size_t most) {
  const std::lock_guard lock(busy_);
  const bool begun = rows_.size() != 0;
  const uint32_t known = begun ? rows_.end()[-1] : LogRow::kNoRow;
  uint32_t first = 0, last = LogRow::kNoRow;
  size_t count = 0;
  store_->flow_at(id_, [&](const FlowEntry& flow) {
    last = flow.last_row();
    first = begun ? known + 1 : flow.first_row.load();
    count = flow.segments() - rows_.size();
    hz_ = flow.hz;
  });
  if (last == known) return true;
  size_t left = std::min(count, most);
  rows_.reserve(rows_.size() + left);
  if (in_order_)
    for (Growing& track : tracks_) track.reserve(track.rows.size() + left);
  const auto append_and_go_on = [&](uint32_t at) {
    append(at);
    return --left > 0 && !(left % kBetweenLooks == 0 && is_set(stop));
  };
  if ((last - first) / kSparse < count) {
    for (uint32_t at = first; at <= last; ++at)
      if (store_->row(at).flow == id_ && !append_and_go_on(at)) break;
  } else {
    std::vector<uint32_t> fresh;  // the newest first: so the rows know each other
    for (uint32_t at = last; at != known; at = store_->row(at).previous) {
      fresh.push_back(at);
      if (fresh.size() % kBetweenLooks == 0 && is_set(stop)) return false;
    }
    for (auto at = fresh.rbegin(); at != fresh.rend() && append_and_go_on(*at);) ++at;
  }
  return !is_set(stop);
}

/// Frames are seldom out of order in time, but a plot's series must not be. All is taken anew.
bool FlowFollower::take_sorted(const std::atomic<bool>* stop) {
  const SharedArray<uint32_t> rows = rows_.share();
  std::vector<uint32_t> sorted(rows.begin(), rows.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](uint32_t a, uint32_t b) { return store_->row(a).time_ns < store_->row(b).time_ns; });
  tracks_ = {};
  unplaced_ = false;
  for (size_t i = 0; i < sorted.size(); ++i) {
    take(sorted[i]);
    if (i % kBetweenLooks == 0 && is_set(stop)) return false;
  }
  return true;
}

std::shared_ptr<const FlowView> FlowFollower::view(const std::atomic<bool>* stop) {
  const std::lock_guard lock(busy_);
  const std::shared_ptr<FlowView> view(new FlowView);
  view->id_ = id_;
  view->store_ = store_;
  store_->flow_at(id_, [&](const FlowEntry& flow) {
    view->report_ = flow.report;
    view->client_ = flow.client;
    view->server_ = flow.server;
    if (flow.summary) view->summary_ = *flow.summary;
    view->worst_ = flow.worst;
    hz_ = flow.hz;
  });
  const bool anew = !in_order_ || (unplaced_ && (hz_[0] > 0 || hz_[1] > 0));
  if (is_set(stop) || (anew && !take_sorted(stop))) return nullptr;
  view->rows_ = rows_.share();
  view->first_ns_ = first_ns_;
  view->last_ns_ = last_ns_;
  for (const size_t side : {0u, 1u}) view->tracks_[side] = tracks_[side].share();
  auto client = std::async(std::launch::async, [&] { view->fit_clock(Side::client, hz_[0]); });
  view->fit_clock(Side::server, hz_[1]);
  client.get();
  return view;
}

}  // namespace tsaudit::gui
