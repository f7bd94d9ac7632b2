// SPDX-License-Identifier: Apache-2.0
// tsaudit verify-offset as JSON: docs/tsaudit-verify.schema.json.
#include "report/json_objects.h"
#include "tsaudit/writers.h"

namespace tsaudit {
namespace {

void write_captures(JsonStream& json, const std::vector<CaptureInfo>& captures) {
  json.begin_array();
  for (const CaptureInfo& capture : captures) {
    json.begin_object();
    json.field("name", capture.name);
    json.field("format", capture.format);
    json.field("packets", capture.packets);
    json.field("truncated", capture.truncated);
    const auto lost = capture.skipped.find(kLostInCapture);
    json.field("lost_in_capture", lost == capture.skipped.end() ? 0 : lost->second);
    json.end_object();
  }
  json.end_array();
}

void write_frames(JsonStream& json, const FramePair& frames) {
  const auto number = [](uint64_t frame) { return frame != 0 ? std::optional(frame) : std::nullopt; };
  json.begin_object();
  json.field("inside", number(frames.inside));
  json.field("outside", number(frames.outside));
  json.end_object();
}

void write_direction(JsonStream& json, const VerifyDirection& d) {
  json.begin_object();
  json.field("inside", d.inside);
  json.field("outside", d.outside);
  json.field("pairs", d.pairs);
  json.field("regrouped", d.regrouped);
  json.field("missing", d.missing);
  json.field("at_edges", d.at_edges);
  json.field("payload_unknown", d.payload_unknown);
  json.field("checksum_offloaded", d.checksum_offloaded);
  json.field("checksum_bad_on_both", d.checksum_bad_on_both);
  json.field("tsval_offset", d.tsval_offset);
  json.field("tsecr_offset", d.tsecr_offset);
  json.key("since");
  if (d.since.inside != 0) {
    write_frames(json, d.since);
  } else {
    json.value(nullptr);
  }
  json.field("ttl_less", d.ttl_less);
  json.end_object();
}

void write_finding(JsonStream& json, const VerifyFinding& finding) {
  json.begin_object();
  json.field("rule", rule_info(finding.rule).code);
  json.field("name", rule_info(finding.rule).name);
  json.field("severity", to_string(finding.severity));
  json.field("from", to_string(finding.from));
  json.field("to", to_string(finding.to));
  json.field("count", finding.count);
  json.key("frames");
  json.begin_array();
  for (const FramePair& frames : finding.frames) write_frames(json, frames);
  json.end_array();
  json.field("message", finding.message);
  json.end_object();
}

void write_latency(JsonStream& json, const VerifyLatency& latency) {
  json.begin_object();
  json.field("count", latency.count);
  json.field("min_ns", latency.min_ns);
  json.field("median_ns", latency.median_ns);
  json.field("p99_ns", latency.p99_ns);
  json.field("max_ns", latency.max_ns);
  json.end_object();
}

}  // namespace

void write_verify_json(const VerifyReport& report, std::FILE* out) {
  Output output(out);
  JsonStream json(output);
  json.begin_object(JsonStream::Layout::lines);
  json.field("schema", "tsaudit.verify/1");
  json.field("tool_version", tool_version());
  json.key("inside");
  write_captures(json, report.inside);
  json.key("outside");
  write_captures(json, report.outside);
  json.field("worst", to_string(report.worst));
  json.key("totals");
  json.begin_object();
  json.field("connections", report.connections.size());
  json.field("ts_connections", report.ts_connections);
  json.field("pairs", report.pairs);
  json.field("missing", report.missing);
  json.field("not_compared", report.not_compared);
  json.field("gave_up", report.gave_up);
  json.end_object();
  json.field("interrupted", report.interrupted);
  json.field("clock_difference_ns", report.clock_difference_ns);
  json.key("latency");
  json.begin_object();
  json.key("outward");
  write_latency(json, report.outward);
  json.key("inward");
  write_latency(json, report.inward);
  json.end_object();
  json.key("connections");
  json.begin_array(JsonStream::Layout::lines);
  for (const VerifyConnection& connection : report.connections) {
    json.begin_object();
    json.field("client", to_string(connection.client));
    json.field("server", to_string(connection.server));
    json.field("worst", to_string(connection.worst));
    json.field("client_is_inside", connection.client_is_inside);
    json.field("table_offset", connection.table_offset);
    json.key("from_client");
    write_direction(json, connection.from_client);
    json.key("from_server");
    write_direction(json, connection.from_server);
    json.key("findings");
    json.begin_array();
    for (const VerifyFinding& finding : connection.findings) write_finding(json, finding);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.key("unused_entries");
  json.begin_array();
  for (const OffsetEntry& entry : report.unused_entries) {
    json.begin_object();
    json.field("local", to_string(entry.local));
    json.field("remote", to_string(entry.remote));
    json.field("offset", entry.offset);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  output.write("\n");
  output.flush();
}

}  // namespace tsaudit
