// SPDX-License-Identifier: Apache-2.0
// Source and decode by the batch: all of the work on a packet that needs nothing of the packets before it, so that a
// thread of its own can do it while the flows of earlier batches are judged.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

#include "flow/flow_key.h"
#include "tsaudit/analysis.h"
#include "tsaudit/segment.h"

namespace tsaudit {

struct DecodedBatch {
  struct Packet {
    Segment segment;
    FlowKey key;
    uint32_t hash;
    bool from_low;
  };
  std::array<Packet, PacketSource::kMaxBatch> segments;
  size_t segment_count = 0;
  std::vector<Announcement> announcements;
  std::array<uint64_t, kDecodeStatusCount> statuses{};  ///< packets by what became of them
  uint64_t packets = 0;
  uint64_t last_frame = 0;
  std::optional<Progress> progress;  ///< set about every 64k packets
  bool end = false;                  ///< nothing follows
  std::vector<uint8_t> headers;      ///< what `segments` point to, once the source's buffer is not theirs
};

/// Fills one batch after the other.
class DecodeStage {
 public:
  DecodeStage(PacketSource& source, uint64_t seed) : source_(source), seed_(seed) {}
  /// A batch without packets may come in between (see PacketSource::next_batch). The segments point into the source's
  /// buffer, until the next call.
  void next(DecodedBatch& batch);

 private:
  PacketSource& source_;
  const uint64_t seed_;  ///< of the hash
  uint64_t packets_ = 0, next_progress_ = kProgressEvery;
  static constexpr uint64_t kProgressEvery = 65536;
};

/// A DecodeStage in a thread of its own, which keeps a few batches ahead.
class DecodeAhead {
 public:
  explicit DecodeAhead(DecodeStage& stage);
  ~DecodeAhead();
  DecodeAhead(const DecodeAhead&) = delete;
  /// Valid until the next call. Throws what the stage threw. Not to be called after the batch that says `end`.
  const DecodedBatch& next();

 private:
  void run();
  static constexpr uint32_t kBatches = 128;
  /// Either thread, when it sleeps, is woken after so many batches: waking costs more than a batch does.
  static constexpr uint32_t kWakeEvery = kBatches / 2;

  DecodeStage& stage_;
  std::vector<DecodedBatch> ring_;
  // Counters of batches, in 32 bits because the kernel waits on these. They wrap together.
  std::atomic<uint32_t> filled_ = 0, taken_ = 0;
  std::atomic<bool> quit_ = false;
  uint32_t next_ = 0;
  std::exception_ptr failure_;
  std::thread thread_;  ///< last: it uses all the others
};

}  // namespace tsaudit
