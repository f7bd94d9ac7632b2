// SPDX-License-Identifier: Apache-2.0
// One end of a real connection, played by hand at the moving address: it sends any segment, also those that
// no socket would, inside the true sequence space, and keeps books on what the real socket at the peer says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lab.h"
#include "repair.h"
#include "tcp_socket.h"

namespace lab {

class Ghost {
 public:
  struct Options {
    bool v6 = false;
    uint16_t port = 41000;  ///< ours
    uint16_t peer_port = 443;
    uint32_t isn = 0x10000000;
    uint32_t tsval = 1'000'000;  ///< of our SYN
    bool timestamps = true;
    bool sack = true;
    std::optional<uint8_t> window_scale = 7;
    uint16_t window = 1000;  ///< as we send it, unscaled
    uint16_t mss = 1460;
  };
  /// Takes the moving address from its host's kernel, which would answer with RST. Sends nothing yet.
  Ghost(Lab& lab, const Options& options);
  ~Ghost();
  Ghost(const Ghost&) = delete;
  Ghost& operator=(const Ghost&) = delete;

  /// We connect, the peer listens; returns when the peer has accepted.
  void connect();
  /// The peer connects, we answer.
  void accept();

  // The pieces of the two, for scenarios inside of the handshake.
  void listen_at_peer();
  void connect_from_peer();
  Segment syn() const;
  bool wait_for(const std::function<bool(const Segment&)>& reply, int milliseconds = 1000);
  void wait_accepted();

  /// The next segment as an honest sender would make it now.
  Segment next(uint8_t flags = kAck, uint32_t payload = 0) const;
  /// The same, `ticks` older (newer if negative) than the last TSval that the peer has taken from us.
  Segment stale(int64_t ticks, uint8_t flags = kAck, uint32_t payload = 0) const;
  /// Sends and leaves our books as they are; a rule marks the segment as a test of it.
  void send(const Segment& segment, const std::string& rule = {});
  /// Sends in order and advances our sequence; for segments that the peer should take.
  void advance(const Segment& segment, const std::string& rule = {});
  /// Honest data; our clock advances by `ticks` first. Waits until the peer has acknowledged it.
  void data(uint32_t bytes, uint32_t ticks = 10);

  TcpSocket& peer() { return *peer_; }
  /// The peer sends; we acknowledge nothing yet.
  void peer_sends(uint32_t bytes);
  /// The peer's application is done with the connection: FIN, and nobody will read any more.
  void close_peer();
  /// The peer's socket goes through checkpoint and restore where it is: TS.Recent and RTT are forgotten.
  void restore_peer(bool probe = true);
  /// It sends the probe after all.
  void probe_from_peer();
  const std::vector<Segment>& replies() const { return replies_; }
  void forget_replies() { replies_.clear(); }
  Lab& lab() { return lab_; }

  Endpoint local, remote;
  uint32_t snd_nxt = 0;                ///< our next byte
  uint32_t rcv_nxt = 0;                ///< the peer's next byte: what we acknowledge
  uint32_t clock = 0;                  ///< our TSval
  uint32_t ts_recent = 0;              ///< what the peer holds, as far as `advance` knows
  uint32_t peer_tsval = 0;             ///< latest TSval from the peer: what we echo
  std::optional<uint32_t> peer_acked;  ///< highest ACK from the peer
  uint16_t window = 0;
  bool timestamps = true;

 private:
  void receive(const Segment& segment);
  Lab& lab_;
  Options options_;
  std::unique_ptr<TcpSocket> listener_, peer_;
  std::vector<Segment> replies_;
};

}  // namespace lab
