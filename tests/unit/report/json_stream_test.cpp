// SPDX-License-Identifier: Apache-2.0
#include "report/json_stream.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

std::string streamed(const std::function<void(JsonStream&)>& write) {
  return sample::written([&](std::FILE* file) {
    Output out(file);
    JsonStream stream(out);
    write(stream);
  });
}

TEST(JsonStream, CommasStandBetweenMembersAndElements) {
  EXPECT_EQ(streamed([](JsonStream& s) {
              s.begin_object();
              s.field("a", 1);
              s.key("list");
              s.begin_array();
              s.value(1);
              s.value("two");
              s.begin_object();
              s.end_object();
              s.end_array();
              s.field("flag", true);
              s.field("none", nullptr);
              s.end_object();
            }),
            R"({"a":1,"list":[1,"two",{}],"flag":true,"none":null})");
}

TEST(JsonStream, LinesLayoutPutsEachElementOnItsOwnLine) {
  EXPECT_EQ(streamed([](JsonStream& s) {
              s.begin_object(JsonStream::Layout::lines);
              s.key("list");
              s.begin_array(JsonStream::Layout::lines);
              s.value(1);
              s.value(2);
              s.end_array();
              s.key("empty");
              s.begin_array(JsonStream::Layout::lines);
              s.end_array();
              s.end_object();
            }),
            "{\n\"list\":[\n1,\n2\n],\n\"empty\":[]\n}");
}

TEST(JsonStream, IntegersKeepAllTheirDigits) {
  EXPECT_EQ(streamed([](JsonStream& s) {
              s.begin_array();
              s.value(std::numeric_limits<int64_t>::min());
              s.value(std::numeric_limits<uint64_t>::max());
              s.value(uint8_t{65});
              s.value(std::optional<int64_t>(-5));
              s.value(std::optional<int64_t>());
              s.end_array();
            }),
            "[-9223372036854775808,18446744073709551615,65,-5,null]");
}

TEST(JsonStream, MeasuredValuesAreRoundedAndAlwaysValidJson) {
  const auto number = [](double value, int decimals) {
    return streamed([&](JsonStream& s) {
      s.begin_object();
      s.field("n", value, decimals);
      s.end_object();
    });
  };
  EXPECT_EQ(number(1000.01234, 3), R"({"n":1000.012})");
  EXPECT_EQ(number(1e6, 3), R"({"n":1000000})");
  EXPECT_EQ(number(-0.00001, 3), R"({"n":0})");
  EXPECT_EQ(number(std::nan(""), 3), R"({"n":null})");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity(), 3), R"({"n":null})");
}

}  // namespace
}  // namespace tsaudit
