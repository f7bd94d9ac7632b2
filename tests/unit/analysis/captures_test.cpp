// SPDX-License-Identifier: Apache-2.0
// The whole pipeline on the captures that ship, against the kernel's truth beside them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "tsaudit/analysis.h"

namespace tsaudit {
namespace {

namespace fs = std::filesystem;

struct Flows : Sink {
  std::vector<FlowReport> flows;
  void flow(FlowReport&& report) override { flows.push_back(std::move(report)); }
};

Summary run(const fs::path& file, Flows& flows) {
  auto source = open_capture(file.string());
  if (!source) {
    ADD_FAILURE() << source.error().message;
    return {};
  }
  return analyze(**source, {}, flows);
}

/// How many segments the kernel at the peer discarded by timestamps.
uint64_t kernel_drops(const fs::path& truth) {
  uint64_t drops = 0;
  std::ifstream in(truth);
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.value("type", "") == "segment" && json.value("at", "") == "peer")
      drops += json.value("reason", "").starts_with("TCP_RFC7323");
  }
  return drops;
}

class Shipped : public testing::TestWithParam<const char*> {};

TEST_P(Shipped, DropsAreThoseOfTheKernel) {
  const fs::path stem = fs::path(TSAUDIT_CAPTURES) / GetParam();
  Flows flows;
  const Summary summary = run(stem.string() + ".pcap", flows);
  EXPECT_EQ(summary.totals.dropped, kernel_drops(stem.string() + ".truth.ndjson"));
  EXPECT_EQ(summary.totals.contradicted, 0u);
  EXPECT_EQ(summary.totals.unknown, 0u);
  ASSERT_EQ(flows.flows.size(), 1u);
  ASSERT_EQ(flows.flows[0].migrations.size(), 1u);
  EXPECT_EQ(flows.flows[0].migrations[0].endpoint, Side::client);
}
INSTANTIATE_TEST_SUITE_P(Captures, Shipped, testing::Values("naive-restore", "healthy"),
                         [](const auto& name) {
                           return name.param == std::string("healthy") ? "Healthy" : "NaiveRestore";
                         });

TEST(NaiveRestore, TheOffsetUndoesTheMillionMilliseconds) {
  Flows flows;
  run(fs::path(TSAUDIT_CAPTURES) / "naive-restore.pcap", flows);
  ASSERT_EQ(flows.flows.size(), 1u);
  const auto& offset = flows.flows[0].migrations.at(0).offset;
  ASSERT_TRUE(offset.has_value());
  EXPECT_NEAR(static_cast<double>(offset->min), 1e6, 200);
  EXPECT_GE(offset->suggested, offset->min);
  EXPECT_EQ(offset->max, offset->min + INT32_MAX);
}

/// A capture without its beginning.
class From : public PacketSource {
 public:
  From(PacketSource& whole, uint64_t frame) : whole_(whole), frame_(frame) {}
  std::span<const RawPacket> next_batch() override {
    std::span<const RawPacket> batch = whole_.next_batch();
    while (!batch.empty() && batch.front().frame < frame_) {
      batch = batch.subspan(1);
      if (batch.empty()) batch = whole_.next_batch();
    }
    return batch;
  }
  const std::vector<CaptureInfo>& captures() const override { return whole_.captures(); }

 private:
  PacketSource& whole_;
  uint64_t frame_;
};

/// Who looks why a connection hangs starts to capture when it hangs.
class BegunLate : public testing::TestWithParam<const char*> {};

TEST_P(BegunLate, SaysTheSameFromWhicheverFrame) {
  const std::string file = (fs::path(TSAUDIT_CAPTURES) / GetParam()).string() + ".pcap";
  for (uint64_t frame = 1; frame <= 18; ++frame) {
    auto source = open_capture(file);
    ASSERT_TRUE(source);
    From late(**source, frame);
    Flows flows;
    analyze(late, {}, flows);
    ASSERT_EQ(flows.flows.size(), 1u);
    const auto& findings = flows.flows[0].findings;
    const auto stall = std::ranges::find_if(findings, is_stall);
    ASSERT_NE(stall, findings.end()) << frame;
    EXPECT_EQ(stall->rule, RuleId::paws_stall) << "from frame " << frame << ": " << flows.flows[0].summary;
  }
}
INSTANTIATE_TEST_SUITE_P(Captures, BegunLate,
                         testing::Values("naive-restore", "naive-restore-server", "naive-restore-ipv6",
                                         "naive-restore-vlan", "naive-restore-vxlan", "naive-restore-loss"),
                         [](const auto& name) {
                           std::string text = name.param;
                           std::erase(text, '-');
                           return text;
                         });

}  // namespace
}  // namespace tsaudit
