// SPDX-License-Identifier: Apache-2.0
// A bad line in place of the bridge: it loses, delays, reorders and doubles frames by a seed, on both sides
// of the point where the middle is captured, and may carry a VLAN tag there. In user space, because not every
// kernel has netem; frames move when the lab polls.
//
//        peer [peer0] ---- [p0] near [m1] ---- [m0] far [o0] ---- [old0] old host
//                                     middle        side [n0] ---- [new0] new host
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "frame_trail.h"
#include "packet.h"
#include "tap.h"

namespace lab {

/// Per cent of the frames with a TCP segment, on each of the two sides.
struct Trouble {
  uint32_t lost = 0;
  uint32_t late = 0;  ///< held back, so that later ones overtake
  uint32_t late_ms = 5;
  uint32_t twice = 0;
  uint32_t way_ms = 0;  ///< that every frame takes, in order
};

class Line {
 public:
  /// The ports must exist in `ns`; `peer` is the MAC address behind p0, `old_host` the one behind o0.
  Line(const Namespace& ns, MacAddress peer, MacAddress old_host);

  /// From now on; the seed makes the choices repeatable.
  void trouble(const Trouble& trouble, uint64_t seed);
  /// 0: none. The tag is on the middle alone.
  void tag_middle(uint16_t vlan) { vlan_ = vlan; }
  /// Passes on what has arrived and what was held back long enough; true if anything moved.
  bool forward();
  /// Frames that nobody will see again.
  std::function<void(const Segment&, const Passage&)> on_lost;
  const FrameTrail& trail() const { return trail_; }

 private:
  struct Port {
    std::string point;  ///< the capture point that it leads to
    Tap in;
    Injector out;
  };
  struct Held {
    int64_t due_ns;
    Port* to;
    Bytes frame;
    std::string key;  ///< empty unless it is a TCP segment
    Passage from;
  };
  void pass(const Frame& frame, const Port& from);
  void send(const Held& frame);
  Bytes retag(const Frame& frame, bool tagged) const;
  bool chance(uint32_t percent);
  int64_t late_ns();

  MacAddress peer_, old_host_;
  std::vector<std::unique_ptr<Port>> ports_;
  Port *p0_, *m1_, *m0_, *o0_, *n0_;
  Trouble trouble_;
  uint16_t vlan_ = 0;
  std::mt19937_64 engine_;
  std::vector<Held> held_;
  FrameTrail trail_;
};

}  // namespace lab
