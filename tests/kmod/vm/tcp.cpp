// SPDX-License-Identifier: Apache-2.0
#include "tcp.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

namespace rig {
namespace {

constexpr int kTcp = IPPROTO_TCP;
enum OptionKind : uint32_t { kMss = 2, kWindowScale = 3, kSackPermitted = 4, kTimestamps = 8 };

struct Name {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Name to_name(const tsoffset::Address& address) {
  Name name;
  if (address.family == AF_INET) {
    auto& in = reinterpret_cast<sockaddr_in&>(name.storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.bytes.data(), 4);
    name.length = sizeof in;
  } else {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(name.storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(address.port);
    std::memcpy(&in6.sin6_addr, address.bytes.data(), 16);
    name.length = sizeof in6;
  }
  return name;
}

tsoffset::Address from_name(const Name& name) {
  tsoffset::Address address;
  address.family = name.storage.ss_family;
  if (address.family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(name.storage);
    address.port = ntohs(in.sin_port);
    std::memcpy(address.bytes.data(), &in.sin_addr, 4);
  } else {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(name.storage);
    address.port = ntohs(in6.sin6_port);
    std::memcpy(address.bytes.data(), &in6.sin6_addr, 16);
  }
  return address;
}

template <typename T>
void set(int fd, int option, const T& value) {
  EXPECT_EQ(setsockopt(fd, kTcp, option, &value, sizeof value), 0)
      << "option " << option << ": " << strerror(errno);
}

template <typename T>
T get(int fd, int option) {
  T value{};
  socklen_t length = sizeof value;
  EXPECT_EQ(getsockopt(fd, kTcp, option, &value, &length), 0)
      << "option " << option << ": " << strerror(errno);
  return value;
}

void bind_to(int fd, const std::string& device) {
  if (device.empty()) return;
  EXPECT_EQ(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.data(), static_cast<socklen_t>(device.size())),
            0)
      << device << ": " << strerror(errno);
}

std::string device_of(int fd) {
  char name[IF_NAMESIZE]{};
  socklen_t length = sizeof name;
  EXPECT_EQ(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length), 0) << strerror(errno);
  return name;
}

tsoffset::Address local_of(int fd) {
  Name name;
  getsockname(fd, name.get(), &name.length);
  return from_name(name);
}

tsoffset::Address remote_of(int fd) {
  Name name;
  getpeername(fd, name.get(), &name.length);
  return from_name(name);
}

// Byte `at` of what is sent in one direction; the period is a prime, so that lost blocks do not go unseen.
uint8_t pattern(uint64_t at, uint8_t seed) {
  return static_cast<uint8_t>((at % 65521) * 31 + (at >> 16) + seed);
}

}  // namespace

Socket::~Socket() { close(); }

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Connection connect(const Namespace& client, const Namespace& server, const char* host, uint16_t port,
                   const std::string& device) {
  const bool v6 = std::strchr(host, ':') != nullptr;
  tsoffset::Address address =
      tsoffset::parse_address((v6 ? "[" + std::string(host) + "]" : host) + std::string(":1"));
  address.port = port;
  Connection connection;
  Socket listener;
  server.in([&] {
    listener = Socket(socket(address.family, SOCK_STREAM, 0));
    const int on = 1;
    setsockopt(listener.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener.fd(), SOL_IP, IP_FREEBIND, &on, sizeof on);
    tsoffset::Address any = address;
    any.bytes.fill(0);
    Name name = to_name(any);
    ASSERT_EQ(bind(listener.fd(), name.get(), name.length), 0) << strerror(errno);
    ASSERT_EQ(listen(listener.fd(), 4), 0);
    address.port = local_of(listener.fd()).port;
  });
  client.in([&] {
    connection.client = Socket(socket(address.family, SOCK_STREAM, 0));
    bind_to(connection.client.fd(), device);
    Name name = to_name(address);
    ASSERT_EQ(::connect(connection.client.fd(), name.get(), name.length), 0)
        << host << ": " << strerror(errno);
  });
  connection.server = Socket(accept(listener.fd(), nullptr, nullptr));
  EXPECT_GE(connection.server.fd(), 0);
  connection.client_address = local_of(connection.client.fd());
  connection.server_address = remote_of(connection.client.fd());
  return connection;
}

tsoffset::Entry entry_of(const tsoffset::Address& local, const tsoffset::Address& remote) {
  tsoffset::Entry entry;
  entry.local = local;
  entry.remote = remote;
  return entry;
}

bool quiet(const Socket& socket) {
  return wait_for(
      [&] {
        int out = 1, in = 1;
        ioctl(socket.fd(), SIOCOUTQ, &out);
        ioctl(socket.fd(), SIOCINQ, &in);
        return out == 0 && in == 0;
      },
      5);
}

Image dump(Socket& socket) {
  EXPECT_TRUE(quiet(socket));
  const int fd = socket.fd();
  set(fd, TCP_REPAIR, int{1});
  Image image{};
  image.local = local_of(fd);
  image.remote = remote_of(fd);
  image.device = device_of(fd);
  set(fd, TCP_REPAIR_QUEUE, int{TCP_SEND_QUEUE});
  image.send_seq = get<uint32_t>(fd, TCP_QUEUE_SEQ);
  set(fd, TCP_REPAIR_QUEUE, int{TCP_RECV_QUEUE});
  image.receive_seq = get<uint32_t>(fd, TCP_QUEUE_SEQ);
  set(fd, TCP_REPAIR_QUEUE, int{TCP_NO_QUEUE});
  image.mss = get<uint32_t>(fd, TCP_MAXSEG);
  image.timestamp = get<uint32_t>(fd, TCP_TIMESTAMP);
  image.window = get<std::array<uint32_t, 5>>(fd, TCP_REPAIR_WINDOW);
  const auto info = get<tcp_info>(fd, TCP_INFO);
  image.options = info.tcpi_options;
  image.send_scale = info.tcpi_snd_wscale;
  image.receive_scale = info.tcpi_rcv_wscale;
  socket.close();  // in repair mode: silently
  return image;
}

Socket restore(const Namespace& where, const Image& image, Clock clock) {
  Socket socket;
  where.in([&] {
    socket = Socket(::socket(image.local.family, SOCK_STREAM, 0));
    const int fd = socket.fd(), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bind_to(fd, image.device);
    set(fd, TCP_REPAIR, int{1});
    Name local = to_name(image.local), remote = to_name(image.remote);
    ASSERT_EQ(bind(fd, local.get(), local.length), 0) << strerror(errno);
    set(fd, TCP_REPAIR_QUEUE, int{TCP_SEND_QUEUE});
    set(fd, TCP_QUEUE_SEQ, image.send_seq);
    set(fd, TCP_REPAIR_QUEUE, int{TCP_RECV_QUEUE});
    set(fd, TCP_QUEUE_SEQ, image.receive_seq);
    set(fd, TCP_REPAIR_QUEUE, int{TCP_NO_QUEUE});
    ASSERT_EQ(::connect(fd, remote.get(), remote.length), 0) << strerror(errno);

    std::vector<tcp_repair_opt> options{{kMss, image.mss}};
    if (image.options & TCPI_OPT_WSCALE)
      options.push_back({kWindowScale, image.send_scale | static_cast<uint32_t>(image.receive_scale) << 16});
    if (image.options & TCPI_OPT_SACK) options.push_back({kSackPermitted, 0});
    if (image.options & TCPI_OPT_TIMESTAMPS) options.push_back({kTimestamps, 0});
    ASSERT_EQ(setsockopt(fd, kTcp, TCP_REPAIR_OPTIONS, options.data(),
                         static_cast<socklen_t>(options.size() * sizeof options[0])),
              0)
        << strerror(errno);
    set(fd, TCP_REPAIR_WINDOW, image.window);
    if (clock == Clock::kKept) set(fd, TCP_TIMESTAMP, image.timestamp);
  });
  return socket;
}

void resume(const Socket& socket) { set(socket.fd(), TCP_REPAIR, int{0}); }

uint32_t timestamp_now(const Socket& socket) { return get<uint32_t>(socket.fd(), TCP_TIMESTAMP); }

Pump::Pump(const Socket& one, const Socket& other) : ends_{{one.fd(), 17, 99}, {other.fd(), 99, 17}} {}

void Stream::send_some(uint64_t total) {
  uint8_t block[65536];
  const size_t n = static_cast<size_t>(std::min<uint64_t>(sizeof block, total - sent));
  for (size_t i = 0; i < n; i++) block[i] = pattern(sent + i, out_seed);
  const ssize_t done = send(fd, block, n, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (done > 0) sent += static_cast<uint64_t>(done);
}

bool Stream::receive_some() {
  uint8_t block[65536];
  const ssize_t n = recv(fd, block, sizeof block, MSG_DONTWAIT);
  for (ssize_t i = 0; i < n; i++) intact &= block[i] == pattern(received + static_cast<uint64_t>(i), in_seed);
  if (n > 0) received += static_cast<uint64_t>(n);
  return n > 0;
}

bool stream(std::span<Stream> ends, uint64_t total, double patience) {
  using Time = std::chrono::steady_clock;
  auto last = Time::now();
  while (!std::ranges::all_of(ends, [&](const Stream& end) { return end.done(total); })) {
    std::vector<pollfd> polled;
    for (const Stream& end : ends)
      polled.push_back({end.fd, static_cast<short>(POLLIN | (end.sent < total ? POLLOUT : 0)), 0});
    poll(polled.data(), polled.size(), 100);
    for (size_t i = 0; i < ends.size(); i++) {
      // Whoever is through first may close: what it sent is to be read nevertheless.
      if (polled[i].revents & POLLIN && ends[i].receive_some()) last = Time::now();
      if (polled[i].revents & (POLLERR | POLLHUP)) return ends[i].done(total) && ends[i].intact;
      if (polled[i].revents & POLLOUT) ends[i].send_some(total);
      if (!ends[i].intact) return false;
    }
    if (std::chrono::duration<double>(Time::now() - last).count() > patience) return false;
  }
  return true;
}

}  // namespace rig
