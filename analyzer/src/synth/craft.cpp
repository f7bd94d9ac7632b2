// SPDX-License-Identifier: Apache-2.0
#include "synth/craft.h"

#include <tins/arp.h>
#include <tins/dot1q.h>
#include <tins/ethernetII.h>
#include <tins/icmpv6.h>
#include <tins/ip.h>
#include <tins/ipv6.h>
#include <tins/rawpdu.h>
#include <tins/tcp.h>
#include <tins/udp.h>

#include <memory>
#include <string>

#include "synth/world.h"

namespace tsaudit::synth {
namespace {

constexpr uint16_t kVlan = 100;
constexpr uint32_t kVni = 4242;
constexpr uint16_t kVxlanPort = 4789;
constexpr uint8_t kTsKind = 8;

Tins::HWAddress<6> mac(uint8_t number) {
  const uint8_t bytes[] = {0x52, 0x54, 0, 0, 0, number};
  return bytes;
}

/// A byte of a stream, the same at each retransmission.
uint8_t payload_byte(uint64_t seed, Side from, uint64_t at) {
  uint64_t z = seed + (from == Side::client ? 0 : 0x517cc1b727220a95) + (at / 8) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z ^= z >> 27;
  return static_cast<uint8_t>(z >> (at % 8 * 8));
}

/// The options in the order in which Linux writes them (tcp_output.c:tcp_options_write()).
void add_options(Tins::TCP& tcp, const Packet& packet) {
  using Option = Tins::TCP::option;
  if (packet.syn_options) {
    tcp.mss(1460);
    if (packet.ts == TsForm::none) {
      tcp.add_option(Option(Tins::TCP::NOP));
      tcp.add_option(Option(Tins::TCP::NOP));
    }
    tcp.sack_permitted();
  } else if (packet.ts != TsForm::none) {
    tcp.add_option(Option(Tins::TCP::NOP));
    tcp.add_option(Option(Tins::TCP::NOP));
  }
  if (packet.ts == TsForm::good) {
    tcp.timestamp(packet.tsval.raw, packet.tsecr.raw);
  } else if (packet.ts == TsForm::bad_length) {
    // TSval alone: what a box leaves that takes TSecr for padding.
    const uint32_t value = packet.tsval.raw;
    const uint8_t bytes[] = {static_cast<uint8_t>(value >> 24), static_cast<uint8_t>(value >> 16),
                             static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
    tcp.add_option(Option(static_cast<Tins::TCP::OptionTypes>(kTsKind), bytes, bytes + sizeof bytes));
  }
  if (packet.syn_options) {
    tcp.add_option(Option(Tins::TCP::NOP));
    tcp.winscale(7);
  }
  if (!packet.sack.empty()) {
    tcp.add_option(Option(Tins::TCP::NOP));
    tcp.add_option(Option(Tins::TCP::NOP));
    Tins::TCP::sack_type edges;
    for (const SackBlock& block : packet.sack) {
      edges.push_back(block.left.raw);
      edges.push_back(block.right.raw);
    }
    tcp.sack(edges);
  }
}

Tins::TCP segment(const World& world, const Packet& packet) {
  const uint16_t from = world.endpoint(packet.from).port, to = world.endpoint(other(packet.from)).port;
  Tins::TCP tcp(to, from);
  tcp.seq(packet.seq.raw);
  tcp.ack_seq(packet.ack.raw);
  tcp.flags(packet.flags);
  tcp.window(packet.window);
  add_options(tcp, packet);
  if (packet.length != 0) {
    std::vector<uint8_t> bytes(packet.length);
    for (uint32_t i = 0; i < packet.length; ++i)
      bytes[i] = payload_byte(world.payload_seed(), packet.from, packet.stream_at + i);
    tcp /= Tins::RawPDU(std::move(bytes));
  }
  return tcp;
}

std::string text_of(const World& world, Side side) { return to_string(world.endpoint(side).address); }

Tins::EthernetII announcement(const World& world, const Packet& packet) {
  const std::string address = text_of(world, packet.from);
  const auto from = mac(packet.machine.number);
  if (!world.ipv6) {  // arping -U
    Tins::ARP arp(address, address, "ff:ff:ff:ff:ff:ff", from);
    arp.opcode(Tins::ARP::REQUEST);
    return Tins::EthernetII("ff:ff:ff:ff:ff:ff", from) / arp;
  }
  Tins::ICMPv6 advertisement(Tins::ICMPv6::NEIGHBOUR_ADVERT);
  advertisement.override(1);
  advertisement.target_addr(address);
  advertisement.target_link_layer_addr(from);
  Tins::IPv6 ip("ff02::1", address);
  ip.hop_limit(255);
  return Tins::EthernetII("33:33:00:00:00:01", from) / ip / advertisement;
}

Tins::EthernetII plain(const World& world, const Packet& packet) {
  if (packet.announcement) return announcement(world, packet);
  const Tins::EthernetII ethernet(mac(packet.to), mac(packet.machine.number));
  const std::string from = text_of(world, packet.from), to = text_of(world, other(packet.from));
  if (world.ipv6) {
    Tins::IPv6 ip(to, from);
    ip.hop_limit(packet.machine.ttl);
    ip.flow_label(packet.machine.flow_label);
    return ethernet / ip / segment(world, packet);
  }
  Tins::IP ip(to, from);
  ip.ttl(packet.machine.ttl);
  ip.id(packet.machine.ip_id);
  ip.flags(Tins::IP::DONT_FRAGMENT);
  return ethernet / ip / segment(world, packet);
}

/// RFC 7348 section 5.
Tins::EthernetII in_vxlan(const World& world, const Packet& packet) {
  std::vector<uint8_t> bytes{0x08, 0, 0, 0, kVni >> 16 & 0xff, kVni >> 8 & 0xff, kVni & 0xff, 0};
  Tins::EthernetII inner = plain(world, packet);
  const std::vector<uint8_t> frame = inner.serialize();
  bytes.insert(bytes.end(), frame.begin(), frame.end());
  const bool from_client = packet.from == Side::client;
  Tins::IP ip(from_client ? "192.0.2.2" : "192.0.2.1", from_client ? "192.0.2.1" : "192.0.2.2");
  ip.id(packet.machine.ip_id);
  // The source port keeps a flow on one path: it depends on the inner ports alone.
  const auto port = static_cast<uint16_t>(0xc000 | (world.endpoint(Side::client).port & 0x3fff));
  return Tins::EthernetII(mac(from_client ? 0x12 : 0x11), mac(from_client ? 0x11 : 0x12)) / ip /
         Tins::UDP(kVxlanPort, port) / Tins::RawPDU(std::move(bytes));
}

}  // namespace

std::vector<uint8_t> craft(const World& world, const Packet& packet) {
  switch (world.encapsulation) {
    case Encapsulation::vxlan:
      return in_vxlan(world, packet).serialize();
    case Encapsulation::vlan: {
      const Tins::EthernetII ethernet = plain(world, packet);
      Tins::Dot1Q tag(kVlan, false);
      Tins::EthernetII tagged(ethernet.dst_addr(), ethernet.src_addr());
      tag.inner_pdu(std::unique_ptr<Tins::PDU>(ethernet.inner_pdu()->clone()).release());
      tagged.inner_pdu(tag);
      return tagged.serialize();
    }
    case Encapsulation::plain:
      break;
  }
  return plain(world, packet).serialize();
}

}  // namespace tsaudit::synth
