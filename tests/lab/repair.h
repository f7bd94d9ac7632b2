// SPDX-License-Identifier: Apache-2.0
// Moves a connection with TCP_REPAIR, in the steps and the order of CRIU's soccr.
#pragma once

#include <linux/tcp.h>

#include <cstdint>
#include <optional>
#include <string>

#include "tcp_socket.h"

namespace lab {

/// A live connection without its host.
struct ConnectionImage {
  Endpoint local, remote;
  uint32_t snd_nxt = 0;  ///< first byte never given to the socket: queue sequence, end of the send queue
  uint32_t rcv_nxt = 0;
  std::string send_queue;     ///< unacknowledged and unsent
  uint32_t unsent = 0;        ///< of send_queue, at its end
  std::string receive_queue;  ///< not read by the application
  uint32_t mss = 0;
  TcpInfo options;
  uint32_t timestamp = 0;  ///< TCP_TIMESTAMP: next TSval; bit 0 is the clock's unit from 6.7 on
  tcp_repair_window window{};

  uint32_t snd_una() const { return snd_nxt - static_cast<uint32_t>(send_queue.size()); }
};

/// Reads the connection out of `socket` and closes it without a packet.
ConnectionImage checkpoint(TcpSocket socket);

struct RestoreOptions {
  /// What to set TCP_TIMESTAMP to. Absent: do not set it, so that TSval is the new host's bare clock.
  std::optional<uint32_t> timestamp;
  bool probe = true;      ///< leave repair with the window probe (CRIU does), or TCP_REPAIR_OFF_NO_WP
  bool window = true;     ///< TCP_REPAIR_WINDOW
  bool ts_option = true;  ///< restore the timestamp option at all
};
/// Makes the connection in `ns`. The address must be there already.
TcpSocket restore(const Namespace& ns, const ConnectionImage& image, const RestoreOptions& options);

/// Sends the window probe that a restore without it left out.
void probe(const TcpSocket& socket);

}  // namespace lab
