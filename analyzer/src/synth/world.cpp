// SPDX-License-Identifier: Apache-2.0
#include "synth/world.h"

namespace tsaudit::synth {
namespace {

constexpr TimeNs kBegin_ns = 1'750'000'000 * kSecond;  // 2025-06-15
constexpr int64_t kWake_ns = 20'000;                   // from a packet's arrival to the answer's departure

}  // namespace

World::World(uint64_t seed, SynthPoint at)
    : client(*this, Side::client),
      server(*this, Side::server),
      random_state_(seed),
      tapped_(at),
      now_(kBegin_ns),
      begin_(kBegin_ns),
      payload_seed_(random()),
      client_port_(static_cast<uint16_t>(random(32768, 60999))) {
  for (const Side side : {Side::client, Side::server}) {
    Host& its = host(side);
    its.isn = {static_cast<uint32_t>(random())};
    // Far from the wrap and from zero: scenarios that want these say so.
    its.clock = {.base = random(1u << 29, 1u << 30), .since_ns = now_};
    its.machine = {.number = static_cast<uint8_t>(side == Side::client ? 1 : 2),
                   .ip_id = static_cast<uint16_t>(random()),
                   .flow_label = random(1, 0xfffff)};
  }
}

uint64_t World::random() {
  uint64_t z = random_state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Endpoint World::endpoint(Side side) const {
  const bool is_client = side == Side::client;
  Endpoint its;
  parse_ip(ipv6 ? (is_client ? "2001:db8::1" : "2001:db8::2") : (is_client ? "10.0.0.1" : "10.0.0.2"),
           its.address);
  its.port = is_client ? client_port_ : uint16_t{8765};  // no protocol that a dissector would look for
  return its;
}

void World::after(int64_t after_ns, std::function<void()> what) {
  events_.push({now_ + after_ns, events_made_++, std::move(what)});
}

void World::at(double seconds, std::function<void()> what) {
  after(begin_ - now_ + static_cast<int64_t>(seconds * 1e6) * 1000, std::move(what));
}

void World::run() {
  while (!events_.empty()) {
    const Event next = events_.top();
    events_.pop();
    now_ = next.when;
    next.what();
  }
}

void World::tap(const Packet& packet, SynthPoint where) {
  if (where == tapped_ && (!captured || captured(packet))) capture_.push_back({now_, packet});
}

void World::transmit(Packet packet) {
  packet.to = host(other(packet.from)).machine.number;
  const bool from_client = packet.from == Side::client;
  const SynthPoint near = from_client ? SynthPoint::client : SynthPoint::server;
  const SynthPoint far = from_client ? SynthPoint::server : SynthPoint::client;
  after(kWake_ns, [this, packet = std::move(packet), near, far]() mutable {
    tap(packet, near);
    after(delay_ns / 2, [this, packet = std::move(packet), far]() mutable {
      const Fate fate = middle ? middle(packet) : Fate{};
      if (fate.lost) return;
      after(delay_ns / 2 + fate.late_ns, [this, packet = std::move(packet), far] {
        tap(packet, far);
        if (!packet.announcement) host(other(packet.from)).arrive(packet);
      });
    });
  });
}

}  // namespace tsaudit::synth
