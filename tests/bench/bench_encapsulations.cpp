// SPDX-License-Identifier: Apache-2.0
// What a packet costs the decoder, by what is in front of its TCP header. The first two take the straight
// line, the others the walk.
#include <benchmark/benchmark.h>

#include <cstring>
#include <stdexcept>
#include <string_view>

#include "../unit/decode/encapsulations.h"
#include "tsaudit/segment.h"

namespace {

using namespace tsaudit;

void decode_one_kind(benchmark::State& state, std::string_view name) {
  const auto kind = std::find_if(craft::kEncapsulations.begin(), craft::kEncapsulations.end(),
                                 [name](const craft::Case& c) { return c.name == name; });
  if (kind == craft::kEncapsulations.end()) return state.SkipWithError("no such packet");
  constexpr size_t kPackets = 1024;
  const size_t size = kind->packet.size();
  std::vector<uint8_t> bytes(kPackets * size);
  std::vector<RawPacket> packets(kPackets);
  for (size_t i = 0; i < kPackets; ++i) {
    uint8_t* at = &bytes[i * size];
    std::memcpy(at, kind->packet.data(), size);
    packets[i] = {.data = at,
                  .captured = static_cast<uint32_t>(size),
                  .length = static_cast<uint32_t>(size),
                  .frame = i + 1,
                  .link_type = kind->link_type};
  }
  Segment segment;
  Notice notice;
  for (auto _ : state) {
    for (const RawPacket& packet : packets) {
      if (decode(packet, segment, notice) != DecodeStatus::segment) return state.SkipWithError("no segment");
      benchmark::DoNotOptimize(segment);
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kPackets));
  state.counters["time/packet"] =
      benchmark::Counter(static_cast<double>(kPackets),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(decode_one_kind, ipv4, "ethernet_ipv4");
BENCHMARK_CAPTURE(decode_one_kind, ipv6, "ethernet_ipv6");
BENCHMARK_CAPTURE(decode_one_kind, vlan, "vlan");
BENCHMARK_CAPTURE(decode_one_kind, sll2, "sll2");
BENCHMARK_CAPTURE(decode_one_kind, vxlan, "vxlan");
BENCHMARK_CAPTURE(decode_one_kind, geneve_in_gre_in_vlan, "geneve_in_gre_in_vlan");

}  // namespace
