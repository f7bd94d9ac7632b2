// SPDX-License-Identifier: Apache-2.0
#include "traffic.h"

#include <gtest/gtest.h>
#include <tins/tins.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "pass.h"

namespace {

using Bytes = std::vector<uint8_t>;

std::vector<Bytes> all_packets(const traffic::Options& options) {
  std::vector<Bytes> packets;
  traffic::Generator generator(options);
  for (traffic::Packet packet = generator.next(); !packet.bytes.empty(); packet = generator.next()) {
    packets.emplace_back(packet.bytes.begin(), packet.bytes.end());
  }
  return packets;
}

traffic::Options small() { return {.packets = 3000, .flows = 20, .snaplen = traffic::kFullSnaplen}; }

TEST(Traffic, SameOptionsGiveSameBytes) {
  traffic::Options options = small();
  const auto first = all_packets(options);
  ASSERT_EQ(first.size(), options.packets);
  EXPECT_EQ(first, all_packets(options));
  options.seed = 2;
  EXPECT_NE(first, all_packets(options));
}

// libtins computes lengths and checksums anew when it serializes: equal bytes mean that ours are right.
TEST(Traffic, LengthsAndChecksumsAreRight) {
  for (const uint32_t payload : {0u, 1u, 333u, 1448u}) {
    traffic::Options options = small();
    options.payload = payload;
    for (const Bytes& packet : all_packets(options)) {
      Tins::EthernetII parsed(packet.data(), static_cast<uint32_t>(packet.size()));
      ASSERT_EQ(parsed.serialize(), packet) << "payload " << payload;
    }
  }
}

TEST(Traffic, SnaplenCutsButKeepsTheLength) {
  traffic::Options options = small();
  options.snaplen = 74;
  traffic::Generator cut(options);
  options.snaplen = traffic::kFullSnaplen;
  traffic::Generator full(options);
  for (uint64_t i = 0; i < options.packets; ++i) {
    const traffic::Packet a = cut.next(), b = full.next();
    ASSERT_EQ(a.length, b.length);
    ASSERT_EQ(a.bytes.size(), std::min<size_t>(74, b.bytes.size()));
    ASSERT_TRUE(std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin()));
  }
}

// Said from the receiver's side: an ACK echoes the first segment that it acknowledges and the ACK before did
// not (RFC 7323 section 4.3), which with delayed ACKs is not the last one. And the sender echoes what it
// heard last.
TEST(Traffic, EchoesAreThoseOfAReceiverWithDelayedAcks) {
  struct Flow {
    std::optional<uint32_t> earliest;
    uint32_t last = 0, said_by_server = 0;
  };
  traffic::Options options = small();
  options.packets = 20'000;
  options.rate = 2000;  // so slow that the segments of a pair have different timestamps
  std::map<uint16_t, Flow> flows;
  int echoes_of_an_earlier_one = 0;
  for (const Bytes& packet : all_packets(options)) {
    const Tins::EthernetII parsed(packet.data(), static_cast<uint32_t>(packet.size()));
    const auto& tcp = parsed.rfind_pdu<Tins::TCP>();
    const auto [value, echo] = tcp.timestamp();  // throws when there is none
    if (tcp.dport() == 443) {
      Flow& flow = flows[tcp.sport()];
      ASSERT_EQ(echo, flow.said_by_server);
      const bool takes_sequence_space = tcp.get_flag(Tins::TCP::SYN) != 0 || tcp.inner_pdu() != nullptr;
      if (takes_sequence_space && !flow.earliest) flow.earliest = value;
      flow.last = value;
    } else {
      Flow& flow = flows[tcp.dport()];
      ASSERT_TRUE(flow.earliest);
      ASSERT_EQ(echo, *flow.earliest);
      echoes_of_an_earlier_one += echo != flow.last;
      flow.earliest.reset();
      flow.said_by_server = value;
    }
  }
  EXPECT_EQ(flows.size(), options.flows);
  EXPECT_GT(echoes_of_an_earlier_one, 1000);
}

TEST(Traffic, TimestampClocksRunAt1kHz) {
  traffic::Options options = small();
  options.flows = 1;
  options.rate = 100;
  traffic::Generator generator(options);
  std::map<bool, std::pair<int64_t, uint32_t>> first;
  for (traffic::Packet packet = generator.next(); !packet.bytes.empty(); packet = generator.next()) {
    pass::Segment segment;
    ASSERT_TRUE(pass::parse(packet.bytes, segment));
    const auto [at_ns, tsval] =
        first.try_emplace(segment.dport == 443, packet.time_ns, segment.tsval).first->second;
    const int64_t elapsed_ms = (packet.time_ns - at_ns) / 1'000'000;
    ASSERT_NEAR(static_cast<double>(segment.tsval - tsval), static_cast<double>(elapsed_ms), 1.0);
  }
  EXPECT_EQ(first.size(), 2u);
}

// The table's window slides: at no time do more flows talk than asked for, and in the end all have.
TEST(Traffic, ActiveWindowSlidesOverAllFlows) {
  traffic::Options options = small();
  options.packets = 60'000;
  options.flows = 1000;
  options.active = 50;
  std::map<uint32_t, int> clients;
  uint64_t number = 0;
  for (const Bytes& packet : all_packets(options)) {
    pass::Segment segment;
    ASSERT_TRUE(pass::parse(packet, segment));
    const uint32_t client = (segment.dport == 443 ? segment.src : segment.dst) & 0xffffff;
    const auto lowest = static_cast<uint32_t>((options.flows - options.active) * number++ / options.packets);
    ASSERT_GE(client, lowest);
    ASSERT_LT(client, lowest + options.active);
    ++clients[client];
  }
  EXPECT_GT(clients.size(), options.flows - options.active);
}

TEST(Traffic, RefusesOptionsOutOfRange) {
  EXPECT_THROW(traffic::Generator({.flows = 0}), std::invalid_argument);
  EXPECT_THROW(traffic::Generator({.flows = traffic::kMaxFlows + 1}), std::invalid_argument);
  EXPECT_THROW(traffic::Generator({.flows = 5, .active = 6}), std::invalid_argument);
  EXPECT_THROW(traffic::Generator({.payload = traffic::kMaxPayload + 1}), std::invalid_argument);
  EXPECT_THROW(traffic::Generator({.rate = 0}), std::invalid_argument);
}

}  // namespace
