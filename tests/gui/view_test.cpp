// SPDX-License-Identifier: GPL-3.0-or-later
// Views without a widget: transforms, zooming, history, numbers on axes.
#include <gtest/gtest.h>

#include "axis_text.h"
#include "line_clip.h"
#include "plot_content.h"
#include "ruler.h"
#include "view_history.h"
#include "view_transform.h"

namespace tsaudit::gui {
namespace {

const ViewTransform kView{.time = {1'000'000'000, 3'000'000'000},
                          .value = {-10, 30},
                          .left = 100,
                          .top = 20,
                          .width = 400,
                          .height = 200};

TEST(ViewTransform, CornersOfThePlotAreTheRanges) {
  EXPECT_DOUBLE_EQ(kView.x_of(1'000'000'000), 100);
  EXPECT_DOUBLE_EQ(kView.x_of(3'000'000'000), 500);
  EXPECT_DOUBLE_EQ(kView.y_of(30), 20);
  EXPECT_DOUBLE_EQ(kView.y_of(-10), 220);
}

TEST(ViewTransform, PixelsAndDataAreInverse) {
  for (const double x : {100.0, 133.0, 250.0, 499.0}) EXPECT_NEAR(kView.x_of(kView.time_at(x)), x, 1e-6);
  for (const double y : {20.0, 77.0, 219.0}) EXPECT_NEAR(kView.y_of(kView.value_at(y)), y, 1e-9);
}

TEST(ViewTransform, EpochTimesKeepNanoseconds) {
  const TimeNs start = 1'900'000'000'000'000'000;  // far beyond 2^53
  const ViewTransform view{
      .time = {start, start + 1000}, .value = {0, 1}, .left = 0, .top = 0, .width = 1000, .height = 1};
  EXPECT_EQ(view.time_at(123), start + 123);
  EXPECT_DOUBLE_EQ(view.x_of(start + 7), 7);
}

TEST(Zoom, ThePointUnderThePointerStays) {
  for (const double fraction : {0.0, 0.25, 0.5, 0.9, 1.0}) {
    const TimeRange before{5'000, 1'005'000};
    const double at = 5'000 + 1'000'000 * fraction;
    const TimeRange after = zoom(before, fraction, 0.5);
    EXPECT_EQ(after.span(), 500'000);
    EXPECT_NEAR(static_cast<double>(after.from) + fraction * 500'000, at, 1);
  }
  const ValueRange values = zoom(ValueRange{0, 100}, 0.25, 0.5);
  EXPECT_DOUBLE_EQ(values.from + 0.25 * values.span(), 25);
}

TEST(Zoom, WorksOnTheClockOfToday) {
  const TimeRange now{1'800'000'000 * kSecond, 1'800'000'010 * kSecond};
  EXPECT_EQ(zoom(now, 0.5, 0.5), (TimeRange{now.from + 2'500'000'000, now.to - 2'500'000'000}));
  EXPECT_EQ(pan(now, 0.1), (TimeRange{now.from + kSecond, now.to + kSecond}));
}

TEST(Zoom, InAndOutAgainIsTheSameView) {
  const TimeRange start{1'000'000'000'000, 1'060'000'000'000};
  TimeRange range = start;
  for (int i = 0; i < 20; ++i) range = zoom(range, 0.3, 0.8);
  for (int i = 0; i < 20; ++i) range = zoom(range, 0.3, 1 / 0.8);
  EXPECT_NEAR(static_cast<double>(range.from - start.from), 0, 100);
  EXPECT_NEAR(static_cast<double>(range.to - start.to), 0, 100);
}

TEST(Zoom, HasAnEndInBothDirections) {
  TimeRange range{0, kSecond};
  for (int i = 0; i < 500; ++i) range = zoom(range, 0.5, 0.5);
  EXPECT_EQ(range.span(), kMinSpanNs);
  for (int i = 0; i < 500; ++i) range = zoom(range, 0.5, 2);
  EXPECT_EQ(range.span(), kMaxSpanNs);
  EXPECT_GE(range.from, -kMaxTimeNs);
  EXPECT_LE(range.to, kMaxTimeNs);
  EXPECT_GT(range.span(), 0);
  ValueRange values{0, 1};
  for (int i = 0; i < 500; ++i) values = zoom(values, 0.5, 0.5);
  EXPECT_GT(values.span(), 0);
}

TEST(Pan, MovesByFractionsAndStopsAtTheEndOfTime) {
  EXPECT_EQ(pan(TimeRange{0, 1000}, 0.1), (TimeRange{100, 1100}));
  EXPECT_EQ(pan(TimeRange{0, 1000}, -1), (TimeRange{-1000, 0}));
  const TimeRange last{kMaxTimeNs - 1000, kMaxTimeNs};
  EXPECT_EQ(pan(last, 1), last);
}

TEST(Padded, AFlatLineGetsRoom) {
  EXPECT_GT(padded(ValueRange{5, 5}).span(), 0);
  EXPECT_LE(padded(ValueRange{2.7e9, 2.7e9}).span(), 2) << "ticks around a single TSval, not millions";
  EXPECT_GT(padded(TimeRange{7, 7}).span(), 0);
}

ViewState state(TimeNs from) { return {{from, from + 10}, {}}; }

TEST(History, GoesBackAndForward) {
  ViewHistory history;
  history.reset(state(0));
  history.push(state(1));
  history.push(state(2));
  EXPECT_EQ(history.back(), state(1));
  EXPECT_EQ(history.back(), state(0));
  EXPECT_FALSE(history.can_back());
  EXPECT_EQ(history.back(), state(0));
  EXPECT_EQ(history.forward(), state(1));
  EXPECT_TRUE(history.can_forward());
}

TEST(History, ANewViewForgetsWhatWasForward) {
  ViewHistory history;
  history.reset(state(0));
  history.push(state(1));
  history.back();
  history.push(state(5));
  EXPECT_FALSE(history.can_forward());
  EXPECT_EQ(history.back(), state(0));
}

TEST(History, OneGestureIsOneEntryAndTheSameViewIsNone) {
  ViewHistory history;
  history.reset(state(0));
  history.push(state(1));
  history.amend(state(2));
  history.amend(state(3));
  history.push(state(3));
  EXPECT_EQ(history.back(), state(0));
}

TEST(History, IsBounded) {
  ViewHistory history;
  history.reset(state(0));
  for (int i = 1; i < 1000; ++i) history.push(state(i));
  size_t steps = 0;
  while (history.can_back()) history.back(), ++steps;
  EXPECT_EQ(steps, ViewHistory::kMost - 1);
}

TEST(AxisText, HasTheDigitsThatTheStepNeeds) {
  EXPECT_EQ(axis_number(12500, 500), "12,500");
  EXPECT_EQ(axis_number(0.0025, 0.0005), "0.0025");
  EXPECT_EQ(axis_number(1234567.5, 0.5), "1,234,567.5");
  EXPECT_EQ(axis_number(-1000000, 200000), "\u22121,000,000");
  EXPECT_EQ(axis_number(-0.5, 0.5), "\u22120.5");
  EXPECT_EQ(axis_number(1e-17, 0.2), "0.0");  // the ticker's rounding
  EXPECT_EQ(axis_number(4294967296.0 * 3, 1), "12,884,901,888");
}

TEST(LineClip, KeepsWhatIsInside) {
  const QRectF area(0, 0, 10, 10);
  const auto is = [](const QList<QPointF>& line, const QList<QPointF>& wanted) {
    const auto same = [](QPointF a, QPointF b) {
      return a.x() == b.x() && (a.y() == b.y() || (std::isnan(a.y()) && std::isnan(b.y())));
    };
    return std::equal(line.begin(), line.end(), wanted.begin(), wanted.end(), same);
  };
  EXPECT_TRUE(is(clipped_line({{1, 1}, {2, 5}, {9, 9}}, area), {{1, 1}, {2, 5}, {9, 9}}));
  EXPECT_TRUE(is(clipped_line({{-5, 5}, {15, 5}}, area), {{0, 5}, {10, 5}}));
  // Out at the top and in again further on.
  EXPECT_TRUE(is(clipped_line({{0, 5}, {5, 15}, {10, 5}}, area),
                 {{0, 5}, {2.5, 10}, {2.5, kNoValue}, {7.5, 10}, {10, 5}}));
  EXPECT_TRUE(clipped_line({{-5, -5}, {-1, 20}, {20, 30}}, area).isEmpty());
  EXPECT_TRUE(is(clipped_line({{1, 1}, {2, 2}, {2, kNoValue}, {3, 3}, {4, 4}}, area),
                 {{1, 1}, {2, 2}, {2, kNoValue}, {3, 3}, {4, 4}}));
}

TEST(AxisText, LongTimesAreInHoursAndDays) {
  EXPECT_EQ(round_in_days(1.7), 1.7);
  EXPECT_EQ(round_in_days(2'500), 3'600);
  EXPECT_EQ(round_in_days(250'000), 5 * 86'400);
  EXPECT_EQ(round_in_days(3'000'000), 40 * 86'400);
  EXPECT_EQ(axis_seconds(12'500, 500), "12,500 s");
  EXPECT_EQ(axis_seconds(-7'200, 3'600), "\u22122 h");
  EXPECT_EQ(axis_seconds(0, 86'400), "0");
  EXPECT_EQ(axis_seconds(194'400, 21'600), "2 d 6 h");
  EXPECT_EQ(axis_seconds(2'160'000, 432'000), "25 d");
}

TEST(AxisText, RoundedNumbersKeepTheDigitsThatCount) {
  EXPECT_EQ(rounded_number(1000, 6), "1,000");
  EXPECT_EQ(rounded_number(1e6 / 3, 6), "333,333");
  EXPECT_EQ(rounded_number(-1000.0 / 3, 6), "\u2212333.333");
  EXPECT_EQ(rounded_number(1e-4, 6), "0.0001");
  EXPECT_EQ(rounded_number(0, 6), "0");
  EXPECT_EQ(rounded_number(2.5e18, 6), "2.5e+18");
}

TEST(AxisText, ClockShowsFractionsWhenZoomedIn) {
  const TimeNs noon = 12 * 3600 * kSecond;
  EXPECT_EQ(axis_clock(noon, 60), "12:00:00");
  EXPECT_EQ(axis_clock(noon, 86'400).substr(5), " 12:00") << "days apart, it is the date that differs";
  EXPECT_EQ(axis_clock(noon + 1'500'000, 0.0005), "12:00:00.0015");
  EXPECT_EQ(axis_clock(-500'000'000, 0.1), "23:59:59.5");
}

TEST(Ruler, SaysTimeTicksAndRateAsTheAxesDo) {
  PlotContent clock;
  EXPECT_EQ(ruler_text({.from_ns = 0, .to_ns = 32 * kMillisecond, .from = 5, .to = -999'995}, clock),
            "\u0394T 32 ms   \u0394TSval \u22121,000,000   \u221231,250,000 Hz");
  EXPECT_EQ(ruler_text({.from_ns = 3 * kSecond, .to_ns = 0, .from = 0, .to = 1'000}, clock),
            "\u0394T \u22123 s   \u0394TSval +1,000   \u2212333.333 Hz");
  EXPECT_EQ(ruler_text({.from_ns = 7, .to_ns = 7, .from = 0, .to = 12}, clock),
            "\u0394T 0 s   \u0394TSval +12");
  PlotContent bytes;
  bytes.kind = PlotKind::sequence;
  bytes.unit = "B";
  EXPECT_EQ(ruler_text({.from_ns = 0, .to_ns = 2 * kSecond, .from = 0, .to = 12'345.5}, bytes),
            "\u0394T 2 s   \u0394 +12,345.5 B   6,172.75 B/s");
}

TEST(Words, ASignStandsBeforeTheNumber) {
  EXPECT_EQ(signed_grouped(1234567), "+1,234,567");
  EXPECT_EQ(signed_grouped(-1000000), "\u22121,000,000");
}

}  // namespace
}  // namespace tsaudit::gui
