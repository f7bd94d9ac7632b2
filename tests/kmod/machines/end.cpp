// SPDX-License-Identifier: Apache-2.0
//
// One end of a connection that moves between machines, for tests/kmod/machines/run.
//
//   kmod_end origin LOCAL REMOTE BYTES
//     Makes a connection from the address LOCAL to REMOTE:443, which is on this machine too, sends BYTES each
//     way, takes the end at REMOTE out of the kernel, leaves its image in /tmp/image, and waits for /tmp/go.
//     Then it goes on as the peer.
//   kmod_end moved none|wire|socket BYTES TOTAL
//     Continues the connection of /tmp/image with this machine's own clock, which nobody has set right; with
//     the module in that mode, which is told the last TSval alone. Makes /tmp/ready before the socket speaks.
//
// Each then streams up to TOTAL bytes each way (the origin's is in /tmp/go) and prints what came of it as one
// line of JSON. Exit code 0 if all arrived as it was sent.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "rig.h"
#include "tcp.h"

namespace {

using namespace rig;

const Namespace kHere;
constexpr uint8_t kPeerSeed = 17, kMovedSeed = 99;
constexpr double kPatience = 5;

sockaddr_in address(const char* host, uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  inet_pton(AF_INET, host, &in.sin_addr);
  return in;
}

// The clock as it is, without an offset of each connection's own: so uptimes are what differs.
void plain_timestamps() { std::ofstream("/proc/sys/net/ipv4/tcp_timestamps") << 2; }

int finish(Stream& end, uint64_t total, uint64_t dropped_before) {
  const bool good = stream({&end, 1}, total, kPatience);
  fmt::print(R"({{"good":{},"sent":{},"received":{},"intact":{},"paws":{},"bad_checksums":{}}})"
             "\n",
             good, end.sent, end.received, end.intact, kHere.netstat("PAWSEstab") - dropped_before,
             kHere.netstat("InCsumErrors"));
  std::fflush(stdout);
  // Closed only when the other end has had time for its last words.
  std::this_thread::sleep_for(std::chrono::seconds(1));
  return good ? 0 : 1;
}

int origin(const char* local, const char* remote, uint64_t bytes) {
  plain_timestamps();
  const int on = 1;
  const sockaddr_in to = address(remote, 443), from = address(local, 0);
  Socket listener(socket(AF_INET, SOCK_STREAM, 0)), peer(socket(AF_INET, SOCK_STREAM, 0));
  setsockopt(listener.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener.fd(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 ||
      listen(listener.fd(), 1) != 0 ||
      bind(peer.fd(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
      connect(peer.fd(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    return std::perror("kmod_end"), 2;
  Socket moving(accept(listener.fd(), nullptr, nullptr));
  listener.close();
  Stream ends[] = {{peer.fd(), kPeerSeed, kMovedSeed}, {moving.fd(), kMovedSeed, kPeerSeed}};
  if (!stream(ends, bytes, kPatience)) return 2;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // late acknowledgments
  const Image image = dump(moving);
  std::ofstream("/tmp/image.part", std::ios::binary)
      .write(reinterpret_cast<const char*>(&image), sizeof image);
  std::rename("/tmp/image.part", "/tmp/image");
  const uint64_t dropped = kHere.netstat("PAWSEstab");
  uint64_t total = 0;
  if (!wait_for([&] { return static_cast<bool>(std::ifstream("/tmp/go") >> total); }, 60)) return 2;
  return finish(ends[0], total, dropped);
}

int moved(const std::string& mode, uint64_t bytes, uint64_t total) {
  plain_timestamps();
  Image image;
  std::ifstream("/tmp/image", std::ios::binary).read(reinterpret_cast<char*>(&image), sizeof image);
  Socket socket = restore(kHere, image, mode == "kept" ? Clock::kKept : Clock::kLost);
  const auto behind = static_cast<int32_t>(image.timestamp - timestamp_now(socket));
  if (mode == "wire" || mode == "socket") {
    tsoffset::Entry entry = entry_of(image.local, image.remote);
    entry.last_tsval = image.timestamp;
    entry.mode = mode == "socket" ? TSOFF_MODE_SOCKET : TSOFF_MODE_WIRE;
    kHere.kernel().store({entry}, false);
  }
  fmt::print(stderr, "the clock is {} ticks behind\n", behind);
  if (mode != "kept" && behind < 2000) return 3;  // then there would be nothing to rescue
  Stream end{socket.fd(), kMovedSeed, kPeerSeed, bytes, bytes};
  std::ofstream("/tmp/ready") << behind << std::flush;
  resume(socket);
  return finish(end, total, kHere.netstat("PAWSEstab"));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  int code = 2;
  try {
    if (what == "origin" && argc == 5) code = origin(argv[2], argv[3], std::stoull(argv[4]));
    if (what == "moved" && argc == 5) code = moved(argv[2], std::stoull(argv[3]), std::stoull(argv[4]));
  } catch (const std::exception& error) {
    fmt::print(stderr, "kmod_end: {}\n", error.what());
  }
  if (testing::Test::HasFailure()) code = 2;
  return code;
}
