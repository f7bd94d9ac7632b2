// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tsaudit/report.h"
#include "tsaudit/verdict.h"

namespace tsaudit {
namespace {

TEST(Names, EveryReasonHasItsOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kReasonCount; ++i) {
    const std::string_view name = to_string(static_cast<Reason>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_NE(name, "?");
    EXPECT_TRUE(names.insert(name).second) << name << " names two reasons";
  }
}

// The names by which `perf trace -e skb:kfree_skb` and pwru show these drops.
TEST(Names, DropReasonsAreTheKernels) {
  EXPECT_EQ(to_string(Reason::paws), "TCP_RFC7323_PAWS");
  EXPECT_EQ(to_string(Reason::paws_ack), "TCP_RFC7323_PAWS_ACK");
  EXPECT_EQ(to_string(Reason::tw_paws), "TCP_RFC7323_TW_PAWS");
  EXPECT_EQ(to_string(Reason::tsecr), "TCP_RFC7323_TSECR");
  EXPECT_EQ(to_string(Reason::old_sequence), "TCP_OLD_SEQUENCE");
  EXPECT_EQ(to_string(Reason::invalid_end_sequence), "TCP_INVALID_END_SEQUENCE");
  EXPECT_EQ(to_string(Reason::invalid_ack_sequence), "TCP_INVALID_ACK_SEQUENCE");
  EXPECT_EQ(to_string(Reason::over_window), "TCP_OVERWINDOW");
  EXPECT_EQ(to_string(Reason::ack_unsent_data), "TCP_ACK_UNSENT_DATA");
  EXPECT_EQ(to_string(Reason::reset), "TCP_RESET");
}

TEST(Names, OtherWordsAreTheContracts) {
  EXPECT_EQ(to_string(Reason::ts_recent_zero), "ts-recent-zero");
  EXPECT_EQ(to_string(Reason::state_unknown), "state-unknown");
  EXPECT_EQ(to_string(Reason::not_negotiated), "not-negotiated");
  EXPECT_EQ(to_string(Verdict::accept), "accept");
  EXPECT_EQ(to_string(Verdict::not_tested), "not-tested");
  EXPECT_EQ(to_string(Evidence::contradicted), "contradicted");
  EXPECT_EQ(to_string(Side::client), "client");
  EXPECT_EQ(to_string(Side::server), "server");
  EXPECT_EQ(to_string(Negotiated::yes), "yes");
  EXPECT_EQ(to_string(Negotiated::no), "no");
  EXPECT_EQ(to_string(Vantage::at_receiver), "at-receiver");
  EXPECT_EQ(to_string(Vantage::one_sided), "one-sided");
}

TEST(Names, ValueOutsideTheEnumDoesNotReadOutsideTheTable) {
  EXPECT_EQ(to_string(static_cast<Reason>(250)), "?");
  EXPECT_EQ(to_string(static_cast<Vantage>(250)), "?");
}

}  // namespace
}  // namespace tsaudit
