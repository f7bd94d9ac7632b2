// SPDX-License-Identifier: Apache-2.0
// The same TCP segment behind every link layer, tag and tunnel that decode knows.
#pragma once

#include <ostream>
#include <vector>

#include "craft.h"

namespace tsaudit::craft {

struct Case {
  const char* name;
  uint16_t link_type;
  Bytes packet;
  MacAddress mac = 0;
  bool scoped = false;
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

inline const Bytes kIpv4 = ipv4(6, tcp());
inline const Bytes kIpv6 = ipv6(6, tcp());
inline const Bytes kFrame = ethernet(0x0800, kIpv4);
/// What tshark believes to be Ethernet where nothing says so: a vendor's addresses, which begin with zero.
inline constexpr MacAddress kVendorMac = 0x001b21000001;
inline const Bytes kVendorFrame = hex("001b21aabbcc 001b21000001 0800") + kIpv4;
inline constexpr MacAddress kOuterMac = 0x0200000000bb;

/// A tunnel over UDP or IP, in an outer frame.
inline Bytes over_udp(uint16_t port, const Bytes& payload) {
  return outer_ethernet(0x0800, ipv4(17, udp(port, payload)));
}
inline Bytes over_ip(uint8_t protocol, const Bytes& payload) {
  return outer_ethernet(0x0800, ipv4(protocol, payload));
}
inline Bytes llc_snap(const Bytes& payload) { return hex("aaaa03 000000 0800") + payload; }

inline const Bytes kGreIp = hex("0000 0800") + kIpv4;
inline const Bytes k80211ToDs = hex("0801 0000 0200000000aa 020000000001 0200000000cc 1000");
inline const Bytes k80211FromDs = hex("0802 0000 0200000000aa 0200000000cc 020000000001 1000");

/// ERF record: time, type and flags, record length, losses, wire length.
inline Bytes erf(std::string_view type, const Bytes& rest, size_t wire_length) {
  return zeros(8) + hex(type) + hex("04") + u16(16 + rest.size()) + hex("0000") + u16(wire_length) + rest;
}
inline Bytes gtp(std::string_view flags, const Bytes& optional, const Bytes& payload) {
  return hex(flags) + hex("ff") + u16(optional.size() + payload.size()) + hex("12345678") + optional +
         payload;
}

inline const std::vector<Case> kEncapsulations = {
    // Link types
    {"ethernet_ipv4", 1, kFrame, kMac},
    {"ethernet_ipv6", 1, ethernet(0x86dd, kIpv6), kMac},
    {"ethernet_8023_snap", 1, ethernet(static_cast<uint16_t>(8 + kIpv4.size()), llc_snap(kIpv4)), kMac},
    {"ethernet_8023_ip_sap", 1, ethernet(static_cast<uint16_t>(3 + kIpv4.size()), hex("060603") + kIpv4),
     kMac},
    {"null_linux_order", 0, hex("02000000") + kIpv4},
    {"null_big_endian", 0, hex("00000002") + kIpv4},
    {"null_ipv6_linux", 0, hex("0a000000") + kIpv6},
    {"null_ipv6_netbsd", 0, hex("18000000") + kIpv6},
    {"null_ipv6_freebsd", 0, hex("1c000000") + kIpv6},
    {"null_ipv6_macos", 0, hex("1e000000") + kIpv6},
    {"loop", 108, hex("00000002") + kIpv4},
    {"raw_ipv4", 101, kIpv4},
    {"raw_ipv6", 101, kIpv6},
    {"raw_12", 12, kIpv4},
    {"raw_14", 14, kIpv6},
    {"linktype_ipv4", 228, kIpv4},
    {"linktype_ipv6", 229, kIpv6},
    {"sll", 113, hex("0000 0001 0006 0200000000010000 0800") + kIpv4, kMac},
    {"sll_without_mac", 113, hex("0000 0304 0000 0000000000000000 86dd") + kIpv6},
    {"sll_llc", 113, hex("0000 0001 0006 0200000000010000 0004") + llc_snap(kIpv4), kMac},
    {"sll2", 276, hex("0800 0000 00000002 0001 00 06 0200000000010000") + kIpv4, kMac},
    {"ppp", 9, hex("0021") + kIpv4},
    {"ppp_hdlc_framing", 9, hex("ff03 0057") + kIpv6},
    {"ppp_compressed_protocol", 9, hex("21") + kIpv4},
    {"ppp_mpls", 9, hex("0281 00010140") + kIpv4},
    {"linktype_ppp_hdlc", 50, hex("ff03 0021") + kIpv4},
    {"linktype_ppp_hdlc_cisco", 50, hex("0f00 0800") + kIpv4},
    {"cisco_hdlc", 104, hex("8f00 86dd") + kIpv6},
    {"linktype_ppp_ether", 51, hex("11 00 0001") + u16(2 + kIpv4.size()) + hex("0021") + kIpv4},
    {"ieee80211", 105, k80211ToDs + llc_snap(kIpv4), kMac},
    {"ieee80211_from_ds", 105, k80211FromDs + llc_snap(kIpv4), kMac},
    {"ieee80211_ad_hoc", 105, hex("0800 0000 0200000000aa 020000000001 0200000000cc 1000") + llc_snap(kIpv4),
     kMac},
    {"ieee80211_wds", 105,
     hex("0803 0000 0200000000aa 0200000000cc 0200000000dd 1000 020000000001") + llc_snap(kIpv4), kMac},
    {"ieee80211_qos", 105,
     hex("8801 0000 0200000000aa 020000000001 0200000000cc 1000 0000") + llc_snap(kIpv4), kMac},
    {"ieee80211_qos_ht_control", 105,
     hex("8881 0000 0200000000aa 020000000001 0200000000cc 1000 0000 00000000") + llc_snap(kIpv4), kMac},
    {"ieee80211_amsdu_of_one", 105,
     hex("8801 0000 0200000000aa 0200000000ee 0200000000cc 1000 8000") + hex("0200000000aa 020000000001") +
         u16(8 + kIpv4.size()) + llc_snap(kIpv4),
     kMac},
    {"radiotap", 127, hex("00 00 0800 00000000") + k80211ToDs + llc_snap(kIpv4), kMac},
    {"radiotap_two_bitmaps", 127, hex("00 00 0c00 00000080 00000000") + k80211ToDs + llc_snap(kIpv4), kMac},
    {"radiotap_padded_body", 127,  // TSFT and flags; QoS header of 26 bytes aligned to 28
     hex("00 00 1100 03000000 1122334455667788 20") +
         hex("8801 0000 0200000000aa 020000000001 0200000000cc 1000 0000 0000") + llc_snap(kIpv4),
     kMac},
    {"prism", 119, hex("44000000 90000000") + zeros(136) + k80211ToDs + llc_snap(kIpv4), kMac},
    {"prism_big_endian", 119, hex("00000044 00000090") + zeros(136) + k80211ToDs + llc_snap(kIpv4), kMac},
    {"avs", 163, hex("80211001 00000040") + zeros(56) + k80211ToDs + llc_snap(kIpv4), kMac},
    {"ppi_80211", 192, hex("00 00 0800 69000000") + k80211ToDs + llc_snap(kIpv4), kMac},
    {"ppi_ethernet", 192, hex("00 00 0c00 01000000 00000000") + kFrame, kMac},
    {"nflog", 239,
     hex("02 00 0000  0800 0100 0800 0300  1000 0800 0006 0000 020000000001 0000") +
         Bytes{static_cast<uint8_t>(4 + kIpv4.size()), 0} + hex("0900") + kIpv4,
     kMac},
    {"nflog_big_endian", 239,
     hex("0a 00 0000  0008 0001 86dd 0300") + u16(4 + kIpv6.size()) + hex("0009") + kIpv6},
    {"infiniband", 242, zeros(40) + hex("0800 0000") + kIpv4},
    {"juniper", 178, hex("4d4743 80 0004 01020304") + kFrame, kMac},
    {"juniper_no_extension", 178, hex("4d4743 00") + kFrame, kMac},
    {"juniper_no_layer2", 178, hex("4d4743 02 02000000") + kIpv4},
    {"erf_ethernet", 197, erf("02", hex("0000") + kFrame, kFrame.size()), kMac},
    {"erf_extension", 197, erf("82", hex("8000000000000000 0000000000000000 0000") + kFrame, kFrame.size()),
     kMac},
    {"erf_ipv4", 197, erf("16", kIpv4, kIpv4.size())},
    {"erf_ipv6", 197, erf("17", kIpv6, kIpv6.size())},
    {"erf_hdlc", 197, erf("01", hex("ff03 0021") + kIpv4, 4 + kIpv4.size())},
    // Tags and labels
    {"vlan", 1, ethernet(0x8100, hex("002a 0800") + kIpv4), kMac, true},
    {"priority_tag", 1, ethernet(0x8100, hex("e000 0800") + kIpv4), kMac},
    {"qinq", 1, ethernet(0x88a8, hex("000a 8100 0014 86dd") + kIpv6), kMac, true},
    {"vlan_9100", 1, ethernet(0x9100, hex("000a 8100 0014 0800") + kIpv4), kMac, true},
    {"vlan_8023_snap", 1, ethernet(0x8100, hex("002a") + u16(8 + kIpv4.size()) + llc_snap(kIpv4)), kMac,
     true},
    {"sll_vlan", 113, hex("0000 0001 0006 0200000000010000 8100 002a 0800") + kIpv4, kMac, true},
    {"e_tag", 1, ethernet(0x893f, hex("e0de 0abc 0000 0800") + kIpv4), kMac},
    {"cisco_sgt", 1, ethernet(0x8909, hex("01 01 0001 0002 0800") + kIpv4), kMac},
    {"mpls", 1, ethernet(0x8847, hex("00010040 00020140") + kIpv4), kMac},
    {"mpls_ipv6", 1, ethernet(0x8848, hex("00010140") + kIpv6), kMac},
    {"mpls_pseudo_wire", 1, outer_ethernet(0x8847, hex("00010140") + kVendorFrame), kVendorMac},
    {"mpls_pseudo_wire_control_word", 1, outer_ethernet(0x8847, hex("00010140 00000007") + kVendorFrame),
     kVendorMac},
    {"mpls_pseudo_wire_other_vendor", 1,
     outer_ethernet(0x8847, hex("00010140") + hex("3cd92baabbcc 001b21000001 0800") + kIpv4), kVendorMac},
    {"mpls_in_vlan", 1, ethernet(0x8100, hex("002a 8847 00010140") + kIpv4), kMac, true},
    {"pppoe", 1, ethernet(0x8864, hex("11 00 0001") + u16(2 + kIpv4.size()) + hex("0021") + kIpv4), kMac},
    {"pppoe_ipv6", 1, ethernet(0x8864, hex("11 00 0001") + u16(2 + kIpv6.size()) + hex("0057") + kIpv6),
     kMac},
    // IP
    {"ipv4_options", 1, ethernet(0x0800, ipv4(6, tcp(), hex("94040000"))), kMac},
    {"ipv6_hop_by_hop", 1, ethernet(0x86dd, ipv6(0, hex("06 00 0502 0000 0100") + tcp())), kMac},
    {"ipv6_three_extensions", 1,
     ethernet(0x86dd, ipv6(0, hex("3c 00 010400000000") + hex("2b 01 010c") + zeros(12) +
                                  hex("06 00 0000 00000000") + tcp())),
     kMac},
    {"ipv6_atomic_fragment", 1, ethernet(0x86dd, ipv6(44, hex("06 00 0000 11223344") + tcp())), kMac},
    {"ah_ipv4", 1, ethernet(0x0800, ipv4(51, hex("06 04 0000") + zeros(20) + tcp())), kMac},
    {"ah_ipv6", 1, ethernet(0x86dd, ipv6(51, hex("06 04 0000") + zeros(20) + tcp())), kMac},
    // Tunnels over IP
    {"ipip", 1, over_ip(4, kIpv4), kOuterMac},
    {"6in4", 1, over_ip(41, kIpv6), kOuterMac},
    {"4in6", 1, outer_ethernet(0x86dd, ipv6(4, kIpv4)), kOuterMac},
    {"etherip", 1, over_ip(97, hex("3000") + kFrame), kMac},
    {"mpls_in_ip", 1, over_ip(137, hex("00010140") + kIpv4), kOuterMac},
    {"gre", 1, over_ip(47, kGreIp), kOuterMac},
    {"gre_over_ipv6", 1, outer_ethernet(0x86dd, ipv6(47, kGreIp)), kOuterMac},
    {"gre_checksum_sequence", 1, over_ip(47, hex("9000 86dd 00000000 00000001") + kIpv6), kOuterMac},
    {"gre_key", 1, over_ip(47, hex("2000 0800 0000002a") + kIpv4), kOuterMac, true},
    {"gre_ethernet", 1, over_ip(47, hex("0000 6558") + kFrame), kMac},
    {"gre_pptp", 1, over_ip(47, hex("3081 880b 0010 0001 00000001 00000002 ff03 0021") + kIpv4), kOuterMac},
    {"gre_wccp_1", 1, over_ip(47, hex("0000 883e") + kIpv4), kOuterMac},
    {"gre_wccp_2", 1, over_ip(47, hex("0000 883e 00000000") + kIpv4), kOuterMac},
    {"gre_aruba", 1, over_ip(47, hex("0000 8210") + k80211ToDs + llc_snap(kIpv4)), kMac},
    {"erspan_1", 1, over_ip(47, hex("0000 88be") + kFrame), kMac},
    {"erspan_2", 1, over_ip(47, hex("1000 88be 00000001 100a0005 00000000") + kFrame), kMac},
    {"erspan_3", 1, over_ip(47, hex("1000 22eb 00000001 200a0005 00000000 00000000") + kFrame), kMac},
    {"erspan_3_platform", 1,
     over_ip(47, hex("1000 22eb 00000001 200a0005 00000000 00000001 0000000000000000") + kFrame), kMac},
    // Tunnels over UDP
    {"vxlan", 1, over_udp(4789, hex("08000000 00002a00") + kFrame), kMac, true},
    {"vxlan_8472", 1, over_udp(8472, hex("08000000 00002a00") + kFrame), kMac, true},
    {"vxlan_over_ipv6", 1, outer_ethernet(0x86dd, ipv6(17, udp(4789, hex("08000000 00002a00") + kFrame))),
     kMac, true},
    {"vxlan_by_source_port", 1,
     outer_ethernet(0x0800, ipv4(17, udp(51000, hex("08000000 00002a00") + kFrame, 4789))), kMac, true},
    {"vxlan_gpe_ipv4", 1, over_udp(4790, hex("0c000001 00002a00") + kIpv4), kOuterMac, true},
    {"vxlan_gpe_ipv6", 1, over_udp(4790, hex("0c000002 00002a00") + kIpv6), kOuterMac, true},
    {"vxlan_gpe_ethernet", 1, over_udp(4790, hex("0c000003 00002a00") + kFrame), kMac, true},
    {"vxlan_gpe_mpls", 1, over_udp(4790, hex("0c000005 00002a00") + hex("00010140") + kIpv4), kOuterMac,
     true},
    {"geneve", 1, over_udp(6081, hex("0000 6558 00002a00") + kFrame), kMac, true},
    {"geneve_options", 1, over_udp(6081, hex("0200 0800 00002a00 0102030400000000") + kIpv4), kOuterMac,
     true},
    {"gtp_u", 1, over_udp(2152, gtp("30", {}, kIpv4)), kOuterMac},
    {"gtp_u_sequence", 1, over_udp(2152, gtp("32", hex("0001 00 00"), kIpv6)), kOuterMac},
    {"gtp_u_extensions", 1,
     over_udp(2152, gtp("34", hex("0000 00 85  01 100a 40  02 000000000000 00"), kIpv4)), kOuterMac},
    {"capwap_80211", 1, over_udp(5247, hex("00 100300 00000000") + k80211ToDs + llc_snap(kIpv4)), kMac},
    {"capwap_swapped", 1,
     over_udp(5247, hex("00 100300 00000000") + hex("0108 0000 0200000000aa 020000000001 0200000000cc 1000") +
                        llc_snap(kIpv4)),
     kMac},
    {"capwap_8023", 1, over_udp(5247, hex("00 100000 00000000") + kFrame), kMac},
    {"teredo", 1, over_udp(3544, kIpv6), kOuterMac},
    {"teredo_authentication_origin", 1,
     over_udp(3544, hex("0001 00 00 0000000000000000 00") + hex("0000 1234 01020304") + kIpv6), kOuterMac},
    {"mpls_in_udp", 1, over_udp(6635, hex("00010140") + kIpv4), kOuterMac},
    {"gre_in_udp", 1, over_udp(4754, kGreIp), kOuterMac},
    // One in another
    {"geneve_in_gre_in_vlan", 1,
     outer_ethernet(0x8100,
                    hex("0064 0800") +
                        ipv4(47, hex("0000 0800") + ipv4(17, udp(6081, hex("0000 6558 00002a00") + kFrame)))),
     kMac, true},
};

}  // namespace tsaudit::craft
