// SPDX-License-Identifier: Apache-2.0
// Looks at open connections, while the capture goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "sources.h"
#include "tsaudit/analysis.h"

namespace tsaudit {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;

constexpr uint64_t kPackets = 1024;
constexpr uint32_t kFlows = 2;
/// Between batches: long beside a look, also on a machine that has other things to do. (A look waits for nine
/// times as long as the one before it took.)
constexpr std::chrono::milliseconds kPause{10};

/// Leaves time between its batches, as a live interface does.
class Slow : public StalledTraffic {
 public:
  Slow() : StalledTraffic(kPackets, kFlows) {}
  std::span<const RawPacket> next_batch() override {
    std::this_thread::sleep_for(kPause);
    return StalledTraffic::next_batch();
  }
};

struct Watcher : Sink {
  bool wants_segments() const override { return true; }
  void segment(const SegmentRow& row) override { EXPECT_EQ(row.frame, ++rows); }
  void flow(FlowReport&& report) override { ended.push_back(std::move(report)); }
  void flow_so_far(FlowReport&& report) override { look.push_back(std::move(report)); }
  void look_ended() override {
    ++looks;
    shown_at_last_look = rows;
    last_look = std::exchange(look, {});
  }
  std::vector<FlowReport> look, last_look, ended;
  uint64_t looks = 0, rows = 0, shown_at_last_look = 0;
};

AnalysisOptions looking() {
  AnalysisOptions options;
  options.look_every = 1;
  return options;
}

std::vector<std::string> messages_of(const FlowReport& report) {
  std::vector<std::string> messages;
  for (const Finding& finding : report.findings) messages.push_back(finding.message);
  return messages;
}

TEST(Look, TellsWhatHoldsSoFar) {
  Slow source;
  Watcher watcher;
  analyze(source, looking(), watcher);
  EXPECT_GE(watcher.looks, 4u);
  ASSERT_EQ(watcher.last_look.size(), kFlows);
  EXPECT_LT(watcher.last_look[0].id, watcher.last_look[1].id);
  const FlowReport& report = watcher.last_look.front();
  EXPECT_TRUE(report.so_far);
  EXPECT_EQ(report.worst, Severity::error);
  EXPECT_THAT(report.summary, HasSubstr("Timestamps stalled this connection"));
  EXPECT_THAT(messages_of(report), testing::Contains(HasSubstr(" so far")));
  EXPECT_THAT(messages_of(report), Each(Not(HasSubstr("until its last segment"))));
}

/// Nobody ever answers: nothing decides what becomes of the data.
class Unanswered : public PacketMaker {
 protected:
  bool make(RawPacket& packet, std::array<uint8_t, 128>& bytes) override {
    if (made_ == kPackets) return false;
    if (made_ % kMaxBatch == 0) std::this_thread::sleep_for(kPause);
    WireSegment s{.time_ns = kSecond + static_cast<TimeNs>(made_) * 10 * kMillisecond};
    const auto ms = static_cast<uint32_t>(made_ * 10);
    s.from_client = made_ != 1;
    s.seq = s.from_client ? 1001 : 9000;
    s.ack = s.from_client ? 9001 : 1001;
    s.tsval = (s.from_client ? 5'000'000 : 7'000'000) + ms;
    s.tsecr = s.from_client ? 7'000'010 : 5'000'000;
    if (made_ == 0) s.flags = kSyn, s.seq = 1000, s.ack = 0, s.tsecr = 0;
    if (made_ == 1) s.flags = kSyn | kAck;
    if (made_ > 2) s.payload = 100, s.tsval -= 1'000'000;
    packet = {};
    write_segment(s, packet, bytes);
    ++made_;
    return true;
  }

 private:
  uint64_t made_ = 0;
};

TEST(Look, RowsWaitForEvidenceFromLookToLookAtMost) {
  Unanswered source;
  Watcher watcher;
  analyze(source, looking(), watcher);
  EXPECT_GT(watcher.shown_at_last_look, kPackets / 2);
  EXPECT_EQ(watcher.rows, kPackets);
}

TEST(Look, LeavesEverythingAsItIs) {
  Slow source;
  Watcher watched, alone;
  const Summary looked = analyze(source, looking(), watched);
  StalledTraffic again(kPackets, kFlows);
  const Summary summary = analyze(again, {}, alone);
  EXPECT_EQ(alone.looks, 0u);
  EXPECT_EQ(looked.totals.dropped, summary.totals.dropped);
  EXPECT_EQ(looked.totals.confirmed, summary.totals.confirmed);
  EXPECT_EQ(looked.totals.predicted, summary.totals.predicted);
  ASSERT_EQ(watched.ended.size(), kFlows);
  for (size_t i = 0; i < kFlows; ++i) {
    EXPECT_FALSE(watched.ended[i].so_far);
    EXPECT_EQ(messages_of(watched.ended[i]), messages_of(alone.ended[i]));
    EXPECT_EQ(watched.ended[i].summary, alone.ended[i].summary);
  }
}

}  // namespace
}  // namespace tsaudit
