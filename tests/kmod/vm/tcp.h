// SPDX-License-Identifier: Apache-2.0
//
// Real TCP connections, and their move to another socket by TCP_REPAIR.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "entry.h"
#include "rig.h"

namespace rig {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket();
  int fd() const { return fd_; }
  void close();

 private:
  int fd_ = -1;
};

struct Connection {
  Socket client, server;
  tsoffset::Address client_address, server_address;  // as the client sees them
};

// A connection from `client` to `host`:`port` in `server`; `port` 0: some. `device`: what the client is bound
// to.
Connection connect(const Namespace& client, const Namespace& server, const char* host, uint16_t port = 0,
                   const std::string& device = "");

// The entry of the end at `local`.
tsoffset::Entry entry_of(const tsoffset::Address& local, const tsoffset::Address& remote);

// What CRIU carries over: everything but the queues, which must be empty.
struct Image {
  tsoffset::Address local, remote;
  uint32_t send_seq, receive_seq, mss, timestamp;
  uint8_t options, send_scale, receive_scale;
  std::array<uint32_t, 5> window;
  std::string device;  // what it is bound to
};

// Takes the connection out of `socket`, which is closed without a packet.
Image dump(Socket& socket);

// A socket in `where` that continues it, still in repair mode. Its timestamp clock goes on at
// `image.timestamp`, or, as when nothing takes care of it, at whatever the host's clock says.
enum class Clock { kKept, kLost };
Socket restore(const Namespace& where, const Image& image, Clock clock = Clock::kKept);

// Leaves repair mode: the socket speaks.
void resume(const Socket& socket);

uint32_t timestamp_now(const Socket& socket);  // what it would stamp (in or out of repair mode)

// One end of a connection: sends one stream, and compares another byte by byte as it arrives.
struct Stream {
  int fd;
  uint8_t out_seed, in_seed;
  uint64_t sent = 0, received = 0;
  bool intact = true;

  bool done(uint64_t total) const { return received >= total && sent >= total; }
  void send_some(uint64_t total);
  bool receive_some();
};

// Goes on until all of `ends` have sent and received `total` bytes since the beginning; gives up (false) when
// nothing has arrived for `patience` seconds, or what arrives is wrong.
bool stream(std::span<Stream> ends, uint64_t total, double patience);

// Both ends of one connection.
class Pump {
 public:
  Pump(const Socket& one, const Socket& other);
  bool run(uint64_t total, double patience = 20) { return stream(ends_, total, patience); }

  // A socket may have been replaced meanwhile.
  void replace_one(const Socket& one) { ends_[0].fd = one.fd(); }

  uint64_t forward() const { return ends_[1].received; }
  uint64_t backward() const { return ends_[0].received; }
  bool intact() const { return ends_[0].intact && ends_[1].intact; }

 private:
  Stream ends_[2];
};

// Waits until all that was sent is acknowledged.
bool quiet(const Socket& socket);

}  // namespace rig
