// SPDX-License-Identifier: Apache-2.0
//
// The command, as its user types it: what it prints, where, and how it ends.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "recorder.h"
#include "rig.h"
#include "tcp.h"

namespace {

using namespace rig;
using nlohmann::json;
using tsoffset::Entry;

const std::string kOne = "10.0.0.1:1000 10.0.0.2:443", kSix = "[fd00::1]:1000 [fd00::2]:443";

std::string read_file(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Result {
  int code;
  std::string out, err;
};

class Tool : public testing::Test {
 protected:
  // tsoffset -n tool ...
  Result run(const std::string& arguments, const std::string& space = "tool") const {
    const int status =
        std::system(("tsoffset -n " + space + " " + arguments + " >/tmp/tool.out 2>/tmp/tool.err").c_str());
    return {WEXITSTATUS(status), read_file("/tmp/tool.out"), read_file("/tmp/tool.err")};
  }
  void does(const std::string& arguments) const {
    const Result result = run(arguments);
    EXPECT_EQ(result.code, 0) << arguments << ": " << result.err;
    EXPECT_EQ(result.out + result.err, "") << arguments << ": silent, when all is well";
  }
  // Each of `parts` is in the one line that it says.
  void refuses(const std::string& arguments, int code, const std::vector<std::string>& parts) const {
    const Result result = run(arguments);
    EXPECT_EQ(result.code, code) << arguments << ": " << result.err;
    EXPECT_EQ(result.out, "") << arguments;
    EXPECT_EQ(result.err.rfind("Error: ", 0), 0u) << arguments << ": " << result.err;
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
    for (const std::string& part : parts)
      EXPECT_NE(result.err.find(part), std::string::npos) << arguments << ": " << result.err;
  }
  json shown(const std::string& arguments = "") const {
    const Result result = run("-j show " + arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    return json::parse(result.out);
  }
  const Namespace space_{"tool"};
};

TEST_F(Tool, AddsShowsChangesDeletes) {
  does("add " + kOne + " +1234567");
  does("add inet6 local " + std::string("[fd00::1]:1000") + " remote [fd00::2]:443 offset -5 timeout 60");
  EXPECT_TRUE(run("show " + kOne).out.starts_with(kOne + " offset +1234567 mode wire out 0 in 0 idle "));
  EXPECT_EQ(shown().size(), 2u);
  const json six = shown(kSix).at(0);
  EXPECT_EQ(six.at("local"), "[fd00::1]:1000");
  EXPECT_EQ(six.at("remote"), "[fd00::2]:443");
  EXPECT_EQ(six.at("offset"), 4294967291u);
  EXPECT_EQ(six.at("offset_signed"), -5);
  EXPECT_EQ(six.at("timeout"), 60);
  EXPECT_EQ(six.at("state"), json::array());
  does("set " + kOne + " 0xffffffff");
  EXPECT_EQ(shown(kOne).at(0).at("offset_signed"), -1);
  EXPECT_EQ(json::parse(run("-j -4 show").out).size(), 1u);
  EXPECT_EQ(json::parse(run("-j -6 show").out).at(0).at("local"), "[fd00::1]:1000");
  does("del " + kOne);
  EXPECT_EQ(run("flush").out, "deleted 1\n");
  EXPECT_EQ(json::parse(run("-j flush").out), json({{"deleted", 0}}));
  EXPECT_EQ(shown(), json::array());
}

TEST_F(Tool, MistakesInTheCommand) {
  refuses("add", 1, {"local address"});
  refuses("add " + kOne, 1, {"offset is missing"});
  refuses("add 10.0.0.1 10.0.0.2:443 5", 1, {"\"10.0.0.1\"", "ADDRESS:PORT"});
  refuses("add 10.0.0.1:0 10.0.0.2:443 5", 1, {"10.0.0.1:0"});
  refuses("add 10.0.0.1:65536 10.0.0.2:443 5", 1, {"10.0.0.1:65536"});
  refuses("add fd00::1:1000 10.0.0.2:443 5", 1, {"brackets"});
  refuses("add 10.0.0.1:1000 [fd00::2]:443 5", 1, {"IPv4", "IPv6"});
  refuses("-6 add " + kOne + " 5", 1, {"family"});
  refuses("add inet6 " + kOne + " 5", 1, {"family"});
  refuses("add " + kOne + " 4294967296", 1, {"32 bits"});
  refuses("add " + kOne + " 5x", 1, {"\"5x\""});
  refuses("add " + kOne + " 5 6", 1, {"\"6\""});
  refuses("add " + kOne + " auto", 1, {"--last-tsval"});
  refuses("add " + kOne + " 5 mode slow", 1, {"\"slow\""});
  refuses("frobnicate", 1, {"frobnicate"});
  refuses("--frobnicate show", 1, {"--frobnicate"});
  refuses("restore /nonexistent", 1, {"/nonexistent", "No such file"});
  refuses("add --from-capture /nonexistent", 1, {"/nonexistent", "No such file"});
  refuses("add --from-capture /bin/tsoffset", 1, {"/bin/tsoffset"});
}

TEST_F(Tool, WhatTheKernelRefuses) {
  does("add " + kOne + " 5");
  refuses("add " + kOne + " 6", 2, {"has an offset already", "File exists"});
  refuses("add " + kSix + " 6 mode socket", 2, {"established local socket"});
  refuses("add " + kSix + " auto --last-tsval 99", 2, {"local socket's clock"});
  refuses("add " + kSix + " 6 rate-was 1000 rate-now 1000000", 2,
          {"tick rate changed", "no offset can mend"});
  refuses("set " + kOne + " 6 mode socket", 2, {"other mode"});
  refuses("del " + kSix, 2, {"no offset"});
  EXPECT_EQ(run("show", "nowhere").code, 2);
  EXPECT_NE(run("show", "nowhere").err.find("\"nowhere\": No such file"), std::string::npos);
  EXPECT_EQ(shown().size(), 1u);
}

TEST_F(Tool, SavesAndRestoresAllOrNothing) {
  std::string table;
  for (int n = 1; n <= 3000; n++)
    table += "10.9.0.1:" + std::to_string(n) + " 10.9.0.2:443 offset " + std::to_string(n) +
             " mode wire timeout " + std::to_string(100 + n) + "\n";
  std::ofstream("/tmp/table") << "# a comment\n\n" << table;
  does("restore /tmp/table");
  std::vector<std::string> saved;
  std::istringstream lines(run("save").out);
  for (std::string line; std::getline(lines, line);) saved.push_back(line + "\n");
  EXPECT_EQ(saved.size(), 3000u);
  for (const std::string& line : {saved.front(), saved.back()}) {
    const size_t plus = line.find("+");
    ASSERT_NE(plus, std::string::npos);
    EXPECT_NE(table.find(line.substr(0, plus) + line.substr(plus + 1)), std::string::npos) << line;
  }
  // Once more: the first line is there already, and then line 2001 of the file is.
  refuses("restore /tmp/table", 2, {"line 3", "already", "nothing was restored"});
  does("flush force >/dev/null; tsoffset -n tool add 10.9.0.1:2000 10.9.0.2:443 7");
  refuses("restore /tmp/table", 2, {"line 2002", "already", "nothing was restored"});
  EXPECT_EQ(shown().size(), 1u);
  std::ofstream("/tmp/broken") << table << "10.9.0.1 nonsense\n";
  refuses("restore /tmp/broken", 1, {"line 3001"});
  EXPECT_EQ(shown().at(0).at("offset"), 7);
  does("restore replace /tmp/table");
  EXPECT_EQ(shown().size(), 3000u);
  // What was saved is what is restored, from standard input too, in another namespace.
  const Namespace other("other");
  does("save | tsoffset -n other restore");
  EXPECT_EQ(other.stats().at("entries"), 3000u);
}

TEST_F(Tool, MonitorTellsEventsAsTheyCome) {
  std::thread listener([&] { sh("tsoffset -n tool -j monitor count 3 >/tmp/events"); });
  // It has no way to say that it listens.
  ASSERT_TRUE(wait_for([] { return sh_ok("pidof tsoffset"); }, 5));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  does("add " + kOne + " 5");
  does("set " + kOne + " 6");
  does("del " + kOne);
  listener.join();
  std::ifstream events("/tmp/events");
  std::vector<json> seen;
  for (std::string line; std::getline(events, line);) seen.push_back(json::parse(line));
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].at("event"), "add");
  EXPECT_EQ(seen[1].at("event"), "set");
  EXPECT_EQ(seen[1].at("entry").at("offset"), 6);
  EXPECT_EQ(seen[2].at("event"), "del");
  EXPECT_EQ(seen[2].at("reason"), "command");
}

TEST_F(Tool, StatsNameEachCounter) {
  const json stats = json::parse(run("-j stats").out);
  for (const char* name : {"out", "in", "no_option", "malformed", "unwritable", "fragment", "fraglist",
                           "table_full", "expired", "entries", "limit"})
    EXPECT_TRUE(stats.at(name).is_number_unsigned()) << name;
  EXPECT_EQ(stats.size(), 11u);
  EXPECT_NE(run("stats").out.find("table_full 0\n"), std::string::npos);
}

// The whole way of a user who was called because a connection hangs.
TEST_F(Tool, FromACaptureOfTheStall) {
  Pair pair;
  Connection connection = connect(pair.left, pair.right, "10.0.0.2", 443);
  Pump pump(connection.client, connection.server);
  const auto recorder = std::make_unique<Recorder>(pair.right, "left", "/tmp/stall.pcap");
  for (int i = 1; i <= 8; i++) {  // enough to see how fast its clock runs
    ASSERT_TRUE(pump.run(static_cast<uint64_t>(i) * 20000));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  Image image = dump(connection.client);
  image.timestamp -= 7654322;  // even: since Linux 6.7 an odd one would tick in microseconds
  connection.client = restore(pair.left, image);
  pump.replace_one(connection.client);
  resume(connection.client);
  ASSERT_FALSE(pump.run(400000, 2));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // the recorder's buffer is still in its file

  const std::string other = "10.0.0.1:9 10.0.0.2:443";
  refuses("add " + other + " --from-capture /tmp/stall.pcap", 1, {"10.0.0.1:9", "did not move"});
  Result saved = run("save --from-capture /tmp/stall.pcap");
  EXPECT_NE(saved.out.find(to_string(connection.client_address) + " 10.0.0.2:443 offset +765"),
            std::string::npos)
      << saved.out << saved.err;
  EXPECT_EQ(shown(), json::array()) << "that only prints";
  const uint64_t before = pair.right.netstat("PAWSEstab");
  const Result added = run("add --from-capture /tmp/stall.pcap timeout 500", "left");
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_EQ(added.out, "");
  EXPECT_TRUE(pump.run(2000000, 30)) << "it goes on";
  EXPECT_LE(pair.right.netstat("PAWSEstab") - before, 1u);
  const json entries = json::parse(run("-j show", "left").out);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_NEAR(entries[0].at("offset").get<double>(), 7654322, 1000) << "its old clock goes on";
  EXPECT_EQ(entries[0].at("timeout"), 500);
}

}  // namespace
