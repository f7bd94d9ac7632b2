// SPDX-License-Identifier: GPL-3.0-or-later
#include "flow_view.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <future>

#include "tsaudit/segment.h"

namespace tsaudit::gui {
namespace {

/// A mod-2^32 counter without its wraps: each value is placed next to the last one.
class Unwrapper {
 public:
  bool started() const { return started_; }
  double place(uint32_t raw) {
    if (!started_) {
      started_ = true;
      raw_ = raw;
      value_ = raw;
    }
    value_ += static_cast<int32_t>(raw - raw_);
    raw_ = raw;
    return static_cast<double>(value_);
  }
  /// Where `raw` would be, without following it.
  double peek(uint32_t raw) const {
    return started_ ? static_cast<double>(value_ + static_cast<int32_t>(raw - raw_)) : raw;
  }

 private:
  bool started_ = false;
  uint32_t raw_ = 0;
  int64_t value_ = 0;
};

/// When each TSval went by first, until its echo comes back: passive RTT, as pping measures it.
class EchoWaits {
 public:
  void sent(uint32_t tsval, TimeNs time) {
    if (!waits_.empty() && static_cast<int32_t>(tsval - waits_.back().tsval) <= 0) {
      if (tsval == waits_.back().tsval) return;
      waits_.clear();  // the clock went back: what was before is never echoed in order again
    }
    if (waits_.size() == kMost) waits_.pop_front();
    waits_.push_back({tsval, time});
  }
  double echoed(uint32_t tsecr, TimeNs time) {
    while (!waits_.empty() && static_cast<int32_t>(tsecr - waits_.front().tsval) > 0) waits_.pop_front();
    if (waits_.empty() || waits_.front().tsval != tsecr) return kNoValue;
    const double seconds = static_cast<double>(time - waits_.front().time) / 1e9;
    waits_.pop_front();
    return seconds;
  }

 private:
  static constexpr size_t kMost = 1 << 16;  ///< of a side that is never echoed
  struct Wait {
    uint32_t tsval;
    TimeNs time;
  };
  std::deque<Wait> waits_;
};

/// Room for a column, in huge pages where the system has some: millions of samples spend a third of their
/// time on getting small ones.
template <class T>
void reserve(std::vector<T>& column, size_t size) {
  constexpr uintptr_t kHugePage = 2 << 20;
  column.reserve(size);
  const auto begin = reinterpret_cast<uintptr_t>(column.data());
  const uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t last = (begin + size * sizeof(T)) / kHugePage * kHugePage;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

/// The clock of one side without its wraps.
struct Clock {
  /// TSval and TS.Recent. The receiver's TS.Recent leads, so that TSval stands above or below it by exactly
  /// what the receiver sees.
  std::pair<double, double> follow(const LogRow& row) {
    if (!row.has_ts) return {kNoValue, kNoValue};
    if (!row.ts_recent_known || !ticks.started()) return {ticks.place(row.tsval), kNoValue};
    const double recent = ticks.place(row.ts_recent);
    return {ticks.peek(row.tsval), recent};
  }
  Unwrapper ticks;
};

/// Calls `look` with each row, in this order. False when `stop` was set meanwhile.
template <class Look>
bool each_row(const CaptureStore& store, const std::vector<uint32_t>& order, const std::atomic<bool>* stop,
              Look&& look) {
  size_t done = 0;
  for (const uint32_t at : order) {
    if (stop && (++done & 0xffff) == 0 && stop->load(std::memory_order_relaxed)) return false;
    look(at, store.row(at));
  }
  return true;
}

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
  const std::shared_ptr<FlowView> view(new FlowView);
  view->id_ = id;
  view->store_ = std::move(store);
  uint32_t at = LogRow::kNoRow;
  view->store_->flow_at(id, [&](const FlowEntry& flow) {
    view->report_ = flow.report;
    view->client_ = flow.client;
    view->server_ = flow.server;
    if (flow.summary) view->summary_ = *flow.summary;
    view->worst_ = flow.worst;
    view->rows_.reserve(flow.segments);
    at = flow.last_row;
  });
  return view->take_rows(at, stop) && view->fill(stop) ? view : nullptr;
}

bool FlowView::take_rows(uint32_t last, const std::atomic<bool>* stop) {
  const size_t published = store_->segments();
  TimeNs next_ns = INT64_MAX;
  for (uint32_t at = last; at != LogRow::kNoRow;) {
    const LogRow& row = store_->row(at);
    if (at < published) {
      rows_.push_back(at);
      ++counts_[row.from];
      in_order_ = in_order_ && row.time_ns <= next_ns;
      next_ns = row.time_ns;
    }
    at = row.previous;
    if (stop && (rows_.size() & 0xffff) == 0 && stop->load(std::memory_order_relaxed)) return false;
  }
  std::reverse(rows_.begin(), rows_.end());
  return true;
}

bool FlowView::fill(const std::atomic<bool>* stop) {
  // Frames are seldom out of order in time, but a plot's series must not be.
  std::vector<uint32_t> sorted;
  if (!in_order_) {
    sorted = rows_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](uint32_t a, uint32_t b) { return store_->row(a).time_ns < store_->row(b).time_ns; });
  }
  const std::vector<uint32_t>& order = in_order_ ? rows_ : sorted;
  // None of these needs what another one makes.
  auto times = std::async(std::launch::async, [&] { return fill_times(order, stop); });
  auto clocks = std::async(std::launch::async, [&] { return fill_clocks(order, stop); });
  auto sequences = std::async(std::launch::async, [&] { return fill_sequences(order, stop); });
  const bool echoes = fill_echoes(order, stop);
  if (!times.get() || !clocks.get() || !sequences.get() || !echoes) return false;
  for (Track& t : tracks_)
    for (Series* series : {&t.tsval, &t.ts_recent, &t.seq, &t.other_tsecr, &t.other_ack, &t.other_rtt})
      series->run_over(t.times);
  auto client = std::async(std::launch::async, [&] { fit_clock(Side::client); });
  fit_clock(Side::server);
  return true;
}

