// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/words.h"

namespace tsaudit {
namespace {

Policy parsed(std::string_view toml) {
  auto policy = parse_policy(toml, "p.toml");
  EXPECT_TRUE(policy.ok()) << (policy.ok() ? "" : policy.error().message);
  return policy.ok() ? *policy : Policy{};
}
std::string refused(std::string_view toml) {
  auto policy = parse_policy(toml, "p.toml");
  EXPECT_FALSE(policy.ok()) << toml;
  return policy.ok() ? "" : policy.error().message;
}

TEST(PolicyFile, TheDefaultPrintsAndParsesToItself) {
  const std::string text = policy_toml(Policy{});
  EXPECT_EQ(policy_toml(parsed(text)), text);
  EXPECT_EQ(policy_toml(parsed("")), text);
}

TEST(PolicyFile, EveryKeyMakesTheWayThereAndBack) {
  const Policy policy = parsed(R"(
fail_on = "warning"
[receivers]
default = "linux-6.1"
client = "freebsd"
server = "auto"
address = { "10.0.0.2" = "linux-5.10", "2001:db8::1" = "rfc7323" }
[severity]
TS004 = "error"
stale-ack = "none"
[limits]
max_stall = "1.5 s"
max_gap = "250ms"
max_recovery = "2 min"
[migrations]
count = 2
endpoint = "server"
expected_offset = -1_000_000
offset_tolerance = 3
[minimum]
flows = 4
ts_segments = 100
[[survive]]
name = "database"
client = "10.0.0.0/24"
server = "[2001:db8::1]:5432"
min_flows = 3
[[suppress]]
rule = "tsval-jump"
direction = "client"
server = ":443"
reason = "the \"proxy\""
expires = 2027-01-31
[compare]
missing_flow = "warning"
gap = { severity = "note", slack = "3 s", percent = 12.5 }
goodput_after = { severity = "none" }
)");
  EXPECT_EQ(policy.fail_on, Severity::warning);
  EXPECT_EQ(policy.receiver, find_profile("linux-6.1"));
  EXPECT_EQ(policy.side_receivers[0], find_profile("freebsd"));
  EXPECT_EQ(policy.side_receivers[1], nullptr);
  ASSERT_EQ(policy.address_receivers.size(), 2u);
  EXPECT_EQ(policy.severity[static_cast<size_t>(RuleId::tsval_jump)], Severity::error);
  EXPECT_EQ(policy.severity[static_cast<size_t>(RuleId::stale_ack)], Severity::none);
  EXPECT_EQ(policy.severity[static_cast<size_t>(RuleId::paws_drop)], Severity::error);
  EXPECT_EQ(policy.max_stall_ns, 1'500'000'000);
  EXPECT_EQ(policy.max_gap_ns, 250'000'000);
  EXPECT_EQ(policy.max_recovery_ns, 120'000'000'000);
  EXPECT_EQ(policy.migration_count, 2u);
  EXPECT_EQ(policy.migration_endpoint, Side::server);
  EXPECT_EQ(policy.expected_offset, -1'000'000);
  EXPECT_EQ(policy.min_flows, 4u);
  EXPECT_EQ(policy.survive.at(0).min_flows, 3u);
  EXPECT_EQ(policy.suppress.at(0).rule, RuleId::tsval_jump);
  EXPECT_EQ(policy.suppress[0].reason, "the \"proxy\"");
  EXPECT_EQ(policy.suppress[0].expires, (Date{2027, 1, 31}));
  EXPECT_EQ(policy.missing_flow, Severity::warning);
  EXPECT_EQ(policy.metrics[static_cast<size_t>(Metric::gap)].percent, 12.5);
  EXPECT_EQ(policy.metrics[static_cast<size_t>(Metric::goodput_after)].severity, Severity::none);
  EXPECT_EQ(policy.metrics[static_cast<size_t>(Metric::goodput_after)].percent,
            50);  // what is not said stays
  const std::string text = policy_toml(policy);
  EXPECT_EQ(policy_toml(parsed(text)), text);
}

TEST(PolicyFile, MistakesHaveTheirPlace) {
  using ::testing::HasSubstr;
  using ::testing::StartsWith;
  EXPECT_THAT(refused("fail_on = \"error\"\nfial_on = \"note\"\n"),
              StartsWith("p.toml:2:1: unknown key fial_on; "));
  EXPECT_THAT(
      refused("\n[limits]\n  max_stal = \"1 s\"\n"),
      StartsWith("p.toml:3:3: unknown key limits.max_stal; limits has max_gap, max_recovery, max_stall"));
  EXPECT_THAT(refused("[compare]\ngap = { slak = 1 }"),
              StartsWith("p.toml:2:9: unknown key compare.gap.slak; "));
  EXPECT_THAT(refused("[[survive]]\nname = \"x\"\nport = 5"),
              StartsWith("p.toml:3:1: unknown key survive.port; "));
  EXPECT_THAT(refused("fail_on = 3"), StartsWith("p.toml:1:11: fail_on wants a string, not an integer"));
  EXPECT_THAT(refused("fail_on = \"fatal\""), StartsWith("p.toml:1:11: fail_on: 'fatal' is none of"));
  EXPECT_THAT(refused("[severity]\nTS999 = \"note\""), StartsWith("p.toml:2:9: no rule is called 'TS999'"));
  EXPECT_THAT(refused("[limits]\nmax_gap = \"5\""), HasSubstr("limits.max_gap: '5' is no time"));
  EXPECT_THAT(refused("[minimum]\nflows = -1"), HasSubstr("minimum.flows: -1 is less than 0"));
  EXPECT_THAT(refused("[migrations]\ncount = \"many\""), HasSubstr("migrations.count: 'many' is neither"));
  EXPECT_THAT(refused("[migrations]\nexpected_offset = 9_000_000_000"), HasSubstr("does not fit 32 bits"));
  EXPECT_THAT(refused("[receivers]\nclient = \"lunix\""), HasSubstr("no receiver profile is called 'lunix'"));
  EXPECT_THAT(refused("[receivers.address]\nhost = \"linux-6.1\""), HasSubstr("'host' is no IP address"));
  EXPECT_THAT(refused("[[survive]]\nserver = \"10.0.0.2\""), StartsWith("p.toml:1:"));
  EXPECT_THAT(refused("[[survive]]\nserver = \"10.0.0.2\""), HasSubstr("survive: name is missing"));
  EXPECT_THAT(refused("[[suppress]]\nrule = \"TS001\"\nreason = \"x\""),
              HasSubstr("suppress: expires is missing"));
  EXPECT_THAT(refused("[[suppress]]\nrule = \"TS001\"\nreason = \"x\"\nexpires = \"2027-01-31\""),
              HasSubstr("wants a date such as 2027-01-31, without quotes, not a string"));
  EXPECT_THAT(refused("[[suppress]]\nrule = \"TS001\"\nreason = \"\"\nexpires = 2027-01-31"),
              HasSubstr("is empty"));
  EXPECT_THAT(refused("survive = 3"), HasSubstr("survive wants tables: [[survive]]"));
  EXPECT_THAT(refused("limits = 3"), HasSubstr("limits wants a table"));
  EXPECT_THAT(refused("fail_on = "), StartsWith("p.toml:1:"));
  EXPECT_THAT(refused("[limits\n"), StartsWith("p.toml:1:"));
}

TEST(Durations, ThereAndBack) {
  for (const int64_t ns :
       {int64_t{0}, int64_t{1}, int64_t{999}, int64_t{1'000}, int64_t{1'500}, int64_t{250'000'000},
        int64_t{1'000'000'001}, int64_t{90'000'000'000}, INT64_MAX}) {
    EXPECT_EQ(parse_duration(duration_words(ns)), ns) << duration_words(ns);
  }
  EXPECT_EQ(parse_duration("1.5s"), 1'500'000'000);
  EXPECT_EQ(parse_duration("0.25 min"), 15'000'000'000);
  EXPECT_EQ(parse_duration("2 h"), 7'200'000'000'000);
  for (const char* wrong :
       {"", "1", "s", "-1 s", "1 sec", "1..5 s", ".5 s", "1. s", "1.5 ns", "1 s ", "9999999999 h", "1e3 s"}) {
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
  }
}

TEST(EndpointFilters, MatchWhatTheySay) {
  const auto endpoint = [](const char* address, uint16_t port) {
    Endpoint out;
    EXPECT_TRUE(parse_ip(address, out.address));
    out.port = port;
    return out;
  };
  const auto matches = [&](const char* filter, const char* address, uint16_t port) {
    const auto parsed_filter = parse_endpoint_filter(filter);
    EXPECT_TRUE(parsed_filter) << filter;
    if (!parsed_filter) return false;
    EXPECT_EQ(to_string(*parse_endpoint_filter(to_string(*parsed_filter))), to_string(*parsed_filter));
    return parsed_filter->matches(endpoint(address, port));
  };
  EXPECT_TRUE(matches("*", "10.0.0.2", 443));
  EXPECT_TRUE(matches(":443", "2001:db8::1", 443));
  EXPECT_FALSE(matches(":443", "10.0.0.2", 80));
  EXPECT_TRUE(matches("10.0.0.2", "10.0.0.2", 1));
  EXPECT_TRUE(matches("10.0.0.0/24:443", "10.0.0.255", 443));
  EXPECT_FALSE(matches("10.0.0.0/24", "10.0.1.0", 443));
  EXPECT_TRUE(matches("0.0.0.0/0", "192.0.2.1", 443));
  EXPECT_FALSE(matches("0.0.0.0/0", "2001:db8::1", 443));
  EXPECT_TRUE(matches("[2001:db8::1]:443", "2001:db8::1", 443));
  EXPECT_TRUE(matches("2001:db8::/32", "2001:db8:ffff::1", 443));
  EXPECT_TRUE(matches("2001:db8::/127", "2001:db8::1", 443));
  EXPECT_FALSE(matches("2001:db8::/127", "2001:db8::2", 443));
  for (const char* wrong :
       {"", "host", "10.0.0.2:", "10.0.0.2:99999", "10.0.0.2/33", "[2001:db8::1]", "10.0.0.0/-1"}) {
    EXPECT_FALSE(parse_endpoint_filter(wrong)) << wrong;
  }
}

TEST(Dates, AreDays) {
  EXPECT_EQ(parse_date("2028-02-29"), (Date{2028, 2, 29}));
  for (const char* wrong : {"2027-02-29", "2027-13-01", "2027-1-31", "today", "2027-01-32", ""}) {
    EXPECT_EQ(parse_date(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(to_string(date_of(0)), "1970-01-01");
  EXPECT_EQ(to_string(date_of(1'801'439'999)), "2027-01-31");
  EXPECT_EQ(to_string(date_of(1'801'440'000)), "2027-02-01");
  EXPECT_LT((Date{2026, 12, 31}), (Date{2027, 1, 1}));
}

TEST(KnownFindings, ThereAndBackAndWhatIsStale) {
  Endpoint server;
  parse_ip("10.0.0.2", server.address);
  server.port = 443;
  Finding finding;
  finding.fingerprint = "TS001/client/1";
  KnownFindings found;
  found.add(server, finding);
  found.add(server, finding);
  const std::string text = found.toml();
  auto known = KnownFindings::parse(text, "b.toml");
  ASSERT_TRUE(known.ok());
  EXPECT_EQ(known->toml(), text);
  EXPECT_TRUE(known->take(server, finding));
  EXPECT_EQ(known->stale().size(), 1u);
  EXPECT_TRUE(known->take(server, finding));
  EXPECT_FALSE(known->take(server, finding)) << "a third flow with it is new";
  EXPECT_TRUE(known->stale().empty());
  finding.fingerprint = "TS001/server/1";
  EXPECT_FALSE(known->take(server, finding));

  EXPECT_THAT(KnownFindings::parse("", "b.toml").error().message, ::testing::HasSubstr("schema"));
  EXPECT_THAT(KnownFindings::parse("schema = \"tsaudit.baseline/9\"", "b.toml").error().message,
              ::testing::StartsWith("b.toml:1:10: "));
  EXPECT_THAT(KnownFindings::parse(text + "colour = 1\n", "b.toml").error().message,
              ::testing::HasSubstr("unknown key"));
}

}  // namespace
}  // namespace tsaudit
