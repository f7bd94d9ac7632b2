// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "report/flow_facts.h"
#include "tsaudit/writers.h"

namespace tsaudit {

std::vector<std::string> offset_commands(const FlowReport& flow, const Migration& migration) {
  std::vector<std::string> commands;
  if (migration.offset) {
    // The table entry lives on the migrated host: its own address is the local one.
    const Endpoint& local = endpoint_of(flow, migration.endpoint);
    const Endpoint& remote = endpoint_of(flow, other(migration.endpoint));
    const auto ticks = static_cast<int32_t>(static_cast<uint32_t>(migration.offset->suggested));
    commands.push_back(fmt::format("tsoffset add {} {} {} {:+}", local.address.v6 ? "inet6" : "inet",
                                   to_string(local), to_string(remote), ticks));
  }
  if (migration.timestamp_sockopt) {
    // In repair mode, before the socket speaks.
    commands.push_back(fmt::format("setsockopt(fd, IPPROTO_TCP, TCP_TIMESTAMP, &(uint32_t){{{}}}, 4);",
                                   *migration.timestamp_sockopt));
  }
  return commands;
}

}  // namespace tsaudit
