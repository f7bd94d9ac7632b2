// SPDX-License-Identifier: Apache-2.0
// A connection that moves from the old host to the new one while the peer stays.
#pragma once

#include <memory>
#include <string>

#include "lab.h"
#include "repair.h"

namespace lab {

enum class Role { client_moves, server_moves };

/// How TSval goes on at the next host.
struct Move {
  enum class Clock {
    kept,  ///< as CRIU does: from where it was
    bare,  ///< TCP_TIMESTAMP not set: the new host's own clock, without an offset
    usec,  ///< bit 0 of TCP_TIMESTAMP set: from there on in microseconds (6.7+)
  } clock = Clock::kept;
  int64_t ticks = 0;  ///< added to a kept clock; negative: lowered
  bool probe = true;
  int downtime_ms = 20;
  bool at_rest = true;   ///< wait until nothing is on the way
  uint32_t skipped = 0;  ///< bytes by which the restored SND.NXT is too far ahead
};

class Flow {
 public:
  /// Connects, with the moving address as client or server, and throws when that fails.
  Flow(Lab& lab, Role role, bool v6, uint16_t port);

  /// `bytes` each way, `rounds` times, each after a pause; true when everything arrived.
  bool exchange(int rounds, size_t bytes, int timeout_ms, int pause_ms = 0);
  /// Checkpoint, move of the address to the other host, restore.
  void move(const Move& move);
  /// The peer's application dies: RST.
  void abort_peer();

  TcpSocket& peer() { return *peer_; }
  TcpSocket& moving() { return *moving_; }

 private:
  Lab& lab_;
  std::unique_ptr<TcpSocket> listener_, peer_, moving_;
};

}  // namespace lab
