// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "report/flow_facts.h"
#include "tsaudit/writers.h"

namespace tsaudit {
namespace {

/// The table entry lives on the host whose clock it mends: its own address is the local one.
std::string add_command(const FlowReport& flow, Side side, int64_t ticks) {
  const Endpoint& local = endpoint_of(flow, side);
  return fmt::format("tsoffset add {} {} {} {:+}", local.address.v6 ? "inet6" : "inet", to_string(local),
                     to_string(endpoint_of(flow, other(side))),
                     static_cast<int32_t>(static_cast<uint32_t>(ticks)));
}

}  // namespace

std::vector<std::string> offset_commands(const FlowReport& flow, const Migration& migration) {
  std::vector<std::string> commands;
  if (migration.offset)
    commands.push_back(add_command(flow, migration.endpoint, migration.offset->suggested));
  if (migration.timestamp_sockopt) {
    // In repair mode, before the socket speaks.
    commands.push_back(fmt::format("setsockopt(fd, IPPROTO_TCP, TCP_TIMESTAMP, &(uint32_t){{{}}}, 4);",
                                   *migration.timestamp_sockopt));
  }
  return commands;
}

std::vector<std::string> offset_commands(const FlowReport& flow, const DirectionReport& direction) {
  if (!direction.offset_min) return {};
  return {add_command(flow, direction.from, *direction.offset_min)};
}

}  // namespace tsaudit
