// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/rule_table.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace tsaudit {
namespace {

// Ids, names and severities are a contract with scripts, baselines and dashboards.
TEST(RuleTable, IdsNamesAndSeveritiesNeverChange) {
  std::string table;
  for (const RuleInfo& rule : rule_table()) {
    table += fmt::format("{} {} {}\n", rule.code, rule.name, to_string(rule.severity));
  }
  EXPECT_EQ(table,
            "TS001 paws-drop error\n"
            "TS002 paws-stall error\n"
            "TS003 tsval-regression error\n"
            "TS004 tsval-jump warning\n"
            "TS005 clock-rate-change error\n"
            "TS006 endpoint-migrated note\n"
            "TS007 ts-recent-lost note\n"
            "TS008 tsecr-never-sent error\n"
            "TS009 tsopt-missing warning\n"
            "TS010 tsopt-malformed warning\n"
            "TS011 stale-ack note\n"
            "TS012 offset-not-constant error\n"
            "TS013 offset-not-inverse error\n"
            "TS014 not-timestamps note\n"
            "TS015 time-wait-reuse warning\n"
            "TS016 capture-incomplete note\n"
            "TS017 flow-not-survived error\n"
            "TS018 limit-exceeded error\n"
            "TS019 offset-unexpected error\n"
            "TS020 migration-unexpected error\n"
            "TS021 nothing-judged error\n"
            "TS022 worse-than-baseline error\n"
            "TS023 packet-altered error\n"
            "TS024 checksum-broken error\n"
            "TS025 packet-missing error\n");
}

TEST(RuleTable, CodeIsTheNumberOfTheId) {
  for (const RuleInfo& rule : rule_table()) {
    EXPECT_EQ(rule.code, fmt::format("TS{:03}", static_cast<unsigned>(rule.id)));
    EXPECT_EQ(&rule_info(rule.id), &rule);
  }
}

TEST(RuleTable, FindsByCodeAndNameInAnyCase) {
  for (const RuleInfo& rule : rule_table()) {
    EXPECT_EQ(find_rule(rule.code), &rule);
    EXPECT_EQ(find_rule(rule.name), &rule);
  }
  EXPECT_EQ(find_rule("ts001"), &rule_info(RuleId::paws_drop));
  EXPECT_EQ(find_rule("Paws-Stall"), &rule_info(RuleId::paws_stall));
  for (const char* unknown : {"", "TS", "TS000", "TS099", "TS0011", "paws", "paws-drop "}) {
    EXPECT_EQ(find_rule(unknown), nullptr) << unknown;
  }
}

TEST(RuleTable, EveryRuleIsExplained) {
  for (const RuleInfo& rule : rule_table()) {
    EXPECT_FALSE(rule.title.empty()) << rule.code;
    EXPECT_LE(rule.title.size(), 92u) << rule.code << ": one line";
    EXPECT_EQ(rule.title.find('\n'), std::string_view::npos) << rule.code;
    EXPECT_FALSE(rule.source.empty()) << rule.code;
    // Meaning, decision, advice: three paragraphs that end as sentences do.
    EXPECT_EQ(std::ranges::count(rule.help, '\n'), 4) << rule.code;
    EXPECT_EQ(rule.help.back(), '.') << rule.code;
    EXPECT_TRUE(std::ranges::all_of(rule.help, [](char c) { return c == '\n' || (c >= ' ' && c < 127); }))
        << rule.code << ": plain text only";
  }
}

TEST(Severity, ParsesItsOwnNamesInAnyCase) {
  for (const Severity severity : {Severity::none, Severity::note, Severity::warning, Severity::error}) {
    EXPECT_EQ(parse_severity(to_string(severity)), severity);
  }
  EXPECT_EQ(parse_severity("ERROR"), Severity::error);
  EXPECT_EQ(parse_severity("Warning"), Severity::warning);
  for (const char* unknown : {"", "err", "errors", "fatal", "3"}) {
    EXPECT_EQ(parse_severity(unknown), std::nullopt) << unknown;
  }
}

TEST(Severity, IsOrdered) {
  EXPECT_LT(Severity::none, Severity::note);
  EXPECT_LT(Severity::note, Severity::warning);
  EXPECT_LT(Severity::warning, Severity::error);
}

}  // namespace
}  // namespace tsaudit
