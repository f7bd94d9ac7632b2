// SPDX-License-Identifier: Apache-2.0
//
// Records the rescue of a connection whose restore lost the clock, as captures in /out:
//
//   rescue-without.pcap   at the peer, without the module: the stall
//   rescue-inside.pcap    the same move with the module on the gateway in front of the host: its inner device
//   rescue-outside.pcap   ... and its outer device
//   rescue-table.json     the gateway's table (tsoffset -j show)
//
// Packets are whole and their checksums real: no offloads. The gateway forwards, so TTL, and with it the
// header checksum of IPv4, differ between inside and outside.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include "rig.h"
#include "tcp.h"

namespace {

using namespace rig;
using tsoffset::Entry;

constexpr uint64_t kBefore = 20000, kAfter = 120000;  // bytes each way
constexpr uint32_t kBack = 1000000;

// Writes what passes a device to a file, until it goes out of scope.
class Recorder {
 public:
  Recorder(const Namespace& where, const std::string& device, const std::string& path)
      : file_(path, std::ios::binary) {
    where.in([&] {
      fd_ = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
      sockaddr_ll name{};
      name.sll_family = AF_PACKET;
      name.sll_protocol = htons(ETH_P_ALL);
      name.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
      ASSERT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    });
    const int on = 1, room = 32 << 20;
    setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    const uint32_t header[] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, 262144, 1};  // nanoseconds, Ethernet
    put(header, sizeof header);
    thread_ = std::thread([this] { run(); });
  }
  ~Recorder() {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // the last packets
    stop_ = true;
    thread_.join();
    close(fd_);
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

 private:
  void put(const void* bytes, size_t size) {
    file_.write(static_cast<const char*>(bytes), static_cast<long>(size));
  }
  void run() {
    std::vector<char> packet(70000);
    while (!stop_) {
      pollfd polled{fd_, POLLIN, 0};
      if (poll(&polled, 1, 50) <= 0) continue;
      char control[64];
      iovec part{packet.data(), packet.size()};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      const ssize_t size = recvmsg(fd_, &message, 0);
      const cmsghdr* stamp = CMSG_FIRSTHDR(&message);
      if (size <= 0 || !stamp) continue;
      timespec time;
      std::memcpy(&time, CMSG_DATA(stamp), sizeof time);
      const auto length = static_cast<uint32_t>(size);
      const uint32_t record[] = {static_cast<uint32_t>(time.tv_sec), static_cast<uint32_t>(time.tv_nsec),
                                 length, length};
      put(record, sizeof record);
      put(packet.data(), length);
    }
  }
  std::ofstream file_;
  int fd_ = -1;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// A connection over a new chain whose left end moves to a clock that is behind; says whether it went on.
bool scene(bool with_module, const std::string& base) {
  Chain chain;
  for (const Namespace* end : {&chain.left, &chain.right}) {
    end->exec("ethtool -K middle tx off tso off gso off gro off >/dev/null");
    chain.middle.exec("ethtool -K " + end->name() + " tx off tso off gso off gro off >/dev/null");
  }
  std::optional<Recorder> peer, inside, outside;
  if (with_module) {
    inside.emplace(chain.middle, "left", base + "-inside.pcap");
    outside.emplace(chain.middle, "right", base + "-outside.pcap");
  } else {
    peer.emplace(chain.right, "middle", base + "-without.pcap");
  }
  Connection connection = connect(chain.left, chain.right, "10.0.2.2", 443);
  Pump pump(connection.client, connection.server);
  if (!pump.run(kBefore)) return false;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // late acknowledgments
  Image image = dump(connection.client);
  image.timestamp -= kBack;
  connection.client = restore(chain.left, image);
  pump.replace_one(connection.client);
  if (with_module) {
    Entry entry = entry_of(connection.client_address, connection.server_address);
    entry.offset = kBack;
    chain.middle.kernel().store({entry}, false);
  }
  resume(connection.client);
  const bool went_on = pump.run(kAfter, with_module ? 20 : 4);
  if (with_module) {
    std::ofstream table(base + "-table.json");
    table << "[";
    for (const Entry& entry : chain.middle.kernel().all()) table << to_json(entry);
    table << "]\n";
  }
  fmt::print("{}: {} bytes there, {} back, peer's PAWSEstab {}\n", with_module ? "with" : "without",
             pump.forward(), pump.backward(), chain.right.netstat("PAWSEstab"));
  return went_on;
}

}  // namespace

int main() {
  const bool without = scene(false, "/out/rescue");
  const bool with = scene(true, "/out/rescue");
  return !without && with ? 0 : 1;
}
