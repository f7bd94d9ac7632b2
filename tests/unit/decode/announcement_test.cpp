// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "unit/decode/craft.h"
#include "unit/decode/properties.h"

namespace tsaudit {
namespace {

using namespace craft;

Bytes arp(std::string_view operation, std::string_view sender_mac, std::string_view sender,
          std::string_view target) {
  return ethernet(0x0806, hex("0001 0800 06 04") + hex(operation) + hex(sender_mac) + hex(sender) +
                              hex("000000000000") + hex(target) + zeros(18));
}

TEST(Announcement, GratuitousArpRequestAndReply) {
  for (const char* operation : {"0001", "0002"}) {
    const Decoded d = decode_bytes(arp(operation, "0200000000cc", "c0000201", "c0000201"));
    ASSERT_EQ(d.status, DecodeStatus::announcement);
    EXPECT_EQ(to_string(d.notice.announcement.address), "192.0.2.1");
    EXPECT_EQ(d.notice.announcement.mac, 0x0200000000ccu);
    EXPECT_EQ(d.notice.announcement.frame, 7u);
    EXPECT_EQ(d.notice.announcement.time_ns, 1234567890);
    EXPECT_EQ(broken_property(d.packet), nullptr);
  }
}

TEST(Announcement, InAVlan) {
  Bytes tagged = arp("0002", "0200000000cc", "c0000201", "c0000201");
  const Bytes tag = hex("8100 002a");
  tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
  EXPECT_EQ(decode_bytes(tagged).status, DecodeStatus::announcement);
}

TEST(Announcement, OtherArpIsNone) {
  EXPECT_EQ(decode_bytes(arp("0001", "0200000000cc", "c0000201", "c0000202")).status, DecodeStatus::not_ip);
  EXPECT_EQ(decode_bytes(arp("0001", "0200000000cc", "00000000", "c0000202")).status,
            DecodeStatus::not_ip);  // probe
  EXPECT_EQ(decode_bytes(arp("0001", "0200000000cc", "00000000", "00000000")).status, DecodeStatus::not_ip);
  EXPECT_EQ(decode_bytes(arp("0001", "000000000000", "c0000201", "c0000201")).status, DecodeStatus::not_ip);
  EXPECT_EQ(decode_bytes(arp("0003", "0200000000cc", "c0000201", "c0000201")).status,
            DecodeStatus::not_ip);  // RARP
}

TEST(Announcement, CutArp) {
  const Bytes packet = arp("0001", "0200000000cc", "c0000201", "c0000201");
  for (size_t kept = 0; kept < 14 + 28; ++kept)
    EXPECT_EQ(decode_bytes(packet, kEthernet, kept).status, DecodeStatus::cut_header) << kept;
  EXPECT_EQ(decode_bytes(packet, kEthernet, 14 + 28).status, DecodeStatus::announcement);
}

/// What QEMU sends after a live migration, for each of the guest's interfaces.
TEST(Announcement, AVirtualMachineThatMoved) {
  const auto rarp = [](std::string_view operation, std::string_view sender, std::string_view target) {
    return ethernet(0x8035, hex("0001 0800 06 04") + hex(operation) + hex(sender) + hex("00000000") +
                                hex(target) + hex("00000000") + zeros(18));
  };
  const Bytes packet = rarp("0003", "5254000000cc", "5254000000cc");
  const Decoded d = decode_bytes(packet);
  ASSERT_EQ(d.status, DecodeStatus::announcement);
  EXPECT_EQ(d.notice.announcement.address, IpAddress{});
  EXPECT_EQ(d.notice.announcement.mac, 0x5254000000ccu);
  EXPECT_EQ(broken_property(d.packet), nullptr);
  for (size_t kept = 0; kept < 14 + 28; ++kept)
    EXPECT_EQ(decode_bytes(packet, kEthernet, kept).status, DecodeStatus::cut_header) << kept;
  EXPECT_EQ(decode_bytes(rarp("0004", "5254000000cc", "5254000000cc")).status, DecodeStatus::not_ip)
      << "a reply";
  EXPECT_EQ(decode_bytes(rarp("0003", "5254000000cc", "5254000000cd")).status, DecodeStatus::not_ip)
      << "for another";
}

/// Type 136 for 2001:db8::9, options behind.
Bytes advertisement(std::string_view flags, const Bytes& options, uint8_t hop_limit = 255) {
  return ethernet(0x86dd, ipv6(58,
                               hex("88 00 0000") + hex(flags) + hex("000000") +
                                   hex("20010db8 00000000 00000000 00000009") + options,
                               hop_limit));
}
const Bytes kTargetAddress = hex("02 01 0200000000cc");

TEST(Announcement, UnsolicitedNeighbourAdvertisement) {
  const Decoded d = decode_bytes(advertisement("20", kTargetAddress));
  ASSERT_EQ(d.status, DecodeStatus::announcement);
  EXPECT_EQ(to_string(d.notice.announcement.address), "2001:db8::9");
  EXPECT_EQ(d.notice.announcement.mac, 0x0200000000ccu);
  EXPECT_EQ(broken_property(d.packet), nullptr);
  const Bytes nonce = hex("0e 01 112233445566");
  EXPECT_EQ(decode_bytes(advertisement("a0", nonce + kTargetAddress)).status, DecodeStatus::announcement);
}

TEST(Announcement, OtherAdvertisementsAreNone) {
  EXPECT_EQ(decode_bytes(advertisement("60", kTargetAddress)).status, DecodeStatus::not_tcp);  // solicited
  EXPECT_EQ(decode_bytes(advertisement("20", {})).status, DecodeStatus::not_tcp);              // no address
  EXPECT_EQ(decode_bytes(advertisement("20", kTargetAddress, 254)).status, DecodeStatus::not_tcp);  // routed
  EXPECT_EQ(decode_bytes(advertisement("20", hex("02 00 0200000000cc"))).status, DecodeStatus::bad_header);
}

TEST(Announcement, CutAdvertisement) {
  const Bytes packet = advertisement("20", kTargetAddress);
  for (size_t kept = 0; kept < packet.size(); ++kept)
    EXPECT_EQ(decode_bytes(packet, kEthernet, kept).status, DecodeStatus::cut_header) << kept;
}

}  // namespace
}  // namespace tsaudit
