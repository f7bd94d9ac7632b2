// SPDX-License-Identifier: Apache-2.0
#include "report/json_objects.h"

#include "report/flow_facts.h"
#include "tsaudit/writers.h"

namespace tsaudit {
namespace {

/// Null: there is none.
void write_reason(JsonStream& json, const char* name, const std::string& why) {
  json.key(name);
  why.empty() ? json.value(nullptr) : json.value(why);
}

void write_clock(JsonStream& json, const ClockReport& clock) {
  json.begin_object();
  json.field("hz", clock.hz, 3);
  json.field("nominal_hz", clock.nominal_hz, 3);
  json.field("ppm", clock.ppm, 1);
  json.field("confidence", clock.confidence, 3);
  json.key("steps");
  json.begin_array();
  for (const ClockStep& step : clock.steps) {
    json.begin_object();
    json.field("frame", step.frame);
    json.field("ticks", step.ticks);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_check(JsonStream& json, const TsRecentCheck& check) {
  json.begin_object();
  json.field("compared", check.compared);
  json.field("equal", check.equal);
  json.field("exact", check.exact);
  json.key("missed");
  json.begin_object();
  json.field("loss", check.missed_loss);
  json.field("reorder", check.missed_reorder);
  json.field("refused", check.missed_refused);
  json.field("restored", check.missed_restored);
  json.end_object();
  json.end_object();
}

void write_direction(JsonStream& json, const DirectionReport& direction) {
  json.begin_object();
  json.field("from", to_string(direction.from));
  json.key("receiver_profile");
  direction.receiver_profile ? json.value(direction.receiver_profile->name) : json.value(nullptr);
  json.field("profile_proven", direction.profile_proven);
  json.field("vantage", to_string(direction.vantage));
  json.field("segments", direction.segments);
  json.field("ts_segments", direction.ts_segments);
  json.field("payload_bytes", direction.payload_bytes);
  json.field("delivered_bytes", direction.delivered_bytes);
  json.field("first_payload_bits", direction.first_payload_bits);
  json.field("retransmissions", direction.retransmissions);
  json.key("outcomes");
  json.begin_object();
  for (size_t i = 0; i < direction.verdicts.size(); ++i) {
    json.field(to_string(static_cast<Verdict>(i)), direction.verdicts[i]);
  }
  json.end_object();
  json.key("verdicts");
  json.begin_object();
  for (size_t i = 0; i < kReasonCount; ++i) {
    if (direction.reasons[i] > 0) json.field(to_string(static_cast<Reason>(i)), direction.reasons[i]);
  }
  json.end_object();
  json.key("evidence");
  json.begin_object();
  json.field("confirmed", direction.confirmed);
  json.field("predicted", direction.predicted);
  json.field("contradicted", direction.contradicted);
  json.end_object();
  json.field("offset_min", direction.offset_min);
  json.key("clock");
  write_clock(json, direction.clock);
  json.key("ts_recent_check");
  write_check(json, direction.check);
  json.end_object();
}

void write_migration(JsonStream& json, const FlowReport& flow, const Migration& migration) {
  json.begin_object();
  json.field("frame", migration.frame);
  json.field("time_ns", migration.time_ns);
  json.field("endpoint", to_string(migration.endpoint));
  json.field("confidence", migration.confidence, 3);
  json.field("told", migration.told);
  json.key("signals");
  json.begin_array();
  for (const MigrationSignal& signal : migration.signals) {
    json.begin_object();
    json.field("name", signal.name);
    json.field("frame", signal.frame);
    json.field("detail", signal.detail);
    json.end_object();
  }
  json.end_array();
  json.field("tsval_step", migration.tsval_step);
  json.field("gap_ns", migration.gap_ns);
  json.field("recovery_ns", migration.recovery_ns);
  json.key("delivered_bytes");
  json.begin_object();
  json.field("client", migration.delivered_bytes[0]);
  json.field("server", migration.delivered_bytes[1]);
  json.end_object();
  json.field("hz_before", migration.hz_before, 3);
  json.field("hz_after", migration.hz_after, 3);
  json.key("offset");
  if (migration.offset) {
    json.begin_object();
    json.field("min", migration.offset->min);
    json.field("suggested", migration.offset->suggested);
    json.field("max", migration.offset->max);
    json.end_object();
  } else {
    json.value(nullptr);
  }
  json.field("timestamp_sockopt", migration.timestamp_sockopt);
  json.key("commands");
  json.begin_array();
  for (const std::string& command : offset_commands(flow, migration)) json.value(command);
  json.end_array();
  json.end_object();
}

void write_capture(JsonStream& json, const CaptureInfo& capture) {
  json.begin_object();
  json.field("name", capture.name);
  json.field("format", capture.format);
  json.field("packets", capture.packets);
  json.field("out_of_order", capture.out_of_order);
  json.field("bytes", capture.bytes);
  json.field("file_size", capture.file_size);
  json.key("link_types");
  json.begin_array();
  for (const auto& [link_type, packets] : capture.link_types) {
    json.begin_object();
    json.field("id", link_type);
    json.field("name", link_type_name(link_type));
    json.field("packets", packets);
    json.end_object();
  }
  json.end_array();
  json.field("truncated", capture.truncated);
  json.key("skipped");
  json.begin_object();
  for (const auto& [reason, count] : capture.skipped) json.field(json_escaped(reason), count);
  json.end_object();
  json.key("error");
  capture.error ? json.value(capture.error->message) : json.value(nullptr);
  json.end_object();
}

}  // namespace

std::string_view tool_version() { return TSAUDIT_VERSION; }

void write_flow_members(JsonStream& json, const FlowReport& flow) {
  json.field("id", flow.id);
  json.field("client", to_string(flow.client));
  json.field("server", to_string(flow.server));
  json.field("roles_guessed", flow.roles_guessed);
  json.field("scope", flow.scope);
  json.field("timestamps", to_string(flow.timestamps));
  json.field("first_frame", flow.first_frame);
  json.field("last_frame", flow.last_frame);
  json.field("first_ns", flow.first_ns);
  json.field("last_ns", flow.last_ns);
  json.field("evicted", flow.evicted);
  json.field("worst", to_string(flow.worst));
  json.field("summary", flow.summary);
  json.key("directions");
  json.begin_array();
  for (const DirectionReport& direction : flow.directions) write_direction(json, direction);
  json.end_array();
  json.key("migrations");
  json.begin_array();
  for (const Migration& migration : flow.migrations) write_migration(json, flow, migration);
  json.end_array();
}

void write_finding_members(JsonStream& json, const Finding& finding) {
  const RuleInfo& rule = rule_info(finding.rule);
  json.field("rule", rule.code);
  json.field("name", rule.name);
  json.field("severity", to_string(finding.severity));
  json.field("flow", finding.flow);
  json.key("direction");
  finding.from ? json.value(to_string(*finding.from)) : json.value(nullptr);
  json.key("frames");
  json.begin_array();
  for (const uint64_t frame : finding.frames) json.value(frame);
  json.end_array();
  json.field("frame_count", finding.frame_count);
  json.field("time_ns", finding.time_ns);
  json.field("duration_ns", finding.duration_ns);
  json.field("evidence", to_string(finding.evidence));
  json.field("message", finding.message);
  json.field("fingerprint", finding.fingerprint);
  json.field("advice", finding.advice);
  json.field("offset", finding.offset);
  json.field("baseline_state", to_string(finding.baseline_state));
  write_reason(json, "suppressed", finding.suppressed);
}

void write_gate_members(JsonStream& json, const GateReport& gate) {
  json.field("passed", gate.passed);
  json.field("fail_on", to_string(gate.fail_on));
  json.field("counted", gate.counted);
  json.field("suppressed", gate.suppressed);
  json.field("known", gate.known);
  write_reason(json, "incomplete", gate.incomplete);
  json.key("findings");
  json.begin_array();
  for (const Finding& finding : gate.findings) {
    json.begin_object();
    write_finding_members(json, finding);
    json.end_object();
  }
  json.end_array();
  json.key("remarks");
  json.begin_array();
  for (const std::string& remark : gate.remarks) json.value(remark);
  json.end_array();
}

void write_move_members(JsonStream& json, const HostMoves& moves) {
  json.key("moves");
  json.begin_array(JsonStream::Layout::lines);
  for (const HostMove& move : moves.moves()) {
    json.begin_object();
    json.field("host", to_string(move.host));
    json.field("first_frame", move.first_frame);
    json.field("last_frame", move.last_frame);
    json.field("first_ns", move.first_ns);
    json.field("last_ns", move.last_ns);
    json.field("flows", move.flows);
    json.field("stalled", move.stalled);
    json.field("offset_needed", move.offset_needed);
    json.key("offset");
    if (move.offset) {
      json.begin_object();
      json.field("min", move.offset->min);
      json.field("max", move.offset->max);
      json.end_object();
    } else {
      json.value(nullptr);
    }
    json.end_object();
  }
  json.end_array();
  json.field("moves_omitted", moves.omitted());
}

void write_summary_members(JsonStream& json, const Summary& summary, const FindingCounts& findings) {
  json.key("captures");
  json.begin_array();
  for (const CaptureInfo& capture : summary.captures) write_capture(json, capture);
  json.end_array();
  const Totals& totals = summary.totals;
  json.key("totals");
  json.begin_object();
  json.field("packets", totals.packets);
  json.field("flows", totals.flows);
  json.field("ts_flows", totals.ts_flows);
  json.field("segments", totals.segments);
  json.field("ts_segments", totals.ts_segments);
  json.field("dropped", totals.dropped);
  json.field("confirmed", totals.confirmed);
  json.field("predicted", totals.predicted);
  json.field("contradicted", totals.contradicted);
  json.field("unknown", totals.unknown);
  json.field("evicted_flows", totals.evicted_flows);
  json.field("findings", findings.seen);
  json.field("findings_omitted", findings.omitted);
  json.end_object();
  json.field("worst", to_string(summary.worst));
  json.field("stopped_at_frame", summary.stopped_at_frame);
  json.key("capture_clock_steps");
  json.begin_array();
  for (const CaptureClockStep& step : summary.capture_clock_steps) {
    json.begin_object();
    json.field("frame", step.frame);
    json.field("step_ns", step.step_ns);
    json.field("flows", step.flows);
    json.end_object();
  }
  json.end_array();
  json.key("gate");
  if (summary.gate) {
    json.begin_object();
    write_gate_members(json, *summary.gate);
    json.end_object();
  } else {
    json.value(nullptr);
  }
}

}  // namespace tsaudit
