// SPDX-License-Identifier: Apache-2.0
// JSON and NDJSON, read back by another parser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

using nlohmann::json;

const std::vector<FlowReport>& flows() {
  static const std::vector<FlowReport> kFlows = {sample::healthy(1), sample::stalled(7),
                                                 sample::zero_window(9)};
  return kFlows;
}

std::vector<json> lines(const std::string& text) {
  std::vector<json> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(json::parse(line));
  return out;
}

TEST(JsonReport, HasTheMembersOfTheContract) {
  const json document = json::parse(sample::report(ReportFormat::json, flows()));
  EXPECT_EQ(document["schema"], "tsaudit.analysis/1");
  EXPECT_TRUE(document["tool_version"].is_string());
  EXPECT_EQ(document["captures"][0]["name"], "passt-migration.pcapng");
  EXPECT_EQ(document["captures"][0]["skipped"], json({{"not-tcp", 117}, {"fragment", 3}}));
  EXPECT_EQ(document["captures"][0]["link_types"],
            json::parse(R"([{"id":1,"name":"ETHERNET","packets":18930}])"));
  EXPECT_EQ(document["captures"][0]["error"], nullptr);
  EXPECT_EQ(document["totals"]["flows"], 3);
  EXPECT_EQ(document["totals"]["confirmed"], 9);
  EXPECT_EQ(document["totals"]["findings"], 4);
  EXPECT_EQ(document["totals"]["findings_omitted"], 0);
  EXPECT_EQ(document["worst"], "error");
  ASSERT_EQ(document["flows"].size(), 3u);

  const json& flow = document["flows"][1];
  EXPECT_EQ(flow["id"], 7);
  EXPECT_EQ(flow["client"], "10.0.0.1:40007");
  EXPECT_EQ(flow["timestamps"], "yes");
  EXPECT_EQ(flow["first_ns"], 1'742'299'200'000'000'000);
  const json& direction = flow["directions"][0];
  EXPECT_EQ(direction["from"], "client");
  EXPECT_EQ(direction["receiver_profile"], "linux-6.12");
  EXPECT_EQ(direction["profile_proven"], true);
  EXPECT_EQ(direction["vantage"], "at-receiver");
  EXPECT_EQ(
      direction["verdicts"],
      json({{"initial", 1}, {"newer", 400}, {"equal", 99}, {"TCP_RFC7323_PAWS", 12}, {"sequence-range", 2}}));
  EXPECT_EQ(direction["outcomes"], json({{"accept", 500}, {"drop", 12}, {"unknown", 2}, {"not-tested", 0}}));
  EXPECT_EQ(direction["evidence"], json({{"confirmed", 9}, {"predicted", 3}, {"contradicted", 0}}));
  EXPECT_EQ(direction["clock"]["hz"], 1000.012);
  EXPECT_EQ(direction["clock"]["steps"], json::parse(R"([{"frame":812,"ticks":-4003200}])"));
  EXPECT_EQ(direction["ts_recent_check"]["compared"], 502);
  EXPECT_EQ(direction["ts_recent_check"]["missed"]["loss"], 1);
}

