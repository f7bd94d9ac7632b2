// SPDX-License-Identifier: Apache-2.0
//
// What the module is for: a connection whose restore lost the clock, without and with it.
#include <gtest/gtest.h>

#include "rig.h"
#include "tcp.h"

namespace {

using namespace rig;
using tsoffset::Entry;
using tsoffset::KernelError;

const uint64_t kBytes = bytes(10 << 20);
constexpr uint32_t kBack = 1000000;  // ticks that the restored clock is behind

struct Role {
  const char* name;
  const char* host;
  bool server_moves;
};

// One connection over a pair of hosts; the left one's end moves to a socket whose clock is behind.
class Rescue : public testing::TestWithParam<Role> {
 protected:
  void SetUp() override {
    const auto& role = GetParam();
    const bool v6 = std::string(role.host).find(':') != std::string::npos;
    // The end that moves is always in `left`.
    if (role.server_moves) {
      connection_ = connect(pair_.right, pair_.left, v6 ? "fd00::1" : "10.0.0.1");
      std::swap(connection_.client, connection_.server);
      std::swap(connection_.client_address, connection_.server_address);
    } else {
      connection_ = connect(pair_.left, pair_.right, role.host);
    }
    pump_.emplace(moving(), peer());
    ASSERT_TRUE(pump_->run(kBytes / 100));
  }

  Socket& moving() { return connection_.client; }
  Socket& peer() { return connection_.server; }
  Entry entry() const { return entry_of(connection_.client_address, connection_.server_address); }

  // Moves it, with a clock that is `back` ticks behind; still in repair mode.
  void move(uint32_t back) {
    Image image = dump(moving());
    last_tsval_ = image.timestamp;
    image.timestamp -= back;
    moving() = restore(pair_.left, image);
    pump_->replace_one(moving());
    dropped_before_ = dropped();
  }
  void rescue_from_last_tsval(uint8_t mode) {
    move(0x50000000);
    Entry e = entry();
    e.last_tsval = last_tsval_;
    e.mode = mode;
    pair_.left.kernel().store({e}, false);
    const Entry now = pair_.left.kernel().get(e);
    ASSERT_TRUE(now.tsval.has_value());
    EXPECT_GE(static_cast<int32_t>(*now.tsval - last_tsval_), 1);
    EXPECT_LT(static_cast<int32_t>(*now.tsval - last_tsval_), 2000) << "it goes on, it does not leap";
    resume(moving());
    EXPECT_TRUE(pump_->run(kBytes / 10));
    EXPECT_EQ(dropped_since(), 0u);
  }
  uint64_t dropped() const { return pair_.right.netstat("PAWSEstab"); }
  uint64_t dropped_since() const { return dropped() - dropped_before_; }

