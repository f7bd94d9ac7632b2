// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string text(const std::vector<FlowReport>& flows, const std::function<void(Summary&)>& adjust = {}) {
  return sample::report(ReportFormat::text, flows,
                        {.color = false, .width = 100, .command_hint = {"passt-migration.pcapng"}}, adjust);
}

TEST(TextReport, TellsAStallFromTheAnswerToTheCommands) {
  EXPECT_EQ(text({sample::healthy(1), sample::stalled(7)}),
            R"(Timestamps stalled 1 of 2 flows: PAWS discarded 12 segments (9 confirmed by the receiver).

error    flow 7  10.0.0.1:40007 -> 10.0.0.2:443
         The client moved at frame 812 and its TSval fell 3,999,500 ticks behind; PAWS discarded all
         12 segments with data since then, and the flow stood still for 33.1 s until its last
         segment.

flow  segments  dropped  confirmed  predicted  contradicted  stalled  moved        receiver    captured
   7     1,014       12          9          3             -   33.1 s  client @812  linux-6.12  at-receiver

flow 7  10.0.0.1:40007 -> 10.0.0.2:443  (frames 70-1069)
  time    0 s |----------------------------Mxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx| 61 s
               M moved, x stalled by PAWS
  error   TS001 paws-drop, client -> server, confirmed
          12 segments with 17,376 bytes discarded: TSval was up to 3,999,500 ticks behind TS.Recent.
          frames 812, 815, 818, 822 ... (12 in all)
  to do   Add 4,003,200 ticks to the client's TSval (at least 3,999,500).
  error   TS002 paws-stall, client -> server, confirmed
          No progress for 33.1 s, until its last segment; by itself it would heal after 66 min 39 s.
          frame 812, from 27.9 s into the flow on
  note    TS006 endpoint-migrated, client
          10.0.0.1:40007 was replaced by another host at frame 812, 27.9 s into the flow, after 3.2
          s of silence; 98% sure.
          tsval-step    frame 812: TSval 4,003,200 ticks behind its own clock
          repair-probe  frame 811: pure ACK one below SND.UNA
          mac           frame 811: 52:54:00:12:34:56 to 52:54:00:ab:cd:ef
  offset  add 4,003,200 to its TSval to continue the old clock (at least 3,999,500 to lose no
          segment, at most 2,151,483,148)
          tsoffset add inet 10.0.0.1:40007 10.0.0.2:443 +4003200
          setsockopt(fd, IPPROTO_TCP, TCP_TIMESTAMP, &(uint32_t){3004003200}, 4);
  model   client -> server: judged as linux-6.12, captured at the receiver or close to it, sender's
          clock 1000 Hz, TSecr as modelled in 501 of 502
          server -> client: judged as linux-6.12 (assumed), captured at the sender, sender's clock
          1000 Hz, TSecr as modelled in 499 of 499
  inspect tsaudit explain passt-migration.pcapng --frame 812
          tshark -r passt-migration.pcapng -Y 'frame.number in {812,815,818,822}'

other flows: 1 healthy
findings: TS001 paws-drop in 1 flow, TS002 paws-stall in 1 flow, TS006 endpoint-migrated in 1 flow
assumed: the kernel of 3 receivers (? in the table), for want of segments that would tell;
  --receiver ADDR=PROFILE sets it
read: passt-migration.pcapng (pcapng, ETHERNET), 18,930 packets; skipped: 3 fragment, 117 not-tcp
judged: 2,012 segments (2,014 with timestamps), 2 undecided
self-check: the receivers' TSecr is as modelled in 1,998 of 1,999 (99.9 %); 1 by loss in the capture
)");
}

TEST(TextReport, SaysPlainlyThatNothingIsWrong) {
  std::vector<FlowReport> flows;
  for (uint64_t id = 1; id <= 41; ++id) flows.push_back(sample::healthy(id));
  FlowReport without = sample::healthy(42);
  without.timestamps = Negotiated::no;
  flows.push_back(without);
  const std::string out = text(flows);
  EXPECT_THAT(out, StartsWith("Timestamps are not the problem: PAWS discarded none of "));
  EXPECT_THAT(out, HasSubstr("\nflows: 41 healthy, 1 without timestamps\n"));
  EXPECT_THAT(out, HasSubstr("\nread: passt-migration.pcapng (pcapng, ETHERNET), 18,930 packets"));
  EXPECT_LE(std::ranges::count(out, '\n'), 9) << "healthy flows are a count, not a wall:\n" << out;
}

TEST(TextReport, EmptyCaptureIsInconclusive) {
  EXPECT_THAT(text({}), StartsWith("Inconclusive: no TCP flow in 0 packets.\n"));
}

