// SPDX-License-Identifier: Apache-2.0
// Flows as an analysis would report them, made by hand: the writers are tested without the engine.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "tsaudit/report.h"
#include "tsaudit/writers.h"

namespace tsaudit::sample {

inline constexpr TimeNs kStart = 1'742'299'200'000'000'000;  // 2025-03-18 12:00:00 UTC

inline Endpoint endpoint(const char* address, uint16_t port) {
  Endpoint out;
  parse_ip(address, out.address);
  out.port = port;
  return out;
}

inline constexpr ReceiverProfile profile() {
  ReceiverProfile out{};
  out.name = "linux-6.12";
  out.description = "Linux 6.7 to 6.13";
  return out;
}
inline constexpr ReceiverProfile kProfile = profile();

inline void count(DirectionReport& direction, Verdict verdict, Reason reason, uint64_t segments) {
  direction.reasons[static_cast<size_t>(reason)] += segments;
  direction.verdicts[static_cast<size_t>(verdict)] += segments;
  direction.segments += segments;
  if (verdict != Verdict::not_tested) direction.ts_segments += segments;
}

/// A connection with timestamps of which nothing is to be said.
inline FlowReport healthy(uint64_t id) {
  FlowReport flow;
  flow.id = id;
  flow.client = endpoint("10.0.0.1", static_cast<uint16_t>(40'000 + id));
  flow.server = endpoint("10.0.0.2", 443);
  flow.timestamps = Negotiated::yes;
  flow.first_frame = 10 * id;
  flow.last_frame = 10 * id + 999;
  flow.first_ns = kStart;
  flow.last_ns = kStart + 61 * kSecond;
  flow.summary = "Nothing to report.";
  for (const Side side : {Side::client, Side::server}) {
    DirectionReport& direction = flow.directions[static_cast<size_t>(side)];
    direction.from = side;
    direction.receiver_profile = &kProfile;
    direction.vantage = side == Side::client ? Vantage::at_receiver : Vantage::at_sender;
    direction.clock = {
        .hz = 1000.01234, .nominal_hz = 1000, .ppm = 12.34, .confidence = 0.98765, .steps = {}};
    count(direction, Verdict::accept, Reason::initial, 1);
    count(direction, Verdict::accept, Reason::newer, 400);
    count(direction, Verdict::accept, Reason::equal, 99);
    direction.check.compared = direction.check.equal = 499;
    direction.check.exact = 470;
  }
  return flow;
}

/// The client was moved and its clock was lost: the flow stalls.
inline FlowReport stalled(uint64_t id) {
  FlowReport flow = healthy(id);
  flow.worst = Severity::error;
  flow.summary =
      "The client moved at frame 812 and its TSval fell 3,999,500 ticks behind; PAWS discarded all 12 "
      "segments with "
      "data since then, and the flow stood still for 33.1 s until its last segment.";
  DirectionReport& from_client = flow.directions[0];
  from_client.profile_proven = true;
  from_client.clock.steps = {{812, -4'003'200}};
  count(from_client, Verdict::drop, Reason::paws, 12);
  count(from_client, Verdict::unknown, Reason::sequence_range, 2);
  from_client.confirmed = 9;
  from_client.predicted = 3;
  from_client.check.compared += 3;
  from_client.check.equal += 2;
  from_client.check.missed_loss = 1;

  Migration migration;
  migration.frame = 812;
  migration.time_ns = flow.first_ns + 27'900 * kMillisecond;
  migration.endpoint = Side::client;
  migration.confidence = 0.98;
  migration.gap_ns = 3'200 * kMillisecond;
  migration.tsval_step = -4'003'200;
  migration.signals = {{"tsval-step", 812, "TSval 4,003,200 ticks behind its own clock"},
                       {"repair-probe", 811, "pure ACK one below SND.UNA"},
                       {"mac", 811, "52:54:00:12:34:56 to 52:54:00:ab:cd:ef"}};
  migration.offset = OffsetAdvice{.min = 3'999'500, .suggested = 4'003'200, .max = 2'147'483'648 + 3'999'500};
  migration.timestamp_sockopt = 3'004'003'200;
  migration.hz_before = migration.hz_after = 1000;
  flow.migrations = {migration};

  Finding moved;
  moved.rule = RuleId::endpoint_migrated;
  moved.severity = Severity::note;
  moved.flow = id;
  moved.from = Side::client;
  moved.frames = {811, 812};
  moved.frame_count = 2;
  moved.time_ns = migration.time_ns;
  moved.message = "The client was replaced by another host at frame 812.";
  moved.fingerprint = "TS006/client/1";

  Finding drop;
  drop.rule = RuleId::paws_drop;
  drop.severity = Severity::error;
  drop.flow = id;
  drop.from = Side::client;
  drop.frames = {812, 815, 818, 822};
  drop.frame_count = 12;
  drop.time_ns = migration.time_ns;
  drop.evidence = Evidence::confirmed;
  drop.message = "12 segments with 17,376 bytes discarded: TSval was up to 3,999,500 ticks behind TS.Recent.";
  drop.fingerprint = "TS001/client/1";
  drop.advice = "Add 4,003,200 ticks to the client's TSval (at least 3,999,500).";

  Finding stall;
  stall.rule = RuleId::paws_stall;
  stall.severity = Severity::error;
  stall.flow = id;
  stall.from = Side::client;
  stall.frames = {812};
  stall.frame_count = 1;
  stall.time_ns = migration.time_ns;
  stall.duration_ns = 33'100 * kMillisecond;
  stall.evidence = Evidence::confirmed;
  stall.message =
      "No progress for 33.1 s, until its last segment; by itself it would heal after 66 min 39 s.";
  stall.fingerprint = "TS002/client/1";
  flow.findings = {moved, drop, stall};
  return flow;
}

/// Stalled, but by a closed window.
inline FlowReport zero_window(uint64_t id) {
  FlowReport flow = healthy(id);
  flow.worst = Severity::note;
  flow.summary = "Stalled for 21.0 s from frame 812, not by timestamps: the server closed its window.";
  Finding finding;
  finding.rule = RuleId::not_timestamps;
  finding.severity = Severity::note;
  finding.flow = id;
  finding.from = Side::client;
  finding.frames = {812};
  finding.frame_count = 1;
  finding.time_ns = flow.first_ns + 20 * kSecond;
  finding.duration_ns = 21 * kSecond;
  finding.message = "Zero window from frame 812 for 21.0 s.";
  finding.fingerprint = "TS014/client/1";
  flow.findings = {finding};
  return flow;
}

/// What an analysis of these flows would sum up to.
class Totalizer {
 public:
  void add(const FlowReport& flow) {
    Totals& totals = summary.totals;
    ++totals.flows;
    if (flow.timestamps == Negotiated::yes) ++totals.ts_flows;
    for (const DirectionReport& direction : flow.directions) {
      totals.segments += direction.segments;
      totals.ts_segments += direction.ts_segments;
      totals.confirmed += direction.confirmed;
      totals.predicted += direction.predicted;
      totals.contradicted += direction.contradicted;
      totals.unknown += direction.verdicts[static_cast<size_t>(Verdict::unknown)];
    }
    totals.dropped = totals.confirmed + totals.predicted + totals.contradicted;
    totals.packets = totals.segments + 120;
    summary.worst = std::max(summary.worst, flow.worst);
  }
  Summary summary;
};

inline CaptureInfo capture() {
  CaptureInfo info;
  info.name = "passt-migration.pcapng";
  info.format = "pcapng";
  info.packets = 18'930;
  info.bytes = 2'345'678;
  info.file_size = 2'345'678;
  info.link_types = {{1, 18'930}};
  info.skipped = {{"not-tcp", 117}, {"fragment", 3}};
  return info;
}

/// What `write` puts into a FILE.
inline std::string written(const std::function<void(std::FILE*)>& write) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  write(out);
  std::fclose(out);
  std::string result(text, size);
  std::free(text);
  return result;
}

inline std::string report(ReportFormat format, const std::vector<FlowReport>& flows,
                          WriterOptions options = {}, const std::function<void(Summary&)>& adjust = {}) {
  return written([&](std::FILE* out) {
    const auto writer = make_report_writer(format, out, options);
    Totalizer totalizer;
    for (const FlowReport& flow : flows) {
      writer->flow(flow);
      totalizer.add(flow);
    }
    totalizer.summary.captures = {capture()};
    if (adjust) adjust(totalizer.summary);
    writer->finish(totalizer.summary);
  });
}

}  // namespace tsaudit::sample
