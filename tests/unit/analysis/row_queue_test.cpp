// SPDX-License-Identifier: Apache-2.0
#include "row_queue.h"

#include <gtest/gtest.h>

#include <vector>

namespace tsaudit {
namespace {

struct ResolvedRows : Sink {
  std::vector<SegmentRow> rows;
  void segment(const SegmentRow& row) override { rows.push_back(row); }
};
SegmentRow row(uint64_t frame) {
  SegmentRow r;
  r.frame = frame;
  return r;
}
OpenVerdict confirmed(uint64_t frame) {
  OpenVerdict v;
  v.frame = frame;
  v.reason = Reason::paws_ack;
  v.evidence = Evidence::confirmed;
  v.evidence_frames = {frame + 1};
  return v;
}

TEST(RowQueue, WhatIsNotInDoubtGoesThrough) {
  ResolvedRows rows;
  RowQueue queue(rows);
  for (uint64_t frame = 1; frame <= 5; ++frame) {
    queue.push(row(frame));
    EXPECT_EQ(rows.rows.size(), frame);
  }
}

TEST(RowQueue, AnOpenVerdictHoldsUpTheRestUntilItIsDecided) {
  ResolvedRows rows;
  RowQueue queue(rows);
  queue.opened(1);
  queue.push(row(1));
  queue.push(row(2));
  queue.opened(3);
  queue.push(row(3));
  EXPECT_TRUE(rows.rows.empty());
  queue.resolved(confirmed(3));
  EXPECT_TRUE(rows.rows.empty()) << "frame order";
  queue.resolved(confirmed(1));
  ASSERT_EQ(rows.rows.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(rows.rows[i].frame, i + 1);
  EXPECT_EQ(rows.rows[0].verdict, Verdict::drop);
  EXPECT_EQ(rows.rows[0].reason, Reason::paws_ack);
  EXPECT_EQ(rows.rows[0].evidence, Evidence::confirmed);
  EXPECT_EQ(rows.rows[0].evidence_frames[0], 2u);
  EXPECT_EQ(rows.rows[1].evidence, Evidence::none);
}

TEST(RowQueue, WhatIsLetGoGoesAsItIs) {
  ResolvedRows rows;
  RowQueue queue(rows);
  for (uint64_t frame = 1; frame <= 3; ++frame) {
    queue.opened(frame);
    queue.push(row(frame));
  }
  queue.push(row(4));
  queue.let_go(2);
  ASSERT_EQ(rows.rows.size(), 2u);
  queue.resolved(confirmed(1));  // too late
  queue.resolved(confirmed(3));
  ASSERT_EQ(rows.rows.size(), 4u) << "4 was not in doubt";
  EXPECT_EQ(rows.rows[0].evidence, Evidence::none);
  EXPECT_EQ(rows.rows[2].evidence, Evidence::confirmed);
}

TEST(RowQueue, FinishLetsEverythingGo) {
  ResolvedRows rows;
  RowQueue queue(rows);
  queue.opened(1);
  queue.push(row(1));
  queue.push(row(2));
  queue.finish();
  EXPECT_EQ(rows.rows.size(), 2u);
}

TEST(RowQueue, AnUndecidedVerdictDoesNotHoldUpMemory) {
  ResolvedRows rows;
  RowQueue queue(rows);
  queue.opened(1);
  queue.push(row(1));
  for (uint64_t frame = 2; frame <= 1'000'000; ++frame) queue.push(row(frame));
  EXPECT_GT(rows.rows.size(), 900'000u);
  queue.resolved(confirmed(1));  // too late, and harmless
  queue.finish();
  ASSERT_EQ(rows.rows.size(), 1'000'000u);
  for (size_t i = 0; i < rows.rows.size(); ++i) ASSERT_EQ(rows.rows[i].frame, i + 1);
}

}  // namespace
}  // namespace tsaudit
