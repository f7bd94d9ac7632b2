// SPDX-License-Identifier: Apache-2.0
// `tsaudit segments` as a table for spreadsheets and databases.
#include <fmt/format.h>

#include "report/csv.h"
#include "report/flow_facts.h"
#include "report/output.h"
#include "report/report_writers.h"

namespace tsaudit {
namespace {

class CsvSegments : public SegmentWriter {
 public:
  explicit CsvSegments(std::FILE* out) : out_(out) {
    out_.write(
        "frame,time_ns,flow,from,seq,ack,len,flags,tsval,tsecr,verdict,reason,ts_recent,delta,evidence,"
        "evidence_frames\r\n");
  }

  void segment(const SegmentRow& row) override {
    const auto if_known = [](bool known, auto number) {
      return known ? std::optional(number) : std::nullopt;
    };
    std::string frames;
    for (const uint64_t frame : row.evidence_frames) {
      if (frame != 0) frames += fmt::format("{}{}", frames.empty() ? "" : " ", frame);
    }
    CsvRecord(out_) << row.frame << row.time_ns << row.flow << to_string(row.from) << row.seq.raw
                    << row.ack.raw << row.length << flag_letters(row.flags)
                    << if_known(row.has_ts, row.tsval.raw) << if_known(row.has_ts, row.tsecr.raw)
                    << to_string(row.verdict) << to_string(row.reason)
                    << if_known(row.ts_recent_known, row.ts_recent.raw)
                    << if_known(row.has_ts && row.ts_recent_known, row.delta) << to_string(row.evidence)
                    << frames;
  }
  void finish() override { out_.flush(); }

 private:
  Output out_;
};

}  // namespace

std::unique_ptr<SegmentWriter> make_csv_segments(std::FILE* out) {
  return std::make_unique<CsvSegments>(out);
}

}  // namespace tsaudit
