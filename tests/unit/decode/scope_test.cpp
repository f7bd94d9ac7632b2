// SPDX-License-Identifier: Apache-2.0
// Segment::scope: what names a virtual network, and only that.
#include <gtest/gtest.h>

#include <map>

#include "unit/decode/encapsulations.h"

namespace tsaudit {
namespace {

using namespace craft;

uint32_t scope_of(const Bytes& packet) {
  const Decoded d = decode_bytes(packet);
  EXPECT_EQ(d.status, DecodeStatus::segment);
  return d.segment.scope;
}
Bytes tagged(const Bytes& tags) { return ethernet(0x8100, tags + hex("0800") + kIpv4); }
Bytes vxlan(std::string_view vni) { return over_udp(4789, hex("08000000") + hex(vni) + hex("00") + kFrame); }
Bytes gre_key(std::string_view key) { return over_ip(47, hex("2000 0800") + hex(key) + kIpv4); }
Bytes gre_ethernet_key(std::string_view key) { return over_ip(47, hex("2000 6558") + hex(key) + kFrame); }

TEST(Scope, EachVirtualNetworkHasItsOwn) {
  const std::map<std::string, Bytes> networks = {
      {"none", kFrame},
      {"VLAN 42", tagged(hex("002a"))},
      {"VLAN 43", tagged(hex("002b"))},
      {"VLAN 10, 20", tagged(hex("000a 8100 0014"))},
      {"VLAN 20, 10", tagged(hex("0014 8100 000a"))},
      {"VLAN 10, 10", tagged(hex("000a 8100 000a"))},
      {"VNI 42", vxlan("00002a")},
      {"VNI 0", vxlan("000000")},
      {"VNI 0x2a00", vxlan("002a00")},
      {"key 42", gre_key("0000002a")},
      {"key 43", gre_key("0000002b")},
      {"key 0", gre_key("00000000")},
  };
  std::map<uint32_t, std::string> seen;
  for (const auto& [name, packet] : networks) {
    const auto [other, fresh] = seen.emplace(scope_of(packet), name);
    EXPECT_TRUE(fresh) << name << " and " << other->second << " share a scope";
  }
  EXPECT_EQ(scope_of(kFrame), 0u);
}

TEST(Scope, HowATagLooksDoesNotMatter) {
  const uint32_t scope = scope_of(tagged(hex("002a")));
  EXPECT_EQ(scope_of(tagged(hex("e02a"))), scope);                                  // priority
  EXPECT_EQ(scope_of(tagged(hex("0000 8100 002a"))), scope);                        // priority tag outside
  EXPECT_EQ(scope_of(ethernet(0x88a8, hex("002a 0800") + kIpv4)), scope);           // S-tag
  EXPECT_EQ(scope_of(ethernet(0x8100, hex("002a 8847 00010140") + kIpv4)), scope);  // labels
}

TEST(Scope, GeneveAndVxlanNameTheSameNetworks) {
  EXPECT_EQ(scope_of(over_udp(6081, hex("0000 6558 00002a00") + kFrame)), scope_of(vxlan("00002a")));
}

/// What differs between the two directions of a flow: TEIDs, PPTP call ids, outer addresses and ports.
TEST(Scope, DirectionDoesNotMatter) {
  EXPECT_EQ(scope_of(over_udp(2152, gtp("30", {}, kIpv4))), 0u);
  EXPECT_EQ(scope_of(over_ip(47, hex("2001 880b 0004 0001 ff03 0021") + kIpv4)), 0u);
  EXPECT_EQ(scope_of(over_ip(4, kIpv4)), 0u);
  const Bytes in_vxlan = hex("08000000 00002a00") + kFrame;
  EXPECT_EQ(scope_of(outer_ethernet(0x0800, ipv4(17, udp(4789, in_vxlan, 50001)))),
            scope_of(outer_ethernet(0x86dd, ipv6(17, udp(4789, in_vxlan, 60001)))));
}

TEST(Scope, NvgreFlowHashDoesNotMatterSmallKeysDo) {
  EXPECT_EQ(scope_of(gre_ethernet_key("00100001")), scope_of(gre_ethernet_key("001000ff")));  // VSID 0x1000
  EXPECT_NE(scope_of(gre_ethernet_key("00100001")), scope_of(gre_ethernet_key("00100101")));
  EXPECT_NE(scope_of(gre_ethernet_key("00000001")), scope_of(gre_ethernet_key("00000002")));
}

TEST(Scope, OuterNetworksCount) {
  const Bytes vni_in_vlan =
      outer_ethernet(0x8100, hex("0064 0800") + ipv4(17, udp(4789, hex("08000000 00002a00") + kFrame)));
  EXPECT_NE(scope_of(vni_in_vlan), scope_of(vxlan("00002a")));
}

}  // namespace
}  // namespace tsaudit
