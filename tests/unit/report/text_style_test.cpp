// SPDX-License-Identifier: Apache-2.0
#include "report/text_style.h"

#include <gtest/gtest.h>

#include <limits>

namespace tsaudit {
namespace {

TEST(Percent, SaysHundredOnlyOfAll) {
  EXPECT_EQ(percent(1, 1), "100 %");
  EXPECT_EQ(percent(999'999, 1'000'000), "99.9 %");
  EXPECT_EQ(percent(0, 7), "0 %");
  EXPECT_EQ(percent(1, 3), "33.3 %");
  EXPECT_EQ(percent(0, 0), "-");
}

TEST(Counted, MindsThePlural) {
  EXPECT_EQ(counted(1, "flow"), "1 flow");
  EXPECT_EQ(counted(0, "flow"), "0 flows");
  EXPECT_EQ(counted(1234, "flow"), "1,234 flows");
}

TEST(Wrapped, BreaksAtSpacesAndIndentsWhatFollows) {
  EXPECT_EQ(wrapped("one two three", 100, 2, 0), "one two three");
  EXPECT_EQ(wrapped("one two three", 8, 2, 0), "one two\n  three");
  EXPECT_EQ(wrapped("one two three", 8, 2, 4), "one\n  two\n  three");
  EXPECT_EQ(wrapped("averyveryverylongword b", 8, 2, 0), "averyveryverylongword\n  b");
  EXPECT_EQ(wrapped("  spaces   shrink ", 100, 2, 0), "spaces shrink");
  EXPECT_EQ(wrapped("", 8, 2, 0), "");
}

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({{"flow", Table::Align::right}, {"client", Table::Align::left}, {"n", Table::Align::right}});
  EXPECT_EQ(table.text(""), "");
  table.add({"7", "10.0.0.1:40000", "1"});
  table.add({"12345", "b", "22"});
  EXPECT_EQ(table.text(" "),
            "  flow  client           n\n"
            "     7  10.0.0.1:40000   1\n"
            " 12345  b               22\n");
  EXPECT_EQ(table.width(), 25u);
}

TEST(Table, WhatSaysNothingGoesFirstAndThenWhatIsLessNeeded) {
  const auto fitted = [](size_t width) {
    constexpr auto kLeft = Table::Align::left;
    Table table({{"flow", kLeft}, {"none", kLeft}, {"some", kLeft}, {"less", kLeft}});
    table.add({"1", "-", "-", "a"});
    table.add({"2", "-", "x", "b"});
    table.fit(width, {"less", "absent"});
    return table.text("");
  };
  EXPECT_EQ(fitted(22), "flow  none  some  less\n1     -     -     a\n2     -     x     b\n");
  EXPECT_EQ(fitted(21), "flow  some  less\n1     -     a\n2     x     b\n");
  EXPECT_EQ(fitted(15), "flow  some\n1     -\n2     x\n");
  EXPECT_EQ(fitted(1), fitted(15)) << "no more than that";
}

TEST(Style, WithoutColourThereAreNoEscapes) {
  EXPECT_EQ(Style(false).by_severity(Severity::error, "error"), "error");
  EXPECT_EQ(Style(false).bold("x"), "x");
}

TEST(Style, ColoursAreNeverGreenAndAlwaysReset) {
  for (const Severity severity : {Severity::note, Severity::warning, Severity::error}) {
    const std::string text = Style(true).by_severity(severity, "word");
    EXPECT_EQ(text.find("32m"), std::string::npos);
    EXPECT_NE(text.find("word"), std::string::npos);
    EXPECT_EQ(text.substr(text.size() - 4), "\x1b[0m");
  }
  EXPECT_EQ(Style(true).by_severity(Severity::none, "word"), "word");
}

}  // namespace
}  // namespace tsaudit