bool FlowView::fill_times(const std::vector<uint32_t>& order, const std::atomic<bool>* stop) {
  std::array<std::vector<TimeNs>, 2> times;
  for (size_t side : {0u, 1u}) {
    reserve(times[side], counts_[side]);
    reserve(tracks_[side].rows, counts_[side]);
  }
  const bool done = each_row(*store_, order, stop, [&](uint32_t at, const LogRow& row) {
    Track& track = tracks_[row.from];
    if (const auto kind = mark_of(row))
      track.marks[static_cast<size_t>(*kind)].push_back(static_cast<uint32_t>(track.rows.size()));
    track.rows.push_back(at);
    times[row.from].push_back(row.time_ns);
  });
  for (size_t side : {0u, 1u})
    tracks_[side].times = std::make_shared<const std::vector<TimeNs>>(std::move(times[side]));
  if (!order.empty()) {
    first_ns_ = store_->row(order.front()).time_ns;
    last_ns_ = store_->row(order.back()).time_ns;
  }
  return done;
}

template <class Values>
bool FlowView::fill_pair(const std::vector<uint32_t>& order, const std::atomic<bool>* stop,
                         Series Track::*first, Series Track::*second, Values&& values_of) {
  std::array<std::array<std::vector<double>, 2>, 2> columns;  // by side
  for (size_t side : {0u, 1u})
    for (std::vector<double>& column : columns[side]) reserve(column, counts_[side]);
  const bool done = each_row(*store_, order, stop, [&](uint32_t, const LogRow& row) {
    const std::pair<double, double> values = values_of(row);
    columns[row.from][0].push_back(values.first);
    columns[row.from][1].push_back(values.second);
  });
  if (!done) return false;
  for (size_t side : {0u, 1u}) {
    tracks_[side].*first = Series(std::move(columns[side][0]));
    tracks_[side].*second = Series(std::move(columns[side][1]));
  }
  return true;
}

bool FlowView::fill_clocks(const std::vector<uint32_t>& order, const std::atomic<bool>* stop) {
  std::array<Clock, 2> clocks;
  return fill_pair(order, stop, &Track::tsval, &Track::ts_recent,
                   [&](const LogRow& row) { return clocks[row.from].follow(row); });
}

