// SPDX-License-Identifier: Apache-2.0
#include "model/fingerprint.h"

#include <gtest/gtest.h>

namespace tsaudit {
namespace {

TEST(Fingerprint, AnotherMacIsSeen) {
  // 16 bits of 48: neighbours, which hosts of one maker are, must not coincide.
  const MacAddress base = 0x525400123400;
  for (uint64_t i = 0; i < 256; ++i)
    for (uint64_t j = 0; j < i; ++j) EXPECT_NE(fold_mac(base + i), fold_mac(base + j)) << i << " " << j;
}

TEST(Fingerprint, PacketIdIsThatOfTheFamily) {
  Segment s;
  s.ip_id = 0x1234;
  s.flow_label = 0xabcde;
  EXPECT_EQ(packet_id(s), 0x1234);
  s.src.v6 = true;
  const uint16_t label = packet_id(s);
  s.ip_id = 7;
  EXPECT_EQ(packet_id(s), label);
  s.flow_label = 0xabcdf;
  EXPECT_NE(packet_id(s), label);
}

}  // namespace
}  // namespace tsaudit
