// SPDX-License-Identifier: Apache-2.0
// The pipeline: source -> decode -> flow -> model -> rules, in one call.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tsaudit/capture.h"
#include "tsaudit/report.h"

namespace tsaudit {

struct AnalysisOptions {
  const ReceiverProfile* profile = nullptr;     ///< nullptr: auto
  std::array<const ReceiverProfile*, 2> side_profiles{};   ///< by Side; instead of `profile`; nullptr: that one
  std::vector<std::pair<IpAddress, const ReceiverProfile*>> receivers;   ///< overrides by address
  std::vector<uint64_t> cuts;                   ///< frames where an endpoint was replaced (--cut)
  std::vector<IpAddress> captured_at;           ///< hosts on which the capture was taken; empty: estimated by timing
  bool captured_on_the_way = false;             ///< it was taken on neither end of any connection
  uint64_t explain_frame = 0;  ///< fill Sink::explanation(), or Summary::copy_of_frame, for it
  size_t max_flows = 4'000'000;                 ///< live flows; beyond it the longest idle are closed and counted
  /// Of them, those with anything odd: 4 to 36 KB each, 50 times one without. Beyond it the same.
  size_t max_troubled_flows() const { return std::max<size_t>(max_flows / 32, 1024); }
  TimeNs look_every = 0;  ///< ns of this machine's clock between two looks at open connections; 0: never
  std::string tool_name = "tsaudit";
};

/// Where results go while the capture is read. Flows arrive when they end (or at the end of the capture),
/// segments in frame order. Nothing is kept by the library afterwards.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool wants_segments() const { return false; }  ///< asked once, before the first segment
  /// The first segment of a flow has come, from `source`; its report follows when the flow ends.
  virtual void flow_opened(uint64_t /*id*/, const Endpoint& /*source*/, const Endpoint& /*destination*/) {}
  virtual void segment(const SegmentRow&) {}
  virtual void flow(FlowReport&&) {}
  /// See AnalysisOptions::look_every: a connection that is open and has had trouble, as if the capture ended
  /// here (FlowReport::so_far). One after the other by id, then look_ended().
  virtual void flow_so_far(FlowReport&&) {}
  virtual void look_ended() {}
  virtual void explanation(const Explanation&) {}
};

struct Progress {
  uint64_t bytes = 0;         ///< read so far
  uint64_t total_bytes = 0;   ///< 0: unknown (pipe)
  uint64_t packets = 0;
};

/// Runs the whole analysis. `progress`, if any, is called about every 64k packets. Setting `stop` ends
/// the analysis at the next batch; what was read is reported.
Summary analyze(PacketSource& source, const AnalysisOptions& options, Sink& sink,
                const std::function<void(const Progress&)>& progress = {}, const std::atomic<bool>* stop = nullptr);

}  // namespace tsaudit
