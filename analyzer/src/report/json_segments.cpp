// SPDX-License-Identifier: Apache-2.0
// `tsaudit segments` as JSON (schema tsaudit.segments/1) and as NDJSON: the same object for each segment.
#include <algorithm>

#include "report/flow_facts.h"
#include "report/json_document.h"
#include "report/json_objects.h"
#include "report/json_stream.h"
#include "report/output.h"
#include "report/report_writers.h"

namespace tsaudit {
namespace {

void write_segment(JsonStream& json, const SegmentRow& row) {
  const auto if_known = [](bool known, auto number) { return known ? std::optional(number) : std::nullopt; };
  json.begin_object();
  json.field("frame", row.frame);
  json.field("time_ns", row.time_ns);
  json.field("flow", row.flow);
  json.field("from", to_string(row.from));
  json.field("seq", row.seq.raw);
  json.field("ack", row.ack.raw);
  json.field("len", row.length);
  json.field("flags", flag_letters(row.flags));
  json.field("tsval", if_known(row.has_ts, row.tsval.raw));
  json.field("tsecr", if_known(row.has_ts, row.tsecr.raw));
  json.field("verdict", to_string(row.verdict));
  json.field("reason", to_string(row.reason));
  json.field("ts_recent", if_known(row.ts_recent_known, row.ts_recent.raw));
  json.field("delta", if_known(row.has_ts && row.ts_recent_known, row.delta));
  json.field("evidence", to_string(row.evidence));
  json.key("evidence_frames");
  json.begin_array();
  for (const uint64_t frame : row.evidence_frames) {
    if (frame != 0) json.value(frame);
  }
  json.end_array();
  json.end_object();
}

class NdjsonSegments : public SegmentWriter {
 public:
  explicit NdjsonSegments(std::FILE* out) : out_(out), json_(out_) {}
  void segment(const SegmentRow& row) override {
    write_segment(json_, row);
    json_.end_line();
  }
  void finish() override { out_.flush(); }

 private:
  Output out_;
  JsonStream json_;
};

class JsonSegments : public SegmentWriter {
 public:
  explicit JsonSegments(std::FILE* out) : document_(out, "tsaudit.segments/1", "segments") {}
  void segment(const SegmentRow& row) override { write_segment(document_.json(), row); }
  void finish() override {
    document_.json().end_array();
    document_.finish();
  }

 private:
  JsonDocument document_;
};

}  // namespace

std::unique_ptr<SegmentWriter> make_ndjson_segments(std::FILE* out) {
  return std::make_unique<NdjsonSegments>(out);
}
std::unique_ptr<SegmentWriter> make_json_segments(std::FILE* out) {
  return std::make_unique<JsonSegments>(out);
}

}  // namespace tsaudit
