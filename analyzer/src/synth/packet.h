// SPDX-License-Identifier: Apache-2.0
// What passes between the two simulated hosts, before it has bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "tsaudit/report.h"
#include "tsaudit/segment.h"
#include "tsaudit/types.h"

namespace tsaudit::synth {

/// The machine that an endpoint runs on, as others see it.
struct Machine {
  uint8_t number = 1;  ///< last byte of its MAC address
  uint8_t ttl = 64;    ///< as it arrives
  uint16_t ip_id = 0;  ///< of the next packet
  uint32_t flow_label = 0;
};

/// A timestamp clock: `base` at time `since_ns`, `hz` ticks a second.
struct Clock {
  uint32_t base = 0;
  uint32_t hz = 1000;
  TimeNs since_ns = 0;
  TsVal at(TimeNs now) const {
    const int64_t ns = now - since_ns;
    const int64_t seconds = ns / kSecond;
    return {base + static_cast<uint32_t>(seconds * hz + ns % kSecond * hz / kSecond)};
  }
};

/// How the option goes on the wire.
enum class TsForm : uint8_t { none, good, bad_length };

struct Packet {
  Side from = Side::client;
  Machine machine;
  uint8_t to = 0;             ///< Machine::number of the other end
  bool announcement = false;  ///< a gratuitous ARP (IPv4) or unsolicited neighbour advertisement (IPv6)
  SeqNum seq, ack;
  uint8_t flags = 0;
  uint16_t window = 0;  ///< as it goes on the wire
  TsForm ts = TsForm::none;
  TsVal tsval, tsecr;
  bool syn_options = false;  ///< MSS, SACK permitted, window scale
  std::vector<SackBlock> sack;
  uint32_t length = 0;     ///< bytes of data
  uint64_t stream_at = 0;  ///< place of the first of them in the sender's stream, which decides their values
  SeqNum end_seq() const { return seq + length + ((flags & kSyn) ? 1 : 0) + ((flags & kFin) ? 1 : 0); }
};

}  // namespace tsaudit::synth
