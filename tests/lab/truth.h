// SPDX-License-Identifier: Apache-2.0
// What the kernel did with each TCP segment that arrived at a watched host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "counters.h"
#include "kernel_events.h"
#include "packet.h"

namespace lab {

/// An established receiver right before it looked at a segment.
struct ReceiverState {
  uint32_t ts_recent, ts_recent_stamp, rcv_nxt, rcv_wup, rcv_wnd;
  uint32_t snd_una, snd_nxt, snd_wl1, snd_wnd, rto_jiffies;
};

struct TruthRecord {
  uint32_t netns = 0;  ///< where it arrived
  Segment segment;
  std::optional<ReceiverState> state;  ///< absent unless the socket was ESTABLISHED
  bool lost = false;                   ///< on the way
  bool freed = false;                  ///< kfree_skb: the kernel threw it away
  std::string reason;                  ///< its reason; empty on kernels without reasons
  Counters counters;                   ///< of the peer: what grew when it was injected
  std::string rule;  ///< the rule row or vector that it was sent for; empty: ordinary traffic
};

/// "taken", or the reason of the refusal: the tracepoint's, or, where that gives none (mini sockets;
/// everything before 5.17), what the counters say. "NOT_SPECIFIED" when neither knows.
std::string verdict(const TruthRecord& record);

/// Same segment by all that the join may rely on: connection, sequence space, flags and timestamps.
bool same_segment(const Segment& a, const Segment& b);

class Truth {
 public:
  explicit Truth(const KernelEvents& events) : events_(events) {}

  void take(const lab_event& event);
  /// The next arrival of `segment` in the namespace (one each call) is the test of `rule`.
  void expect(const Segment& segment, const std::string& rule, uint32_t netns);

  /// The arrival of `segment` in the namespace, if it was the only one there after the first `since` records.
  TruthRecord* arrived_alone(size_t since, const Segment& segment, uint32_t netns);

  const std::vector<TruthRecord>& records() const { return records_; }
  /// Frees of watched skb's whose headers fit no arrival: must be 0, else the join is guesswork.
  uint64_t unexplained() const { return unexplained_; }

 private:
  void arrived(const lab_event& event);
  void freed(const lab_event& event);

  const KernelEvents& events_;
  std::vector<TruthRecord> records_;
  std::unordered_map<uint64_t, size_t> by_skb_;  // address -> record that has it now
  struct Expected {
    Segment segment;
    std::string rule;
    uint32_t netns;  // a bridge that has forgotten an address shows the segment to other hosts too
  };
  std::vector<Expected> expected_;
  uint64_t unexplained_ = 0;
};

}  // namespace lab
