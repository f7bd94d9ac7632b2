// SPDX-License-Identifier: Apache-2.0
// Live capture, on the loopback interface of a network namespace of its own.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "own_network.h"
#include "read_back.h"

namespace tsaudit::source {
namespace {

using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

void send_to(uint16_t port, const std::string& text) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(sendto(fd, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
            static_cast<ssize_t>(text.size()));
  close(fd);
}

/// A thread is moved to the namespace and dies with it; the test program stays where it is.
void in_own_network(const std::function<void()>& body) {
  bool isolated = false;
  std::thread([&] {
    isolated = enter_own_network();
    if (isolated) body();
  }).join();
  if (!isolated) GTEST_SKIP() << "no network namespace without CAP_SYS_ADMIN";
}

/// Packets of the next two seconds at most, until one ends with `text`.
std::vector<std::string> payloads_until(PacketSource& source, const std::string& text) {
  std::vector<std::string> seen;
  const auto deadline = Clock::now() + std::chrono::seconds(2);
  while (Clock::now() < deadline && !source.finished()) {
    for (const RawPacket& packet : source.next_batch()) {
      EXPECT_EQ(packet.frame, seen.size() + 1);
      EXPECT_EQ(packet.link_type, 1);
      EXPECT_GT(packet.time_ns, 1'600'000'000 * kSecond);
      constexpr size_t kHeaders = 14 + 20 + 8;
      if (packet.captured < kHeaders) continue;
      seen.emplace_back(packet.data + kHeaders, packet.data + packet.captured);
      if (seen.back() == text) return seen;
    }
  }
  return seen;
}

TEST(Live, DeliversPacketsThatTheFilterTakes) {
  in_own_network([] {
    auto source = open_live("lo", {.filter = "udp dst port 7777"});
    ASSERT_TRUE(source) << source.error().message;
    send_to(7778, "not this");
    for (int i = 0; i < 100; ++i) send_to(7777, "this");
    send_to(7777, "last");
    const std::vector<std::string> seen = payloads_until(**source, "last");
    EXPECT_EQ(std::ranges::count(seen, "this"), 100);
    EXPECT_EQ(std::ranges::count(seen, "not this"), 0);
    EXPECT_FALSE((*source)->finished());
    const CaptureInfo& info = (*source)->captures().at(0);
    EXPECT_EQ(info.name, "lo");
    EXPECT_EQ(info.format, "live");
    EXPECT_EQ(info.packets, seen.size());
  });
}

TEST(Live, RecordsWhatItDelivers) {
  in_own_network([] {
    const TempDirectory folder;
    auto source = open_live("lo", {.filter = "udp dst port 7777", .record = folder.path() + "/record.pcap"});
    ASSERT_TRUE(source) << source.error().message;
    for (const char* text : {"one", "two", "last"}) send_to(7777, text);
    const std::vector<std::string> seen = payloads_until(**source, "last");
    auto recorded = open_capture(folder.path() + "/record.pcap");
    ASSERT_TRUE(recorded) << recorded.error().message;
    EXPECT_EQ(payloads_until(**recorded, "last"), seen);
    EXPECT_EQ((*recorded)->captures()[0].format, "pcap-ns");
  });
}

TEST(Live, SaysWithThePacketsThatTheyWereNotRecorded) {
  in_own_network([] {
    auto source = open_live("lo", {.filter = "udp dst port 7777", .record = "/dev/full"});
    ASSERT_TRUE(source) << source.error().message;
    send_to(7777, "last");
    payloads_until(**source, "last");
    const std::optional<Error>& error = (*source)->captures().at(0).error;
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Errc::write_failed);
    EXPECT_EQ(error->message, "/dev/full: No space left on device");
  });
}

TEST(Live, TakesNoMoreOfAPacketThanAskedFor) {
  in_own_network([] {
    auto source = open_live("lo", {.filter = "udp dst port 7777", .snapshot = 200});
    ASSERT_TRUE(source) << source.error().message;
    send_to(7777, std::string(1000, 'x'));
    const auto deadline = Clock::now() + std::chrono::seconds(2);
    std::span<const RawPacket> packets;
    while (packets.empty() && Clock::now() < deadline) packets = (*source)->next_batch();
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(packets[0].captured, 200u);
    EXPECT_EQ(packets[0].length, 14u + 20 + 8 + 1000);
  });
}

TEST(Live, ReturnsWhileIdle) {
  in_own_network([] {
    auto source = open_live("lo");
    ASSERT_TRUE(source) << source.error().message;
    const auto begin = Clock::now();
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE((*source)->next_batch().empty());
      EXPECT_FALSE((*source)->finished());
    }
    const auto took = Clock::now() - begin;
    EXPECT_GE(took, std::chrono::milliseconds(250)) << "busy";
    EXPECT_LE(took, std::chrono::seconds(2));
  });
}

TEST(Live, EndsWithTheInterface) {
  in_own_network([] {
    if (std::system("ip link add gone0 type veth peer name gone1 && ip link set gone0 up") != 0) {
      GTEST_SKIP() << "cannot create a veth pair";
    }
    auto source = open_live("gone0");
    ASSERT_TRUE(source) << source.error().message;
    ASSERT_EQ(std::system("ip link delete gone0"), 0);
    payloads_until(**source, "");
    EXPECT_TRUE((*source)->finished());
    const std::optional<Error>& error = (*source)->captures().at(0).error;
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Errc::read_failed);
    EXPECT_THAT(error->message, HasSubstr("gone0: "));
  });
}

TEST(Live, SaysWhyItCannotBegin) {
  in_own_network([] {
    const auto absent = open_live("absent0");
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, Errc::cannot_open);
    EXPECT_THAT(absent.error().message, HasSubstr("absent0: "));
    const auto unclear = open_live("lo", {.filter = "tcp prot 80"});
    ASSERT_FALSE(unclear);
    EXPECT_EQ(unclear.error().code, Errc::bad_filter);
  });
}

}  // namespace
}  // namespace tsaudit::source
