// SPDX-License-Identifier: Apache-2.0
// A comparison for programs: JSON of the schema tsaudit.compare/1 (docs/tsaudit-compare.schema.json), the
// same as NDJSON, and a CSV row for each flow.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/compare_writers.h"
#include "report/csv.h"
#include "report/json_document.h"
#include "report/json_objects.h"
#include "report/json_stream.h"
#include "report/output.h"

namespace tsaudit {
namespace {

constexpr std::string_view kCompareSchema = "tsaudit.compare/1";

void write_number(JsonStream& json, std::string_view key, const std::optional<double>& value) {
  json.key(key);
  if (!value) {
    json.value(nullptr);
  } else if (std::isinf(*value)) {
    json.value("never");
  } else {
    json.value(static_cast<int64_t>(std::clamp(*value, -9e18, 9e18)));
  }
}

void write_side(JsonStream& json, std::string_view key, const FlowDigest* flow) {
  json.key(key);
  if (flow == nullptr) {
    json.value(nullptr);
    return;
  }
  json.begin_object();
  json.field("id", flow->role.order);
  json.field("client", to_string(flow->client));
  json.field("server", to_string(flow->role.server));
  json.field("timestamps", to_string(flow->timestamps));
  json.end_object();
}

void write_delta_members(JsonStream& json, const FlowDelta& delta) {
  json.field("verdict", to_string(delta.verdict));
  write_side(json, "baseline", delta.baseline);
  write_side(json, "candidate", delta.candidate);
  json.key("paired_by");
  delta.baseline&& delta.candidate ? json.value(to_string(delta.basis)) : json.value(nullptr);
  json.key("metrics");
  json.begin_object();
  for (size_t i = 0; i < kMetricCount; ++i) {
    const MetricDelta& metric = delta.metrics[i];
    json.key(to_string(static_cast<Metric>(i)));
    json.begin_object();
    write_number(json, "baseline", metric.baseline);
    write_number(json, "candidate", metric.candidate);
    json.field("worse", to_string(metric.worse));
    json.field("better", metric.better);
    json.end_object();
  }
  json.end_object();
  json.key("findings");
  json.begin_array();
  for (const Finding& finding : delta.findings) {
    json.begin_object();
    write_finding_members(json, finding);
    json.end_object();
  }
  json.end_array();
}

void write_compare_summary(JsonStream& json, const CompareSummary& summary) {
  json.field("answer", summary.answer);
  json.key("totals");
  json.begin_object();
  json.field("pairs", summary.pairs);
  json.field("equal", summary.equal);
  json.field("better", summary.better);
  json.field("changed", summary.changed);
  json.field("worse", summary.worse);
  json.field("missing", summary.missing);
  json.field("added", summary.added);
  json.end_object();
  json.key("findings");
  json.begin_object();
  json.field("new", summary.fresh);
  json.field("worse", summary.grown);
  json.field("fixed", summary.fixed);
  json.field("unchanged", summary.unchanged);
  json.end_object();
  const auto side = [&](std::string_view key, const Summary& of) {
    json.key(key);
    json.begin_object();
    write_summary_members(json, of, {});
    json.end_object();
  };
  side("baseline", summary.baseline);
  side("candidate", summary.candidate);
  json.key("gate");
  json.begin_object();
  write_gate_members(json, summary.gate);
  json.end_object();
}

class CompareJson : public CompareWriter {
 public:
  explicit CompareJson(std::FILE* out) : document_(out, kCompareSchema, "flows") {}
  void flow(const FlowDelta& delta) override {
    json_.begin_object();
    write_delta_members(json_, delta);
    json_.end_object();
  }
  void finish(const CompareSummary& summary) override {
    json_.end_array();
    write_compare_summary(json_, summary);
    document_.finish();
  }

 private:
  JsonDocument document_;
  JsonStream& json_ = document_.json();
};

class CompareNdjson : public CompareWriter {
 public:
  explicit CompareNdjson(std::FILE* out) : out_(out), json_(out_) {}
  void flow(const FlowDelta& delta) override {
    json_.begin_object();
    json_.field("type", "flow");
    write_delta_members(json_, delta);
    end_line();
  }
  void finish(const CompareSummary& summary) override {
    json_.begin_object();
    json_.field("type", "summary");
    json_.field("schema", kCompareSchema);
    json_.field("tool_version", tool_version());
    write_compare_summary(json_, summary);
    end_line();
    out_.flush();
  }

 private:
  void end_line() {
    json_.end_object();
    json_.end_line();
  }
  Output out_;
  JsonStream json_;
};

class CompareCsv : public CompareWriter {
 public:
  explicit CompareCsv(std::FILE* out) : out_(out) {
    CsvRecord head(out_);
    for (const char* column :
         {"verdict", "baseline_flow", "candidate_flow", "client", "server", "paired_by"}) {
      head << std::string_view(column);
    }
    for (size_t i = 0; i < kMetricCount; ++i) {
      const std::string name(to_string(static_cast<Metric>(i)));
      head << name + "_baseline" << name + "_candidate" << name + "_verdict";
    }
    for (const char* column : {"new", "worse", "fixed", "unchanged"}) head << std::string_view(column);
  }

  void flow(const FlowDelta& delta) override {
    CsvRecord row(out_);
    const auto id = [](const FlowDigest* flow) {
      return flow ? fmt::format("{}", flow->role.order) : std::string();
    };
    row << to_string(delta.verdict) << id(delta.baseline) << id(delta.candidate)
        << to_string(delta.shown().client) << to_string(delta.shown().role.server)
        << (delta.baseline && delta.candidate ? to_string(delta.basis) : std::string_view());
    for (const MetricDelta& metric : delta.metrics) {
      row << number(metric.baseline) << number(metric.candidate)
          << std::string_view(metric.worse != Severity::none ? "worse"
                              : metric.better                ? "better"
                                                             : "");
    }
    for (const BaselineState state :
         {BaselineState::fresh, BaselineState::worse, BaselineState::fixed, BaselineState::unchanged}) {
      std::string codes;
      for (const Finding& finding : delta.findings) {
        if (finding.baseline_state != state) continue;
        codes += (codes.empty() ? "" : " ") + finding.fingerprint;
      }
      row << codes;
    }
  }
  void finish(const CompareSummary&) override { out_.flush(); }

 private:
  static std::string number(const std::optional<double>& value) {
    if (!value) return "";
    return std::isinf(*value) ? "never" : fmt::format("{:.0f}", *value);
  }
  Output out_;
};

}  // namespace

std::unique_ptr<CompareWriter> make_compare_json(std::FILE* out) {
  return std::make_unique<CompareJson>(out);
}
std::unique_ptr<CompareWriter> make_compare_ndjson(std::FILE* out) {
  return std::make_unique<CompareNdjson>(out);
}
std::unique_ptr<CompareWriter> make_compare_csv(std::FILE* out) { return std::make_unique<CompareCsv>(out); }

}  // namespace tsaudit
