// SPDX-License-Identifier: Apache-2.0
#include "decoded_batch.h"

namespace tsaudit {

void DecodeStage::next(DecodedBatch& batch) {
  batch.segment_count = 0;
  batch.announcements.clear();
  batch.icmp_errors.clear();
  batch.statuses.fill(0);
  batch.progress.reset();
  const std::span<const RawPacket> packets = source_.next_batch();
  batch.packets = packets.size();
  batch.end = packets.empty() && source_.finished();
  if (packets.empty()) return;
  batch.last_frame = packets.back().frame;
  Notice notice;
  for (const RawPacket& packet : packets) {
    DecodedBatch::Packet& out = batch.segments[batch.segment_count];
    const DecodeStatus status = decode(packet, out.segment, notice);
    ++batch.statuses[static_cast<size_t>(status)];
    if (status != DecodeStatus::segment) [[unlikely]] {
      if (status == DecodeStatus::announcement) batch.announcements.push_back(notice.announcement);
      if (status == DecodeStatus::icmp_error)
        batch.icmp_errors.push_back({notice.icmp_error, batch.segment_count});
      continue;
    }
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

}  // namespace tsaudit
