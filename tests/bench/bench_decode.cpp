// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "bench_packets.h"
#include "tsaudit/segment.h"

namespace {

void decode_headers(benchmark::State& state) {
  // Few enough to stay in the cache: this is about the decoder, not about memory.
  const bench::PacketsInMemory input({.packets = 4096, .flows = 100});
  tsaudit::Segment segment;
  tsaudit::Notice notice;
  for (auto _ : state) {
    for (const tsaudit::RawPacket& packet : input.packets()) {
      benchmark::DoNotOptimize(tsaudit::decode(packet, segment, notice));
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * input.packets().size()));
}
BENCHMARK(decode_headers);

void verify_checksums(benchmark::State& state) {
  const bench::PacketsInMemory input({.packets = 256, .flows = 10, .snaplen = traffic::kFullSnaplen});
  std::vector<tsaudit::Segment> segments(input.packets().size());
  tsaudit::Notice notice;
  int64_t bytes = 0;
  for (size_t i = 0; i < segments.size(); ++i) {
    if (tsaudit::decode(input.packets()[i], segments[i], notice) != tsaudit::DecodeStatus::segment) {
      return state.SkipWithError("not a segment");
    }
    bytes += input.packets()[i].length;
  }
  for (auto _ : state) {
    for (const tsaudit::Segment& segment : segments) {
      if (tsaudit::verify_checksums(segment) != tsaudit::Checksum::good)
        return state.SkipWithError("bad checksum");
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * bytes);
}
BENCHMARK(verify_checksums);

}  // namespace
