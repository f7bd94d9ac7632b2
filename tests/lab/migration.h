// SPDX-License-Identifier: Apache-2.0
// A connection that moves from the old host to the new one while the peer stays.
#pragma once

#include <memory>
#include <string>

#include "lab.h"
#include "repair.h"

namespace lab {

enum class Role { client_moves, server_moves };

/// How TSval goes on at the new host.
struct Move {
  enum class Clock {
    kept,
    lowered,
    bare
  } clock = Clock::kept;  ///< as CRIU; `lowered_by` less; TCP_TIMESTAMP not set
  uint32_t lowered_by = 0;
  bool probe = true;
  int downtime_ms = 20;
};

class Flow {
 public:
  /// Connects, with the moving address as client or server, and throws when that fails.
  Flow(Lab& lab, Role role, bool v6, uint16_t port);

  /// `bytes` each way, `rounds` times; true when everything arrived.
  bool exchange(int rounds, size_t bytes, int timeout_ms);
  /// Checkpoint, move of the address, restore.
  void move(const Move& move);

  TcpSocket& peer() { return *peer_; }
  TcpSocket& moving() { return *moving_; }

 private:
  Lab& lab_;
  std::unique_ptr<TcpSocket> listener_, peer_, moving_;
};

}  // namespace lab
