// SPDX-License-Identifier: GPL-3.0-or-later
// The store that one thread fills while another reads, and what is made of a flow.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <thread>

#include "flow_follower.h"
#include "rows.h"

namespace tsaudit::gui {
namespace {

using test::dropped;
using test::open_flow;
using test::row;

TEST(Store, HoldsEveryColumnOfARow) {
  CaptureStore store;
  open_flow(store, 1);
  SegmentRow in = dropped(row(7, 123'456'789'012'345, Side::server, 5, 6), 900, 1448);
  in.seq = {11};
  in.ack = {12};
  in.evidence_frames = {8, 9, 0, 0};
  store.segment(in);
  ASSERT_EQ(store.segments(), 1u);
  const LogRow& out = store.row(0);
  EXPECT_EQ(out.time_ns, in.time_ns);
  EXPECT_EQ(out.frame, 7u);
  EXPECT_EQ(out.seq, 11u);
  EXPECT_EQ(out.ack, 12u);
  EXPECT_EQ(out.length, 1448u);
  EXPECT_EQ(out.tsval, 5u);
  EXPECT_EQ(out.tsecr, 6u);
  EXPECT_EQ(out.ts_recent, 900u);
  EXPECT_EQ(out.delta(), -895);
  EXPECT_EQ(out.side(), Side::server);
  EXPECT_EQ(static_cast<Verdict>(out.verdict), Verdict::drop);
  EXPECT_EQ(static_cast<Reason>(out.reason), Reason::paws);
  EXPECT_EQ(static_cast<Evidence>(out.evidence), Evidence::confirmed);
  EXPECT_EQ(store.evidence_frames(7)[1], 9u);
  EXPECT_EQ(store.evidence_frames(8)[0], 0u);
  EXPECT_EQ(store.find_frame(7), 0u);
  EXPECT_EQ(store.find_frame(8), 1u);
}

TEST(Store, ReadersSeeWholeRowsWhileTheyAreWritten) {
  CaptureStore store;
  open_flow(store, 1);
  constexpr uint32_t kRows = 300'000;
  std::thread writer([&] {
    for (uint32_t i = 0; i < kRows; ++i) store.segment(row(i + 1, i * 1000LL, Side::client, i, i ^ 0x5a5a));
  });
  size_t seen = 0;
  while (seen < kRows) {
    const size_t now = store.segments();
    for (; seen < now; ++seen) {
      const LogRow& at = store.row(seen);
      ASSERT_EQ(at.frame, seen + 1);
      ASSERT_EQ(at.tsecr, at.tsval ^ 0x5a5a);
      ASSERT_EQ(at.previous, seen == 0 ? LogRow::kNoRow : seen - 1);
    }
    store.flow_at(1, [&](const FlowEntry& flow) {
      const uint32_t last = flow.last_row();
      if (last == LogRow::kNoRow) return;
      ASSERT_EQ(store.row(last).frame, last + 1);
      ASSERT_EQ(store.clock_line(flow, Side::client).front().ticks, 0);
      ASSERT_GT(flow.segments(), last);
    });
  }
  writer.join();
  store.flow_at(1, [&](const FlowEntry& flow) { EXPECT_EQ(flow.segments(), kRows); });
}

TEST(Store, AFewPointsKeepTheShapeOfAClock) {
  CaptureStore store;
  open_flow(store, 1);
  for (uint32_t i = 0; i < 10'000; ++i)  // wraps at once, and goes back by 1000
    store.segment(row(i + 1, i * kMillisecond, Side::client, (i < 6'000 ? 1000 + i : i) - 1500, 0));
  const auto line =
      store.flow_at(1, [&](const FlowEntry& flow) { return store.clock_line(flow, Side::client); });
  EXPECT_LE(line.size(), CaptureStore::kClockPoints + 2);
  EXPECT_GE(line.size(), CaptureStore::kClockPoints / 2);
  EXPECT_EQ(line.front().ticks, 0);
  EXPECT_EQ(line.back().ticks, 8'999);
  EXPECT_DOUBLE_EQ(line.back().seconds, 9.999);
  for (size_t i = 1; i < line.size(); ++i) {
    const auto& at = line[i];
    EXPECT_GT(at.seconds, line[i - 1].seconds);
    EXPECT_NEAR(at.ticks, at.seconds * 1000 - (at.seconds < 6 ? 0 : 1000), 1e-6);
  }
  EXPECT_TRUE(
      store.flow_at(1, [&](const FlowEntry& flow) { return store.clock_line(flow, Side::server).empty(); }));
}

TEST(Store, TheClockOfASideThatSaysLittleIsDrawnToo) {
  CaptureStore store;
  open_flow(store, 1);
  for (uint32_t i = 0; i < 10'000; ++i)
    store.segment(row(i + 1, i * kMillisecond, i % 100 == 99 ? Side::server : Side::client, i, 0));
  const auto line =
      store.flow_at(1, [&](const FlowEntry& flow) { return store.clock_line(flow, Side::server); });
  EXPECT_GE(line.size(), CaptureStore::kClockPoints / 4);
  EXPECT_LT(line.back().ticks, 9'999);
  EXPECT_GT(line.back().ticks, 9'000);
  for (size_t i = 1; i < line.size(); ++i) {
    EXPECT_GT(line[i].seconds, line[i - 1].seconds);
    EXPECT_NEAR(line[i].ticks, line[i].seconds * 1000, 1e-6);
  }
}

TEST(Store, EverySegmentOfAShortFlowDrawsItsClock) {
  CaptureStore store;
  open_flow(store, 1);
  for (uint32_t i = 0; i < 40; ++i) {
    store.segment(row(i + 1, i * kMillisecond, static_cast<Side>(i % 2), i, 0));
    const auto line =
        store.flow_at(1, [&](const FlowEntry& flow) { return store.clock_line(flow, Side::server); });
    const size_t sent = (i + 1) / 2;
    if (i < 15) {
      EXPECT_EQ(line.size(), sent);
    }
    if (sent > 0) {
      EXPECT_EQ(line.front().ticks, 0);
      EXPECT_EQ(line.back().ticks, 2 * (sent - 1)) << i;
    }
  }
}

TEST(Store, TheClockWorthALookIsThatOfWhoMovedOrWasLate) {
  CaptureStore store;
  const auto clock_of = [&](uint64_t id, FlowReport report) {
    open_flow(store, id);
    store.flow(std::move(report));
    return store.flow_at(id, [](const FlowEntry& flow) { return flow.clock_of; });
  };
  FlowReport moved = test::report(2, Severity::note, "moved");
  moved.migrations.emplace_back().endpoint = Side::server;
  FlowReport late = test::report(3, Severity::error, "stalled");
  late.migrations.emplace_back().endpoint = Side::server;
  Finding& drop = late.findings.emplace_back();
  drop.rule = RuleId::paws_drop;
  drop.from = Side::client;
  EXPECT_EQ(clock_of(1, test::report(1, Severity::none, "healthy")), Side::client);
  EXPECT_EQ(clock_of(2, moved), Side::server);
  EXPECT_EQ(clock_of(3, late), Side::client);
}

TEST(Store, HostsThatMovedWithSeveralConnectionsAreTold) {
  CaptureStore store;
  for (const uint64_t id : {1u, 2u, 3u}) {
    open_flow(store, id);
    FlowReport report = test::report(id, Severity::note, "moved");
    Migration& move = report.migrations.emplace_back();
    move.frame = 10 * id;
    move.time_ns = static_cast<TimeNs>(id) * kMillisecond;
    store.flow(std::move(report));
  }
  EXPECT_TRUE(store.moves().empty()) << "there may be more";
  store.moved();
  ASSERT_EQ(store.moves().size(), 1u);
  EXPECT_EQ(store.moves()[0].flows, 3u);
}

TEST(FlowView, UnwrapsAcrossTheEndOfTheCircle) {
  auto store = std::make_shared<CaptureStore>();
  open_flow(*store, 1);
  for (uint32_t i = 0; i < 100; ++i)
    store->segment(row(i + 1, i * kMillisecond, Side::client, 0xffffffc0u + i, 0));
  const auto view = FlowView::build(store, 1);
  const Series& tsval = view->track(Side::client).tsval;
  ASSERT_EQ(tsval.size(), 100u);
  for (size_t i = 1; i < 100; ++i) EXPECT_EQ(tsval.value(i), tsval.value(i - 1) + 1);
  EXPECT_EQ(tsval.value(99) - tsval.value(0), 99);
}

TEST(FlowView, TsvalStandsFromTsRecentByWhatTheReceiverSees) {
  auto store = std::make_shared<CaptureStore>();
  open_flow(*store, 1);
  store->segment(row(1, 0, Side::client, 3'000'000'000u, 0));
  // A jump by more than half of the circle: older to the receiver, whatever the number is.
  store->segment(dropped(row(2, kSecond, Side::client, 500'000'000u, 0), 3'000'000'000u));
  store->segment(dropped(row(3, 2 * kSecond, Side::client, 2'999'000'000u, 0), 3'000'000'000u));
  const auto view = FlowView::build(store, 1);
  const Track& track = view->track(Side::client);
  for (const size_t i : {1u, 2u})
    EXPECT_EQ(track.tsval.value(i) - track.ts_recent.value(i), store->row(i).delta());
  const SharedArray<uint32_t>& marks = track.marks[static_cast<size_t>(MarkKind::paws)];
  EXPECT_EQ(std::vector<uint32_t>(marks.begin(), marks.end()), (std::vector<uint32_t>{1, 2}));
}

TEST(FlowView, RoundTripsAreFromTheFirstTsvalToItsFirstEcho) {
  auto store = std::make_shared<CaptureStore>();
  open_flow(*store, 1);
  store->segment(row(1, 0, Side::client, 100, 0));
  store->segment(row(2, 5 * kMillisecond, Side::client, 100, 0));  // the same TSval again: the first counts
  store->segment(row(3, 30 * kMillisecond, Side::server, 7000, 100));
  store->segment(row(4, 31 * kMillisecond, Side::server, 7001, 100));  // the second echo measures nothing
  store->segment(row(5, 33 * kMillisecond, Side::client, 130, 7000));
  const auto view = FlowView::build(store, 1);
  const Series& to_server = view->track(Side::server).other_rtt;
  EXPECT_DOUBLE_EQ(to_server.value(0), 0.030);
  EXPECT_TRUE(std::isnan(to_server.value(1)));
  EXPECT_DOUBLE_EQ(view->track(Side::client).other_rtt.value(2), 0.003);
}

TEST(FlowView, RowsOutOfOrderInTimeGiveSeriesInOrder) {
  auto store = std::make_shared<CaptureStore>();
  open_flow(*store, 1);
  store->segment(row(1, 10, Side::client, 1, 0));
  store->segment(row(2, 30, Side::client, 3, 0));
  store->segment(row(3, 20, Side::client, 2, 0));
  const auto view = FlowView::build(store, 1);
  const Series& tsval = view->track(Side::client).tsval;
  EXPECT_EQ(tsval.value(0), 1);
  EXPECT_EQ(tsval.value(1), 2);
  EXPECT_EQ(tsval.value(2), 3);
  EXPECT_EQ(view->position_of_frame(3), 2u);  // rows() stay in the order of frames
}

TEST(FlowView, FlowsOfOneStoreDoNotMix) {
  auto store = std::make_shared<CaptureStore>();
  open_flow(*store, 1);
  open_flow(*store, 2);
  for (uint32_t i = 0; i < 50; ++i) store->segment(row(i + 1, i, Side::client, i, 0, 1 + i % 2));
  const auto view = FlowView::build(store, 2);
  EXPECT_EQ(view->rows().size(), 25u);
  for (size_t i = 0; i < 25; ++i) EXPECT_EQ(view->row(i).frame, 2 * i + 2);
}

TEST(FlowView, StopsWhenNobodyWantsItAnyMore) {
  auto store = std::make_shared<CaptureStore>();
  open_flow(*store, 1);
  for (uint32_t i = 0; i < 200'000; ++i) store->segment(row(i + 1, i, Side::client, i, 0));
  const std::atomic<bool> stop = true;
  EXPECT_EQ(FlowView::build(store, 1, &stop), nullptr);
}

/// Every value of both views is the same.
void expect_equal(const FlowView& view, const FlowView& expected, const std::string& when) {
  ASSERT_EQ(view.rows().size(), expected.rows().size()) << when;
  for (size_t i = 0; i < view.rows().size(); ++i) ASSERT_EQ(view.rows()[i], expected.rows()[i]) << when;
  for (const Side side : {Side::client, Side::server}) {
    const Track &track = view.track(side), &wanted = expected.track(side);
    ASSERT_EQ(track.times.size(), wanted.times.size()) << when;
    for (Series Track::*of : {&Track::tsval, &Track::ts_recent, &Track::residual, &Track::seq,
                              &Track::other_tsecr, &Track::other_ack, &Track::other_rtt}) {
      const Series &series = track.*of, &other = wanted.*of;
      ASSERT_EQ(series.size(), other.size()) << when;
      for (size_t i = 0; i < series.size(); ++i) {
        ASSERT_EQ(series.time(i), other.time(i)) << when;
        ASSERT_TRUE(series.value(i) == other.value(i) ||
                    (std::isnan(series.value(i)) && std::isnan(other.value(i))))
            << when << ", sample " << i;
      }
    }
    for (size_t kind = 0; kind < kMarkKinds; ++kind)
      EXPECT_TRUE(std::equal(track.marks[kind].begin(), track.marks[kind].end(), wanted.marks[kind].begin(),
                             wanted.marks[kind].end()))
          << when;
  }
}

/// A view that was made on the way is what a new one was at that time, and stays so while the flow grows on.
TEST(FlowFollower, ViewsOnTheWayAreWhatNewOnesAreAndStay) {
  auto store = std::make_shared<CaptureStore>();
  open_flow(*store, 1);
  open_flow(*store, 2);
  FlowFollower follower(store, 1);
  std::vector<std::shared_ptr<const FlowView>> on_the_way, made_anew;
  std::mt19937 random(5);
  std::array<uint32_t, 2> clock{0xfffffff0u, 77};
  for (uint32_t i = 0; i < 6'000; ++i) {
    const size_t side = random() % 2;
    clock[side] += static_cast<uint32_t>(random() % 5);
    // Late in the capture a frame is older than the one before it.
    const TimeNs time = (i == 5'000 ? i - 3 : i) * kMillisecond;
    SegmentRow next = row(i + 1, time, static_cast<Side>(side), clock[side], clock[side ^ 1], 1 + i % 7 / 6);
    next.length = static_cast<uint32_t>(random() % 100);
    next.seq = {1000 * i};
    next.ack = {500 * i};
    if (i % 50 == 49) next = dropped(next, clock[side] + 1000);
    store->segment(next);
    if (i % 500 != 499) continue;
    EXPECT_TRUE(follower.follow());
    on_the_way.push_back(follower.view());
    made_anew.push_back(FlowView::build(store, 1));
  }
  for (size_t i = 0; i < made_anew.size(); ++i)
    expect_equal(*on_the_way[i], *made_anew[i], "view " + std::to_string(i));
}

TEST(FlowFollower, WhatWasTakenBeforeAStopStaysTaken) {
  auto store = std::make_shared<CaptureStore>();
  open_flow(*store, 1);
  FlowFollower follower(store, 1);
  const std::atomic<bool> stop = true;
  for (uint32_t i = 0; i < 400'000; ++i) {
    store->segment(row(i + 1, i, static_cast<Side>(i % 2), i, i));
    if (i % 100'000 != 99'999) continue;
    follower.follow(i % 200'000 == 99'999 ? nullptr : &stop);
  }
  EXPECT_EQ(follower.view(&stop), nullptr);
  EXPECT_TRUE(follower.follow());
  expect_equal(*follower.view(), *FlowView::build(store, 1), "afterwards");
}

TEST(FlowView, OfAHealthyFlowItsClocksAndItsSentenceAreKept) {
  auto store = std::make_shared<CaptureStore>();
  for (const uint64_t id : {1u, 2u}) {
    open_flow(*store, id);
    for (uint32_t i = 0; i < 10; ++i) store->segment(row(10 * id + i, i, Side::client, i, i, id));
    FlowReport report = test::report(id, Severity::none, "as it should be");
    report.directions[0].clock.hz = 250;
    if (id == 2) report.directions[1].clock.steps.emplace_back();
    store->flow(std::move(report));
  }
  const auto healthy = FlowView::build(store, 1);
  EXPECT_TRUE(healthy->judged());
  EXPECT_EQ(healthy->summary(), "as it should be");
  EXPECT_FALSE(healthy->report());
  EXPECT_EQ(healthy->track(Side::client).hz, 250);
  EXPECT_FALSE(healthy->track(Side::client).hz_is_guess);
  EXPECT_TRUE(FlowView::build(store, 2)->report()) << "a step to be drawn, if no finding";
}

TEST(FlowView, WhatIsSaidSoFarGivesWayToWhatIsSaidLater) {
  const auto store = std::make_shared<CaptureStore>();
  open_flow(*store, 1);
  for (uint32_t i = 0; i < 10; ++i) store->segment(row(i + 1, i, Side::client, i, i));
  EXPECT_FALSE(FlowView::build(store, 1)->judged());
  const auto finding = [](FlowReport report) {
    report.findings.emplace_back().rule = RuleId::paws_drop;
    return report;
  };
  store->flow_so_far(finding(test::report(1, Severity::error, "stalled so far")));
  const auto stalled = FlowView::build(store, 1);
  EXPECT_EQ(stalled->summary(), "stalled so far");
  EXPECT_EQ(stalled->worst(), Severity::error);
  EXPECT_EQ(store->flow_at(1, [](const FlowEntry& flow) { return flow.rules; }), 1);
  store->flow_so_far(test::report(1, Severity::none, "nothing after all"));
  EXPECT_FALSE(FlowView::build(store, 1)->judged());
  EXPECT_EQ(stalled->summary(), "stalled so far") << "a view stays what it was";
  EXPECT_EQ(store->judgements(), 2u);
  store->flow_so_far(finding(test::report(1, Severity::error, "stalled again")));
  store->flow(test::report(1, Severity::none, "as it should be"));
  const auto ended = FlowView::build(store, 1);
  EXPECT_EQ(ended->summary(), "as it should be");
  EXPECT_FALSE(ended->report());
  EXPECT_EQ(store->flow_at(1, [](const FlowEntry& flow) { return flow.rules; }), 0);
}

TEST(FlowView, TheResidualOfANaiveRestoreFallsByTheStep) {
  const auto store = test::analyzed("naive-restore.pcap");
  const auto view = FlowView::build(store, 1);
  ASSERT_TRUE(view->report());
  ASSERT_EQ(view->report()->migrations.size(), 1u);
  EXPECT_EQ(view->interesting_side(), Side::client);
  const Track& track = view->track(Side::client);
  const auto& marks = track.marks[static_cast<size_t>(MarkKind::paws)];
  ASSERT_FALSE(marks.empty());
  EXPECT_NEAR(track.residual.value(0), 0, 0.05);
  for (const uint32_t at : marks) EXPECT_NEAR(track.residual.value(at), -1000, 1);  // 1,000,000 ticks of 1 ms
}

}  // namespace
}  // namespace tsaudit::gui
