// SPDX-License-Identifier: Apache-2.0
// The one sentence of a flow: what it blames, and that it blames nothing without a finding.
#include <gtest/gtest.h>

#include "rules/findings.h"

namespace tsaudit {
namespace {

FlowReport flow(Negotiated timestamps = Negotiated::yes) {
  FlowReport report;
  report.timestamps = timestamps;
  return report;
}
Finding finding(RuleId rule, const char* message, Side side = Side::client) {
  Finding f;
  f.rule = rule;
  f.severity = rule_info(rule).severity;
  f.from = side;
  f.frames = {12};
  f.frame_count = 7;
  f.evidence = Evidence::confirmed;
  f.message = message;
  return f;
}

TEST(Summary, HealthIsSaid) { EXPECT_EQ(summarise(flow()), "Timestamps are healthy."); }

TEST(Summary, NothingIsSaidOfWhatWasNotSeen) {
  EXPECT_NE(summarise(flow(Negotiated::unknown)).find("nothing can be said"), std::string::npos);
  EXPECT_NE(summarise(flow(Negotiated::no)).find("PAWS does not apply"), std::string::npos);
}

TEST(Summary, PawsIsBlamedWithFrameAndEvidence) {
  FlowReport report = flow();
  report.findings = {finding(RuleId::paws_drop, "x"), finding(RuleId::paws_stall, "y")};
  const std::string text = summarise(report);
  EXPECT_NE(text.find("stalled this connection"), std::string::npos) << text;
  EXPECT_NE(text.find("the server discarded 7 segments of the client by PAWS from frame 12 on (confirmed)"),
            std::string::npos)
      << text;
  report.findings.pop_back();
  EXPECT_NE(summarise(report).find("hurt this connection"), std::string::npos);
}

TEST(Summary, TheOffsetThatMendsItIsNamed) {
  FlowReport report = flow();
  report.findings = {finding(RuleId::paws_drop, "x")};
  Migration m;
  m.frame = 11;
  m.endpoint = Side::client;
  m.offset = OffsetAdvice{5, 1234, 9999};
  report.migrations = {m};
  EXPECT_EQ(summarise(report).find("offset"), std::string::npos) << "it would not have let these pass";
  report.findings[0].offset = 1234;
  EXPECT_NE(summarise(report).find("+1234 ticks would have prevented it"), std::string::npos)
      << summarise(report);
}

TEST(Summary, WithoutTimestampsAWarningIsNamed) {
  FlowReport report = flow();
  report.timestamps = Negotiated::no;
  EXPECT_EQ(summarise(report), "Timestamps were not negotiated: PAWS does not apply.");
  report.findings = {finding(RuleId::time_wait_reuse, "2 SYNs for a reused port pair")};
  report.worst = Severity::warning;
  EXPECT_EQ(summarise(report), "Timestamps were not negotiated; 2 SYNs for a reused port pair.");
}

TEST(Summary, AContradictedDropBlamesNobody) {
  FlowReport report = flow();
  report.findings = {finding(RuleId::paws_drop, "x")};
  report.findings[0].evidence = Evidence::contradicted;
  EXPECT_NE(summarise(report).find("the receiver took the segments"), std::string::npos);
}

TEST(Summary, AnotherCauseClearsTimestamps) {
  FlowReport report = flow();
  report.findings = {finding(RuleId::not_timestamps, "no progress for 5.0 s: zero window")};
  EXPECT_EQ(summarise(report), "Timestamps are not the problem: no progress for 5.0 s: zero window.");
  report.timestamps = Negotiated::no;
  EXPECT_EQ(summarise(report), "Timestamps were not negotiated; no progress for 5.0 s: zero window.");
}

TEST(Summary, TheLongestStallIsNamed) {
  FlowReport report = flow();
  for (const int64_t seconds : {1, 9, 3}) {
    report.findings.push_back(finding(RuleId::not_timestamps, "no progress"));
    report.findings.back().duration_ns = seconds * kSecond;
    report.findings.back().message += " for " + std::to_string(seconds) + " s";
  }
  EXPECT_EQ(summarise(report), "Timestamps are not the problem: no progress for 9 s.");
}

TEST(Summary, AMoveWithoutLossIsSaid) {
  FlowReport report = flow();
  Migration m;
  m.frame = 11;
  report.migrations = {m};
  const std::string text = summarise(report);
  EXPECT_EQ(text.find("The client was replaced by another host at frame 11"), 0u) << text;
  report.migrations[0].signals = {{"gap", 11, ""}, {"tsval-step", 11, ""}};
  EXPECT_EQ(summarise(report).find("The client seems to have been replaced by another host"), 0u);
}

}  // namespace
}  // namespace tsaudit
