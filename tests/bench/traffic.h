// SPDX-License-Identifier: Apache-2.0
// Synthetic TCP traffic with known truth, for benchmarks and tests: as many uploads as asked for, seen from
// the servers, healthy, and timestamped as Linux does it. The same options always give the same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

namespace traffic {

struct Options {
  uint64_t packets = 10'000'000;
  uint32_t flows = 1000;
  uint32_t active = 0;  ///< flows that talk at any one time, a window that slides over all; 0: all of them
  uint32_t payload = 1448;  ///< bytes in a data segment, at most kMaxPayload
  uint32_t snaplen = 74;    ///< 74 keeps every header, the SYN's options too
  uint32_t rate = 100'000;  ///< packets a second, all flows together
  uint32_t delayed_ack_ms = 40;
  uint64_t seed = 1;
};
inline constexpr uint32_t kMaxPayload = 1448;
inline constexpr uint32_t kFullSnaplen = 262'144;
inline constexpr uint32_t kMaxFlows = 1u << 24;  // clients live in 10.0.0.0/8

/// The captures that the ratios are measured on: "A" many packets of few flows, "B" a million flows in random
/// order (the worst case for caches), "B2" the same in a sliding window, "C" full payload, "D" a single flow.
/// False when there is no such name.
bool preset(std::string_view name, Options& out);

struct Packet {
  int64_t time_ns = 0;
  uint32_t length = 0;             ///< on the wire
  std::span<const uint8_t> bytes;  ///< what the snapshot keeps; valid until the next call
};

/// Plays all connections and shows each packet as a capture at the servers would.
class Generator {
 public:
  explicit Generator(const Options& options);
  /// The next packet; empty `bytes` after the last one.
  Packet next();

 private:
  enum class Phase : uint8_t { closed, syn_sent, syn_received, established };
  struct Flow {
    uint32_t client_next = 0;    ///< next sequence number of the client
    uint32_t server_next = 0;    ///< of the server, which never sends data
    uint32_t last_ack_sent = 0;  ///< by the server
    uint32_t client_clock = 0;   ///< TSval at time 0: Linux randomises it per connection
    uint32_t server_clock = 0;
    uint32_t client_ts_recent = 0;
    uint32_t server_ts_recent = 0;
    uint32_t unacked_since_ms = 0;
    uint16_t ip_id = 0;
    uint8_t unacked = 0;  ///< data segments that the server has not acknowledged
    Phase phase = Phase::closed;
  };
  struct Fields;  // what varies between the packets of a connection

  uint64_t random();
  uint32_t pick();
  Packet from_client(uint32_t index, uint8_t flags, uint32_t payload);
  Packet from_server(uint32_t index, uint8_t flags);
  Packet write(uint32_t index, const Fields& fields);

  Options options_;
  uint64_t sent_ = 0;
  uint64_t random_state_;
  int64_t elapsed_ns_ = 0;
  int64_t step_ns_;
  uint32_t payload_sum_ = 0;  ///< ones' complement sum of the payload, the same in every data segment
  std::vector<Flow> flows_;
  std::array<uint8_t, 74 + kMaxPayload> frame_{};  ///< the longest headers, and the payload behind them
};

/// Writes a pcap file with nanoseconds. False when `out` cannot be written (errno says why).
bool write_pcap(const Options& options, std::FILE* out);

}  // namespace traffic
