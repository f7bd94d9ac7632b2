// SPDX-License-Identifier: Apache-2.0
// The job that every pass does for every packet: find the TCP timestamp option, find the flow, and compare
// with the last TSval of that direction. It is what no analyser of timestamps can do without, and nothing
// more: IPv4 over Ethernet, no model, no report. The passes differ in who reads and decodes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <vector>

namespace pass {

struct Segment {
  uint32_t src, dst;
  uint16_t sport, dport;
  uint32_t tsval;
};

inline uint16_t get16(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }
inline uint32_t get32(const uint8_t* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return __builtin_bswap32(value);
}

/// False when the packet is no IPv4 TCP segment with a timestamp.
inline bool parse(std::span<const uint8_t> packet, Segment& out) {
  constexpr size_t kEthernet = 14;
  if (packet.size() < kEthernet + 20 || get16(&packet[12]) != 0x0800) return false;
  const uint8_t* ip = &packet[kEthernet];
  const size_t ip_header = (ip[0] & 0x0fu) * 4u;
  if ((ip[0] >> 4) != 4 || ip_header < 20 || ip[9] != 6 || packet.size() < kEthernet + ip_header + 20)
    return false;
  const uint8_t* tcp = ip + ip_header;
  const size_t tcp_header = (tcp[12] >> 4) * 4u;
  if (tcp_header < 20 || packet.size() < kEthernet + ip_header + tcp_header) return false;
  out = {get32(ip + 12), get32(ip + 16), get16(tcp), get16(tcp + 2), 0};
  for (const uint8_t *option = tcp + 20, *end = tcp + tcp_header; option < end;) {
    if (*option == 0) break;
    if (*option == 1) {
      ++option;
      continue;
    }
    if (end - option < 2 || option[1] < 2 || option[1] > end - option) break;
    if (*option == 8 && option[1] == 10) {
      out.tsval = get32(option + 2);
      return true;
    }
    option += option[1];
  }
  return false;
}

/// Open addressing with linear probing, 32 bytes a flow, at most half full.
class FlowTable {
 public:
  FlowTable() : slots_(1024) {}

  void update(const Segment& segment) {
    ++segments_;
    const uint64_t a = uint64_t{segment.src} << 16 | segment.sport,
                   b = uint64_t{segment.dst} << 16 | segment.dport;
    const bool swapped = a > b;
    Slot& slot = find(swapped ? b : a, swapped ? a : b);
    if (slot.seen[swapped] && static_cast<int32_t>(segment.tsval - slot.tsval[swapped]) < 0) ++backward_;
    slot.tsval[swapped] = segment.tsval;
    slot.seen[swapped] = true;
  }

  /// What the passes must agree on.
  void print(uint64_t packets) const {
    std::printf("packets %lu segments %lu flows %zu backward %lu\n", packets, segments_, flows_, backward_);
  }

 private:
  struct Slot {
    uint64_t low = 0, high = 0;  ///< endpoints; low 0: free
    uint32_t tsval[2] = {};
    bool seen[2] = {};
  };
  static_assert(sizeof(Slot) == 32);

  Slot& find(uint64_t low, uint64_t high) {
    if (flows_ * 2 >= slots_.size()) grow();
    Slot& slot = probe(low, high);
    if (slot.low == 0) {
      slot.low = low;
      slot.high = high;
      ++flows_;
    }
    return slot;
  }
  Slot& probe(uint64_t low, uint64_t high) {
    uint64_t hash = (low * 0x9e3779b97f4a7c15) ^ (high * 0xc2b2ae3d27d4eb4f);
    hash ^= hash >> 32;
    const size_t mask = slots_.size() - 1;
    size_t i = hash & mask;
    while (slots_[i].low != 0 && (slots_[i].low != low || slots_[i].high != high)) i = (i + 1) & mask;
    return slots_[i];
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.low != 0) probe(slot.low, slot.high) = slot;
    }
  }

  std::vector<Slot> slots_;
  size_t flows_ = 0;
  uint64_t segments_ = 0, backward_ = 0;
};

}  // namespace pass
