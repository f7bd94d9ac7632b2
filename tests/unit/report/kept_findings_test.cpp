// SPDX-License-Identifier: Apache-2.0
#include "report/kept_findings.h"

#include <gtest/gtest.h>

namespace tsaudit {
namespace {

Finding finding(Severity severity, uint64_t flow) {
  Finding out;
  out.rule = RuleId::paws_drop;
  out.severity = severity;
  out.flow = flow;
  return out;
}

std::vector<uint64_t> flows(const KeptFindings& kept) {
  std::vector<uint64_t> out;
  kept.visit([&](const Finding& each) { out.push_back(each.flow); });
  return out;
}

TEST(KeptFindings, WorstFirstThenInOrderOfArrival) {
  KeptFindings kept(10);
  kept.add(finding(Severity::note, 1));
  kept.add(finding(Severity::error, 2));
  kept.add(finding(Severity::warning, 3));
  kept.add(finding(Severity::error, 4));
  EXPECT_EQ(flows(kept), (std::vector<uint64_t>{2, 4, 3, 1}));
  EXPECT_EQ(kept.seen(), 4u);
  EXPECT_EQ(kept.omitted(), 0u);
}

TEST(KeptFindings, LateErrorTakesThePlaceOfANote) {
  KeptFindings kept(3);
  for (uint64_t flow = 1; flow <= 5; ++flow) kept.add(finding(Severity::note, flow));
  kept.add(finding(Severity::error, 6));
  kept.add(finding(Severity::warning, 7));
  EXPECT_EQ(flows(kept), (std::vector<uint64_t>{6, 7, 1}));
  EXPECT_EQ(kept.seen(), 7u);
  EXPECT_EQ(kept.omitted(), 4u);
}

TEST(KeptFindings, NoteNeverTakesThePlaceOfAnError) {
  KeptFindings kept(2);
  kept.add(finding(Severity::error, 1));
  kept.add(finding(Severity::error, 2));
  kept.add(finding(Severity::note, 3));
  kept.add(finding(Severity::error, 4));
  EXPECT_EQ(flows(kept), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(kept.omitted(), 2u);
}

}  // namespace
}  // namespace tsaudit
