// SPDX-License-Identifier: GPL-3.0-or-later
#include "capture_store.h"

#include <sys/mman.h>

#include <algorithm>

namespace tsaudit::gui {

namespace {

bool lost_to_timestamps(const LogRow& row) {
  return static_cast<Verdict>(row.verdict) == Verdict::drop && is_paws(static_cast<Reason>(row.reason));
}

}  // namespace

void Sparkline::add(TimeNs time_ns, uint32_t tsval) {
  if (count == 0) {
    start_ns = time_ns;
    last_raw = tsval;
  }
  unwrapped += static_cast<int32_t>(tsval - last_raw);
  last_raw = tsval;
  last_ns = time_ns;
  if (++pending < stride) return;
  pending = 0;
  if (count == kSamples) {  // full: every other one goes, and the rest will come half as often
    for (size_t i = 0; i < kSamples / 2; ++i) samples[i] = samples[2 * i];
    count = kSamples / 2;
    stride *= 2;
  }
  samples[count++] = last();
}

CaptureStore::CaptureStore() : chunks_(std::make_unique<Chunk[]>(kMaxChunks)) {}
CaptureStore::~CaptureStore() = default;

/// Touched already where the kernel can do that (5.14): to get fresh pages takes longer than to fill them.
CaptureStore::Chunk CaptureStore::new_chunk() {
  constexpr size_t kPage = 4096, kBytes = kChunk * sizeof(LogRow);
  static_assert(kBytes % kPage == 0);
  Chunk chunk(static_cast<LogRow*>(std::aligned_alloc(kPage, kBytes)));
  if (!chunk) throw std::bad_alloc();
  madvise(chunk.get(), kBytes, MADV_POPULATE_WRITE);
  return chunk;
}

void CaptureStore::flow_opened(uint64_t id, const Endpoint& source, const Endpoint& destination) {
  auto entry = std::make_unique<FlowEntry>();
  entry->id = id;
  entry->client = source;
  entry->server = destination;
  const std::lock_guard lock(mutex_);
  flows_.push_back(std::move(entry));
}

void CaptureStore::segment(const SegmentRow& row) {
  if (written_ == kChunk * kMaxChunks - 1 || row.frame > UINT32_MAX) {
    rows_lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  auto& chunk = chunks_[written_ / kChunk];
  if (!chunk) {
    chunk = next_chunk_.valid() ? next_chunk_.get() : new_chunk();
    next_chunk_ = std::async(std::launch::async, new_chunk);
  }
  // Made aside: bit by bit in its place, fresh memory would be read before it is written, which faults twice.
  const LogRow packed{.time_ns = row.time_ns,
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
  chunk[written_++ % kChunk] = packed;
  if (row.evidence_frames[0] && lost_to_timestamps(packed)) {
    const std::lock_guard lock(mutex_);
    evidence_.emplace_back(row.frame, row.evidence_frames);
  }
  if (written_ - published_.load(std::memory_order_relaxed) == kBatch) flush();
}

void CaptureStore::flush() {
  const std::lock_guard lock(mutex_);
  for (size_t at = published_.load(std::memory_order_relaxed); at < written_; ++at) publish(at);
  published_.store(written_, std::memory_order_release);
}

void CaptureStore::publish(size_t index) {
  LogRow& row = chunks_[index / kChunk][index % kChunk];
  FlowEntry& flow = *flows_[row.flow - 1];
  row.previous = flow.last_row;
  flow.last_row = static_cast<uint32_t>(index);
  if (flow.segments++ == 0) {
    flow.first_ns = row.time_ns;
    flow.first_frame = row.frame;
  }
  flow.last_ns = row.time_ns;
  flow.last_frame = row.frame;
  flow.dropped += lost_to_timestamps(row);
  if (row.has_ts) flow.clock[row.from].add(row.time_ns, row.tsval);
}

void CaptureStore::flow(FlowReport&& report) {
  flush();  // a flow is not over before its rows are in, as far as they have come
  const std::lock_guard lock(mutex_);
  FlowEntry& flow = *flows_[report.id - 1];
  flow.client = report.client;
  flow.server = report.server;
  flow.worst = report.worst;
  flow.summary = report.summary;
  flow.ended = true;
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
