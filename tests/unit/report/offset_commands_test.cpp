// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/report/sample_flows.h"

namespace tsaudit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(OffsetCommands, LocalIsTheMigratedEndpoint) {
  FlowReport flow = sample::stalled(7);
  EXPECT_THAT(offset_commands(flow, flow.migrations[0]),
              ElementsAre("tsoffset add inet 10.0.0.1:40007 10.0.0.2:443 +4003200",
                          "setsockopt(fd, IPPROTO_TCP, TCP_TIMESTAMP, &(uint32_t){3004003200}, 4);"));
  flow.migrations[0].endpoint = Side::server;
  EXPECT_EQ(offset_commands(flow, flow.migrations[0])[0],
            "tsoffset add inet 10.0.0.2:443 10.0.0.1:40007 +4003200");
}

TEST(OffsetCommands, ADirectionWithoutAMigrationHasTheLeastOffset) {
  FlowReport flow = sample::stalled(7);
  EXPECT_THAT(offset_commands(flow, flow.directions[1]), IsEmpty());
  flow.directions[1].offset_min = 999'821;
  EXPECT_THAT(offset_commands(flow, flow.directions[1]),
              ElementsAre("tsoffset add inet 10.0.0.2:443 10.0.0.1:40007 +999821"));
}

TEST(OffsetCommands, Ipv6HasItsFamilyAndBrackets) {
  FlowReport flow = sample::stalled(7);
  flow.client = sample::endpoint("2001:db8::1", 40'000);
  flow.server = sample::endpoint("2001:db8::2", 443);
  EXPECT_EQ(offset_commands(flow, flow.migrations[0])[0],
            "tsoffset add inet6 [2001:db8::1]:40000 [2001:db8::2]:443 +4003200");
}

// The offset is a number mod 2^32; the table takes its signed view.
TEST(OffsetCommands, OffsetIsShownInItsSigned32BitView) {
  FlowReport flow = sample::stalled(7);
  flow.migrations[0].timestamp_sockopt.reset();
  const auto shown = [&](int64_t suggested) {
    flow.migrations[0].offset->suggested = suggested;
    const std::string command = offset_commands(flow, flow.migrations[0]).at(0);
    return command.substr(command.rfind(' ') + 1);
  };
  EXPECT_EQ(shown(-1), "-1");
  EXPECT_EQ(shown(0), "+0");
  EXPECT_EQ(shown(4'294'967'295), "-1");
  EXPECT_EQ(shown(-4'294'967'295), "+1");
  EXPECT_EQ(shown(2'147'483'648), "-2147483648");
}

TEST(OffsetCommands, NothingKnownNothingAdvised) {
  FlowReport flow = sample::stalled(7);
  flow.migrations[0].offset.reset();
  flow.migrations[0].timestamp_sockopt.reset();
  EXPECT_THAT(offset_commands(flow, flow.migrations[0]), IsEmpty());
}

}  // namespace
}  // namespace tsaudit
