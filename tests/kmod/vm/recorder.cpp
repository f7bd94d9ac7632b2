// SPDX-License-Identifier: Apache-2.0
#include "recorder.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <vector>

namespace rig {

Recorder::Recorder(const Namespace& where, const std::string& device, const std::string& path)
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

Recorder::~Recorder() {
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // the last packets
  stop_ = true;
  thread_.join();
  close(fd_);
}

void Recorder::put(const void* bytes, size_t size) {
  file_.write(static_cast<const char*>(bytes), static_cast<long>(size));
}

void Recorder::run() {
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

}  // namespace rig