  Pair pair_;
  Connection connection_;
  std::optional<Pump> pump_;
  uint32_t last_tsval_ = 0;
  uint64_t dropped_before_ = 0;
};

TEST_P(Rescue, StallsWithoutTheModule) {
  move(kBack);
  resume(moving());
  EXPECT_FALSE(pump_->run(kBytes, 3)) << "the clock went back, so this cannot work";
  EXPECT_LT(pump_->forward(), kBytes / 50) << "nothing new may arrive at the peer";
  EXPECT_GE(dropped_since(), 3u);
}

TEST_P(Rescue, WireModeBeforeItSpeaks) {
  move(kBack);
  Entry e = entry();
  e.offset = kBack;
  pair_.left.kernel().store({e}, false);
  resume(moving());
  EXPECT_TRUE(pump_->run(kBytes));
  EXPECT_EQ(dropped_since(), 0u) << "the entry was there before the first packet";
  const Entry now = pair_.left.kernel().get(e);
  EXPECT_GT(now.packets_out, bytes(100));
  EXPECT_GT(now.packets_in, bytes(100));
  EXPECT_EQ(pair_.right.netstat("InCsumErrors") + pair_.left.netstat("InCsumErrors"), 0u);
}

TEST_P(Rescue, SocketModeWhileInRepair) {
  move(kBack);
  Entry e = entry();
  e.offset = kBack;
  e.mode = TSOFF_MODE_SOCKET;
  pair_.left.kernel().store({e}, false);
  resume(moving());
  EXPECT_TRUE(pump_->run(kBytes));
  EXPECT_EQ(dropped_since(), 0u);
  EXPECT_EQ(pair_.left.kernel().get(e).packets_out, 0u) << "no cost per packet";
}

TEST_P(Rescue, LateEntryEndsTheStall) {
  move(kBack);
  resume(moving());
  ASSERT_FALSE(pump_->run(kBytes, 1.5));
  Entry e = entry();
  e.offset = kBack;
  pair_.left.kernel().store({e}, false);
  const uint64_t before = dropped();
  EXPECT_TRUE(pump_->run(kBytes, 30));
  EXPECT_LE(dropped() - before, 1u);
}

TEST_P(Rescue, WireModeFromTheLastTsval) { rescue_from_last_tsval(TSOFF_MODE_WIRE); }
TEST_P(Rescue, SocketModeFromTheLastTsval) { rescue_from_last_tsval(TSOFF_MODE_SOCKET); }

TEST_P(Rescue, TheWrapOfTheClockIsNotTheWrapOnTheWire) {
  Image image = dump(moving());
  last_tsval_ = image.timestamp;
  image.timestamp = 0xffffff00;  // wraps a quarter of a second later
  moving() = restore(pair_.left, image);
  pump_->replace_one(moving());
  dropped_before_ = dropped();
  Entry e = entry();
  e.last_tsval = last_tsval_;
  pair_.left.kernel().store({e}, false);
  resume(moving());
  const auto wrapped = [&] { return timestamp_now(moving()) < 0x1000; };
  uint64_t total = kBytes / 100;
  while (!wrapped() && total < 100 * kBytes) ASSERT_TRUE(pump_->run(total += 1 << 18));
  EXPECT_TRUE(pump_->run(total + kBytes / 10));
  EXPECT_EQ(dropped_since(), 0u);
}

TEST_P(Rescue, BothModesAtOnceAreRefused) {
  for (const uint8_t first : {TSOFF_MODE_WIRE, TSOFF_MODE_SOCKET}) {
    Entry e = entry();
    e.offset = 5;
    e.mode = first;
    pair_.left.kernel().store({e}, false);
    e.mode = first == TSOFF_MODE_WIRE ? TSOFF_MODE_SOCKET : TSOFF_MODE_WIRE;
    for (const bool replace : {false, true}) {
      try {
        pair_.left.kernel().store({e}, replace);
        FAIL() << "stored";
      } catch (const KernelError& error) {
        EXPECT_EQ(error.code(), EBUSY) << error.what();
      }
    }
    pair_.left.kernel().remove({e}, true);
  }
  EXPECT_TRUE(pump_->run(kBytes / 10)) << "the offsets were taken back";
}

TEST_P(Rescue, ALiveConnectionIsNotStalledByAccident) {
  Entry e = entry();
  e.offset = 7;
  for (const uint8_t mode : {TSOFF_MODE_WIRE, TSOFF_MODE_SOCKET}) {
    e.mode = mode;
    pair_.left.kernel().store({e}, false);
    ASSERT_TRUE(pump_->run(kBytes / 100 * (2u + mode)));
    try {
      pair_.left.kernel().remove({e}, false);
      FAIL() << "deleted";
    } catch (const KernelError& error) {
      EXPECT_EQ(error.code(), EBUSY);
    }
    EXPECT_EQ(pair_.left.kernel().flush(false), 0u);
    pair_.left.kernel().remove({e}, true);
  }
}

TEST_P(Rescue, ChangedTickRateIsRefused) {
  Entry e = entry();
  e.offset = 5;
  e.rate_was = 1000000;  // the socket ticks at 1000
  for (const uint8_t mode : {TSOFF_MODE_WIRE, TSOFF_MODE_SOCKET}) {
    e.mode = mode;
    try {
      pair_.left.kernel().store({e}, false);
      FAIL() << "stored";
    } catch (const KernelError& error) {
      EXPECT_EQ(error.code(), EINVAL);
      EXPECT_NE(std::string(error.what()).find("rate"), std::string::npos) << error.what();
    }
  }
}

// With real checksums on the wire, and segments of one packet each.
TEST_P(Rescue, WithoutOffloads) {
  pair_.left.exec("ethtool -K right tx off tso off gso off gro off");
  pair_.right.exec("ethtool -K left tx off tso off gso off gro off");
  move(kBack);
  Entry e = entry();
  e.offset = kBack;
  pair_.left.kernel().store({e}, false);
  resume(moving());
  EXPECT_TRUE(pump_->run(kBytes / 5));
  EXPECT_EQ(dropped_since(), 0u);
  EXPECT_EQ(pair_.right.netstat("InCsumErrors") + pair_.left.netstat("InCsumErrors"), 0u);
}

INSTANTIATE_TEST_SUITE_P(Roles, Rescue,
                         testing::Values(Role{"ClientV4", "10.0.0.2", false},
                                         Role{"ServerV4", "10.0.0.2", true},
                                         Role{"ClientV6", "fd00::2", false},
                                         Role{"ServerV6", "fd00::2", true}),
                         [](const auto& param) { return param.param.name; });

}  // namespace