TEST(TextReport, LimitsOfTheAnswerComeRightAfterIt) {
  FlowReport doubted = sample::stalled(7);
  doubted.directions[0].contradicted = 4;
  const std::string out = text({doubted}, [](Summary& summary) {
    CaptureInfo broken = sample::capture();
    broken.name = "broken\x1b[31m.pcap";
    broken.error = Error{Errc::corrupt, "broken.pcap: frame 12 at byte 900: record of 3 GB"};
    summary.captures[0].truncated = true;
    summary.captures.push_back(broken);
    summary.stopped_at_frame = 64'000;
    summary.totals.evicted_flows = 3;
  });
  const std::string head = out.substr(0, out.find("\n\n"));
  EXPECT_THAT(
      head,
      HasSubstr("\nwarning: passt-migration.pcapng ends inside a packet; what came before is reported"));
  EXPECT_THAT(head,
              HasSubstr("\nwarning: broken.pcap: frame 12 at byte 900: record of 3 GB; what came before"));
  EXPECT_THAT(head, HasSubstr("\nwarning: interrupted at frame 64000;"));
  EXPECT_THAT(head, HasSubstr("\nwarning: 3 flows forgotten before the end"));
  EXPECT_THAT(
      head,
      HasSubstr("\nwarning: the receivers evidently did otherwise than the model says with 4 segments"));
  EXPECT_THAT(out, HasSubstr("; 4 verdicts contradicted"));
  EXPECT_THAT(out, HasSubstr("read: broken\\x1b[31m.pcap (pcapng")) << "no escape sequence from a file name";
}

TEST(TextReport, SpeaksOfABoundedNumberOfFlowsAndCountsTheRest) {
  std::vector<FlowReport> flows;
  for (uint64_t id = 1; id <= 250; ++id) {
    flows.push_back(sample::stalled(id));
    flows.back().migrations.front().time_ns += static_cast<TimeNs>(id) * 5 * kSecond;  // each by itself
  }
  const std::string out = text(flows);
  EXPECT_THAT(out, StartsWith("Timestamps stalled 250 of 250 flows: PAWS discarded 3,000 segments"));
  EXPECT_THAT(
      out,
      HasSubstr("40 flows more in the table, 200 not shown at all: --format csv or ndjson has every flow"));
  EXPECT_THAT(out, HasSubstr("\nflow 10  10.0.0.1:40010 -> 10.0.0.2:443  (frames"));
  EXPECT_THAT(out, Not(HasSubstr("\nflow 11  ")));
  EXPECT_THAT(out, HasSubstr("\n  50  10.0.0.1:40050  10.0.0.2:443"));
  EXPECT_THAT(out, Not(HasSubstr("\n  51  ")));
}

TEST(TextReport, ManyFindingsOfOneFlowAreAPatternNotAList) {
  FlowReport flow = sample::stalled(7);
  for (int i = 0; i < 100; ++i) {
    flow.findings.push_back(flow.findings[1]);
    flow.migrations.push_back(flow.migrations[0]);
  }
  const std::string out = text({flow});
  EXPECT_THAT(out, HasSubstr("\n          179 more findings: --format json or ndjson has them all\n"));
  EXPECT_LT(std::ranges::count(out, '\n'), 200);
}

TEST(TextReport, NoCommandToAddNothing) {
  FlowReport flow = sample::stalled(7);
  flow.migrations[0].offset->suggested = 0;
  EXPECT_THAT(text({flow}), Not(HasSubstr("tsoffset")));
}

TEST(TextReport, ColourOnlyAddsEscapes) {
  const std::vector<FlowReport> flows = {sample::healthy(1), sample::stalled(7), sample::zero_window(9)};
  std::string colored =
      sample::report(ReportFormat::text, flows, {.color = true, .width = 100, .command_hint = {""}});
  EXPECT_THAT(colored, HasSubstr("\x1b[1;31merror\x1b[0m"));
  for (size_t at; (at = colored.find('\x1b')) != std::string::npos;) {
    colored.erase(at, colored.find('m', at) + 1 - at);
  }
  EXPECT_EQ(colored, sample::report(ReportFormat::text, flows));
}

TEST(TextReport, CommandsQuoteTheCaptureForTheShell) {
  const std::string out =
      sample::report(ReportFormat::text, {sample::stalled(7)},
                     {.color = false, .width = 100, .command_hint = {"my 'best' capture.pcap"}});
  EXPECT_THAT(out, HasSubstr(R"(tshark -r 'my '\''best'\'' capture.pcap' -Y)"));
  EXPECT_THAT(sample::report(ReportFormat::text, {sample::stalled(7)}), Not(HasSubstr("inspect")));
}

TEST(TextReport, SameBytesEachTime) {
  const std::vector<FlowReport> flows = {sample::stalled(7), sample::healthy(1), sample::zero_window(9)};
  EXPECT_EQ(text(flows), text(flows));
}

}  // namespace
}  // namespace tsaudit
