// SPDX-License-Identifier: Apache-2.0
// Decoding in turn or ahead, in a thread of its own: nothing that comes out may tell which.
#include "decoded_batch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sources.h"

namespace tsaudit {
namespace {

struct Rows : Sink {
  std::vector<SegmentRow> rows;
  std::vector<FlowReport> flows;
  bool wants_segments() const override { return true; }
  void segment(const SegmentRow& row) override { rows.push_back(row); }
  void flow(FlowReport&& report) override { flows.push_back(std::move(report)); }
};

TEST(DecodeAhead, KeepsWhatTheSegmentsPointTo) {
  constexpr uint64_t kPackets = 20'000;
  HealthyTraffic in_turn_source(kPackets, 50), ahead_source(kPackets, 50);
  DecodeStage in_turn(in_turn_source, 7), stage(ahead_source, 7);
  DecodeAhead ahead(stage);
  const auto expected = std::make_unique<DecodedBatch>();
  uint64_t packets = 0;
  for (;;) {
    in_turn.next(*expected);
    const DecodedBatch& batch = ahead.next();
    ASSERT_EQ(batch.end, expected->end);
    if (batch.end) break;
    packets += batch.packets;
    ASSERT_EQ(batch.last_frame, expected->last_frame);
    ASSERT_EQ(batch.statuses, expected->statuses);
    ASSERT_EQ(batch.segment_count, expected->segment_count);
    for (size_t i = 0; i < batch.segment_count; ++i) {
      Segment a = batch.segments[i].segment, b = expected->segments[i].segment;
      ASSERT_EQ(batch.segments[i].hash, expected->segments[i].hash);
      ASSERT_EQ(a.tcp - a.ip, b.tcp - b.ip);
      ASSERT_TRUE(std::equal(a.ip, a.tcp + a.tcp_captured, b.ip)) << "frame " << a.frame;
      b.ip = a.ip, b.tcp = a.tcp;
      ASSERT_EQ(a, b);
    }
  }
  EXPECT_EQ(packets, kPackets);
}

TEST(DecodeAhead, CanBeLeftInTheMiddle) {
  for (int batches : {0, 1, 200}) {
    HealthyTraffic source(100'000, 50);
    DecodeStage stage(source, 7);
    DecodeAhead ahead(stage);
    for (int i = 0; i < batches; ++i) EXPECT_FALSE(ahead.next().end);
  }
}

class DecodeAheadOrNot : public testing::TestWithParam<bool> {
 protected:
  DecodeAheadOrNot() { options_.decode_ahead = GetParam(); }
  AnalysisOptions options_;
};
INSTANTIATE_TEST_SUITE_P(Threads, DecodeAheadOrNot, testing::Bool(),
                         [](const auto& ahead) { return ahead.param ? "Ahead" : "InTurn"; });

TEST_P(DecodeAheadOrNot, StopsWhenTold) {
  HealthyTraffic source(100'000, 100);
  Rows sink;
  std::atomic<bool> stop = false;
  const Summary summary = analyze(
      source, options_, sink, [&](const Progress&) { stop = true; }, &stop);
  EXPECT_GT(summary.stopped_at_frame, 0u);
  EXPECT_LT(summary.totals.packets, 100'000u);
  EXPECT_EQ(summary.stopped_at_frame, summary.totals.packets);
  EXPECT_EQ(sink.rows.size(), summary.totals.segments) << "what was read is reported";
  EXPECT_EQ(sink.flows.size(), 100u);
}

TEST_P(DecodeAheadOrNot, WaitsForASourceThatHasNothingYet) {
  struct Hesitant : HealthyTraffic {
    using HealthyTraffic::HealthyTraffic;
    int idle = 0;
    std::span<const RawPacket> next_batch() override {
      return ++idle % 3 == 0 ? HealthyTraffic::next_batch() : std::span<const RawPacket>();
    }
    bool finished() const override { return idle > 3 * 200; }
  } source(10'000, 10);
  Rows sink;
  const Summary summary = analyze(source, options_, sink);
  EXPECT_EQ(summary.totals.segments, 10'000u);
  EXPECT_EQ(summary.stopped_at_frame, 0u);
}

TEST_P(DecodeAheadOrNot, PassesOnWhatTheSourceThrows) {
  struct Broken : HealthyTraffic {
    using HealthyTraffic::HealthyTraffic;
    int batches = 0;
    std::span<const RawPacket> next_batch() override {
      if (++batches == 5) throw std::bad_alloc();
      return HealthyTraffic::next_batch();
    }
  } source(10'000, 10);
  Rows sink;
  EXPECT_THROW(analyze(source, options_, sink), std::bad_alloc);
  EXPECT_EQ(sink.rows.size(), 4u * PacketSource::kMaxBatch) << "what came before is judged";
}

TEST_P(DecodeAheadOrNot, ReportsProgress) {
  HealthyTraffic source(200'000, 10);
  Rows sink;
  std::vector<uint64_t> packets;
  analyze(source, options_, sink, [&](const Progress& now) { packets.push_back(now.packets); });
  ASSERT_EQ(packets.size(), 3u);
  EXPECT_GE(packets[0], 65'536u);
  EXPECT_GE(packets[1], 2 * 65'536u);
}

}  // namespace
}  // namespace tsaudit
