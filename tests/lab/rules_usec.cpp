// SPDX-License-Identifier: Apache-2.0
// A receiver whose own timestamps tick once a microsecond (a route says so, from 6.7 on): its replay window
// is then the RTO itself, in ticks. Over IPv6, whose route no other test uses.
#include "rule_tests.h"

namespace lab {
namespace {

const char* const kTaken = "taken";
const char* const kPaws = "TCP_RFC7323_PAWS";

void usec(RuleTests& t) {
  if (kernel_version() < 607) return;
  const Topology& net = t.lab().net();
  add_usec_route(net.ns(Host::peer), net.device(Host::peer), net.moving_address(true));
  auto options = t.options();
  options.v6 = true;
  Ghost g(t.lab(), options);
  g.connect();
  g.data(100, 10'000);
  t.advance(g, g.stale(1, kAck | kPsh, 50), "3 usec, data, 1 tick back", kTaken);
  t.send(g, g.stale(2, kAck | kPsh, 50), "9c usec, data, 2 ticks back", kPaws);
  t.send(g, g.stale(-1), "2 usec, 1 tick newer", kTaken);
  g.data(100, 10'000);
  // The rate of the receiver's clock must be seen before anybody can know of its window.
  for (int i = 0; i < 4; ++i) {
    t.lab().wait_ms(20);
    g.peer_sends(100);
    g.send(g.next());
  }
  g.ts_recent = g.clock;
  const auto limit = static_cast<int64_t>(g.peer().info().rto_us);
  t.send(g, g.stale(limit), "6 usec, repeated pure ACK at its limit", kTaken);
  t.send(g, g.stale(limit + 1), "9b usec, repeated pure ACK one tick beyond", kPaws);
}

constexpr RuleTest kTests[] = {{"usec", usec}};

}  // namespace

std::span<const RuleTest> usec_tests() { return kTests; }

}  // namespace lab