/// Follows the clocks once more, which costs less than to wait for them.
bool FlowView::fill_echoes(const std::vector<uint32_t>& order, const std::atomic<bool>* stop) {
  std::array<Clock, 2> clocks;
  std::array<EchoWaits, 2> waits;
  return fill_pair(order, stop, &Track::other_tsecr, &Track::other_rtt, [&](const LogRow& row) {
    const size_t from = row.from, other = from ^ 1;
    std::pair echo_and_rtt{kNoValue, kNoValue};
    if (row.has_ts && (row.flags & kAck) && row.tsecr != 0 && clocks[other].ticks.started())
      echo_and_rtt = {clocks[other].ticks.peek(row.tsecr), waits[other].echoed(row.tsecr, row.time_ns)};
    if (row.has_ts) waits[from].sent(row.tsval, row.time_ns);
    clocks[from].follow(row);
    return echo_and_rtt;
  });
}

bool FlowView::fill_sequences(const std::vector<uint32_t>& order, const std::atomic<bool>* stop) {
  std::array<Unwrapper, 2> sequence;
  std::array<double, 2> base{};
  return fill_pair(order, stop, &Track::seq, &Track::other_ack, [&](const LogRow& row) {
    const size_t from = row.from, other = from ^ 1;
    const uint32_t end = row.seq + row.length + ((row.flags & kSyn) ? 1 : 0) + ((row.flags & kFin) ? 1 : 0);
    if (!sequence[from].started()) base[from] = sequence[from].place(row.seq);
    const bool acknowledges = (row.flags & kAck) && sequence[other].started();
    return std::pair{(row.flags & kRst) ? kNoValue : sequence[from].place(end) - base[from],
                     acknowledges ? sequence[other].peek(row.ack) - base[other] : kNoValue};
  });
}

void FlowView::fit_clock(Side side) {
  Track& track = tracks_[static_cast<size_t>(side)];
  std::vector<double> residual;
  reserve(residual, track.rows.size());
  residual.resize(track.rows.size(), kNoValue);
  track.hz = report_ ? report_->directions[static_cast<size_t>(side)].clock.hz : 0;
  if (track.hz <= 0) {
    track.hz = measured_hz(track.tsval);
    track.hz_is_guess = true;
  }
  if (track.hz > 0 && !residual.empty()) {
    // The clock's own line goes through the samples before the first step, by their median.
    size_t calm = residual.size();
    if (report_)
      for (const Migration& migration : report_->migrations)
        if (migration.endpoint == side) calm = std::min(calm, track.tsval.lower_bound(migration.time_ns));
    const TimeNs origin = track.times->front();
    const auto ahead = [&](size_t i) {
      return track.tsval.value(i) / track.hz - static_cast<double>(track.times->at(i) - origin) / 1e9;
    };
    std::vector<double> before;
    const size_t stride = std::max<size_t>(1, calm / 4096);
    for (size_t i = 0; i < calm; i += stride)
      if (!std::isnan(track.tsval.value(i))) before.push_back(ahead(i));
    if (!before.empty()) {
      std::nth_element(before.begin(), before.begin() + static_cast<ptrdiff_t>(before.size() / 2),
                       before.end());
      const double at_origin = before[before.size() / 2];
      for (size_t i = 0; i < residual.size(); ++i) residual[i] = ahead(i) - at_origin;
    }
  }
  track.residual = Series(std::move(residual));
  track.residual.run_over(track.times);
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
    const auto& times = *track.times;
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
  size_t sum = rows_.capacity() * sizeof(uint32_t);
  for (const Track& t : tracks_) {
    sum += t.rows.capacity() * sizeof(uint32_t) + t.times->capacity() * sizeof(TimeNs);
    for (const Series* series :
         {&t.tsval, &t.ts_recent, &t.residual, &t.seq, &t.other_tsecr, &t.other_ack, &t.other_rtt})
      sum += series->bytes();
  }
  return sum;
}

}  // namespace tsaudit::gui
