// SPDX-License-Identifier: Apache-2.0
// `tsaudit segments` in its four formats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "report/flow_facts.h"
#include "tsaudit/segment.h"
#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

SegmentRow syn() {
  SegmentRow row;
  row.frame = 1;
  row.time_ns = sample::kStart;
  row.flow = 7;
  row.seq = {1000};
  row.flags = kSyn;
  row.has_ts = true;
  row.tsval = {5'000'000};
  row.verdict = Verdict::accept;
  row.reason = Reason::initial;
  return row;
}

SegmentRow dropped() {
  SegmentRow row = syn();
  row.frame = 812;
  row.time_ns += 27'900 * kMillisecond;
  row.seq = {5000};
  row.ack = {900};
  row.length = 1448;
  row.flags = kAck | kPsh;
  row.tsval = {1'000'500};
  row.tsecr = {77};
  row.verdict = Verdict::drop;
  row.reason = Reason::paws;
  row.ts_recent_known = true;
  row.ts_recent = {5'000'000};
  row.delta = -3'999'500;
  row.evidence = Evidence::confirmed;
  row.evidence_frames = {813, 815, 0, 0};
  return row;
}

SegmentRow without_timestamps() {
  SegmentRow row;
  row.frame = 900;
  row.time_ns = sample::kStart - 1;
  row.flow = 8;
  row.from = Side::server;
  row.flags = kAck;
  return row;
}

std::string segments(ReportFormat format) {
  return sample::written([&](std::FILE* out) {
    const auto writer = make_segment_writer(format, out, {});
    for (const SegmentRow& row : {syn(), dropped(), without_timestamps()}) writer->segment(row);
    writer->finish();
  });
}

TEST(Segments, Ndjson) {
  EXPECT_EQ(
      segments(ReportFormat::ndjson),
      R"({"frame":1,"time_ns":1742299200000000000,"flow":7,"from":"client","seq":1000,"ack":0,"len":0,"flags":"S","tsval":5000000,"tsecr":0,"verdict":"accept","reason":"initial","ts_recent":null,"delta":null,"evidence":"none","evidence_frames":[]}
{"frame":812,"time_ns":1742299227900000000,"flow":7,"from":"client","seq":5000,"ack":900,"len":1448,"flags":"PA","tsval":1000500,"tsecr":77,"verdict":"drop","reason":"TCP_RFC7323_PAWS","ts_recent":5000000,"delta":-3999500,"evidence":"confirmed","evidence_frames":[813,815]}
{"frame":900,"time_ns":1742299199999999999,"flow":8,"from":"server","seq":0,"ack":0,"len":0,"flags":"A","tsval":null,"tsecr":null,"verdict":"not-tested","reason":"no-tsopt","ts_recent":null,"delta":null,"evidence":"none","evidence_frames":[]}
)");
}

TEST(Segments, JsonHoldsTheSameObjects) {
  const auto document = nlohmann::json::parse(segments(ReportFormat::json));
  EXPECT_EQ(document["schema"], "tsaudit.segments/1");
  const std::string lines = segments(ReportFormat::ndjson);
  std::string same;
  for (const auto& object : document["segments"]) same += object.dump() + "\n";
  auto normalized = nlohmann::json::array();
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    normalized.push_back(nlohmann::json::parse(lines.substr(at, end - at)));
    at = end + 1;
  }
  EXPECT_EQ(document["segments"], normalized);
}

TEST(Segments, Csv) {
  EXPECT_EQ(
      segments(ReportFormat::csv),
      "frame,time_ns,flow,from,seq,ack,len,flags,tsval,tsecr,verdict,reason,ts_recent,delta,evidence,"
      "evidence_"
      "frames\r\n"
      "1,1742299200000000000,7,client,1000,0,0,S,5000000,0,accept,initial,,,none,\r\n"
      "812,1742299227900000000,7,client,5000,900,1448,PA,1000500,77,drop,TCP_RFC7323_PAWS,5000000,-3999500,"
      "confirmed,813 815\r\n"
      "900,1742299199999999999,8,server,0,0,0,A,,,not-tested,no-tsopt,,,none,\r\n");
}

TEST(Segments, Text) {
  EXPECT_EQ(segments(ReportFormat::text),
            "   frame         seconds   flow from   flags        seq        ack    len      TSval      TSecr "
            " TS.Recent"
            "        delta  verdict\n"
            "       1     0.000000000      7 client S           1000          0      0    5000000          0 "
            "         -"
            "            -  accept initial\n"
            "     812    27.900000000      7 client PA          5000        900   1448    1000500         77 "
            "   5000000"
            "     -3999500  drop TCP_RFC7323_PAWS, confirmed by 813,815\n"
            "     900    -0.000000001      8 server A              0          0      0          -          - "
            "         -"
            "            -  not-tested no-tsopt\n");
}

TEST(Segments, TimesThatCannotBeDoNotHurt) {
  SegmentRow row = syn();
  row.time_ns = std::numeric_limits<TimeNs>::min();
  const std::string out = sample::written([&](std::FILE* file) {
    const auto writer = make_segment_writer(ReportFormat::text, file, {});
    writer->segment(syn());
    writer->segment(row);
    writer->finish();
  });
  EXPECT_EQ(std::ranges::count(out, '\n'), 3);
}

TEST(FlagLetters, InTheOrderOfTheHeaderBits) {
  EXPECT_EQ(flag_letters(0), "");
  EXPECT_EQ(flag_letters(kSyn | kAck), "SA");
  EXPECT_EQ(flag_letters(kFin | kPsh | kAck), "FPA");
  EXPECT_EQ(flag_letters(0xff), "FSRPAUEC");
}

}  // namespace
}  // namespace tsaudit
