// SPDX-License-Identifier: Apache-2.0
// One session of the lab: the network, its capture points and the kernel's truth, driven by one thread on one
// CPU, so that a segment's whole way through the receiver is over when the call that sent it returns.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "counters.h"
#include "frame_index.h"
#include "kernel_events.h"
#include "tap.h"
#include "topology.h"
#include "truth.h"
#include "truth_json.h"

namespace lab {

class Lab {
 public:
  struct Options {
    std::string folder = {};  ///< existing folder for captures and truth
    Topology::Options net = {};
    bool record = true;      ///< false: no capture files
    bool one_sided = false;  ///< captures of what arrives alone
  };
  explicit Lab(const Options& options);

  Topology& net() { return net_; }

  /// Takes in what taps and tracepoints have, without waiting.
  void poll();
  /// Lets timers run for a while.
  void wait_ms(int milliseconds);
  /// Long waits, without looking at anything meanwhile.
  void sleep_s(int64_t seconds);
  /// Until `done` holds; false after `milliseconds`.
  bool wait_until(const std::function<bool()>& done, int milliseconds = 3000);

  /// Frames that reach the moving address's host are shown here too.
  std::function<void(const Segment&)> on_host_received;

  /// Sends a segment from the moving address's host. A rule marks it in the truth as the test of that rule,
  /// with what the peer's counters say to it: where a kernel gives no reason they are the only witness.
  void inject(const Segment& segment, const std::string& rule = {});

  Truth& truth() { return truth_; }
  const KernelEvents& events() const { return events_; }
  Counters counters(Host host) const { return counters_[static_cast<size_t>(host)].read(); }
  std::string host_name(uint32_t netns) const;

  /// Writes truth.ndjson and closes the session's books. Throws if anything was lost on the way: a truth with
  /// holes proves nothing.
  void finish();

 private:
  /// A capture point, and what became of the truth's segments in it.
  struct Vantage {
    std::string name;
    Tap tap;
    FrameIndex frames;
    uint32_t home_of = 0;  ///< the namespace whose cable it is on
  };
  std::array<Vantage*, 4> vantages() { return {&at_peer_, &in_middle_, &at_old_host_, &at_new_host_}; }
  /// Of the segment that passed there, at that capture point and those before it.
  FrameNumbers frames_of(const std::string& key, const Passage& passage);
  Vantage vantage(const Namespace& ns, const std::string& device, const std::string& name) const;
  void read_taps();
  void write_truth();

  Options options_;
  Topology net_;
  KernelEvents events_;
  Truth truth_;
  Vantage at_peer_, in_middle_, at_old_host_, at_new_host_;
  Injector old_injector_, new_injector_;
  CounterReader counters_[3];
  Counters start_[3];
  struct Lost {
    Segment segment;
    Passage last_seen;
  };
  std::vector<Lost> lost_;  ///< on a bad line
};

}  // namespace lab