TEST(JsonReport, MigrationCarriesOffsetAndCommands) {
  const json document = json::parse(sample::report(ReportFormat::json, flows()));
  const json& migration = document["flows"][1]["migrations"][0];
  EXPECT_EQ(migration["endpoint"], "client");
  EXPECT_EQ(migration["tsval_step"], -4'003'200);
  EXPECT_EQ(migration["offset"],
            json({{"min", 3'999'500}, {"suggested", 4'003'200}, {"max", 2'151'483'148}}));
  EXPECT_EQ(migration["signals"][1],
            json({{"name", "repair-probe"}, {"frame", 811}, {"detail", "pure ACK one below SND.UNA"}}));
  EXPECT_EQ(migration["commands"].size(), 2u);

  FlowReport vague = sample::stalled(7);
  vague.migrations[0].tsval_step.reset();
  vague.migrations[0].offset.reset();
  vague.migrations[0].timestamp_sockopt.reset();
  const json unknown = json::parse(sample::report(ReportFormat::json, {vague}))["flows"][0]["migrations"][0];
  EXPECT_EQ(unknown["tsval_step"], nullptr);
  EXPECT_EQ(unknown["offset"], nullptr);
  EXPECT_EQ(unknown["timestamp_sockopt"], nullptr);
  EXPECT_EQ(unknown["commands"], json::array());
}

TEST(JsonReport, FindingsAreSortedWorstFirst) {
  const json document = json::parse(sample::report(ReportFormat::json, flows()));
  std::vector<std::string> codes;
  for (const json& finding : document["findings"]) codes.push_back(finding["rule"]);
  EXPECT_THAT(codes, ::testing::ElementsAre("TS001", "TS002", "TS006", "TS014"));
  EXPECT_EQ(document["findings"][0], json::parse(R"({
    "rule": "TS001", "name": "paws-drop", "severity": "error", "flow": 7, "direction": "client",
    "frames": [812, 815, 818, 822], "frame_count": 12, "time_ns": 1742299227900000000, "duration_ns": 0,
    "evidence": "confirmed",
    "message": "12 segments with 17,376 bytes discarded: TSval was up to 3,999,500 ticks behind TS.Recent.",
    "fingerprint": "TS001/client/1",
    "advice": "Add 4,003,200 ticks to the client's TSval (at least 3,999,500).",
    "offset": null,
    "baseline_state": "none", "suppressed": null})"));
}

TEST(JsonReport, EmptyAnalysisIsAValidDocument) {
  const json document = json::parse(sample::report(ReportFormat::json, {}));
  EXPECT_EQ(document["flows"], json::array());
  EXPECT_EQ(document["findings"], json::array());
  EXPECT_EQ(document["totals"]["flows"], 0);
}

TEST(JsonReport, StringsFromOutsideCannotBreakIt) {
  FlowReport flow = sample::stalled(1);
  flow.migrations[0].signals[0].detail = "quote \" backslash \\ newline \n byte \xff";
  const auto document = json::parse(sample::report(ReportFormat::json, {flow}, {}, [](Summary& summary) {
    summary.captures[0].name = "\"},{\x01";
    summary.captures[0].skipped["odd \"reason\""] = 1;
  }));
  EXPECT_EQ(document["flows"][0]["migrations"][0]["signals"][0]["detail"],
            "quote \" backslash \\ newline \n byte \xef\xbf\xbd");
  EXPECT_EQ(document["captures"][0]["name"], "\"},{\x01");
  EXPECT_EQ(document["captures"][0]["skipped"]["odd \"reason\""], 1);
}

TEST(JsonReport, AFlowTakesOneLine) {
  const std::string text = sample::report(ReportFormat::json, flows());
  EXPECT_THAT(text, ::testing::StartsWith("{\n\"schema\":\"tsaudit.analysis/1\",\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("\n{\"id\":7,\"client\":\"10.0.0.1:40007\","));
  EXPECT_EQ(text.back(), '\n');
}

TEST(NdjsonReport, EachLineIsATypedObject) {
  const std::vector<json> objects = lines(sample::report(ReportFormat::ndjson, flows()));
  std::vector<std::string> types;
  for (const json& object : objects) types.push_back(object["type"]);
  EXPECT_THAT(types, ::testing::ElementsAre("flow", "flow", "finding", "finding", "finding", "flow",
                                            "finding", "summary"));
  EXPECT_EQ(objects.back()["schema"], "tsaudit.analysis/1");
  EXPECT_EQ(objects.back()["totals"]["findings"], 4);
}

// One converter would otherwise be wrong where the other is right.
TEST(NdjsonReport, SaysTheSameAsJson) {
  const json document = json::parse(sample::report(ReportFormat::json, flows()));
  json flow_list = json::array();
  json finding_list = json::array();
  for (json object : lines(sample::report(ReportFormat::ndjson, flows()))) {
    const std::string type = object["type"];
    object.erase("type");
    if (type == "flow") flow_list.push_back(object);
    if (type == "finding") finding_list.push_back(object);
    if (type == "summary") {
      EXPECT_EQ(object["captures"], document["captures"]);
      EXPECT_EQ(object["totals"], document["totals"]);
    }
  }
  EXPECT_EQ(flow_list, document["flows"]);
  EXPECT_EQ(finding_list.size(), document["findings"].size());
}

TEST(JsonReport, SameBytesEachTime) {
  EXPECT_EQ(sample::report(ReportFormat::json, flows()), sample::report(ReportFormat::json, flows()));
  EXPECT_EQ(sample::report(ReportFormat::ndjson, flows()), sample::report(ReportFormat::ndjson, flows()));
}

}  // namespace
}  // namespace tsaudit
