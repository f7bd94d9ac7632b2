// SPDX-License-Identifier: Apache-2.0
#include "tcp_socket.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace lab {
namespace {

/// Text on the wire, so that a capture of the lab can be read.
std::string pattern(size_t bytes) {
  std::string text(bytes, '.');
  for (size_t i = 0; i < bytes; ++i) text[i] = i % 64 == 63 ? '\n' : static_cast<char>('a' + i % 26);
  return text;
}

bool would_block() { return errno == EAGAIN || errno == EINPROGRESS; }
/// The connection is, or there never was one.
bool is_over() {
  return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN || errno == ECONNREFUSED ||
         errno == ETIMEDOUT;
}

}  // namespace

TcpSocket TcpSocket::open(const Namespace& ns, bool v6, int protocol) {
  const auto inside = ns.enter();
  TcpSocket socket(
      UniqueFd(must(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol),
                    "TCP socket")));
  socket.set(SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
  return socket;
}

TcpSocket TcpSocket::listen(const Namespace& ns, const Endpoint& local, int backlog) {
  TcpSocket socket = open(ns, local.address.v6);
  socket.bind(local);
  socket.listen(backlog);
  return socket;
}

TcpSocket TcpSocket::connect(const Namespace& ns, const Endpoint& local, const Endpoint& remote) {
  TcpSocket socket = open(ns, local.address.v6);
  socket.bind(local);
  socket.connect(remote);
  return socket;
}

void TcpSocket::bind(const Endpoint& local) {
  const SocketAddress address = socket_address(local);
  must(::bind(fd(), address.get(), address.length), "bind " + to_string(local));
}

void TcpSocket::listen(int backlog) { must(::listen(fd(), backlog), "listen"); }

void TcpSocket::connect(const Endpoint& remote) {
  const SocketAddress address = socket_address(remote);
  if (::connect(fd(), address.get(), address.length) < 0 && !would_block())
    throw SystemError("connect " + to_string(remote));
}

void TcpSocket::connect_with(const Endpoint& remote, size_t bytes) {
  const std::string data = pattern(bytes);
  const SocketAddress address = socket_address(remote);
  if (sendto(fd(), data.data(), data.size(), MSG_FASTOPEN | MSG_NOSIGNAL, address.get(), address.length) <
          0 &&
      !would_block())
    throw SystemError("connect " + to_string(remote));
}

std::optional<TcpSocket> TcpSocket::accept() {
  const int fd = accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0 && (would_block() || errno == ECONNABORTED)) return {};
  return TcpSocket(UniqueFd(must(fd, "accept")));
}

size_t TcpSocket::write(size_t bytes, int flags) {
  const std::string data = pattern(bytes);
  const ssize_t n = send(fd_.get(), data.data(), data.size(), flags | MSG_NOSIGNAL);
  if (n < 0 && (would_block() || is_over())) return 0;  // the caller sees no progress
  return static_cast<size_t>(must(n, "send"));
}

size_t TcpSocket::read(size_t most) {
  static thread_local std::vector<char> sink(1 << 18);
  size_t total = 0;
  while (total < most) {
    const ssize_t n = recv(fd_.get(), sink.data(), std::min(sink.size(), most - total), 0);
    if (n <= 0) break;  // nothing more, the end, or a reset: the caller looks at info()
    total += static_cast<size_t>(n);
  }
  return total;
}

void TcpSocket::shutdown_write() {
  if (shutdown(fd_.get(), SHUT_WR) < 0 && !is_over()) throw SystemError("shutdown");
}

void TcpSocket::abort_on_close() {
  const linger abort{1, 0};
  must(setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort), "SO_LINGER");
}

void TcpSocket::set(int level, int option, int value, const std::string& name) {
  if (!try_set(level, option, value)) throw SystemError(name);
}

bool TcpSocket::try_set(int level, int option, int value) {
  return setsockopt(fd_.get(), level, option, &value, sizeof value) == 0;
}

TcpInfo TcpSocket::info() const {
  tcp_info raw{};
  socklen_t size = sizeof raw;
  must(getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &raw, &size), "TCP_INFO");
  TcpInfo info;
  info.state = static_cast<TcpState>(raw.tcpi_state);
  info.timestamps = raw.tcpi_options & TCPI_OPT_TIMESTAMPS;
  info.sack = raw.tcpi_options & TCPI_OPT_SACK;
  if (raw.tcpi_options & TCPI_OPT_WSCALE) {
    info.snd_wscale = raw.tcpi_snd_wscale;
    info.rcv_wscale = raw.tcpi_rcv_wscale;
  }
  info.rto_us = raw.tcpi_rto;
  info.unacked = raw.tcpi_unacked;
  info.total_retrans = raw.tcpi_total_retrans;
  info.snd_mss = raw.tcpi_snd_mss;
  return info;
}

Endpoint TcpSocket::local() const {
  SocketAddress address;
  must(getsockname(fd_.get(), address.get(), &address.length), "getsockname");
  return endpoint_from(address);
}

Endpoint TcpSocket::remote() const {
  SocketAddress address;
  must(getpeername(fd_.get(), address.get(), &address.length), "getpeername");
  return endpoint_from(address);
}

}  // namespace lab
