// SPDX-License-Identifier: Apache-2.0
// What becomes of a source that is told to stop, has nothing yet, or breaks.
#include "decoded_batch.h"

#include <gtest/gtest.h>

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

TEST(Batches, StopsWhenTold) {
  HealthyTraffic source(100'000, 100);
  Rows sink;
  std::atomic<bool> stop = false;
  const Summary summary = analyze(
      source, {}, sink, [&](const Progress&) { stop = true; }, &stop);
  EXPECT_GT(summary.stopped_at_frame, 0u);
  EXPECT_LT(summary.totals.packets, 100'000u);
  EXPECT_EQ(summary.stopped_at_frame, summary.totals.packets);
  EXPECT_EQ(sink.rows.size(), summary.totals.segments) << "what was read is reported";
  EXPECT_EQ(sink.flows.size(), 100u);
}

TEST(Batches, WaitsForASourceThatHasNothingYet) {
  struct Hesitant : HealthyTraffic {
    using HealthyTraffic::HealthyTraffic;
    int idle = 0;
    std::span<const RawPacket> next_batch() override {
      return ++idle % 3 == 0 ? HealthyTraffic::next_batch() : std::span<const RawPacket>();
    }
    bool finished() const override { return idle > 3 * 200; }
  } source(10'000, 10);
  Rows sink;
  const Summary summary = analyze(source, {}, sink);
  EXPECT_EQ(summary.totals.segments, 10'000u);
  EXPECT_EQ(summary.stopped_at_frame, 0u);
}

TEST(Batches, PassesOnWhatTheSourceThrows) {
  struct Broken : HealthyTraffic {
    using HealthyTraffic::HealthyTraffic;
    int batches = 0;
    std::span<const RawPacket> next_batch() override {
      if (++batches == 5) throw std::bad_alloc();
      return HealthyTraffic::next_batch();
    }
  } source(10'000, 10);
  Rows sink;
  EXPECT_THROW(analyze(source, {}, sink), std::bad_alloc);
  EXPECT_EQ(sink.rows.size(), 4u * PacketSource::kMaxBatch) << "what came before is judged";
}

TEST(Batches, ReportsProgress) {
  HealthyTraffic source(200'000, 10);
  Rows sink;
  std::vector<uint64_t> packets;
  analyze(source, {}, sink, [&](const Progress& now) { packets.push_back(now.packets); });
  ASSERT_EQ(packets.size(), 3u);
  EXPECT_GE(packets[0], 65'536u);
  EXPECT_GE(packets[1], 2 * 65'536u);
}

}  // namespace
}  // namespace tsaudit
