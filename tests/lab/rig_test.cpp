// SPDX-License-Identifier: Apache-2.0
// Does the rig tell the truth? Its two witnesses, the tracepoint and the kernel's counters, must agree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "scenario.h"

namespace lab {
namespace {

class RigTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "the lab needs root";
    try {
      lab_ = std::make_unique<Lab>(Lab::Options{.folder = {}, .net = {}, .record = false});
    } catch (const SystemError& error) {
      GTEST_SKIP() << "the lab cannot run here: " << error.what();
    }
    if (!lab_->events().has_reasons()) GTEST_SKIP() << "kernel without drop reasons (before 5.17)";
    before_ = lab_->counters(Host::peer);
  }

  void play(const char* name) {
    const Scenario* scenario = find_scenario(name);
    ASSERT_NE(scenario, nullptr);
    stage_ = scenario->run(*lab_);
    lab_->finish();
  }
  size_t dropped_at_peer(const std::string& reason) const {
    size_t count = 0;
    for (const TruthRecord& record : lab_->truth().records())
      count += record.netns == lab_->net().ns(Host::peer).inode() && record.freed && record.reason == reason;
    return count;
  }
  uint64_t grown(const std::string& counter) const {
    const Counters growth = lab::growth(before_, lab_->counters(Host::peer));
    const auto found = growth.find(counter);
    return found == growth.end() ? 0 : found->second;
  }

  std::unique_ptr<Lab> lab_;
  Stage stage_;  // sockets that end before the counters are read would move them
  Counters before_;
};

TEST_F(RigTest, LoweredClockIsDiscardedByPaws) {
  play("naive-restore");
  EXPECT_GE(dropped_at_peer("TCP_RFC7323_PAWS"), 3u);
  EXPECT_EQ(dropped_at_peer("TCP_RFC7323_PAWS"), grown("PAWSEstab"));
  EXPECT_EQ(dropped_at_peer("TCP_RFC7323_PAWS_ACK"), grown("PAWSOldAck"));
  EXPECT_EQ(lab_->truth().unexplained(), 0u);
}

TEST_F(RigTest, KeptClockIsNot) {
  play("healthy");
  EXPECT_EQ(grown("PAWSEstab"), 0u);
  EXPECT_EQ(dropped_at_peer("TCP_RFC7323_PAWS"), 0u);
  size_t after_move = 0;
  for (const TruthRecord& record : lab_->truth().records()) after_move += record.segment.ttl == 63;
  EXPECT_GE(after_move, 8u) << "the restored connection carried data from the new host";
}

}  // namespace
}  // namespace lab
