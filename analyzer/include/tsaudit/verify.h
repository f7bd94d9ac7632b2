// SPDX-License-Identifier: Apache-2.0
// Two captures of the same packets, taken on either side of something that rewrites timestamps: did it change
// nothing but TSval, TSecr and checksums, and these by one offset a connection, there and back?
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tsaudit/capture.h"
#include "tsaudit/error.h"
#include "tsaudit/rule_table.h"
#include "tsaudit/types.h"

namespace tsaudit {

/// One entry of a tsoffset table: what is to be added to the TSval that `local` sends, mod 2^32.
struct OffsetEntry {
  Endpoint local, remote;
  uint32_t offset = 0;
};

/// Reads what `tsoffset -j show` prints. The error names the entry that is wrong.
Result<std::vector<OffsetEntry>> read_offset_table(const std::string& path);

struct VerifyOptions {
  std::optional<std::vector<OffsetEntry>> table;  ///< absent: offsets are inferred
  uint64_t allow_loss = 0;                        ///< packets that may be in one capture alone
  size_t max_pending =
      1'000'000;  ///< segments of either capture that wait for their twin; the oldest give up
  int64_t max_wait_ns = 10 * kSecond;
};

/// Frame numbers in the two captures; 0: not in that one.
struct FramePair {
  uint64_t inside = 0, outside = 0;
};

struct VerifyFinding {
  RuleId rule{};
  Severity severity{};
  Endpoint from, to;              ///< of the segments
  std::vector<FramePair> frames;  ///< the first kMaxFrames of them
  uint64_t count = 0;
  std::string message;  ///< of the first one
  static constexpr size_t kMaxFrames = 32;
};

/// What the segments that one end sent say.
struct VerifyDirection {
  uint64_t inside = 0, outside = 0;  ///< segments in either capture
  uint64_t pairs = 0;                ///< of the capture with fewer, where one segment is several in the other
  uint64_t regrouped = 0;            ///< pairs where it is (TSO, GRO)
  uint64_t missing = 0;              ///< in one capture alone, though both were running
  uint64_t at_edges = 0;             ///< in one capture alone, because the other had not begun or had ended
  uint64_t payload_unknown = 0;      ///< pairs whose data the snapshot length cut
  uint64_t checksum_offloaded = 0, checksum_bad_on_both = 0;
  std::optional<int64_t> tsval_offset;  ///< outside less inside, signed view; absent: no TSopt was seen
  std::optional<int64_t> tsecr_offset;
  FramePair since;   ///< the first segment with that TSval offset, when it was 0 before
  int ttl_less = 0;  ///< TTL inside less TTL outside, of the last pair
};

struct VerifyConnection {
  Endpoint client, server;               ///< the client sent the SYN; without one, the first segment
  std::optional<bool> client_is_inside;  ///< which end the offset belongs to; absent: nothing tells
  std::optional<uint32_t> table_offset;
  VerifyDirection from_client, from_server;
  std::vector<VerifyFinding> findings;
  Severity worst = Severity::none;
};

/// From one capture to the other. Percentiles are right to 2 %.
struct VerifyLatency {
  uint64_t count = 0;
  int64_t min_ns = 0, median_ns = 0, p99_ns = 0, max_ns = 0;
};

struct VerifyReport {
  std::vector<CaptureInfo> inside, outside;
  std::vector<VerifyConnection> connections;  ///< by their first segment
  uint64_t pairs = 0, ts_connections = 0, missing = 0;
  uint64_t not_compared = 0;        ///< packets that are no TCP segments, fragments among them
  uint64_t gave_up = 0;             ///< segments that max_pending turned out
  int64_t clock_difference_ns = 0;  ///< outside less inside; not 0: latencies assume equal ways
  VerifyLatency outward, inward;
  std::vector<OffsetEntry> unused_entries;  ///< of the table, without a segment
  Severity worst = Severity::none;
  bool interrupted = false;
};

/// Reads both captures once, side by side. Memory is bounded by connections and by what waits for its twin.
VerifyReport verify_offset(PacketSource& inside, PacketSource& outside, const VerifyOptions& options,
                           const std::atomic<bool>* stop = nullptr);

}  // namespace tsaudit
