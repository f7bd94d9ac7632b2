// SPDX-License-Identifier: Apache-2.0
#include "counters.h"

#include <sstream>

namespace lab {
namespace {

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

Counters read_counters(const Namespace& ns) {
  const auto inside = ns.enter();
  Counters out;
  read_group(read_file("/proc/thread-self/net/snmp"), "Tcp:", out);
  read_group(read_file("/proc/thread-self/net/netstat"), "TcpExt:", out);
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
