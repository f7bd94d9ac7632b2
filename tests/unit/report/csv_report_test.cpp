// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>

#include "report/csv.h"
#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

/// RFC 4180, the other way round.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
        field += text[++i];
      } else if (c == '"') {
        quoted = false;
      } else {
        field += c;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      row.push_back(std::exchange(field, {}));
    } else if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      ++i;
      row.push_back(std::exchange(field, {}));
      rows.push_back(std::exchange(row, {}));
    } else {
      field += c;
    }
  }
  EXPECT_TRUE(field.empty() && row.empty()) << "the last record has no CR LF";
  return rows;
}

std::vector<std::map<std::string, std::string>> records(const std::string& text) {
  const auto rows = parse_csv(text);
  std::vector<std::map<std::string, std::string>> out;
  for (size_t i = 1; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].size(), rows[0].size()) << "row " << i;
    auto& record = out.emplace_back();
    for (size_t column = 0; column < std::min(rows[0].size(), rows[i].size()); ++column) {
      record[rows[0][column]] = rows[i][column];
    }
  }
  return out;
}

TEST(Csv, QuotesWhatNeedsQuotes) {
  EXPECT_EQ(csv_quoted("plain"), "plain");
  EXPECT_EQ(csv_quoted("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_quoted("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_quoted("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_quoted(""), "");
}

TEST(CsvReport, RowForEachFlowAndDirection) {
  const auto rows = records(sample::report(ReportFormat::csv, {sample::healthy(1), sample::stalled(7)}));
  ASSERT_EQ(rows.size(), 4u);
  auto row = rows[2];
  EXPECT_EQ(row["flow"], "7");
  EXPECT_EQ(row["client"], "10.0.0.1:40007");
  EXPECT_EQ(row["from"], "client");
  EXPECT_EQ(row["worst"], "error");
  EXPECT_EQ(row["receiver_profile"], "linux-6.12");
  EXPECT_EQ(row["profile_proven"], "true");
  EXPECT_EQ(row["segments"], "514");
  EXPECT_EQ(row["accepted"], "500");
  EXPECT_EQ(row["unknown"], "2");
  EXPECT_EQ(row["dropped"], "12");
  EXPECT_EQ(row["dropped_other"], "0");
  EXPECT_EQ(row["confirmed"], "9");
  EXPECT_EQ(row["hz"], "1000.012");
  EXPECT_EQ(row["stall_ns"], "33100000000");
  EXPECT_EQ(row["migration_frames"], "812");
  EXPECT_EQ(row["tsval_step"], "-4003200");
  EXPECT_EQ(row["offset_min"], "3999500");
  EXPECT_EQ(row["offset_max"], "2151483148");
  EXPECT_EQ(row["rules"], "TS001 TS002 TS006");
  EXPECT_EQ(row["summary"], sample::stalled(7).summary);

  row = rows[3];
  EXPECT_EQ(row["from"], "server");
  EXPECT_EQ(row["rules"], "");
  EXPECT_EQ(row["migration_frames"], "");
  EXPECT_EQ(row["offset_min"], "");
}

TEST(CsvReport, DropsByOtherTestsAreNotTimestamps) {
  FlowReport flow = sample::healthy(1);
  sample::count(flow.directions[0], Verdict::drop, Reason::old_sequence, 3);
  sample::count(flow.directions[0], Verdict::drop, Reason::paws, 2);
  auto row = records(sample::report(ReportFormat::csv, {flow})).at(0);
  EXPECT_EQ(row["dropped"], "2");
  EXPECT_EQ(row["dropped_other"], "3");
}

TEST(CsvReport, EmptyAnalysisIsAHeaderOnly) {
  EXPECT_EQ(parse_csv(sample::report(ReportFormat::csv, {})).size(), 1u);
}

}  // namespace
}  // namespace tsaudit
