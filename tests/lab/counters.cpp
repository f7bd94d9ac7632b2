// SPDX-License-Identifier: Apache-2.0
#include "counters.h"

#include <fcntl.h>
#include <unistd.h>

#include <sstream>

namespace lab {
namespace {

UniqueFd open_file(const std::string& path) {
  return UniqueFd(must(open(path.c_str(), O_RDONLY | O_CLOEXEC), "open " + path));
}

std::string whole(const UniqueFd& file) {
  std::string text(32768, '\0');
  text.resize(static_cast<size_t>(must(pread(file.get(), text.data(), text.size(), 0), "read counters")));
  return text;
}

/// Files of pairs of lines: "Group: name name ..." and "Group: value value ...".
void read_group(const std::string& text, const std::string& group, Counters& out) {
  std::istringstream lines(text);
  std::string names, values;
  while (std::getline(lines, names) && std::getline(lines, values)) {
    std::istringstream name_words(names), value_words(values);
    std::string name, value;
    name_words >> name;
    value_words >> value;
    if (name != group) continue;
    while (name_words >> name && value_words >> value)
      if (value[0] != '-') out[name] = std::stoull(value);
  }
}

}  // namespace

CounterReader::CounterReader(const Namespace& ns) {
  const auto inside = ns.enter();
  snmp_ = open_file("/proc/thread-self/net/snmp");
  netstat_ = open_file("/proc/thread-self/net/netstat");
}

Counters CounterReader::read() const {
  Counters out;
  read_group(whole(snmp_), "Tcp:", out);
  read_group(whole(netstat_), "TcpExt:", out);
  return out;
}

Counters growth(const Counters& before, const Counters& after) {
  Counters out;
  for (const auto& [name, value] : after) {
    const auto old = before.find(name);
    const uint64_t start = old == before.end() ? 0 : old->second;
    if (value != start) out[name] = value - start;
  }
  return out;
}

}  // namespace lab
