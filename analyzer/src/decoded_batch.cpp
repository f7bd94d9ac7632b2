// SPDX-License-Identifier: Apache-2.0
#include "decoded_batch.h"

#include <cstring>

namespace tsaudit {
namespace {

/// Gives the segments of a batch memory of its own for what they point to.
void keep(DecodedBatch& batch) {
  const auto size = [](const Segment& s) { return static_cast<size_t>(s.tcp - s.ip) + s.tcp_captured; };
  size_t total = 0;
  for (size_t i = 0; i < batch.segment_count; ++i) total += size(batch.segments[i].segment);
  if (batch.headers.size() < total) batch.headers.resize(total);
  uint8_t* to = batch.headers.data();
  for (size_t i = 0; i < batch.segment_count; ++i) {
    Segment& s = batch.segments[i].segment;
    const size_t bytes = size(s);
    std::memcpy(to, s.ip, bytes);
    s.tcp = to + (s.tcp - s.ip);
    s.ip = to;
    to += bytes;
  }
}

}  // namespace

void DecodeStage::next(DecodedBatch& batch) {
  batch.segment_count = 0;
  batch.announcements.clear();
  batch.statuses.fill(0);
  batch.progress.reset();
  const std::span<const RawPacket> packets = source_.next_batch();
  batch.packets = packets.size();
  batch.end = packets.empty() && source_.finished();
  if (packets.empty()) return;
  batch.last_frame = packets.back().frame;
  Announcement announcement;
  for (const RawPacket& packet : packets) {
    DecodedBatch::Packet& out = batch.segments[batch.segment_count];
    const DecodeStatus status = decode(packet, out.segment, announcement);
    ++batch.statuses[static_cast<size_t>(status)];
    if (status == DecodeStatus::announcement) batch.announcements.push_back(announcement);
    if (status != DecodeStatus::segment) continue;
    out.key = FlowKey::of(out.segment, out.from_low);
    out.hash = out.key.hash(seed_);
    ++batch.segment_count;
  }
  packets_ += packets.size();
  if (packets_ < next_progress_) return;
  next_progress_ += kProgressEvery;
  batch.progress = Progress{.packets = packets_};
  for (const CaptureInfo& capture : source_.captures()) {
    batch.progress->bytes += capture.bytes;
    batch.progress->total_bytes += capture.file_size.value_or(0);
  }
}

DecodeAhead::DecodeAhead(DecodeStage& stage) : stage_(stage), ring_(kBatches), thread_([this] { run(); }) {}

DecodeAhead::~DecodeAhead() {
  quit_ = true;
  taken_ += kBatches;  // wakes it if it waits for room
  taken_.notify_one();
  thread_.join();
}

void DecodeAhead::run() {
  for (uint32_t at = 0; !quit_; ++at) {
    // Having caught up it sleeps until half of the ring is free: to be woken for each batch would cost more
    // than the batch.
    uint32_t taken = taken_.load(std::memory_order_acquire);
    if (at - taken == kBatches) {
      for (; at - taken > kWakeEvery; taken = taken_.load(std::memory_order_acquire)) {
        if (quit_) return;
        taken_.wait(taken, std::memory_order_acquire);
      }
    }
    DecodedBatch& batch = ring_[at % kBatches];
    try {
      stage_.next(batch);
      keep(batch);
    } catch (...) {
      failure_ = std::current_exception();
      batch.end = true;
    }
    const bool end = batch.end;
    filled_.store(at + 1, std::memory_order_release);
    if (end || (at + 1) % kWakeEvery == 0) filled_.notify_one();
    if (end) return;
  }
}

const DecodedBatch& DecodeAhead::next() {
  taken_.store(next_, std::memory_order_release);  // what was handed out before is done with
  if (next_ % kWakeEvery == 0) taken_.notify_one();
  while (filled_.load(std::memory_order_acquire) == next_) filled_.wait(next_, std::memory_order_acquire);
  const DecodedBatch& batch = ring_[next_++ % kBatches];
  if (batch.end && failure_) std::rethrow_exception(failure_);
  return batch;
}

}  // namespace tsaudit
