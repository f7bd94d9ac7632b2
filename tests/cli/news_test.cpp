// SPDX-License-Identifier: Apache-2.0
#include "news.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsaudit::cli {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

FlowReport connection(uint64_t id, std::string summary) {
  FlowReport report;
  report.id = id;
  report.last_ns = 100 * kSecond;
  report.summary = std::move(summary);
  report.so_far = true;
  for (Endpoint* endpoint : {&report.client, &report.server}) parse_ip("10.0.0.1", endpoint->address);
  report.client.port = static_cast<uint16_t>(40000 + id);
  report.server.port = 443;
  return report;
}

/// Since `seconds` before the end of what there is of it.
FlowReport stalled(uint64_t id, int seconds) {
  FlowReport report = connection(id, "Stalled.");
  report.worst = Severity::error;
  Finding& finding = report.findings.emplace_back();
  finding.time_ns = report.last_ns - seconds * kSecond;
  finding.duration_ns = seconds * kSecond;
  return report;
}

std::vector<std::string> look(News& news, const std::vector<FlowReport>& reports, bool color = false) {
  for (const FlowReport& report : reports) news.see(FlowReport(report));
  return news.end_look(color);
}

TEST(News, IsToldOnceItHasStoodForALook) {
  News news;
  EXPECT_THAT(look(news, {stalled(1, 1)}), IsEmpty());
  EXPECT_THAT(look(news, {stalled(1, 2)}), ElementsAre("10.0.0.1:40001 -> 10.0.0.1:443: Stalled."));
  EXPECT_EQ(news.standing_still(), 1u);
  EXPECT_THAT(look(news, {stalled(1, 3)}), IsEmpty()) << "known";
}

TEST(News, IsNoneIfItPassesAtOnce) {
  News news;
  EXPECT_THAT(look(news, {stalled(1, 1)}), IsEmpty());
  EXPECT_THAT(look(news, {}), IsEmpty());
  EXPECT_THAT(look(news, {stalled(1, 1)}), IsEmpty()) << "not twice in a row";
}

TEST(News, LossIsNone) {
  News news;
  FlowReport lossy = stalled(1, 1);
  lossy.worst = Severity::note;
  lossy.findings[0].duration_ns = kSecond / 4;
  for (int i = 0; i < 3; ++i) EXPECT_THAT(look(news, {lossy}), IsEmpty());
}

TEST(News, GoesOnAgain) {
  News news;
  FlowReport report = stalled(1, 2);
  report.worst = Severity::note;
  for (int i = 0; i < 2; ++i) look(news, {report});
  report.last_ns += kSecond;
  EXPECT_THAT(look(news, {report}), IsEmpty());
  EXPECT_THAT(look(news, {report}), ElementsAre(EndsWith(":443: goes on again.")));
  EXPECT_EQ(news.standing_still(), 0u);
}

TEST(News, AMoveIsToldThoughAllIsWell) {
  News news;
  FlowReport report = connection(1, "Moved.");
  report.migrations.emplace_back();
  look(news, {report});
  EXPECT_THAT(look(news, {report}), ElementsAre(EndsWith("Moved.")));
}

TEST(News, SaysWhatWouldHelp) {
  News news;
  FlowReport report = stalled(1, 2);
  report.directions[0].offset_min = 77;
  look(news, {report});
  EXPECT_THAT(look(news, {report}),
              ElementsAre(EndsWith("\n         to do: tsoffset add inet 10.0.0.1:40001 10.0.0.1:443 +77")));
}

TEST(News, ManyAreCounted) {
  News news;
  std::vector<FlowReport> reports;
  for (uint64_t id = 1; id <= News::kLines + 7; ++id) reports.push_back(stalled(id, 2));
  look(news, reports);
  const auto lines = look(news, reports);
  ASSERT_THAT(lines, SizeIs(News::kLines + 1));
  EXPECT_EQ(lines.back(), "and of 7 more");
  EXPECT_THAT(look(news, reports), IsEmpty()) << "all of them are known";
}

TEST(News, WhatAHostTookAlongIsToldOnce) {
  News news;
  std::vector<FlowReport> reports;
  for (uint64_t id = 1; id <= 20; ++id) {
    FlowReport& report = reports.emplace_back(stalled(id, 2));
    report.findings[0].rule = RuleId::paws_stall;
    Migration& move = report.migrations.emplace_back();
    move.frame = 100 + id;
    move.time_ns = 98 * kSecond + static_cast<TimeNs>(id) * kMillisecond;
    move.offset = {5, 6, 7};
  }
  FlowReport other = stalled(21, 2);
  look(news, reports);
  reports.push_back(other);
  EXPECT_THAT(
      look(news, reports),
      ElementsAre(
          "10.0.0.1 moved with 20 connections. Another host went on with them at frames 101 to 120, "
          "within 19 ms. Timestamps stalled all; an offset of +5 ticks or more would have suited all."));
  EXPECT_THAT(look(news, reports), ElementsAre(HasSubstr(":40021 -> "))) << "did not move";
  for (FlowReport& report : reports) report.last_ns += kSecond;  // all of them go on
  look(news, reports);
  for (const std::string& line : look(news, reports))
    EXPECT_THAT(line, testing::Not(HasSubstr("moved with")));
}

TEST(News, WhatHasEndedBeginsAnew) {
  News news;
  for (int i = 0; i < 2; ++i) look(news, {stalled(1, 2)});
  news.forget(1);
  look(news, {stalled(1, 2)});
  EXPECT_THAT(look(news, {stalled(1, 2)}), SizeIs(1));
}

TEST(News, Colours) {
  News news;
  look(news, {stalled(1, 2)}, true);
  EXPECT_THAT(look(news, {stalled(1, 2)}, true),
              ElementsAre(testing::AllOf(StartsWith("\x1b[31m"), EndsWith("\x1b[0m"))));
}

}  // namespace
}  // namespace tsaudit::cli
