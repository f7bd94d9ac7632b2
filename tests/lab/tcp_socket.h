// SPDX-License-Identifier: Apache-2.0
// Real TCP sockets in a namespace, non-blocking, so that one thread can play every host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "address.h"
#include "netns.h"

namespace lab {

/// The kernel's numbers (include/net/tcp_states.h). Ours, because <netinet/tcp.h>, which has them too, cannot
/// be included beside <linux/tcp.h>.
enum class TcpState : uint8_t {
  established = 1,
  syn_sent,
  syn_recv,
  fin_wait1,
  fin_wait2,
  time_wait,
  close,
  close_wait,
  last_ack,
  listen,
  closing
};

/// The part of struct tcp_info that the lab writes down.
struct TcpInfo {
  TcpState state = TcpState::close;
  bool timestamps = false;
  uint8_t snd_wscale = 0, rcv_wscale = 0;
  bool sack = false;
  uint32_t rto_us = 0;
  uint32_t unacked = 0;
  uint32_t total_retrans = 0;
  uint32_t snd_mss = 0;
};

class TcpSocket {
 public:
  explicit TcpSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  static TcpSocket open(const Namespace& ns, bool v6, int protocol = 0);
  static TcpSocket listen(const Namespace& ns, const Endpoint& local, int backlog = 64);
  /// Starts a connection; it is made when info().state says so.
  static TcpSocket connect(const Namespace& ns, const Endpoint& local, const Endpoint& remote);

  void bind(const Endpoint& local);
  void listen(int backlog);
  void connect(const Endpoint& remote);
  /// With data in the SYN, if a cookie is known (TCP fast open).
  void connect_with(const Endpoint& remote, size_t bytes);

  std::optional<TcpSocket> accept();
  /// Bytes taken by the socket, at most `bytes`.
  size_t write(size_t bytes, int flags = 0);
  /// Reads and throws away what is there, `most` bytes at the most.
  size_t read(size_t most = SIZE_MAX);
  /// Of a connection that is none any more there is nothing to shut down.
  void shutdown_write();
  /// Closing sends a RST, and the kernel forgets the connection at once.
  void abort_on_close();
  void set(int level, int option, int value, const std::string& name);
  /// The same, if the socket takes it: a closed one does not, nor MPTCP all of them.
  bool try_set(int level, int option, int value);
  TcpInfo info() const;
  bool is_connected() const { return info().state == TcpState::established; }
  Endpoint local() const;
  Endpoint remote() const;
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace lab
