// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "capture_advice.h"
#include "criu_images.h"
#include "kernel.h"

namespace tsoffset {
namespace {

constexpr const char* kUsage = R"(Usage: tsoffset [ OPTIONS ] COMMAND

  add|set CONNECTION OFFSET [ SETTINGS ]
  add|set [ CONNECTION ] --from-capture FILE [ SETTINGS ]
                              what tsaudit suggests for the connections that moved in a capture, or for this one
  del CONNECTION [ force ]
  show [ CONNECTION ]
  flush [ force ]
  monitor [ count N ]
  save [ criu FOLDER | --from-capture FILE ]
                              the table, for restore; or what CRIU dumped to FOLDER, or what a capture suggests
  criu-even FOLDER            in CRIU's images: no odd timestamps, if this kernel is older than 6.7
  restore [ auto ] [ replace ] [ FILE ]
                              all lines or none; auto computes offsets anew from each last-tsval
  stats

CONNECTION := [ local ] ADDRESS:PORT [ remote ] ADDRESS:PORT
OFFSET     := [ offset ] [+|-]TICKS | auto --last-tsval N
SETTINGS   := [ mode wire|socket ] [ timeout SECONDS ] [ rate-was HZ ] [ rate-now HZ ]
OPTIONS    := -j (JSON) | -n NETNS | -4 | -6 | -V | -h

Local is the end that moved. Exit code: 0, 1 for a mistake in the command, 2 if the kernel refused.
)";

struct Options {
  bool json = false;
  int family = AF_UNSPEC;
};

using Words = std::vector<std::string>;

void enter_namespace(const std::string& name) {
  const std::string path = name.find('/') == name.npos ? "/run/netns/" + name : name;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
    throw KernelError(errno, fmt::format("network namespace \"{}\": {}", name, std::strerror(errno)));
  close(fd);
}

bool take_flag(Words& words, const std::string& flag) {
  for (auto word = words.begin(); word != words.end(); ++word)
    if (*word == flag || *word == "--" + flag) {
      words.erase(word);
      return true;
    }
  return false;
}

// The word behind `keyword`, if that is there.
std::optional<std::string> take_value(Words& words, const std::string& keyword, const char* what) {
  const auto at = std::find_if(words.begin(), words.end(), [&](const std::string& word) {
    return word == keyword || word == "--" + keyword;
  });
  if (at == words.end()) return std::nullopt;
  if (at + 1 == words.end()) throw UsageError(fmt::format("{}: {} is missing", keyword, what));
  std::string value = *(at + 1);
  words.erase(at, at + 2);
  return value;
}

void expect_end(const Words& words) {
  if (!words.empty()) throw UsageError(fmt::format("what is \"{}\"?", words.front()));
}

void check_family(const Options& options, const Entry& entry) {
  if (options.family != AF_UNSPEC && options.family != entry.local.family)
    throw UsageError("the addresses are not of the family given");
}

void print(const Options& options, const std::vector<Entry>& entries) {
  if (options.json) std::fputs("[", stdout);
  const char* comma = "";
  for (const Entry& entry : entries) {
    if (options.family != AF_UNSPEC && options.family != entry.local.family) continue;
    if (options.json)
      fmt::print("{}{}", comma, to_json(entry));
    else
      fmt::print("{}\n", to_text(entry));
    comma = ",\n ";
  }
  if (options.json) std::fputs("]\n", stdout);
}

// Of the connections that moved in a capture.
std::vector<Entry> entries_of_capture(const Options& options, const std::string& path) {
  CaptureAdvice advice = advice_of_capture(path);
  for (const std::string& warning : advice.warnings) fmt::print(stderr, "Warning: {}.\n", warning);
  std::erase_if(advice.entries, [&](const Entry& entry) {
    return options.family != AF_UNSPEC && options.family != entry.local.family;
  });
  return std::move(advice.entries);
}

// CONNECTION, or all that there are, and SETTINGS.
std::vector<Entry> select(std::vector<Entry> entries, Words words, const std::string& path) {
  if (!words.empty() && (words.front().starts_with("inet") || words.front() == "local" ||
                         words.front().find(':') != std::string::npos)) {
    const Entry wanted = parse_connection(words);
    std::erase_if(entries, [&](const Entry& entry) {
      return entry.local != wanted.local || entry.remote != wanted.remote;
    });
    if (entries.empty())
      throw UsageError(fmt::format("{}: {} did not move in it, or to a clock that needs no offset", path,
                                   to_string(wanted.local)));
  }
  if (entries.empty())
    throw UsageError(fmt::format("{}: no connection in it moved to a clock that needs an offset", path));
  Entry settings;
  parse_settings(std::move(words), settings);
  if (settings.offset || settings.last_tsval) throw UsageError("either an offset or --from-capture");
  for (Entry& entry : entries) {
    entry.mode = settings.mode;
    entry.timeout = settings.timeout;
    if (settings.rate_was) entry.rate_was = settings.rate_was;
    if (settings.rate_now) entry.rate_now = settings.rate_now;
  }
  return entries;
}

int store(const Options& options, Words words, bool replace) {
  if (const auto path = take_value(words, "from-capture", "the file")) {
    const std::vector<Entry> entries = select(entries_of_capture(options, *path), std::move(words), *path);
    try {
      Kernel().store(entries, replace);
    } catch (const KernelError& error) {
      if (error.index() < 0 || error.index() >= static_cast<int>(entries.size())) throw;
      const Entry& entry = entries[static_cast<size_t>(error.index())];
      throw KernelError(error.code(), fmt::format("{} {}: {}; nothing was stored", to_string(entry.local),
                                                  to_string(entry.remote), error.what()));
    }
    return 0;
  }
  const Entry entry = parse_entry(std::move(words));
  check_family(options, entry);
  if (!entry.offset && !entry.last_tsval && !replace) throw UsageError("the offset is missing");
  Kernel().store({entry}, replace);
  return 0;
}

int add(const Options& options, Words words) { return store(options, std::move(words), false); }
int set(const Options& options, Words words) { return store(options, std::move(words), true); }

int del(const Options& options, Words words) {
  const bool force = take_flag(words, "force");
  const Entry entry = parse_connection(words);
  check_family(options, entry);
  expect_end(words);
  Kernel().remove({entry}, force);
  return 0;
}

int show(const Options& options, Words words) {
  if (words.empty()) {
    print(options, Kernel().all());
    return 0;
  }
  const Entry entry = parse_connection(words);
  expect_end(words);
  print(options, {Kernel().get(entry)});
  return 0;
}

int flush(const Options& options, Words words) {
  const bool force = take_flag(words, "force");
  expect_end(words);
  const uint32_t deleted = Kernel().flush(force);
  if (options.json)
    fmt::print("{{\"deleted\":{}}}\n", deleted);
  else
    fmt::print("deleted {}\n", deleted);
  return 0;
}

const char* command_name(tsoff_cmd command) {
  switch (command) {
    case TSOFF_CMD_ADD:
      return "add";
    case TSOFF_CMD_SET:
      return "set";
    case TSOFF_CMD_DEL:
      return "del";
    default:
      return "unknown";
  }
}

const char* reason_name(uint32_t reason) {
  constexpr const char* kNames[] = {"command", "closed", "idle", "reused"};
  return reason < std::size(kNames) ? kNames[reason] : "unknown";
}

int monitor(const Options& options, Words words) {
  uint64_t count = UINT64_MAX;
  if (take_flag(words, "count")) {
    if (words.empty()) throw UsageError("count of what?");
    count = parse_number(words.front(), "count");
    words.erase(words.begin());
  }
  expect_end(words);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  Kernel().monitor([&](const Event* event) {
    if (!event) {
      std::puts(options.json ? R"({"event":"lost"})" : "lost events");
      return true;
    }
    const char* name = command_name(event->command);
    const char* reason = event->reason ? reason_name(*event->reason) : nullptr;
    if (options.json)
      fmt::print("{{\"event\":\"{}\"{},\"entry\":{}}}\n", name,
                 reason ? fmt::format(",\"reason\":\"{}\"", reason) : "", to_json(event->entry));
    else
      fmt::print("{}{} {}\n", name, reason ? fmt::format(" ({})", reason) : "", to_text(event->entry));
    return --count != 0;
  });
  return 0;
}

// Since Linux 6.7 the lowest bit that getsockopt(TCP_TIMESTAMP) returns says whether ticks are microseconds.
bool timestamps_tell_unit() {
  utsname host{};
  int major = 0, minor = 0;
  uname(&host);
  return std::sscanf(host.release, "%d.%d", &major, &minor) == 2 && (major > 6 || (major == 6 && minor >= 7));
}

uint32_t dumped_rate(uint32_t timestamp) {
  return timestamps_tell_unit() && (timestamp & 1) ? 1'000'000 : 1000;
}

int criu_even(const Options& options, Words words) {
  if (words.empty()) throw UsageError("which folder of CRIU's images?");
  const std::string folder = words.front();
  words.erase(words.begin());
  expect_end(words);
  const size_t changed = timestamps_tell_unit() ? 0 : make_timestamps_even(folder);
  fmt::print("{}\n",
             options.json ? fmt::format("{{\"changed\":{}}}", changed) : fmt::format("changed {}", changed));
  return 0;
}

// Entries for the connections that CRIU dumped: the last TSval that each peer can have seen is the socket's
// clock plus the offset that this host's table has for it. A host that never had the module has none.
std::vector<Entry> entries_of_dump(const std::string& folder) {
  std::vector<Entry> table;
  try {
    table = Kernel().all();
  } catch (const KernelError& error) {
    if (error.code() != ENOENT) throw;
  }
  std::vector<Entry> entries;
  for (const DumpedConnection& dumped : read_dump(folder)) {
    if (!dumped.timestamp) {
      fmt::print(stderr, "Warning: {} {}: the image does not tell its timestamp.\n", to_string(dumped.local),
                 to_string(dumped.remote));
      continue;
    }
    Entry entry;
    const auto known = std::find_if(table.begin(), table.end(), [&](const Entry& e) {
      return e.local == dumped.local && e.remote == dumped.remote;
    });
    if (known != table.end()) entry = *known;
    // In socket mode the offset is in the socket's clock already, and moves with it.
    if (known == table.end() || entry.mode == TSOFF_MODE_SOCKET) entry.offset = 0;
    entry.local = dumped.local;
    entry.remote = dumped.remote;
    entry.tsval = *dumped.timestamp + *entry.offset;
    entry.rate_now = dumped_rate(*dumped.timestamp);
    entries.push_back(entry);
  }
  return entries;
}

int save(const Options& options, Words words) {
  const auto images = take_value(words, "criu", "the folder of CRIU's images");
  const auto capture = take_value(words, "from-capture", "the file");
  expect_end(words);
  if (images && capture) throw UsageError("either criu or --from-capture");
  const std::vector<Entry> entries = images    ? entries_of_dump(*images)
                                     : capture ? entries_of_capture(options, *capture)
                                               : Kernel().all();
  if (options.json) {
    print(options, entries);
    return 0;
  }
  for (const Entry& entry : entries)
    if (options.family == AF_UNSPEC || options.family == entry.local.family)
      fmt::print("{}\n", to_line(entry));
  return 0;
}

Words split(const std::string& line) {
  Words words;
  size_t at = 0;
  while ((at = line.find_first_not_of(" \t\r", at)) != line.npos) {
    const size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

int restore(const Options& options, Words words) {
  const bool automatic = take_flag(words, "auto");
  const bool replace = take_flag(words, "replace");
  std::ifstream file;
  if (!words.empty() && words.front() != "-") {
    file.open(words.front());
    if (!file) throw UsageError(fmt::format("{}: {}", words.front(), std::strerror(errno)));
  }
  std::istream& input = file.is_open() ? file : std::cin;
  if (!words.empty()) words.erase(words.begin());
  expect_end(words);

  std::vector<Entry> entries;
  std::vector<int> lines;  // for the message, should the kernel refuse one
  int number = 0;
  for (std::string line; std::getline(input, line);) {
    number++;
    line.erase(std::min(line.find('#'), line.size()));
    const Words parts = split(line);
    if (parts.empty()) continue;
    try {
      entries.push_back(parse_entry(parts, automatic));
      check_family(options, entries.back());
    } catch (const UsageError& error) {
      throw UsageError(fmt::format("line {}: {}", number, error.what()));
    }
    lines.push_back(number);
  }
  try {
    Kernel().store(entries, replace);
  } catch (const KernelError& error) {
    if (error.index() < 0 || error.index() >= static_cast<int>(lines.size())) throw;
    throw KernelError(error.code(), fmt::format("line {}: {}; nothing was restored",
                                                lines[static_cast<size_t>(error.index())], error.what()));
  }
  return 0;
}

int stats(const Options& options, Words words) {
  expect_end(words);
  std::string text;
  for (const auto& [name, value] : Kernel().stats())
    text += options.json ? fmt::format("{}\"{}\":{}", text.empty() ? "{" : ",", name, value)
                         : fmt::format("{} {}\n", name, value);
  fmt::print("{}{}", text, options.json ? "}\n" : "");
  return 0;
}

const std::map<std::string, int (*)(const Options&, Words)> kCommands = {
    {"add", add},         {"set", set},   {"del", del},         {"show", show},   {"flush", flush},
    {"monitor", monitor}, {"save", save}, {"restore", restore}, {"stats", stats}, {"criu-even", criu_even},
};

int run(Words words) {
  Options options;
  while (!words.empty() && words.front().starts_with("-")) {
    const std::string word = words.front();
    words.erase(words.begin());
    if (word == "-j" || word == "--json") {
      options.json = true;
    } else if (word == "-4") {
      options.family = AF_INET;
    } else if (word == "-6") {
      options.family = AF_INET6;
    } else if (word == "-n" || word == "--netns") {
      if (words.empty()) throw UsageError("which network namespace?");
      enter_namespace(words.front());
      words.erase(words.begin());
    } else if (word == "-V" || word == "--version") {
      fmt::print("tsoffset {}\n", TSOFFSET_VERSION);
      return 0;
    } else if (word == "-h" || word == "--help") {
      std::fputs(kUsage, stdout);
      return 0;
    } else {
      throw UsageError(fmt::format("option \"{}\" is unknown, try \"tsoffset -h\"", word));
    }
  }
  const std::string name = words.empty() ? "show" : words.front();
  if (!words.empty()) words.erase(words.begin());
  const auto command = kCommands.find(name);
  if (command == kCommands.end())
    throw UsageError(fmt::format("command \"{}\" is unknown, try \"tsoffset -h\"", name));
  return command->second(options, std::move(words));
}

}  // namespace
}  // namespace tsoffset

int main(int argc, char** argv) {
  try {
    return tsoffset::run({argv + 1, argv + argc});
  } catch (const tsoffset::UsageError& error) {
    fmt::print(stderr, "Error: {}.\n", error.what());
    return 1;
  } catch (const tsoffset::KernelError& error) {
    fmt::print(stderr, "Error: {}.\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "Error: {}.\n", error.what());
    return 2;
  }
}
