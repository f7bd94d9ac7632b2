// SPDX-License-Identifier: Apache-2.0
#include "repair.h"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <stdexcept>
#include <vector>

namespace lab {
namespace {

constexpr uint32_t kOptMss = 2, kOptWindow = 3, kOptSack = 4, kOptTimestamp = 8;  // option kinds of RFC 9293

template <class T>
T get(const TcpSocket& socket, int option, const std::string& name) {
  T value{};
  socklen_t size = sizeof value;
  must(getsockopt(socket.fd(), IPPROTO_TCP, option, &value, &size), name);
  return value;
}

template <class T>
void put(const TcpSocket& socket, int option, const T& value, const std::string& name) {
  must(setsockopt(socket.fd(), IPPROTO_TCP, option, &value, sizeof value), name);
}

void choose_queue(const TcpSocket& socket, int queue) {
  put(socket, TCP_REPAIR_QUEUE, queue, "TCP_REPAIR_QUEUE");
}

uint32_t queued(const TcpSocket& socket, unsigned long request, const std::string& name) {
  int bytes = 0;
  must(ioctl(socket.fd(), request, &bytes), name);
  return static_cast<uint32_t>(bytes);
}

/// A send queue whose first segment is acknowledged in part is shown from that segment's start, longer than
/// SIOCOUTQ says (tcp_peek_sndq), and cannot be read out.
std::string peek(const TcpSocket& socket, uint32_t bytes) {
  std::string data(bytes, '\0');
  if (!bytes) return data;
  const auto got =
      static_cast<size_t>(must(recv(socket.fd(), data.data(), bytes, MSG_PEEK), "peek at queue"));
  if (got != bytes) throw std::runtime_error(fmt::format("a queue of {} bytes shows {}", bytes, got));
  return data;
}

void fill(const TcpSocket& socket, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = must(send(socket.fd(), data.data(), data.size(), MSG_NOSIGNAL), "fill queue");
    data.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

ConnectionImage checkpoint(TcpSocket socket) {
  put(socket, TCP_REPAIR, TCP_REPAIR_ON, "TCP_REPAIR");
  ConnectionImage image;
  image.local = socket.local();
  image.remote = socket.remote();
  image.options = socket.info();
  image.mss = get<uint32_t>(socket, TCP_MAXSEG, "TCP_MAXSEG");
  if (image.options.timestamps) image.timestamp = get<uint32_t>(socket, TCP_TIMESTAMP, "TCP_TIMESTAMP");
  image.window = get<tcp_repair_window>(socket, TCP_REPAIR_WINDOW, "TCP_REPAIR_WINDOW");

  choose_queue(socket, TCP_SEND_QUEUE);
  image.snd_nxt = get<uint32_t>(socket, TCP_QUEUE_SEQ, "TCP_QUEUE_SEQ");
  image.send_queue = peek(socket, queued(socket, SIOCOUTQ, "SIOCOUTQ"));
  image.unsent = queued(socket, SIOCOUTQNSD, "SIOCOUTQNSD");
  choose_queue(socket, TCP_RECV_QUEUE);
  image.rcv_nxt = get<uint32_t>(socket, TCP_QUEUE_SEQ, "TCP_QUEUE_SEQ");
  image.receive_queue = peek(socket, queued(socket, SIOCINQ, "SIOCINQ"));
  return image;  // closing a socket in repair mode sends nothing
}

TcpSocket restore(const Namespace& ns, const ConnectionImage& image, const RestoreOptions& options) {
  TcpSocket socket = TcpSocket::open(ns, image.local.address.v6);
  put(socket, TCP_REPAIR, TCP_REPAIR_ON, "TCP_REPAIR");
  choose_queue(socket, TCP_SEND_QUEUE);
  put(socket, TCP_QUEUE_SEQ, image.snd_una(), "TCP_QUEUE_SEQ send");
  choose_queue(socket, TCP_RECV_QUEUE);
  put(socket, TCP_QUEUE_SEQ, image.rcv_nxt - static_cast<uint32_t>(image.receive_queue.size()),
      "TCP_QUEUE_SEQ receive");

  const SocketAddress local = socket_address(image.local), remote = socket_address(image.remote);
  must(bind(socket.fd(), local.get(), local.length), "bind " + to_string(image.local));
  must(connect(socket.fd(), remote.get(), remote.length), "connect in repair mode");

  std::vector<tcp_repair_opt> list;
  if (image.options.sack) list.push_back({kOptSack, 0});
  list.push_back({kOptWindow, uint32_t{image.options.snd_wscale} | uint32_t{image.options.rcv_wscale} << 16});
  if (image.options.timestamps && options.ts_option) list.push_back({kOptTimestamp, 0});
  list.push_back({kOptMss, image.mss});
  must(setsockopt(socket.fd(), IPPROTO_TCP, TCP_REPAIR_OPTIONS, list.data(),
                  static_cast<socklen_t>(list.size() * sizeof list[0])),
       "TCP_REPAIR_OPTIONS");
  if (options.timestamp) put(socket, TCP_TIMESTAMP, *options.timestamp, "TCP_TIMESTAMP");

  choose_queue(socket, TCP_RECV_QUEUE);
  fill(socket, image.receive_queue);
  choose_queue(socket, TCP_SEND_QUEUE);
  const std::string_view all = image.send_queue;
  fill(socket, all.substr(0, all.size() - image.unsent));
  if (options.window) put(socket, TCP_REPAIR_WINDOW, image.window, "TCP_REPAIR_WINDOW");

  put(socket, TCP_REPAIR, options.probe ? TCP_REPAIR_OFF : TCP_REPAIR_OFF_NO_WP, "TCP_REPAIR off");
  fill(socket, all.substr(all.size() - image.unsent));  // never sent: the ordinary way
  return socket;
}

void probe(const TcpSocket& socket) {
  put(socket, TCP_REPAIR, TCP_REPAIR_ON, "TCP_REPAIR");
  put(socket, TCP_REPAIR, TCP_REPAIR_OFF, "TCP_REPAIR off");
}

}  // namespace lab
