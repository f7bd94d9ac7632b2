// SPDX-License-Identifier: Apache-2.0
// A row for each flow and direction. Totals and what was skipped are not in this table; JSON has them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/csv.h"
#include "report/flow_facts.h"
#include "report/output.h"
#include "report/report_writers.h"

namespace tsaudit {
namespace {

constexpr std::string_view kColumns =
    "flow,client,server,timestamps,worst,first_frame,last_frame,from,receiver_profile,profile_proven,vantage,"
    "segments,ts_segments,accepted,unknown,not_tested,dropped,dropped_other,confirmed,predicted,contradicted,"
    "hz,clock_steps,ts_recent_compared,ts_recent_equal,stall_ns,migration_frames,tsval_step,offset_min,"
    "offset_suggested,offset_max,rules,summary\r\n";

/// Rules that apply to the direction or to the whole flow, each once: "TS001 TS003".
std::string rule_codes(const FlowReport& flow, Side from) {
  std::string codes;
  for (const RuleInfo& rule : rule_table()) {
    const bool applies = std::ranges::any_of(flow.findings, [&](const Finding& finding) {
      return finding.rule == rule.id && finding.from.value_or(from) == from;
    });
    if (applies) codes += fmt::format("{}{}", codes.empty() ? "" : " ", rule.code);
  }
  return codes;
}

int64_t paws_stall_ns(const FlowReport& flow, Side from) {
  int64_t total = 0;
  for (const Finding& finding : flow.findings) {
    if (finding.rule == RuleId::paws_stall && finding.from.value_or(from) == from)
      total += finding.duration_ns;
  }
  return total;
}

class CsvReport : public ReportWriter {
 public:
  explicit CsvReport(std::FILE* out) : out_(out) { out_.write(kColumns); }

  void flow(const FlowReport& flow) override {
    for (const DirectionReport& direction : flow.directions) row(flow, direction);
  }
  void finish(const Summary&) override { out_.flush(); }

 private:
  void row(const FlowReport& flow, const DirectionReport& direction) {
    const auto verdicts = [&](Verdict verdict) { return direction.verdicts[static_cast<size_t>(verdict)]; };
    const uint64_t refused = verdicts(Verdict::drop);
    const uint64_t dropped = std::min(refused, dropped_by_timestamps(direction));
    CsvRecord record(out_);
    record << flow.id << to_string(flow.client) << to_string(flow.server) << to_string(flow.timestamps)
           << to_string(flow.worst) << flow.first_frame << flow.last_frame << to_string(direction.from)
           << (direction.receiver_profile ? direction.receiver_profile->name : std::string_view())
           << direction.profile_proven << to_string(direction.vantage) << direction.segments
           << direction.ts_segments << verdicts(Verdict::accept) << verdicts(Verdict::unknown)
           << verdicts(Verdict::not_tested) << dropped << refused - dropped << direction.confirmed
           << direction.predicted << direction.contradicted
           << fmt::format("{}", std::round(direction.clock.hz * 1000) / 1000) << direction.clock.steps.size()
           << direction.check.compared << direction.check.equal << paws_stall_ns(flow, direction.from);
    migrations(record, flow, direction.from);
    record << rule_codes(flow, direction.from) << flow.summary;
  }

  /// Where this sender was replaced; step and offset are those of the first time.
  static void migrations(CsvRecord& record, const FlowReport& flow, Side from) {
    std::string frames;
    const Migration* first = nullptr;
    for (const Migration& migration : flow.migrations) {
      if (migration.endpoint != from) continue;
      if (first == nullptr) first = &migration;
      frames += fmt::format("{}{}", frames.empty() ? "" : " ", migration.frame);
    }
    record << frames << (first ? first->tsval_step : std::nullopt);
    if (first && first->offset) {
      record << first->offset->min << first->offset->suggested << first->offset->max;
    } else {
      for (int i = 0; i < 3; ++i) record << std::string_view();
    }
  }

  Output out_;
};

}  // namespace

std::unique_ptr<ReportWriter> make_csv_report(std::FILE* out) { return std::make_unique<CsvReport>(out); }

}  // namespace tsaudit
