// SPDX-License-Identifier: GPL-3.0-or-later
#include "capture_store.h"

#include <algorithm>

namespace tsaudit::gui {

namespace {

bool lost_to_timestamps(const LogRow& row) {
  return static_cast<Verdict>(row.verdict) == Verdict::drop && is_paws(static_cast<Reason>(row.reason));
}

/// Of so many segments a flow's own rows draw its clocks.
constexpr uint32_t kShortFlow = FlowSketch::kMost / 2;

/// How far to look back for a segment of the right side with a timestamp: a few cost nothing, millions would
/// hold up the window.
constexpr int kReach = 64;

}  // namespace

void FlowSketch::add(uint32_t index, uint32_t row) {
  const uint32_t at = index / every(index);
  if (at < count_)  // it was full: every other one goes
    for (uint32_t i = 1; i < at; ++i) rows_[i] = rows_[2 * i];
  rows_[at] = row;
  count_ = at + 1;
}

CaptureStore::CaptureStore() = default;
CaptureStore::~CaptureStore() = default;

void CaptureStore::flow_opened(uint64_t id, const Endpoint& source, const Endpoint& destination) {
  const std::lock_guard lock(mutex_);
  FlowEntry& flow = flows_.append([] { return FlowEntry(); });
  flow.id = id;
  flow.client = source;
  flow.server = destination;
}

void CaptureStore::segment(const SegmentRow& row) {
  if (rows_.size() == LogRow::kNoRow || row.frame > UINT32_MAX) {
    rows_lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  __builtin_prefetch(&flows_[row.flow - 1]);  // for publish()
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
                  .previous = LogRow::kNoRow,
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
  if (rows_.size() - published_.load(std::memory_order_relaxed) == kBatch) flush();
}

void CaptureStore::flush() {
  const std::lock_guard lock(mutex_);
  for (size_t at = published_.load(std::memory_order_relaxed); at < rows_.size(); ++at) publish(at);
  published_.store(rows_.size(), std::memory_order_release);
}

void CaptureStore::publish(size_t index) {
  LogRow& row = rows_[index];
  const auto at = static_cast<uint32_t>(index);
  FlowEntry& flow = flows_[row.flow - 1];
  row.previous = flow.last_row;
  flow.last_row = at;
  flow.dropped += lost_to_timestamps(row);
  const uint32_t earlier = flow.segments++;
  if (earlier == 0) flow.first_row = at;
  if (earlier < kShortFlow || !FlowSketch::wants(earlier)) return;
  if (!flow.sketch) {
    const std::vector<uint32_t> rows = sketched_rows(flow);
    flow.sketch = std::make_unique<FlowSketch>();
    for (uint32_t i = 0; i < earlier; ++i) flow.sketch->add(i, rows[i]);
  }
  flow.sketch->add(earlier, at);
}

void CaptureStore::flow(FlowReport&& report) {
  flush();  // a flow is not over before its rows are in, as far as they have come
  const std::lock_guard lock(mutex_);
  FlowEntry& flow = flows_[report.id - 1];
  flow.client = report.client;
  flow.server = report.server;
  flow.worst = report.worst;
  flow.summary = &*summaries_.insert(report.summary).first;
  for (const Finding& finding : report.findings)
    flow.rules |= static_cast<uint16_t>(1u << (static_cast<unsigned>(finding.rule) - 1));
  const bool healthy = report.findings.empty() && report.migrations.empty();
  if (healthy && healthy_reports_++ >= kReportsOfHealthy) return;
  flow.report = std::make_shared<const FlowReport>(std::move(report));
}

size_t CaptureStore::flows() const {
  const std::lock_guard lock(mutex_);
  return flows_.size();
}

std::shared_ptr<const FlowReport> CaptureStore::report(uint64_t id) const {
  return flow_at(id, [](const FlowEntry& flow) { return flow.report; });
}

std::vector<uint32_t> CaptureStore::sketched_rows(const FlowEntry& flow) const {
  std::vector<uint32_t> rows;
  if (flow.sketch) {
    rows.assign(flow.sketch->rows().begin(), flow.sketch->rows().end());
    rows.push_back(flow.last_row);
  } else {
    for (uint32_t at = flow.last_row; at != LogRow::kNoRow; at = row(at).previous) rows.push_back(at);
    std::reverse(rows.begin(), rows.end());
  }
  return rows;
}

std::vector<CaptureStore::ClockPoint> CaptureStore::clock_line(const FlowEntry& flow, Side side) const {
  std::vector<ClockPoint> line;
  const auto fits = [&](uint32_t at) { return row(at).has_ts && row(at).side() == side; };
  const LogRow *first = nullptr, *last = nullptr;
  int64_t ticks = 0;
  for (uint32_t at : sketched_rows(flow)) {
    for (int i = 0; i < kReach && at != LogRow::kNoRow && !fits(at); ++i) at = row(at).previous;
    if (at == LogRow::kNoRow || !fits(at) || &row(at) == last) continue;
    const LogRow& now = row(at);
    if (!first) first = &now;
    if (last) ticks += static_cast<int32_t>(now.tsval - last->tsval);
    last = &now;
    line.push_back({static_cast<double>(now.time_ns - first->time_ns) / 1e9, static_cast<double>(ticks)});
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
