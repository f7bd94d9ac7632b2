// SPDX-License-Identifier: Apache-2.0
// The two hosts, the path between them, time, and the tap that captures.
#pragma once

#include <functional>
#include <queue>

#include "synth/host.h"
#include "tsaudit/synth.h"

namespace tsaudit::synth {

enum class Encapsulation : uint8_t { plain, vlan, vxlan };

/// What the middle of the path does with a packet, which it may also have rewritten.
struct Fate {
  bool lost = false;
  int64_t late_ns = 0;  ///< on top of the usual delay
};

class World {
 public:
  World(uint64_t seed, SynthPoint at);

  Host client, server;
  int64_t delay_ns = 5 * kMillisecond;  ///< one way
  Encapsulation encapsulation = Encapsulation::plain;
  bool ipv6 = false;
  std::function<Fate(Packet&)> middle;          ///< absent: a path without events
  std::function<bool(const Packet&)> captured;  ///< absent: the tap misses nothing

  Host& host(Side side) { return side == Side::client ? client : server; }
  TimeNs now() const { return now_; }
  /// Does something `after_ns` from now.
  void after(int64_t after_ns, std::function<void()> what);
  /// The same at a time since the begin.
  void at(double seconds, std::function<void()> what);
  void run();

  void transmit(Packet packet);
  uint64_t random();  ///< splitmix64
  uint32_t random(uint32_t from, uint32_t to) {
    return from + static_cast<uint32_t>(random() % (to - from + 1));
  }
  uint64_t payload_seed() const { return payload_seed_; }
  Endpoint endpoint(Side side) const;

  struct Captured {
    TimeNs time_ns;
    Packet packet;
  };
  const std::vector<Captured>& capture() const { return capture_; }

 private:
  struct Event {
    TimeNs when;
    uint64_t order;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };
  void tap(const Packet& packet, SynthPoint where);

  uint64_t random_state_;
  SynthPoint tapped_;
  TimeNs now_, begin_;
  uint64_t events_made_ = 0, payload_seed_;
  uint16_t client_port_;
  std::priority_queue<Event> events_;
  std::vector<Captured> capture_;
};

}  // namespace tsaudit::synth
