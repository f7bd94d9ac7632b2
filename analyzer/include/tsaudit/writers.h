// SPDX-License-Identifier: Apache-2.0
// The report stage: one writer a format. Bytes are deterministic: no wall clock, no absolute paths.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tsaudit/analysis.h"
#include "tsaudit/compare.h"
#include "tsaudit/report.h"
#include "tsaudit/verify.h"

namespace tsaudit {

/// What commands to paste are made of.
struct CommandHint {
  std::string capture = {};               ///< as the user named it; empty: there are no such commands
  std::vector<std::string> options = {};  ///< that its verdicts rest on: "--profile", "rfc7323"
};

struct WriterOptions {
  bool color = false;                     ///< ANSI colours (text only)
  unsigned width = 100;                   ///< columns of the terminal (text only)
  bool terminal = false;                  ///< there is an edge: what is wider breaks (text only)
  Severity fail_on = Severity::error;     ///< a finding from here on is a failure (JUnit)
  CommandHint command_hint;
};

/// Takes flows as they end and the summary last. Memory does not grow with healthy flows.
class ReportWriter {
 public:
  virtual ~ReportWriter() = default;
  virtual void flow(const FlowReport& flow) = 0;
  virtual void finish(const Summary& summary) = 0;
};
enum class ReportFormat { text, json, ndjson, csv, junit, sarif, github, markdown };
/// `out` must outlive the writer.
std::unique_ptr<ReportWriter> make_report_writer(ReportFormat format, std::FILE* out, const WriterOptions& options);

/// Takes the flows of a comparison, which must outlive it, and the summary last.
class CompareWriter : public CompareSink {
 public:
  virtual void finish(const CompareSummary& summary) = 0;
};
std::unique_ptr<CompareWriter> make_compare_writer(ReportFormat format, std::FILE* out, const WriterOptions& options);

/// What the text report of a comparison says of one flow.
std::string compare_text(const FlowDelta& delta, const WriterOptions& options);

/// `tsaudit segments`: a row per segment. Only the formats that are tables: text, json, ndjson and csv.
class SegmentWriter {
 public:
  virtual ~SegmentWriter() = default;
  virtual void segment(const SegmentRow& row) = 0;
  virtual void finish() = 0;
};
std::unique_ptr<SegmentWriter> make_segment_writer(ReportFormat format, std::FILE* out, const WriterOptions& options);

/// `tsaudit verify-offset`.
void write_verify_text(const VerifyReport& report, std::FILE* out, const WriterOptions& options);
void write_verify_json(const VerifyReport& report, std::FILE* out);

/// `tsaudit explain CAPTURE --frame N` and `tsaudit explain RULE`, as text.
std::string explain_text(const Explanation& explanation, const WriterOptions& options);
std::string explain_text(const RuleInfo& rule, const WriterOptions& options);
/// docs/rules.md: the whole rule table.
std::string rules_markdown();

/// The two commands that apply an offset: `tsoffset add ...` and the TCP_TIMESTAMP value.
std::vector<std::string> offset_commands(const FlowReport& flow, const Migration& migration);
/// Of DirectionReport::offset_min: only `tsoffset add ...`, for the socket has spoken already. Empty without one.
std::vector<std::string> offset_commands(const FlowReport& flow, const DirectionReport& direction);

}  // namespace tsaudit
