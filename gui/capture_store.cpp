// SPDX-License-Identifier: GPL-3.0-or-later
#include "capture_store.h"

#include <algorithm>
#include <bit>

#include "unwrapper.h"

namespace tsaudit::gui {

namespace {

bool lost_to_timestamps(const LogRow& row) {
  return static_cast<Verdict>(row.verdict) == Verdict::drop && is_paws(static_cast<Reason>(row.reason));
}

/// Most flows are not, and a report takes more memory than all of their segments.
bool is_remarkable(const FlowReport& report) {
  return !report.findings.empty() || !report.migrations.empty() ||
         std::any_of(report.directions.begin(), report.directions.end(),
                     [](const DirectionReport& direction) {
                       return direction.offset_min || !direction.clock.steps.empty() ||
                              direction.reasons[static_cast<size_t>(Reason::idle)] > 0;
                     });
}

/// The side whose clock went wrong, or that moved; the client of all others.
Side clock_of(const FlowReport& report) {
  for (const Finding& finding : report.findings)
    if (finding.from && (finding.rule == RuleId::paws_drop || finding.rule == RuleId::tsval_regression ||
                         finding.rule == RuleId::tsval_jump || finding.rule == RuleId::clock_rate_change))
      return *finding.from;
  return report.migrations.empty() ? Side::client : report.migrations.front().endpoint;
}

/// Has a flow a milestone at the segment that comes after `index` others? Seldom enough for the reading not
/// to be held up, and so seldom in a very long flow that a few thousand strides go back through all of it.
bool is_milestone(uint32_t index) {
  constexpr uint32_t kApart = 32, kStrides = 4096;
  const uint32_t apart = std::max(kApart, std::bit_floor(index / kStrides));  // a power of two
  return index != 0 && (index & (apart - 1)) == 0;
}

/// A flow of up to so many segments is walked through when its clocks are drawn, a longer one from milestone
/// to milestone.
constexpr uint32_t kShortFlow = 512;

/// How far to look back for a segment of the right side with a timestamp: a few cost nothing, millions would
/// hold up the window.
constexpr int kReach = 64;

}  // namespace

CaptureStore::CaptureStore() = default;
CaptureStore::~CaptureStore() = default;

void CaptureStore::flow_opened(uint64_t id, const Endpoint& source, const Endpoint& destination) {
  FlowEntry& flow = flows_.append([] { return FlowEntry(); });
  flow.counts = &counts_.append([] { return FlowCounts(); });
  flow.id = id;
  flow.client = source;
  flow.server = destination;
  published_flows_.store(flows_.size(), std::memory_order_release);
}

void CaptureStore::segment(const SegmentRow& row) {
  if (rows_.size() == LogRow::kNoRow || row.frame > UINT32_MAX) {
    rows_lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  FlowCounts& counts = counts_[row.flow - 1];
  const auto at = static_cast<uint32_t>(rows_.size());
  const LogRow& packed = rows_.append([&] {
    return LogRow{.time_ns = row.time_ns,
                  .frame = static_cast<uint32_t>(row.frame),
                  .flow = static_cast<uint32_t>(row.flow),
                  .seq = row.seq.raw,
                  .ack = row.ack.raw,
                  .length = row.length,
                  .tsval = row.tsval.raw,
                  .tsecr = row.tsecr.raw,
                  .ts_recent = row.ts_recent.raw,
                  .previous = counts.last_row.load(std::memory_order_relaxed),
                  .flags = row.flags,
                  .verdict = static_cast<uint8_t>(static_cast<uint8_t>(row.verdict) & 3),
                  .evidence = static_cast<uint8_t>(static_cast<uint8_t>(row.evidence) & 3),
                  .from = static_cast<uint8_t>(static_cast<uint8_t>(row.from) & 1),
                  .has_ts = row.has_ts,
                  .ts_recent_known = row.ts_recent_known,
                  .reason = static_cast<uint8_t>(row.reason)};
  });
  if (row.evidence_frames[0] && lost_to_timestamps(packed)) {
    const std::lock_guard lock(mutex_);
    evidence_.emplace_back(row.frame, row.evidence_frames);
  }
  published_.store(rows_.size(), std::memory_order_release);
  count(packed, at, counts);
}

/// Whoever sees a row's number sees the row.
void CaptureStore::count(const LogRow& row, uint32_t at, FlowCounts& flow) {
  constexpr auto relaxed = std::memory_order_relaxed;
  const uint32_t earlier = flow.segments.load(relaxed);
  if (earlier == 0) flows_[row.flow - 1].first_row.store(at, std::memory_order_release);
  if (lost_to_timestamps(row)) flow.dropped.store(flow.dropped.load(relaxed) + 1, relaxed);
  flow.segments.store(earlier + 1, relaxed);
  flow.last_row.store(at, std::memory_order_release);
  if (!is_milestone(earlier)) return;
  milestones_.append([&] { return Milestone{.row = at, .previous = flow.milestone.load(relaxed)}; });
  flow.milestone.store(static_cast<uint32_t>(milestones_.size() - 1), std::memory_order_release);
}

void CaptureStore::judge(FlowEntry& flow, FlowReport&& report) {
  flow.client = report.client;
  flow.server = report.server;
  flow.worst = report.worst;
  flow.clock_of = clock_of(report);
  flow.rules = 0;
  for (const Finding& finding : report.findings)
    flow.rules |= static_cast<uint16_t>(1u << (static_cast<unsigned>(finding.rule) - 1));
  for (const size_t side : {0u, 1u}) flow.hz[side] = report.directions[side].clock.hz;
  flow.report = is_remarkable(report) ? std::make_shared<const FlowReport>(std::move(report)) : nullptr;
}

void CaptureStore::flow(FlowReport&& report) {
  const std::lock_guard lock(mutex_);
  FlowEntry& flow = flows_[report.id - 1];
  moves_.add(report);
  flow.summary = &*summaries_.insert(report.summary).first;
  judge(flow, std::move(report));
}

void CaptureStore::flow_so_far(FlowReport&& report) {
  const std::lock_guard lock(mutex_);
  FlowEntry& flow = flows_[report.id - 1];
  judge(flow, std::move(report));
  flow.summary = flow.report ? &flow.report->summary : nullptr;
  judgements_.fetch_add(1, std::memory_order_relaxed);
}

void CaptureStore::moved() {
  const std::lock_guard lock(mutex_);
  moves_.finish();
}

std::vector<HostMove> CaptureStore::moves() const {
  const std::lock_guard lock(mutex_);
  return moves_.moves();
}

std::shared_ptr<const FlowReport> CaptureStore::report(uint64_t id) const {
  return flow_at(id, [](const FlowEntry& flow) { return flow.report; });
}

std::vector<CaptureStore::ClockPoint> CaptureStore::clock_line(const FlowEntry& flow, Side side) const {
  std::vector<const LogRow*> rows;  // the last one first
  const uint32_t last = flow.last_row();
  if (last == LogRow::kNoRow) return {};
  const uint32_t first = flow.first_row;
  const TimeNs apart = (time_ns(last) - time_ns(first)) / static_cast<TimeNs>(kClockPoints);
  const auto add = [&](uint32_t at) {
    if (!rows.empty() && at != first && rows.back()->time_ns - row(at).time_ns < apart) return;
    const auto fits = [&] { return row(at).has_ts && row(at).side() == side; };
    for (int i = 0; i < kReach && !fits(); ++i)
      if ((at = row(at).previous) == LogRow::kNoRow) return;
    if (fits() && (rows.empty() || &row(at) != rows.back())) rows.push_back(&row(at));
  };
  if (flow.segments() <= kShortFlow) {
    for (uint32_t at = last; at != LogRow::kNoRow; at = row(at).previous) add(at);
  } else {
    add(last);
    for (uint32_t at = flow.milestone(); at != LogRow::kNoRow; at = milestones_[at].previous)
      add(milestones_[at].row);
    add(first);
  }
  std::vector<ClockPoint> line;
  Unwrapper ticks;
  double before = 0;
  for (auto at = rows.rbegin(); at != rows.rend(); ++at) {
    const double passed = at == rows.rbegin() ? 0
                                              : ticks_beyond_half((*at)->time_ns - at[-1]->time_ns,
                                                                  flow.hz[static_cast<size_t>(side)]);
    before = passed > 0 ? ticks.place((*at)->tsval, before + passed) : ticks.place((*at)->tsval);
    line.push_back(
        {static_cast<double>((*at)->time_ns - rows.back()->time_ns) / 1e9, before - rows.back()->tsval});
  }
  return line;
}

std::array<uint64_t, 4> CaptureStore::evidence_frames(uint64_t frame) const {
  const std::lock_guard lock(mutex_);
  const auto at = std::lower_bound(evidence_.begin(), evidence_.end(), frame,
                                   [](const auto& entry, uint64_t key) { return entry.first < key; });
  return at != evidence_.end() && at->first == frame ? at->second : std::array<uint64_t, 4>{};
}

size_t CaptureStore::find_frame(uint64_t frame) const {
  size_t low = 0, high = segments();
  const size_t size = high;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (row(middle).frame < frame)
      low = middle + 1;
    else
      high = middle;
  }
  return low < size && row(low).frame == frame ? low : size;
}

}  // namespace tsaudit::gui
