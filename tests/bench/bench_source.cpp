// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "bench_packets.h"
#include "tsaudit/capture.h"

namespace {

/// Argument 0: our reader or libpcap's. Argument 1: snapshot length.
void read_pcap(benchmark::State& state) {
  const bench::TemporaryCapture capture(
      {.packets = 100'000, .flows = 1000, .snaplen = static_cast<uint32_t>(state.range(1))});
  tsaudit::OpenOptions options;
  options.use_libpcap = state.range(0) != 0;
  size_t packets = 0;
  for (auto _ : state) {
    auto source = tsaudit::open_capture(capture.path(), options);
    if (!source) return state.SkipWithError(source.error().message.c_str());
    for (auto batch = (*source)->next_batch(); !batch.empty(); batch = (*source)->next_batch()) {
      packets += batch.size();
      benchmark::DoNotOptimize(batch.data());
    }
  }
  if (packets != static_cast<size_t>(state.iterations()) * 100'000)
    return state.SkipWithError("lost packets");
  state.SetItemsProcessed(static_cast<int64_t>(packets));
}
BENCHMARK(read_pcap)->ArgNames({"libpcap", "snaplen"})->ArgsProduct({{0, 1}, {74, traffic::kFullSnaplen}});

}  // namespace
