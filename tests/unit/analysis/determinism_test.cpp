// SPDX-License-Identifier: Apache-2.0
// The same capture gives the same bytes, from every writer, whatever the process's secret hash seed.
#include <gtest/gtest.h>

#include <filesystem>

#include "fuzz/whole_analysis.h"
#include "sources.h"

namespace tsaudit {
namespace {

template <class Source>
void expect_same_bytes(const AnalysisOptions& options, auto... arguments) {
  std::string first;
  for (int run = 0; run < 2; ++run) {
    Source source(arguments...);
    const std::string bytes = analyze_whole(source, options);
    if (run == 0)
      first = bytes;
    else
      ASSERT_TRUE(bytes == first) << "run " << run;  // not EXPECT_EQ: it would print megabytes
  }
  EXPECT_GT(first.size(), 1000u);
}

TEST(Determinism, OfTheCapturesThatShip) {
  for (const char* name : {"naive-restore.pcap", "healthy.pcap"}) {
    std::string first;
    for (int run = 0; run < 2; ++run) {
      auto source = open_capture((std::filesystem::path(TSAUDIT_CAPTURES) / name).string());
      ASSERT_TRUE(source) << source.error().message;
      const std::string bytes = analyze_whole(**source, {});
      EXPECT_EQ(bytes.find(TSAUDIT_CAPTURES), std::string::npos) << "a path of this machine is in the output";
      if (run == 0) first = bytes;
      EXPECT_TRUE(bytes == first) << name << ", run " << run;
    }
  }
}

TEST(Determinism, OfManyFlows) { expect_same_bytes<HealthyTraffic>({}, uint64_t{6000}, 1000u); }

TEST(Determinism, OfEvictedFlows) {
  AnalysisOptions options;
  options.max_flows = 50;
  expect_same_bytes<HealthyTraffic>(options, uint64_t{4000}, 300u);
}

TEST(Determinism, OfFlowsInTrouble) { expect_same_bytes<StalledTraffic>({}, uint64_t{6000}, 50u); }

TEST(Determinism, OfConnectionsThatAreForgotten) { expect_same_bytes<ShortConnections>({}, 4500u, 10u); }

}  // namespace
}  // namespace tsaudit
