// SPDX-License-Identifier: GPL-3.0-or-later
// What long silences and a TS.Recent that is not set do to a clock's plot.
#include <gtest/gtest.h>

#include <cmath>

#include "flow_follower.h"
#include "plot_content.h"
#include "rows.h"
#include "silences.h"
#include "tsaudit/profile.h"

namespace tsaudit::gui {
namespace {

constexpr TimeNs kDay = 86'400 * kSecond;

const Curve& curve_named(const PlotContent& content, const std::string& name) {
  for (const Curve& curve : content.curves)
    if (curve.name == name) return curve;
  throw std::runtime_error("no curve " + name);
}

/// 1,000 ticks a second, 25 days of silence: mod 2^32 the value is older than the last one.
class Idle25Days : public testing::Test {
 protected:
  std::shared_ptr<CaptureStore> store = test::analyzed("idle-24days.pcap");
  std::shared_ptr<const FlowView> flow = FlowView::build(store, 1);
};

TEST_F(Idle25Days, TheClockGoesByTheTimeThatPassed) {
  for (const Side side : {Side::client, Side::server}) {
    const Series& tsval = flow->track(side).tsval;
    for (size_t i = 1; i < tsval.size(); ++i) EXPECT_GE(tsval.value(i), tsval.value(i - 1)) << i;
    EXPECT_NEAR(tsval.value(tsval.size() - 1) - tsval.value(0), 2'160'002'600, 100);
    const Series& residual = flow->track(side).residual;
    const MinMax off = residual.range(INT64_MIN / 2, INT64_MAX / 2);
    EXPECT_LT(off.max - off.min, 0.2) << "seconds";
    EXPECT_TRUE(lost_in_silence(flow->track(side)).empty());
  }
}

TEST_F(Idle25Days, WhatIsComparedAndEchoedAfterItIsOnTheSameScale) {
  const Track& client = flow->track(Side::client);
  const size_t last = client.tsval.size() - 1;
  EXPECT_LT(client.tsval.value(last) - client.ts_recent.value(last), 1'000);
  EXPECT_GE(client.tsval.value(last), client.ts_recent.value(last));
  const Series& echoed = flow->track(Side::server).other_tsecr;
  EXPECT_NEAR(echoed.value(echoed.size() - 1), client.tsval.value(last), 1'000);
}

TEST_F(Idle25Days, SaysFromWhenOnAnyValuePasses) {
  const PlotContent content = make_content(PlotKind::clock, flow, Side::client);
  ASSERT_EQ(content.bands.size(), 1u);
  const Band& band = content.bands.front();
  EXPECT_EQ(band.kind, Band::Kind::idle);
  const TimeNs idle = flow->report()->directions[0].receiver_profile->idle_seconds * kSecond;
  EXPECT_NEAR(static_cast<double>(band.from_ns - flow->first_ns()) / 1e9, static_cast<double>(idle) / 1e9, 3);
  EXPECT_EQ(flow->row(flow->position_of_frame(61)).time_ns, band.to_ns);
  EXPECT_NE(band.label.find("25 d"), std::string::npos) << band.label;
  EXPECT_NE(band.detail.find("RFC 7323"), std::string::npos);
  const Curve& recent = curve_named(content, "TS.Recent");
  ASSERT_EQ(recent.forgets.size(), 1u);
  EXPECT_EQ(recent.forgets.front(), (TimeRange{band.from_ns, band.to_ns}));
}

TEST_F(Idle25Days, ItsThumbnailGoesUp) {
  const auto line =
      store->flow_at(1, [&](const FlowEntry& entry) { return store->clock_line(entry, Side::client); });
  ASSERT_GT(line.size(), 1u);
  EXPECT_NEAR(line.back().ticks, 2'160'002'600, 1'000);
}

/// Another host's clock went on for a part of the silence: nobody saw when, so no line says it.
TEST(Silence, NoLineLeadsThroughOneInWhichTheHostWasReplaced) {
  const auto flow = FlowView::build(test::analyzed("idle-naive.pcap"), 1);
  const Track& client = flow->track(Side::client);
  const auto lost = lost_in_silence(client);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(flow->store().row(client.rows[lost.front()]).frame, 34u);
  EXPECT_EQ(client.tsval.value(lost.front()) - client.tsval.value(lost.front() - 1), -7'850'043);
  for (const PlotKind kind : {PlotKind::clock, PlotKind::residual}) {
    const PlotContent content = make_content(kind, flow, Side::client);
    const auto broken = [&](const Curve& curve) { return curve.breaks == lost; };
    EXPECT_EQ(std::ranges::count_if(content.curves, broken), 1);
  }
  EXPECT_TRUE(lost_in_silence(flow->track(Side::server)).empty()) << "the server's clock ran on";
}

SegmentRow judged(SegmentRow row, uint32_t ts_recent) {
  row.ts_recent_known = true;
  row.ts_recent = {ts_recent};
  row.delta = distance(row.ts_recent, row.tsval);
  return row;
}

FlowReport report_with_hz(double hz) {
  FlowReport report = test::report(1, Severity::none, "fine");
  for (DirectionReport& direction : report.directions) direction.clock.hz = hz;
  return report;
}

/// While a capture is read the rate is not known; then it is, and what came before is where it belongs.
TEST(Silence, IsPlacedWhenTheRateIsKnown) {
  const auto store = std::make_shared<CaptureStore>();
  test::open_flow(*store, 1);
  store->segment(test::row(1, 0, Side::client, 1'000, 0));
  store->segment(judged(test::row(2, kSecond, Side::client, 2'000, 0), 1'000));
  const uint64_t days_60 = 60ull * 86'400'000;
  store->segment(judged(test::row(3, 60 * kDay, Side::client, static_cast<uint32_t>(days_60), 0), 2'000));
  FlowFollower follower(store, 1);
  ASSERT_TRUE(follower.follow());
  EXPECT_EQ(lost_in_silence(follower.view()->track(Side::client)).size(), 1u) << "nobody knows yet";
  store->flow(report_with_hz(1000));
  ASSERT_TRUE(follower.follow());
  const auto view = follower.view();
  EXPECT_NEAR(view->track(Side::client).tsval.value(2), static_cast<double>(days_60), 1'001);
  EXPECT_TRUE(lost_in_silence(view->track(Side::client)).empty());
}

/// A clock of microseconds is half way round in 36 minutes, and a receiver that waits for 24 days refuses it.
TEST(Silence, WhatIsRefusedAfterItStandsOutOfTheHalfSpace) {
  const auto store = std::make_shared<CaptureStore>();
  test::open_flow(*store, 1);
  for (uint32_t i = 0; i < 5; ++i)
    store->segment(test::row(i + 1, i * kSecond, Side::client, i * 1'000'000 + 1, 0));
  const uint32_t recent = 4'000'001;
  const auto late = [&](uint64_t frame, int64_t seconds) {
    return test::dropped(
        test::row(frame, seconds * kSecond, Side::client, static_cast<uint32_t>(seconds * 1'000'000 + 1), 0),
        recent);
  };
  store->segment(late(6, 2'400));
  store->segment(late(7, 2'401));
  store->flow(report_with_hz(1e6));
  const auto flow = FlowView::build(store, 1);
  const Track& track = flow->track(Side::client);
  for (const size_t i : {5u, 6u}) {
    EXPECT_GT(track.tsval.value(i), track.ts_recent.value(i) + 2147483648.0);
    EXPECT_EQ(track.ts_recent.value(i), recent);
  }
  EXPECT_EQ(track.tsval.value(6) - track.tsval.value(5), 1'000'000);
}

/// TCP_REPAIR without a timestamp leaves it 0, which is none and no tick of the sender's clock.
TEST(Silence, ATsRecentThatIsNotSetIsNoValue) {
  const auto flow = FlowView::build(test::analyzed("naive-restore.pcap"), 1);
  const Track& server = flow->track(Side::server);
  ASSERT_GT(server.unset.size(), 0u);
  for (const uint32_t sample : server.unset) EXPECT_TRUE(std::isnan(server.ts_recent.value(sample)));
  const PlotContent content = make_content(PlotKind::clock, flow, Side::server);
  const double ticks = server.tsval.value(server.tsval.size() - 1) - server.tsval.value(0);
  const ValueRange fit = fit_values(content, {flow->first_ns(), flow->last_ns()});
  EXPECT_LT(fit.span(), ticks * 1.5) << "what the clock did fills the plot";
  EXPECT_FALSE(curve_named(content, "TS.Recent").breaks.empty());
}

}  // namespace
}  // namespace tsaudit::gui
