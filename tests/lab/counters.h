// SPDX-License-Identifier: Apache-2.0
// nstat: the TCP counters of a namespace and what they grew by.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "netns.h"

namespace lab {

using Counters = std::map<std::string, uint64_t>;  ///< "PAWSEstab" -> 3; only the Tcp and TcpExt groups

class CounterReader {
 public:
  explicit CounterReader(const Namespace& ns);
  Counters read() const;

 private:
  UniqueFd snmp_, netstat_;  // they show the namespace in which they were opened
};

/// Counters that changed.
Counters growth(const Counters& before, const Counters& after);

}  // namespace lab
