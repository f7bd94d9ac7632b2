// SPDX-License-Identifier: Apache-2.0
//
// The process that CRIU moves, and the one that it talks with: the same program on both machines.
//
//   criu_endpoint STATUS-FILE LISTEN-PORT LOCAL-ADDRESS LOCAL-PORT PEER-ADDRESS PEER-PORT
//
// It is the server of one connection (accepted at LISTEN-PORT) and the client of another (from LOCAL to
// PEER). A client asks ten times a second, once the last answer is whole; SIGUSR1 makes one question 10 MB
// long. Byte N of a question is a function of N, and the answer is the question with each bit turned: so each
// end verifies each byte, and any that is lost, repeated or mixed up ends the program with a message in
// STATUS-FILE, which otherwise tells the progress as JSON.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr size_t kQuestion = 200;  // bytes, ten times a second: a capture stays small
constexpr size_t kBulk = 10 << 20;
constexpr int64_t kIntervalNs = 100'000'000;
constexpr uint8_t kAnswer = 0xff;

volatile sig_atomic_t bulk_wanted = 0;
std::string status_path;

uint8_t question_byte(uint64_t position) { return static_cast<uint8_t>((position * 2654435761u) >> 13); }

[[noreturn]] void fail(const std::string& what) {
  if (std::FILE* file = std::fopen(status_path.c_str(), "w")) {
    std::fprintf(file, "{\"error\":\"%s: %s\"}\n", what.c_str(), std::strerror(errno));
    std::fclose(file);
  }
  std::exit(1);
}

sockaddr_in address(const char* host, const char* port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
  if (inet_pton(AF_INET, host, &result.sin_addr) != 1) fail(std::string("address ") + host);
  return result;
}

int tcp_socket(const sockaddr_in& local) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) fail("bind");
  return fd;
}

struct Connection {
  int fd = -1;
  uint64_t sent = 0, received = 0;

  void open(int socket_fd) {
    fd = socket_fd;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // When the program is killed: a reset, and no TIME_WAIT that keeps the ports.
    const linger reset{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    fcntl(fd, F_SETFL, O_NONBLOCK);
  }

  // TSval of this moment, as this end's socket stamps it.
  uint32_t clock() const {
    uint32_t value = 0;
    socklen_t size = sizeof value;
    if (fd >= 0) getsockopt(fd, IPPROTO_TCP, TCP_TIMESTAMP, &value, &size);
    return value;
  }

  // Sends bytes of the stream up to `end`, as many as fit.
  void send_up_to(uint64_t end, uint8_t mask) {
    std::array<uint8_t, 65536> buffer;
    while (sent < end) {
      const size_t size = std::min<uint64_t>(buffer.size(), end - sent);
      for (size_t i = 0; i < size; i++) buffer[i] = question_byte(sent + i) ^ mask;
      const ssize_t n = send(fd, buffer.data(), size, MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0) fail("send");
      sent += static_cast<uint64_t>(n);
    }
  }

  void receive(uint8_t mask) {
    std::array<uint8_t, 65536> buffer;
    const ssize_t n = recv(fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail(n == 0 ? "closed by the other end" : "receive");
    for (ssize_t i = 0; i < n; i++, received++)
      if (buffer[static_cast<size_t>(i)] != (question_byte(received) ^ mask))
        fail("wrong byte " + std::to_string(received));
  }
};

void report(const Connection& client, const Connection& server) {
  const std::string next = status_path + ".new";
  std::FILE* file = std::fopen(next.c_str(), "w");
  if (!file) return;
  const auto put = [&](const char* role, const Connection& connection) {
    std::fprintf(file, "\"%s\":{\"sent\":%llu,\"received\":%llu,\"clock\":%u}", role,
                 static_cast<unsigned long long>(connection.sent),
                 static_cast<unsigned long long>(connection.received), connection.clock());
  };
  std::fputs("{", file);
  put("client", client);
  std::fputs(",", file);
  put("server", server);
  std::fputs("}\n", file);
  std::fclose(file);
  std::rename(next.c_str(), status_path.c_str());
}

int connect_to(const sockaddr_in& peer, const sockaddr_in& local) {
  for (int tries = 0;; tries++) {  // the other end may be about to start
    const int fd = tcp_socket(local);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0) return fd;
    if (tries == 100) fail("connect");
    close(fd);
    usleep(50'000);
  }
}

int64_t now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void run(int listener, Connection client, Connection server) {
  int64_t next = now_ns();
  uint64_t asked = 0;  // the end of the client's current question
  for (;;) {
    const int64_t wait = next - now_ns();
    // Another machine, another clock: it may be behind.
    if (wait <= 0 || wait > kIntervalNs) {
      next = now_ns() + kIntervalNs;
      if (client.received == asked) asked += bulk_wanted ? kBulk : kQuestion;
      if (asked - client.received >= kBulk) bulk_wanted = 0;
      report(client, server);
    }
    const auto wanted = [](bool writing) { return static_cast<short>(POLLIN | (writing ? POLLOUT : 0)); };
    pollfd fds[] = {{client.fd, wanted(client.sent < asked), 0},
                    {server.fd, wanted(server.sent < server.received), 0},
                    {server.fd < 0 ? listener : -1, POLLIN, 0}};
    if (poll(fds, 3, kIntervalNs / 1'000'000 / 4) < 0 && errno != EINTR) fail("poll");
    if (fds[2].revents) server.open(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    client.receive(kAnswer);
    client.send_up_to(asked, 0);
    if (server.fd < 0) continue;
    // An answer is sent before more is read: what the other end asks for is bounded by what it takes.
    if (server.sent == server.received) server.receive(0);
    server.send_up_to(server.received, kAnswer);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fputs(
        "usage: criu_endpoint STATUS-FILE LISTEN-PORT LOCAL-ADDRESS LOCAL-PORT PEER-ADDRESS PEER-PORT\n",
        stderr);
    return 2;
  }
  status_path = argv[1];
  struct sigaction action {};
  action.sa_handler = [](int) { bulk_wanted = 1; };
  sigaction(SIGUSR1, &action, nullptr);

  const int listener = tcp_socket(address("0.0.0.0", argv[2]));
  if (listen(listener, 1) != 0) fail("listen");
  Connection client, server;
  client.open(connect_to(address(argv[5], argv[6]), address(argv[3], argv[4])));
  run(listener, client, server);
}
