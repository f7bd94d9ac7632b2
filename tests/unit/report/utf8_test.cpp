// SPDX-License-Identifier: Apache-2.0
#include "report/utf8.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace tsaudit {
namespace {

TEST(Utf8, KnowsWellFormedSequences) {
  EXPECT_EQ(utf8_length("a"), 1u);
  EXPECT_EQ(utf8_length("\xc3\xa9"), 2u);          // U+00E9
  EXPECT_EQ(utf8_length("\xe2\x82\xac"), 3u);      // U+20AC
  EXPECT_EQ(utf8_length("\xf0\x9f\x90\xa7"), 4u);  // U+1F427
  EXPECT_EQ(utf8_length("\xf4\x8f\xbf\xbf"), 4u);  // U+10FFFF, the last
}

TEST(Utf8, RefusesWhatRfc3629Refuses) {
  EXPECT_EQ(utf8_length(""), 0u);
  EXPECT_EQ(utf8_length("\x80"), 0u);              // continuation first
  EXPECT_EQ(utf8_length("\xc0\xaf"), 0u);          // overlong
  EXPECT_EQ(utf8_length("\xe0\x9f\xbf"), 0u);      // overlong
  EXPECT_EQ(utf8_length("\xed\xa0\x80"), 0u);      // surrogate
  EXPECT_EQ(utf8_length("\xf4\x90\x80\x80"), 0u);  // beyond U+10FFFF
  EXPECT_EQ(utf8_length("\xff"), 0u);
  EXPECT_EQ(utf8_length("\xe2\x82"), 0u);  // cut short
  EXPECT_EQ(utf8_length("\xe2\x82g"), 0u);
}

// A capture may be called anything, and its name is printed.
TEST(Printable, TerminalCannotBeDriven) {
  EXPECT_EQ(printable("plain caf\xc3\xa9.pcap"), "plain caf\xc3\xa9.pcap");
  EXPECT_EQ(printable("\x1b[2Jx\n\x7f"), "\\x1b[2Jx\\x0a\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b"
            "31m");  // CSI as C1
  EXPECT_EQ(printable("a\xff\xc3"), "a\\xff\\xc3");
}

TEST(JsonEscaped, EscapesWhatJsonWantsEscaped) {
  EXPECT_EQ(json_escaped("a \"b\" \\ \n\t\r\x01"), "a \\\"b\\\" \\\\ \\n\\t\\u000d\\u0001");
  EXPECT_EQ(json_escaped("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(json_escaped("a\xff"
                         "b"),
            "a\xef\xbf\xbd"
            "b");
}

// Whatever the bytes, a JSON parser takes them, and well-formed text comes back as it was.
TEST(JsonEscaped, IsAlwaysAcceptedByAnotherParser) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (size_t length = random() % 12; length > 0; --length) text += static_cast<char>(random() % 256);
    const std::string document = "\"" + json_escaped(text) + "\"";
    const auto parsed = nlohmann::json::parse(document, nullptr, false);
    ASSERT_TRUE(parsed.is_string()) << document;
    bool well_formed = true;
    for (std::string_view rest = text; !rest.empty();) {
      const size_t length = utf8_length(rest);
      if (length == 0) well_formed = false;
      rest.remove_prefix(length == 0 ? 1 : length);
    }
    if (well_formed) {
      EXPECT_EQ(parsed.get<std::string>(), text);
    }
  }
}

TEST(DisplayWidth, CountsCodePoints) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("caf\xc3\xa9"), 4u);
}

}  // namespace
}  // namespace tsaudit
