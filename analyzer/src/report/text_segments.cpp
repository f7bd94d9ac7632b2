// SPDX-License-Identifier: Apache-2.0
// `tsaudit segments` for the eye: fixed columns, since rows are written before the next one is known.
#include <fmt/format.h>

#include "report/flow_facts.h"
#include "report/output.h"
#include "report/report_writers.h"
#include "report/text_style.h"

namespace tsaudit {
namespace {

class TextSegments : public SegmentWriter {
 public:
  TextSegments(std::FILE* out, const WriterOptions& options) : out_(out), style_(options.color) {
    out_.print("{:>8} {:>15} {:>6} {:<6} {:<5} {:>10} {:>10} {:>6} {:>10} {:>10} {:>10} {:>12}  {}\n",
               "frame", "seconds", "flow", "from", "flags", "seq", "ack", "len", "TSval", "TSecr",
               "TS.Recent", "delta", "verdict");
  }

  void segment(const SegmentRow& row) override {
    if (!started_) first_ns_ = row.time_ns;
    started_ = true;
    const auto if_known = [](bool known, auto number) {
      return known ? fmt::format("{}", number) : std::string("-");
    };
    out_.print("{:>8} {:>15} {:>6} {:<6} {:<5} {:>10} {:>10} {:>6} {:>10} {:>10} {:>10} {:>12}  {}\n",
               row.frame, seconds(row.time_ns), row.flow, to_string(row.from), flag_letters(row.flags),
               row.seq.raw, row.ack.raw, row.length, if_known(row.has_ts, row.tsval.raw),
               if_known(row.has_ts, row.tsecr.raw), if_known(row.ts_recent_known, row.ts_recent.raw),
               if_known(row.has_ts && row.ts_recent_known, row.delta), verdict(row));
  }
  void finish() override { out_.flush(); }

 private:
  /// Since the first row.
  std::string seconds(TimeNs time) const {
    const TimeNs since = static_cast<TimeNs>(static_cast<uint64_t>(time) - static_cast<uint64_t>(first_ns_));
    const uint64_t size = since < 0 ? 0 - static_cast<uint64_t>(since) : static_cast<uint64_t>(since);
    return fmt::format("{}{}.{:09}", since < 0 ? "-" : "", size / kSecond, size % kSecond);
  }

  std::string verdict(const SegmentRow& row) const {
    std::string text = fmt::format("{} {}", to_string(row.verdict), to_string(row.reason));
    if (row.evidence != Evidence::none) {
      text += fmt::format(", {}", to_string(row.evidence));
      std::string frames;
      for (const uint64_t frame : row.evidence_frames) {
        if (frame != 0) frames += fmt::format("{}{}", frames.empty() ? " by " : ",", frame);
      }
      text += frames;
    }
    return row.verdict == Verdict::drop ? style_.by_severity(Severity::error, text) : text;
  }

  Output out_;
  Style style_;
  bool started_ = false;
  TimeNs first_ns_ = 0;
};

}  // namespace

std::unique_ptr<SegmentWriter> make_text_segments(std::FILE* out, const WriterOptions& options) {
  return std::make_unique<TextSegments>(out, options);
}

}  // namespace tsaudit
