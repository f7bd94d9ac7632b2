// SPDX-License-Identifier: Apache-2.0
// Options that name an address or a frame, and whether the captures have it.
#pragma once

#include <cstdint>
#include <vector>

#include "input_options.h"

namespace tsaudit::cli {

/// Such an option changes verdicts, and one with a slip of the pen in it changes others than were meant: what
/// it names is looked for among the connections, and missed aloud.
class OptionUse {
 public:
  explicit OptionUse(const InputOptions& options);
  /// Is there nothing to look for any more?
  bool all_met() const { return receivers_.empty() && captured_at_.empty() && cuts_.empty(); }
  void see(const Endpoint& endpoint);
  void see(const FlowReport& flow);
  /// A line on stderr for each that was not met.
  void complain_of_rest() const;

 private:
  const bool quiet_;
  std::vector<IpAddress> receivers_, captured_at_;  ///< not met so far, as all here
  std::vector<uint64_t> cuts_;
};

/// Looks at what goes to another sink.
class WatchedSink final : public Sink {
 public:
  WatchedSink(Sink& sink, OptionUse& use) : sink_(sink), use_(use) {}
  bool wants_segments() const override { return sink_.wants_segments(); }
  void flow_opened(uint64_t id, const Endpoint& source, const Endpoint& destination) override {
    use_.see(source);
    use_.see(destination);
    sink_.flow_opened(id, source, destination);
  }
  void segment(const SegmentRow& row) override { sink_.segment(row); }
  void flow(FlowReport&& flow) override {
    use_.see(flow);
    sink_.flow(std::move(flow));
  }
  void flow_so_far(FlowReport&& flow) override { sink_.flow_so_far(std::move(flow)); }
  void look_ended() override { sink_.look_ended(); }
  void explanation(const Explanation& explanation) override { sink_.explanation(explanation); }

 private:
  Sink& sink_;
  OptionUse& use_;
};

}  // namespace tsaudit::cli
