// SPDX-License-Identifier: GPL-3.0-or-later
// What the plots show of a flow, and how marks cluster.
#include <gtest/gtest.h>

#include <numeric>

#include "mark_clusters.h"
#include "rows.h"

namespace tsaudit::gui {
namespace {

const Curve* curve_named(const PlotContent& content, const std::string& part) {
  for (const Curve& curve : content.curves)
    if (curve.name.find(part) != std::string::npos) return &curve;
  return nullptr;
}

class NaiveRestore : public testing::Test {
 protected:
  std::shared_ptr<CaptureStore> store = test::analyzed("naive-restore.pcap");
  std::shared_ptr<const FlowView> flow = FlowView::build(store, 1);
};

TEST_F(NaiveRestore, ShowsTheGhostOfTheSuggestedOffset) {
  const PlotContent content = make_content(PlotKind::clock, flow, Side::client);
  const Curve* ghost = curve_named(content, "with +");
  ASSERT_TRUE(ghost);
  const Migration& migration = flow->report()->migrations.front();
  EXPECT_EQ(ghost->offset, static_cast<double>(migration.offset->suggested));
  EXPECT_EQ(ghost->from_ns, migration.time_ns);
  // With it each discarded segment would have stood at or above TS.Recent.
  const Track& track = flow->track(Side::client);
  for (const uint32_t at : track.marks[static_cast<size_t>(MarkKind::paws)])
    EXPECT_GE(track.tsval.value(at) + ghost->offset, track.ts_recent.value(at));
  EXPECT_FALSE(curve_named(make_content(PlotKind::clock, flow, Side::server), "with +"));
}

TEST_F(NaiveRestore, HasTheMigrationAsABandWithItsSignals) {
  const PlotContent content = make_content(PlotKind::clock, flow, Side::client);
  ASSERT_EQ(content.bands.size(), 1u);
  const Band& band = content.bands.front();
  const Migration& migration = flow->report()->migrations.front();
  EXPECT_EQ(band.to_ns, migration.time_ns);
  EXPECT_EQ(band.to_ns - band.from_ns, migration.gap_ns);
  EXPECT_NE(band.label.find("client moved"), std::string::npos);
  for (const MigrationSignal& signal : migration.signals)
    EXPECT_NE(band.detail.find(signal.name), std::string::npos) << signal.name;
}

std::vector<std::string> stall_labels(const std::shared_ptr<const FlowView>& flow, Side side) {
  std::vector<std::string> labels;
  for (const Band& band : make_content(PlotKind::sequence, flow, side).bands)
    if (band.kind == Band::Kind::stall) labels.push_back(band.label);
  return labels;
}

TEST_F(NaiveRestore, ShowsTheStallOfTheSideOnShow) {
  for (const Side side : {Side::client, Side::server})
    EXPECT_EQ(stall_labels(flow, side), std::vector<std::string>{"stalled 3 s"});
}

/// The client's segments are refused, and the server's data wait for them.
TEST(Content, WhereOneSideHasNoStallItShowsTheOthers) {
  const auto store = test::analyzed("naive-zero-window.pcap");
  const auto flow = FlowView::build(store, 1);
  ASSERT_EQ(stall_labels(flow, Side::client).size(), 1u);
  ASSERT_EQ(stall_labels(flow, Side::server).size(), 1u);
  EXPECT_EQ(stall_labels(flow, Side::client).front(), "server " + stall_labels(flow, Side::server).front());
}

TEST_F(NaiveRestore, MarksEverySegmentThatTheLibraryCallsDropped) {
  const DirectionReport& direction = flow->report()->directions[0];
  uint64_t dropped = direction.verdicts[static_cast<size_t>(Verdict::drop)];
  uint64_t marked = 0;
  for (const MarkSet& marks : make_content(PlotKind::clock, flow, Side::client).marks)
    if (marks.kind != MarkKind::unknown) marked += marks.samples->size();
  EXPECT_GT(marked, 0u);
  EXPECT_EQ(marked, dropped - direction.reasons[static_cast<size_t>(Reason::reset)]);
}

TEST_F(NaiveRestore, EveryKindHasCurvesAndFitsThem) {
  for (int kind = 0; kind < kPlotKinds; ++kind) {
    const PlotContent content = make_content(static_cast<PlotKind>(kind), flow, Side::client);
    ASSERT_FALSE(content.curves.empty()) << kind;
    const ValueRange fit = fit_values(content, {flow->first_ns(), flow->last_ns()});
    EXPECT_GT(fit.span(), 0) << kind;
    for (const Curve& curve : content.curves) {
      const MinMax all = curve.series->range(curve.from_ns, curve.to_ns);
      if (all.empty()) continue;
      EXPECT_GE(all.min * curve.scale + curve.offset, fit.from) << curve.name;
      EXPECT_LE(all.max * curve.scale + curve.offset, fit.to) << curve.name;
    }
  }
}

TEST_F(NaiveRestore, WhatIsHiddenDoesNotTakeRoom) {
  const PlotContent content = make_content(PlotKind::clock, flow, Side::client);
  std::vector<bool> hidden(content.curves.size(), false);
  const TimeRange all{flow->first_ns(), flow->last_ns()};
  const double with_tsval = fit_values(content, all, hidden).span();
  for (size_t i = 0; i < content.curves.size(); ++i) hidden[i] = content.curves[i].name == "TSval";
  EXPECT_LT(fit_values(content, all, hidden).span(), with_tsval / 100);
}

TEST_F(NaiveRestore, ABaselineIsLaidOverAtTheCut) {
  const auto healthy_store = test::analyzed("healthy.pcap");
  const auto healthy = FlowView::build(healthy_store, 1);
  PlotContent content = make_content(PlotKind::clock, flow, Side::client);
  const size_t own = content.curves.size();
  const Alignment alignment = align(*flow, *healthy);
  EXPECT_EQ(alignment.zero_ns, flow->report()->migrations.front().time_ns);
  EXPECT_EQ(healthy->report()->migrations.front().time_ns + alignment.shift_ns, alignment.zero_ns);
  add_baseline(content, healthy, Side::client, alignment);
  ASSERT_GT(content.curves.size(), own);
  const Curve* ours = curve_named(content, "TSval");
  const Curve* theirs = curve_named(content, "baseline: TSval");
  ASSERT_TRUE(ours && theirs);
  // Equal just before the cut; after it, apart by what the naive restore lost.
  const auto at = [](const Curve& curve, TimeNs time, bool after) {
    const size_t from = curve.series->lower_bound(time - curve.shift_ns);
    return curve.series->value(after ? from : from - 1) + curve.offset;
  };
  EXPECT_DOUBLE_EQ(at(*ours, alignment.zero_ns, false), at(*theirs, alignment.zero_ns, false));
  EXPECT_NEAR(at(*theirs, alignment.zero_ns, true) - at(*ours, alignment.zero_ns, true), 1'000'001, 100);
}

TEST_F(NaiveRestore, WhatDidNotMoveIsAlignedAtItsFirstSegment) {
  const auto other_store = test::analyzed("loss.pcap");
  const auto other = FlowView::build(other_store, 1);
  ASSERT_TRUE(other->judged());
  ASSERT_TRUE(!other->report() || other->report()->migrations.empty());
  const Alignment alignment = align(*flow, *other);
  EXPECT_EQ(alignment.zero_ns, flow->first_ns());
  EXPECT_EQ(other->first_ns() + alignment.shift_ns, flow->first_ns());
}

/// 10,000 dropped segments in ten bursts.
class Clusters : public testing::Test {
 protected:
  Clusters() {
    test::open_flow(*store, 1);
    for (uint32_t i = 0; i < 10'000; ++i)
      store->segment(test::dropped(
          test::row(i + 1, (i / 1000) * kSecond + (i % 1000) * 1000, Side::client, 1000 + i % 2 * 100'000, 0),
          500'000));
    flow = FlowView::build(store, 1);
    content = make_content(PlotKind::clock, flow, Side::client);
  }
  ViewTransform view_of(TimeRange time) {
    return {
        .time = time, .value = fit_values(content, time), .left = 0, .top = 0, .width = 1000, .height = 300};
  }
  static uint64_t sum(const std::vector<MarkCluster>& clusters) {
    return std::accumulate(clusters.begin(), clusters.end(), uint64_t{0},
                           [](uint64_t n, const MarkCluster& c) { return n + c.count; });
  }
  std::shared_ptr<CaptureStore> store = std::make_shared<CaptureStore>();
  std::shared_ptr<const FlowView> flow;
  PlotContent content;
};

TEST_F(Clusters, CountsSumUpToAllMarksInSight) {
  EXPECT_EQ(sum(cluster_marks(content, view_of({0, 10 * kSecond}))), 10'000u);
  EXPECT_EQ(sum(cluster_marks(content, view_of({kSecond, 3 * kSecond + 500'000}))), 2'501u);
  EXPECT_EQ(sum(cluster_marks(content, view_of({kSecond * 20, kSecond * 30}))), 0u);
}

TEST_F(Clusters, ZoomedInEveryMarkStandsAlone) {
  const auto clusters = cluster_marks(content, view_of({kSecond, kSecond + 20'000}));
  ASSERT_EQ(clusters.size(), 21u);
  for (const MarkCluster& cluster : clusters) EXPECT_EQ(cluster.count, 1u);
}

TEST_F(Clusters, FewEnoughAreKeptApartByValue) {
  // 100 marks in 10 pixels, of two values: two clusters.
  const auto clusters = cluster_marks(content, view_of({kSecond, kSecond + 99'000 * 100}));
  ASSERT_GE(clusters.size(), 2u);
  EXPECT_LE(std::abs(static_cast<int>(clusters[0].count) - static_cast<int>(clusters[1].count)), 1);
  EXPECT_GT(std::abs(clusters[0].y - clusters[1].y), kClusterPixels);
}

TEST(Content, SaysWhereThereIsNothingToShow) {
  const auto store = test::analyzed("one-sided.pcap");
  const auto flow = FlowView::build(store, 1);
  const Side seen = flow->interesting_side();
  EXPECT_EQ(make_content(PlotKind::clock, flow, seen).nothing, "");
  const PlotContent other_clock = make_content(PlotKind::clock, flow, other(seen));
  EXPECT_NE(other_clock.nothing.find("no timestamps from the"), std::string::npos) << other_clock.nothing;

  const auto both = FlowView::build(test::analyzed("healthy.pcap"), 1);
  PlotContent over = make_content(PlotKind::clock, flow, other(seen));
  add_baseline(over, both, other(seen), align(*flow, *both));
  EXPECT_EQ(over.nothing, "") << "the other capture has some";
}

}  // namespace
}  // namespace tsaudit::gui
