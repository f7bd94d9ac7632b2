// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tsaudit/segment.h"
#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

using ::testing::HasSubstr;

Explanation explained_drop() {
  Explanation out;
  out.source = sample::endpoint("10.0.0.1", 40'007);
  out.destination = sample::endpoint("10.0.0.2", 443);
  out.profile = &sample::kProfile;
  out.row.frame = 812;
  out.row.flow = 7;
  out.row.seq = {5000};
  out.row.ack = {900};
  out.row.length = 1448;
  out.row.flags = kAck | kPsh;
  out.row.has_ts = true;
  out.row.tsval = {1'000'500};
  out.row.tsecr = {77};
  out.row.verdict = Verdict::drop;
  out.row.reason = Reason::paws;
  out.row.ts_recent_known = true;
  out.row.ts_recent = {5'000'000};
  out.row.delta = -3'999'500;
  out.row.evidence = Evidence::confirmed;
  out.row.evidence_frames = {813, 815, 0, 0};
  out.before.known = true;
  out.before.ts_recent = {{5'000'000}};
  out.before.age_seconds_min = 3.2;
  out.before.age_seconds_max = 3.25;
  out.before.state = "ESTABLISHED";
  out.before.sequence_known = true;
  out.before.rcv_nxt = out.before.rcv_wup = out.before.snd_wl1 = {5000};
  out.before.snd_una = {900};
  out.before.snd_wnd = 64'128;
  out.before.rto_ms_min = 204;
  out.before.rto_ms_max = 1000;
  out.after = out.before;
  out.steps = {"tcp_paws_check(): TSval 3999500 behind TS.Recent, more than TCP_PAWS_WINDOW 1: fails",
               "tcp_disordered_ack(): the segment has data: no exception"};
  return out;
}

TEST(ExplainSegment, StateBeforeTestsVerdictStateAfter) {
  EXPECT_EQ(explain_text(explained_drop(), {}),
            R"(frame     812, 10.0.0.1:40007 -> 10.0.0.2:443 (client of flow 7)
segment   seq 5000, ack 900, 1448 bytes, flags PA, TSval 1000500, TSecr 77
receiver  linux-6.12: Linux 6.7 to 6.13

before    ESTABLISHED, TS.Recent 5000000, its age 3.200 to 3.250 s
          RCV.NXT 5000, Last.ACK.sent 5000, SND.UNA 900, SND.WL1 5000, SND.WND 64128
          RTO 204 to 1000 ms

tests     1. tcp_paws_check(): TSval 3999500 behind TS.Recent, more than TCP_PAWS_WINDOW 1: fails
          2. tcp_disordered_ack(): the segment has data: no exception

verdict   drop, TCP_RFC7323_PAWS: TSval lies 3,999,500 ticks behind TS.Recent
evidence  confirmed, by frames 813, 815

after     ESTABLISHED, TS.Recent 5000000, its age 3.200 to 3.250 s
          RCV.NXT 5000, Last.ACK.sent 5000, SND.UNA 900, SND.WL1 5000, SND.WND 64128
          RTO 204 to 1000 ms
)");
}

TEST(ExplainSegment, SaysWhatIsNotKnown) {
  Explanation vague;
  vague.row.frame = 1;
  vague.row.verdict = Verdict::unknown;
  vague.row.reason = Reason::ts_recent_unknown;
  const std::string out = explain_text(vague, {});
  EXPECT_THAT(out, HasSubstr("flags none, no timestamps\n"));
  EXPECT_THAT(out, HasSubstr("receiver  no profile\n"));
  EXPECT_THAT(out,
              HasSubstr("before    state unknown, TS.Recent unknown\n          sequence numbers unknown\n"));
  EXPECT_THAT(out, HasSubstr("verdict   unknown, ts-recent-unknown\n"));
}

TEST(ExplainSegment, ListsEveryStateThatIsPossible) {
  Explanation several = explained_drop();
  several.before.ts_recent = {{10}, {20}, {30}};
  EXPECT_THAT(explain_text(several, {}), HasSubstr("TS.Recent one of 10, 20, 30, its age"));
  several.before.ts_recent_interval = true;
  EXPECT_THAT(explain_text(several, {}),
              HasSubstr("TS.Recent one of 10, 20, 30, or between two of them, its age"));
}

TEST(ExplainRule, ShowsTheTableEntry) {
  for (const RuleInfo& rule : rule_table()) {
    const std::string out = explain_text(rule, {.color = false, .width = 80, .command_hint = {""}});
    EXPECT_THAT(out, HasSubstr(std::string(rule.code) + " " + std::string(rule.name)));
    EXPECT_THAT(out, HasSubstr("\nSource: "));
    for (size_t at = 0; at < out.size();) {
      const size_t end = out.find('\n', at);
      EXPECT_LE(end - at, 80u) << out.substr(at, end - at);
      at = end + 1;
    }
  }
}

TEST(RulesMarkdown, HasASectionForEveryRule) {
  const std::string page = rules_markdown();
  for (const RuleInfo& rule : rule_table()) {
    EXPECT_THAT(page, HasSubstr("\n## " + std::string(rule.code) + " " + std::string(rule.name) + "\n"));
  }
}

}  // namespace
}  // namespace tsaudit
