// SPDX-License-Identifier: Apache-2.0
// What the wiring itself promises: nothing is lost, limits hold, it can be stopped.
#include "tsaudit/analysis.h"

#include <gtest/gtest.h>

#include <set>

#include "sources.h"

namespace tsaudit {
namespace {

struct Everything : Sink {
  std::vector<FlowReport> flows;
  std::vector<SegmentRow> rows;
  std::vector<Explanation> explanations;
  bool wants_segments() const override { return true; }
  void segment(const SegmentRow& row) override { rows.push_back(row); }
  void flow(FlowReport&& report) override { flows.push_back(std::move(report)); }
  void explanation(const Explanation& explanation) override { explanations.push_back(explanation); }
};

TEST(Analysis, EveryPacketIsAccountedFor) {
  HealthyTraffic source(10'000, 100);
  Everything sink;
  const Summary summary = analyze(source, {}, sink);
  EXPECT_EQ(summary.totals.packets, 10'000u);
  EXPECT_EQ(summary.totals.segments, 10'000u);
  EXPECT_EQ(summary.totals.ts_segments, 10'000u);
  EXPECT_EQ(summary.totals.flows, 100u);
  EXPECT_EQ(summary.totals.ts_flows, 100u);
  EXPECT_EQ(summary.worst, Severity::none);
  ASSERT_EQ(sink.rows.size(), 10'000u);
  uint64_t segments = 0;
  std::set<uint64_t> ids;
  for (const FlowReport& flow : sink.flows) {
    ids.insert(flow.id);
    segments += flow.directions[0].segments + flow.directions[1].segments;
    EXPECT_EQ(flow.summary, "Timestamps are healthy.");
  }
  EXPECT_EQ(segments, 10'000u);
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_EQ(*ids.rbegin(), 100u);
}

TEST(Analysis, HoldsNoMoreFlowsThanAllowed) {
  AnalysisOptions options;
  options.max_flows = 50;
  HealthyTraffic source(10'000, 400);
  Everything sink;
  const Summary summary = analyze(source, options, sink);
  EXPECT_GT(summary.totals.evicted_flows, 300u);
  uint64_t segments = 0, evicted = 0;
  for (const FlowReport& flow : sink.flows) {
    segments += flow.directions[0].segments + flow.directions[1].segments;
    evicted += flow.evicted;
  }
  EXPECT_EQ(segments, 10'000u) << "closed early, but not lost";
  EXPECT_EQ(evicted, summary.totals.evicted_flows);
}

/// They take much more memory than the others.
TEST(Analysis, HoldsNoMoreFlowsInTroubleThanAllowed) {
  AnalysisOptions options;
  options.max_flows = 10'000;
  ASSERT_EQ(options.max_troubled_flows(), 1024u);
  StalledTraffic source(60'000, 1500);
  Everything sink;
  const Summary summary = analyze(source, options, sink);
  EXPECT_GT(summary.totals.evicted_flows, 0u);
  uint64_t segments = 0;
  for (const FlowReport& flow : sink.flows)
    segments += flow.directions[0].segments + flow.directions[1].segments;
  EXPECT_EQ(segments, 60'000u) << "closed early, but not lost";
}

TEST(Analysis, ExplainsTheFrameItIsAskedFor) {
  AnalysisOptions options;
  options.explain_frame = 4242;
  StalledTraffic source(10'000, 5);
  Everything sink;
  analyze(source, options, sink);
  ASSERT_EQ(sink.explanations.size(), 1u);
  EXPECT_EQ(sink.explanations[0].row.frame, 4242u);
  EXPECT_FALSE(sink.explanations[0].steps.empty());
  EXPECT_EQ(sink.rows.size(), 10'000u);
}

TEST(Analysis, AReusedPortPairIsAnotherFlow) {
  struct Reuse : PacketMaker {
    uint32_t made = 0;
    bool make(RawPacket& packet, std::array<uint8_t, 128>& bytes) override {
      if (made == 40) return false;
      packet = {};
      // Every second: SYN, SYN-ACK, ACK, RST of a new connection between the same ports.
      static constexpr uint8_t kFlags[] = {kSyn, kSyn | kAck, kAck, kRst | kAck};
      const uint32_t round = made / 4, step = made % 4;
      const uint32_t isn = 1000 + round * 1'000'000;
      write_segment({.time_ns = kSecond * (1 + round) + TimeNs{step} * kMillisecond,
                     .from_client = step != 1,
                     .flags = kFlags[step],
                     .seq = step == 0   ? isn
                            : step == 1 ? isn + 500
                                        : isn + 1,
                     .ack = step == 0   ? 0
                            : step == 1 ? isn + 1
                                        : isn + 501,
                     .tsval = 100'000 + round * 1000 + step,
                     .tsecr = step == 0 ? 0 : 100'000 + round * 1000 + step - 1},
                    packet, bytes);
      ++made;
      return true;
    }
  } source;
  Everything sink;
  analyze(source, {}, sink);
  EXPECT_EQ(sink.flows.size(), 10u);
}

}  // namespace
}  // namespace tsaudit
