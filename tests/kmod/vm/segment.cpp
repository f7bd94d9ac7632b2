// SPDX-License-Identifier: Apache-2.0
#include "segment.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace rig {
namespace {

void put16(Bytes& bytes, uint32_t value) {
  bytes.push_back(static_cast<uint8_t>(value >> 8));
  bytes.push_back(static_cast<uint8_t>(value));
}
void put32(Bytes& bytes, uint32_t value) {
  put16(bytes, value >> 16);
  put16(bytes, value & 0xffff);
}
void append(Bytes& bytes, const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

uint32_t get16(const uint8_t* p) { return static_cast<uint32_t>(p[0] << 8 | p[1]); }
uint32_t get32(const uint8_t* p) { return get16(p) << 16 | get16(p + 2); }

uint16_t checksum(const Bytes& bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i++) sum += i % 2 ? bytes[i] : uint64_t{bytes[i]} << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

Bytes address_bytes(const tsoffset::Address& address) {
  return {address.bytes.begin(), address.bytes.begin() + static_cast<long>(address.size())};
}

Bytes pseudo(const Segment& segment, const Bytes& tcp) {
  Bytes bytes = address_bytes(segment.source);
  append(bytes, address_bytes(segment.destination));
  put32(bytes, static_cast<uint32_t>(tcp.size()));
  put32(bytes, IPPROTO_TCP);
  append(bytes, tcp);
  return bytes;
}

Bytes tcp_of(const Segment& segment) {
  Bytes options = segment.options;
  while (options.size() % 4) options.push_back(0);
  Bytes tcp;
  put16(tcp, segment.source.port);
  put16(tcp, segment.destination.port);
  put32(tcp, segment.seq);
  put32(tcp, segment.ack);
  const auto words = segment.data_offset.value_or(static_cast<uint8_t>(5 + options.size() / 4));
  tcp.push_back(static_cast<uint8_t>(words << 4));
  tcp.push_back(segment.flags);
  put16(tcp, 8192);
  put32(tcp, 0);
  append(tcp, options);
  append(tcp, segment.payload);
  const uint16_t sum = checksum(pseudo(segment, tcp));
  tcp[16] = static_cast<uint8_t>(sum >> 8);
  tcp[17] = static_cast<uint8_t>(sum);
  return tcp;
}

}  // namespace

Bytes timestamps(uint32_t tsval, uint32_t tsecr) {
  Bytes bytes{8, 10};
  put32(bytes, tsval);
  put32(bytes, tsecr);
  return bytes;
}

Bytes to_packet(const Segment& segment) {
  const Bytes tcp = tcp_of(segment);
  Bytes packet;
  if (segment.source.family == AF_INET) {
    packet = {0x45, 0};
    put16(packet, static_cast<uint32_t>(20 + tcp.size()));
    put16(packet, 4711);
    put16(packet, segment.fragment.value_or(0));
    packet.push_back(64);
    packet.push_back(IPPROTO_TCP);
    put16(packet, 0);
    append(packet, address_bytes(segment.source));
    append(packet, address_bytes(segment.destination));
    const uint16_t sum = checksum(packet);
    packet[10] = static_cast<uint8_t>(sum >> 8);
    packet[11] = static_cast<uint8_t>(sum);
  } else {
    Bytes extension = segment.extension;
    uint8_t type = extension.empty() ? uint8_t{IPPROTO_TCP} : segment.extension_type;
    if (segment.fragment) {
      type = IPPROTO_FRAGMENT;
      extension = {IPPROTO_TCP, 0};
      put16(extension, *segment.fragment);
      put32(extension, 4711);
    }
    packet = {0x60, 0, 0, 0};
    put16(packet, static_cast<uint32_t>(extension.size() + tcp.size()));
    packet.push_back(type);
    packet.push_back(64);
    append(packet, address_bytes(segment.source));
    append(packet, address_bytes(segment.destination));
    append(packet, extension);
  }
  append(packet, tcp);
  return packet;
}

std::optional<Segment> from_packet(const Bytes& packet) {
  Segment segment;
  size_t at;
  if (packet.size() >= 40 && packet[0] >> 4 == 4) {
    if (packet[9] != IPPROTO_TCP) return {};
    at = static_cast<size_t>(packet[0] & 15) * 4;
    segment.fragment = static_cast<uint16_t>(get16(&packet[6]));
    segment.source.family = segment.destination.family = AF_INET;
    std::copy_n(&packet[12], 4, segment.source.bytes.begin());
    std::copy_n(&packet[16], 4, segment.destination.bytes.begin());
  } else if (packet.size() >= 60 && packet[0] >> 4 == 6) {
    at = 40;
    uint8_t type = packet[6];
    while (type != IPPROTO_TCP && at + 8 < packet.size()) {
      const bool known = type == IPPROTO_HOPOPTS || type == IPPROTO_DSTOPTS || type == IPPROTO_ROUTING;
      if (!known && type != IPPROTO_FRAGMENT) return {};
      if (type == IPPROTO_FRAGMENT) segment.fragment = static_cast<uint16_t>(get16(&packet[at + 2]));
      const size_t length = type == IPPROTO_FRAGMENT ? 8 : (static_cast<size_t>(packet[at + 1]) + 1) * 8;
      type = packet[at];
      at += length;
    }
    segment.source.family = segment.destination.family = AF_INET6;
    std::copy_n(&packet[8], 16, segment.source.bytes.begin());
    std::copy_n(&packet[24], 16, segment.destination.bytes.begin());
  } else {
    return {};
  }
  if (packet.size() < at + 20) return {};
  const uint8_t* tcp = &packet[at];
  segment.source.port = static_cast<uint16_t>(get16(tcp));
  segment.destination.port = static_cast<uint16_t>(get16(tcp + 2));
  segment.seq = get32(tcp + 4);
  segment.ack = get32(tcp + 8);
  segment.flags = tcp[13];
  const size_t length = static_cast<size_t>(tcp[12] >> 4) * 4;
  const size_t options_end = std::clamp(at + length, at + 20, packet.size());
  segment.options.assign(packet.begin() + static_cast<long>(at) + 20,
                         packet.begin() + static_cast<long>(options_end));
  segment.payload.assign(packet.begin() + static_cast<long>(options_end), packet.end());
  segment.checksum_valid =
      checksum(pseudo(segment, {packet.begin() + static_cast<long>(at), packet.end()})) == 0;
  return segment;
}

Wire::Wire(const Namespace& where, const std::string& device) {
  where.in([&] {
    fd_ = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
    index_ = static_cast<int>(if_nametoindex(device.c_str()));
  });
  sockaddr_ll name{};
  name.sll_family = AF_PACKET;
  name.sll_protocol = htons(ETH_P_ALL);
  name.sll_ifindex = index_;
  EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&name), sizeof name), 0) << device;
  // The rig gives the two ends of a cable addresses that end in 1 and 2.
  ifreq request{};
  std::snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device.c_str());
  where.in([&] { EXPECT_EQ(ioctl(fd_, SIOCGIFHWADDR, &request), 0) << device; });
  std::copy_n(request.ifr_hwaddr.sa_data, 6, neighbour_);
  neighbour_[5] ^= 3;
}

Wire::~Wire() { close(fd_); }

void Wire::send(const Segment& segment) { send(to_packet(segment)); }

void Wire::send(const Bytes& packet) {
  sockaddr_ll name{};
  name.sll_family = AF_PACKET;
  name.sll_protocol = htons(packet[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6);
  name.sll_ifindex = index_;
  name.sll_halen = 6;
  std::copy_n(neighbour_, 6, name.sll_addr);
  EXPECT_EQ(sendto(fd_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&name), sizeof name),
            static_cast<ssize_t>(packet.size()));
}

std::optional<Segment> Wire::receive(const std::function<bool(const Segment&)>& wanted, double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  Bytes packet(70000);
  for (;;) {
    const auto left =
        std::chrono::duration<double, std::milli>(end - std::chrono::steady_clock::now()).count();
    pollfd polled{fd_, POLLIN, 0};
    if (left <= 0 || poll(&polled, 1, static_cast<int>(left) + 1) <= 0) return {};
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t n =
        recvfrom(fd_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (n <= 0 || from.sll_pkttype == PACKET_OUTGOING) continue;
    const auto segment = from_packet({packet.begin(), packet.begin() + n});
    if (segment && wanted(*segment)) return segment;
  }
}

}  // namespace rig
