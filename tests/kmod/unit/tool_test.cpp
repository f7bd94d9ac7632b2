// SPDX-License-Identifier: Apache-2.0
//
// What the user tool makes of words and of captures, before the kernel has its say.
#include <gtest/gtest.h>

#include "capture_advice.h"
#include "entry.h"

namespace {

using namespace tsoffset;

Entry parse(const std::vector<std::string>& words, bool prefer_tsval = false) {
  return parse_entry(words, prefer_tsval);
}

TEST(ToolWords, Addresses) {
  EXPECT_EQ(to_string(parse_address("10.0.0.1:65535")), "10.0.0.1:65535");
  EXPECT_EQ(to_string(parse_address("[2001:DB8:0::1]:1")), "[2001:db8::1]:1");
  EXPECT_EQ(to_string(parse_address("[::ffff:10.0.0.1]:80")), "10.0.0.1:80") << "IPv4 on the wire";
  for (const char* wrong :
       {"", ":", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:+1",
        "10.0.0.1: 1", "10.0.0:1", "10.0.0.1.1:1", "fd00::1:80", "[fd00::1]80", "[fd00::1]", "[10.0.0.1]:80",
        "[]:80", "[fd00::1%eth0]:80", "host:80", "10.0.0.1:80x"})
    EXPECT_THROW(parse_address(wrong), UsageError) << wrong;
}

TEST(ToolWords, Numbers) {
  EXPECT_EQ(parse_number("+1234567", "n"), 1234567u);
  EXPECT_EQ(parse_number("-1", "n"), 0xffffffffu);
  EXPECT_EQ(parse_number("4294967295", "n"), 0xffffffffu);
  EXPECT_EQ(parse_number("0x10", "n"), 16u);
  EXPECT_EQ(parse_number("-0x10", "n"), 0xfffffff0u);
  for (const char* wrong :
       {"", "+", "-", "--1", "+-1", "4294967296", "0x", "0x1ffffffff", "1e3", "1 ", " 1", "1k"})
    EXPECT_THROW(parse_number(wrong, "n"), UsageError) << wrong;
}

TEST(ToolWords, SettingsInAnyOrderWithOrWithoutDashes) {
  const Entry entry = parse({"local", "10.0.0.1:1", "remote", "10.0.0.2:2", "--mode", "socket", "rate-was",
                             "1000", "-7", "timeout", "60", "--rate-now", "1000"});
  EXPECT_EQ(entry.offset, 0xfffffff9u);
  EXPECT_EQ(entry.mode, TSOFF_MODE_SOCKET);
  EXPECT_EQ(entry.timeout, 60u);
  EXPECT_EQ(entry.rate_was, 1000u);
  EXPECT_EQ(entry.rate_now, 1000u);
  EXPECT_THROW(parse({"10.0.0.1:1", "10.0.0.2:2", "5", "6"}), UsageError);
  EXPECT_THROW(parse({"10.0.0.1:1", "10.0.0.2:2", "5", "mode"}), UsageError);
  EXPECT_THROW(parse({"10.0.0.1:1", "10.0.0.2:2", "5", "auto", "last-tsval", "9"}), UsageError);
  EXPECT_THROW(parse({"inet6", "10.0.0.1:1", "10.0.0.2:2", "5"}), UsageError);
}

// What `save` writes has both, for `restore` and for `restore auto`.
TEST(ToolWords, ASavedLineIsReadAgain) {
  Entry entry;
  entry.local = parse_address("[fd00::1]:1");
  entry.remote = parse_address("[fd00::2]:2");
  entry.offset = 0x80000000;
  entry.mode = TSOFF_MODE_SOCKET;
  entry.timeout = 77;
  entry.tsval = 4000000000u;
  entry.rate_now = 1000;
  const std::string line = to_line(entry);
  std::vector<std::string> words;
  for (size_t at = 0; at < line.size();) {
    const size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  for (const bool automatic : {false, true}) {
    const Entry again = parse(words, automatic);
    EXPECT_EQ(again.local, entry.local);
    EXPECT_EQ(again.remote, entry.remote);
    EXPECT_EQ(again.mode, entry.mode);
    EXPECT_EQ(again.timeout, entry.timeout);
    EXPECT_EQ(again.rate_was, 1000u);
    EXPECT_FALSE(again.rate_now.has_value()) << "that is the next host's matter";
    EXPECT_EQ(again.offset.has_value(), !automatic);
    EXPECT_EQ(again.last_tsval.has_value(), automatic);
  }
  EXPECT_EQ(parse(words, true).last_tsval, 4000000000u);
}

TEST(ToolCapture, TheEndThatMovedAndWhatItLacks) {
  const CaptureAdvice advice = advice_of_capture(TSAUDIT_CAPTURES "/rescue/rescue-without.pcap");
  EXPECT_TRUE(advice.warnings.empty());
  ASSERT_EQ(advice.entries.size(), 1u);
  const Entry& entry = advice.entries[0];
  EXPECT_EQ(to_string(entry.local).substr(0, 9), "10.0.1.2:") << "the client moved";
  EXPECT_EQ(to_string(entry.remote), "10.0.2.2:443");
  // It was set back by 1,000,000, and the clock that stood still during the move goes on.
  EXPECT_NEAR(entry.offset.value(), 1000000, 1000);
  EXPECT_EQ(entry.rate_was, entry.rate_now);
}

TEST(ToolCapture, NothingWhereNothingIsLost) {
  EXPECT_TRUE(advice_of_capture(TSAUDIT_CAPTURES "/rescue/rescue-outside.pcap").entries.empty())
      << "the module was at work";
}

TEST(ToolCapture, WhatCannotBeRead) {
  EXPECT_THROW(advice_of_capture("/nonexistent"), UsageError);
  EXPECT_THROW(advice_of_capture("/proc/self/exe"), UsageError);
}

}  // namespace
