// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "bench_packets.h"
#include "tsaudit/analysis.h"

namespace {

/// The whole pipeline without a writer. Argument: flows.
void analyze(benchmark::State& state) {
  constexpr uint64_t kPackets = 500'000;
  const bench::TemporaryCapture capture(
      {.packets = kPackets, .flows = static_cast<uint32_t>(state.range(0))});
  for (auto _ : state) {
    auto source = tsaudit::open_capture(capture.path());
    if (!source) return state.SkipWithError(source.error().message.c_str());
    tsaudit::Sink nobody;
    const tsaudit::Summary summary = tsaudit::analyze(**source, {}, nobody);
    if (summary.totals.packets != kPackets) return state.SkipWithError("lost packets");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kPackets));
}
BENCHMARK(analyze)->ArgName("flows")->Arg(1)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
