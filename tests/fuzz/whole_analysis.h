// SPDX-License-Identifier: Apache-2.0
// Everything that tsaudit can do with one source of packets, and what must hold whatever the packets are.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tsaudit/analysis.h"
#include "tsaudit/writers.h"

namespace tsaudit {

[[noreturn]] inline void broken(const char* property, const std::string& detail = {}) {
  std::fprintf(stderr, "broken: %s %s\n", property, detail.c_str());
  std::abort();
}

/// A stream into memory.
class Text {
 public:
  Text() : file_(open_memstream(&data_, &size_)) {
    if (!file_) std::abort();
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() {
    std::fclose(file_);
    std::free(data_);
  }
  std::FILE* file() { return file_; }
  std::string_view view() {
    std::fflush(file_);
    return {data_, size_};
  }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  std::FILE* file_;
};

inline constexpr ReportFormat kReports[] = {ReportFormat::text,   ReportFormat::json,    ReportFormat::ndjson,
                                            ReportFormat::sarif,  ReportFormat::csv,     ReportFormat::junit,
                                            ReportFormat::github, ReportFormat::markdown};
inline constexpr ReportFormat kRows[] = {ReportFormat::text, ReportFormat::json, ReportFormat::ndjson,
                                         ReportFormat::csv};

/// Sends every result to every writer and adds up what it sees.
class EveryWriter : public Sink {
 public:
  explicit EveryWriter(bool segments) : segments_(segments) {
    WriterOptions options;
    options.color = true;
    options.command_hint.capture = "capture";
    for (size_t i = 0; i < std::size(kReports); ++i)
      reports_.push_back(make_report_writer(kReports[i], report_text_[i].file(), options));
    for (size_t i = 0; segments && i < std::size(kRows); ++i)
      rows_.push_back(make_segment_writer(kRows[i], row_text_[i].file(), options));
  }

  bool wants_segments() const override { return segments_; }
  void segment(const SegmentRow& row) override {
    if (row.frame <= last_frame_) broken("rows come in frame order", std::to_string(row.frame));
    last_frame_ = row.frame;
    ++row_count_;
    if ((row.evidence == Evidence::none) == (row.verdict == Verdict::drop) &&
        row.evidence != Evidence::contradicted && row.evidence != Evidence::confirmed)
      broken("a drop has evidence, and an undisputed accept has none", std::to_string(row.frame));
    for (auto& writer : rows_) writer->segment(row);
  }
  void explanation(const Explanation& explanation) override {
    explained_ += explain_text(explanation, {}).size();
  }
  void flow(FlowReport&& report) override {
    uint64_t by_verdict = 0, by_reason = 0, segments = 0;
    for (const DirectionReport& d : report.directions) {
      segments += d.segments;
      for (const uint64_t count : d.verdicts) by_verdict += count;
      for (const uint64_t count : d.reasons) by_reason += count;
      if (d.ts_segments > d.segments) broken("no more segments with TSopt than segments");
      const TsRecentCheck& check = d.check;
      if (check.missed_reorder + check.missed_refused + check.missed_restored > check.compared)
        broken("no more misses than were compared", report.summary);
      if (check.exact > check.equal) broken("exact is part of equal", report.summary);
    }
    if (by_verdict != segments) broken("every segment has a verdict", report.summary);
    if (by_reason != segments) broken("every segment has a reason", report.summary);
    if (report.summary.empty() || report.summary.find('\n') != std::string::npos)
      broken("a flow has its sentence", report.summary);
    if (report.first_frame == 0 || report.last_frame < report.first_frame) broken("frames of a flow");
    for (const Migration& migration : report.migrations) {
      if (!(migration.confidence >= 0 && migration.confidence <= 1)) broken("confidence is from 0 to 1");
      if (migration.offset && migration.offset->min > migration.offset->max) broken("offset min <= max");
      offset_commands(report, migration);
    }
    flow_segments_ += segments;
    ++flows_;
    for (auto& writer : reports_) writer->flow(report);
  }

  void finish(const Summary& summary) {
    for (auto& writer : reports_) writer->finish(summary);
    for (auto& writer : rows_) writer->finish();
    if (summary.totals.segments != flow_segments_) broken("every segment is in a flow");
    if (summary.totals.flows != flows_) broken("every flow is reported");
    if (segments_ && row_count_ != flow_segments_) broken("every segment has a row");
    if (!nlohmann::json::accept(report_text_[1].view())) broken("the report is JSON");
    if (!nlohmann::json::accept(report_text_[3].view())) broken("SARIF is JSON");
    lines_are_json(report_text_[2].view());
    if (segments_) {
      if (!nlohmann::json::accept(row_text_[1].view())) broken("the rows are JSON");
      lines_are_json(row_text_[2].view());
    }
  }

  /// All that was written.
  std::string bytes() {
    std::string all;
    for (Text& text : report_text_) all += text.view();
    for (Text& text : row_text_) all += text.view();
    return all + std::to_string(explained_);
  }

 private:
  static void lines_are_json(std::string_view text) {
    while (!text.empty()) {
      const size_t end = text.find('\n');
      if (end == std::string_view::npos) broken("a line ends");
      if (!nlohmann::json::accept(text.substr(0, end)))
        broken("a line is JSON", std::string(text.substr(0, end)));
      text.remove_prefix(end + 1);
    }
  }

  const bool segments_;
  Text report_text_[std::size(kReports)], row_text_[std::size(kRows)];
  std::vector<std::unique_ptr<ReportWriter>> reports_;
  std::vector<std::unique_ptr<SegmentWriter>> rows_;
  uint64_t last_frame_ = 0, row_count_ = 0, flows_ = 0, flow_segments_ = 0;
  size_t explained_ = 0;
};

/// All stages and all writers. Returns every byte that they wrote.
inline std::string analyze_whole(PacketSource& source, const AnalysisOptions& options, bool segments = true) {
  EveryWriter writer(segments);
  writer.finish(analyze(source, options, writer));
  return writer.bytes();
}

}  // namespace tsaudit
