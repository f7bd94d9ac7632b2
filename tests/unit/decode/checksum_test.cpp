// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "unit/decode/sums.h"

namespace tsaudit {
namespace {

using namespace craft;

Checksum verified(const Bytes& ip, size_t captured = SIZE_MAX) {
  const Decoded d = decode_bytes(ip, 101, captured);
  EXPECT_EQ(d.status, DecodeStatus::segment);
  return verify_checksums(d.segment);
}

TEST(Checksum, EveryPayloadLength) {
  std::mt19937 random(1071);
  for (size_t size = 0; size < 70; ++size) {
    Bytes data(size);
    for (uint8_t& byte : data) byte = static_cast<uint8_t>(random());
    const Bytes v4 = summed(ipv4(6, tcp() + data, hex("01010100")), 24);
    const Bytes v6 = summed(ipv6(6, tcp() + data), 40);
    EXPECT_EQ(verified(v4), Checksum::good) << size;
    EXPECT_EQ(verified(v6), Checksum::good) << size;
  }
}

TEST(Checksum, EveryFlippedBitShows) {
  for (const auto& [packet, tcp_at] :
       {std::pair(summed(ipv4(6, tcp()), 20), 20), {summed(ipv6(6, tcp()), 40), 40}}) {
    for (size_t bit = static_cast<size_t>(tcp_at) * 8; bit < packet.size() * 8; ++bit) {
      if (bit / 8 == static_cast<size_t>(tcp_at) + 12) continue;  // the data offset: another layout
      Bytes flipped = packet;
      flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      EXPECT_EQ(verified(flipped), Checksum::bad) << "bit " << bit;
    }
  }
}

TEST(Checksum, BadIpv4HeaderIsBadEvenWhereTcpIsCut) {
  Bytes packet = summed(ipv4(6, tcp()), 20);
  packet[8] ^= 1;  // TTL
  EXPECT_EQ(verified(packet), Checksum::bad);
  EXPECT_EQ(verified(packet, packet.size() - 1), Checksum::bad);
}

TEST(Checksum, CutPayloadIsUnknown) {
  const Bytes packet = summed(ipv4(6, tcp()), 20);
  EXPECT_EQ(verified(packet, packet.size() - 1), Checksum::unknown);
}

TEST(Checksum, FirstFragmentIsUnknown) {
  const Bytes packet = summed(ipv4(6, tcp(), {}, 0x2000), 20);
  EXPECT_EQ(verified(packet), Checksum::unknown);
  const Bytes v6 = summed(ipv6(44, hex("06 00 0001 00000001") + tcp()), 48);
  EXPECT_EQ(verified(v6), Checksum::unknown);
}

TEST(Checksum, AtomicFragmentAndExtensionsAreVerified) {
  EXPECT_EQ(verified(summed(ipv6(44, hex("06 00 0000 00000001") + tcp()), 48)), Checksum::good);
  const Bytes extensions =
      hex("3c 00 010400000000") + hex("33 00 010400000000") + hex("06 04 0000") + zeros(20);
  EXPECT_EQ(verified(summed(ipv6(0, extensions + tcp()), 40 + extensions.size())), Checksum::good);
}

/// The destination that the checksum covers is the last hop's.
TEST(Checksum, RoutingHeaderWithHopsToGoIsUnknown) {
  const Bytes to_go = hex("06 02 02 01 00000000") + zeros(16);
  EXPECT_EQ(verified(summed(ipv6(43, to_go + tcp()), 64)), Checksum::unknown);
  const Bytes arrived = hex("06 02 02 00 00000000") + zeros(16);
  EXPECT_EQ(verified(summed(ipv6(43, arrived + tcp()), 64)), Checksum::good);
}

/// CHECKSUM_PARTIAL: the sum over the pseudo-header, not inverted, waits for the NIC.
TEST(Checksum, PseudoHeaderSumIsOffloaded) {
  for (const auto& [packet, tcp_at] :
       {std::pair(summed(ipv4(6, tcp()), 20), 20), {summed(ipv6(6, tcp()), 40), 40}}) {
    Bytes partial = packet;
    const uint16_t pseudo = pseudo_header_sum(partial, static_cast<size_t>(tcp_at));
    put16(partial, static_cast<size_t>(tcp_at) + 16, pseudo);
    EXPECT_EQ(verified(partial), Checksum::offloaded);
    put16(partial, static_cast<size_t>(tcp_at) + 16, static_cast<uint16_t>(~pseudo));
    EXPECT_EQ(verified(partial), Checksum::bad);
  }
}

TEST(Checksum, ZeroIpv4HeaderChecksumIsOffloaded) {
  Bytes packet = summed(ipv4(6, tcp()), 20);
  put16(packet, 10, 0);
  EXPECT_EQ(verified(packet), Checksum::offloaded);
}

TEST(Checksum, PaddingIsNotCovered) {
  const Decoded d = decode_bytes(ethernet(0x0800, summed(ipv4(6, tcp()), 20)) + hex("deadbeef"));
  EXPECT_EQ(verify_checksums(d.segment), Checksum::good);
}

}  // namespace
}  // namespace tsaudit
