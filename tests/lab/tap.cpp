// SPDX-License-Identifier: Apache-2.0
#include "tap.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cstring>

namespace lab {
namespace {

constexpr int kReceiveBuffer = 64 << 20;     // some 80,000 small frames: seconds of traffic between two reads
constexpr size_t kLargestFrame = 512 << 10;  // GSO packets may exceed 64 KB (BIG TCP)

UniqueFd packet_socket(const Namespace& ns, const std::string& device, uint16_t protocol) {
  const auto inside = ns.enter();
  // Protocol 0 first: otherwise the socket would see frames of every device until it is bound.
  UniqueFd fd(must(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "packet socket"));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(protocol);
  address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
  if (!address.sll_ifindex) throw SystemError("no device " + device + " in " + ns.name());
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
  const int on = 1;
  must(setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on), "SO_TIMESTAMPNS");
  must(setsockopt(fd.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof on), "PACKET_AUXDATA");
  must(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind packet socket");
  return fd;
}

/// The kernel takes an arriving frame's VLAN tag off and tells it beside the frame: back it goes.
size_t restore_tag(uint8_t* frame, size_t length, size_t room, const tpacket_auxdata& told) {
  constexpr size_t kMacs = 12, kTag = 4;
  if (!(told.tp_status & TP_STATUS_VLAN_VALID) || length < kMacs || length + kTag > room) return length;
  const uint16_t type = told.tp_status & TP_STATUS_VLAN_TPID_VALID ? told.tp_vlan_tpid : ETH_P_8021Q;
  std::memmove(frame + kMacs + kTag, frame + kMacs, length - kMacs);
  const uint16_t tag[] = {htons(type), htons(told.tp_vlan_tci)};
  std::memcpy(frame + kMacs, tag, kTag);
  return length + kTag;
}

void put(std::FILE* file, const void* data, size_t size) {
  if (std::fwrite(data, 1, size, file) != size) throw SystemError("write capture");
}

}  // namespace

Tap::Tap(const Namespace& ns, const std::string& device, const std::string& pcap_path, bool arrivals_only)
    : fd_(packet_socket(ns, device, ETH_P_ALL)), buffer_(kLargestFrame) {
  const int ignore = arrivals_only;
  must(setsockopt(fd_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignore, sizeof ignore),
       "PACKET_IGNORE_OUTGOING");
  if (pcap_path.empty()) return;
  file_.reset(std::fopen(pcap_path.c_str(), "wb"));
  if (!file_) throw SystemError("create " + pcap_path);
  const struct {
    uint32_t magic = 0xa1b23c4d;  // nanoseconds, our byte order
    uint16_t major = 2, minor = 4;
    uint32_t zone = 0, accuracy = 0, snaplen = kLargestFrame, link_type = 1;
  } header;
  put(file_.get(), &header, sizeof header);
}

void Tap::write(const Frame& frame) {
  const uint32_t header[] = {static_cast<uint32_t>(frame.time_ns / 1'000'000'000),
                             static_cast<uint32_t>(frame.time_ns % 1'000'000'000),
                             static_cast<uint32_t>(frame.bytes.size()), frame.length};
  put(file_.get(), header, sizeof header);
  put(file_.get(), frame.bytes.data(), frame.bytes.size());
}

void Tap::read(const std::function<void(const Frame&)>& use) {
  for (;;) {
    sockaddr_ll from{};
    iovec data{buffer_.data(), buffer_.size()};
    alignas(cmsghdr) char control[128];
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t n = recvmsg(fd_.get(), &message, MSG_TRUNC);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0 && (errno == EINTR || errno == ENETDOWN)) continue;
    must(n, "read packet socket");
    Frame frame;
    auto length = static_cast<size_t>(n);
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
        timespec time;
        std::memcpy(&time, CMSG_DATA(c), sizeof time);
        frame.time_ns = time.tv_sec * 1'000'000'000 + time.tv_nsec;
      } else if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
        tpacket_auxdata told;
        std::memcpy(&told, CMSG_DATA(c), sizeof told);
        length = restore_tag(buffer_.data(), length, buffer_.size(), told);
      }
    }
    frame.number = ++frames_;
    frame.outgoing = from.sll_pkttype == PACKET_OUTGOING;
    frame.length = static_cast<uint32_t>(length);
    frame.bytes = {buffer_.data(), std::min(length, buffer_.size())};
    if (file_) write(frame);
    if (use) use(frame);
  }
}

uint64_t Tap::dropped() {
  tpacket_stats stats{};
  socklen_t size = sizeof stats;
  must(getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size), "PACKET_STATISTICS");
  return dropped_ += stats.tp_drops;  // the kernel starts again from 0 at each call
}

void Tap::flush() {
  if (file_ && std::fflush(file_.get()) != 0) throw SystemError("write capture");
}

Injector::Injector(const Namespace& ns, const std::string& device) : fd_(packet_socket(ns, device, 0)) {}

void Injector::send(std::span<const uint8_t> frame) {
  must(::send(fd_.get(), frame.data(), frame.size(), 0), "inject frame");
}

}  // namespace lab
