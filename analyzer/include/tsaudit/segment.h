// SPDX-License-Identifier: Apache-2.0
// The decode stage: what later stages may know of a packet.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tsaudit/capture.h"
#include "tsaudit/types.h"

namespace tsaudit {

/// TCP header bits, RFC 9293 section 3.1.
enum TcpFlag : uint8_t { kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10, kUrg = 0x20, kEce = 0x40, kCwr = 0x80 };

/// The TSopt (kind 8, length 10) of a segment.
enum class TsOption : uint8_t {
  absent,
  present,
  malformed,   ///< kind 8 with another length; Linux ignores the option
  duplicated,  ///< more than one valid TSopt; tsval/tsecr are those that Linux uses (tcp_fast_parse_options)
  cut,         ///< the option list goes beyond the snapshot: nobody can know
};

/// One TCP segment, by its headers. A plain value but for the two pointers, which live as long as the RawPacket.
struct Segment {
  TimeNs time_ns = 0;
  uint64_t frame = 0;
  IpAddress src, dst;
  uint16_t sport = 0, dport = 0;
  uint32_t scope = 0;         ///< equal addresses in another scope are other flows, see below
  uint32_t point = 0;         ///< where it was captured: file, interface, direction; 0: at the only place
  SeqNum seq, ack;
  uint32_t payload = 0;       ///< bytes of data by the IP length, whatever the snapshot kept; of a first fragment, its own
  uint16_t window = 0;        ///< unscaled
  uint8_t flags = 0;          ///< TcpFlag bits
  TsOption ts = TsOption::absent;
  TsVal tsval, tsecr;         ///< meaningful when ts is present or duplicated
  uint8_t window_scale = kNoWindowScale;  ///< of SYN segments
  bool sack_permitted = false;
  bool mptcp = false;         ///< of SYN segments: MP_CAPABLE or MP_JOIN (RFC 8684)
  bool has_sack = false;      ///< read the blocks with sack_blocks()
  bool options_malformed = false;  ///< a length below 2 or beyond the header ended the option walk
  uint8_t ttl = 0;            ///< or hop limit
  uint16_t ip_id = 0;         ///< IPv4 only
  uint32_t flow_label = 0;    ///< IPv6 only
  MacAddress src_mac = 0;     ///< of the frame that carried the innermost IP header
  MacAddress dst_mac = 0;     ///< the same, of Ethernet; 0: not told
  const uint8_t* ip = nullptr;    ///< innermost IP header
  const uint8_t* tcp = nullptr;   ///< TCP header
  uint32_t tcp_captured = 0;      ///< bytes at `tcp` that the snapshot kept
  uint32_t tcp_length = 0;        ///< bytes of TCP header and payload by the IP length

  // `scope` is 0, or a hash of what names a virtual network: VLAN ids (not 0), VXLAN and Geneve VNIs, GRE keys,
  // outermost first. Both directions of a flow should come out equal, so whatever routinely differs by direction
  // is no part of it: MPLS labels, GTP TEIDs, PPTP call ids, E-Tags, security groups, outer addresses; nor is a
  // tunnel without an id, which may carry one direction only (IPIP behind a load balancer, WCCP). A capture at a
  // router, or a tap with a VLAN per port, still has different VLANs by direction, which one packet cannot show.

  static constexpr uint8_t kNoWindowScale = 0xff;
  bool has(uint8_t bits) const { return (flags & bits) != 0; }
  bool has_ts() const { return ts == TsOption::present || ts == TsOption::duplicated; }
  /// Sequence space used: payload plus one each for SYN and FIN.
  uint32_t length() const { return payload + ((flags & kSyn) ? 1 : 0) + ((flags & kFin) ? 1 : 0); }
  SeqNum end_seq() const { return seq + length(); }
  friend bool operator==(const Segment&, const Segment&) = default;
};

/// A gratuitous ARP or an unsolicited neighbour advertisement: an address says where it lives now.
struct Announcement {
  TimeNs time_ns = 0;
  uint64_t frame = 0;
  IpAddress address;
  MacAddress mac = 0;
};

/// An ICMP error about a TCP segment: somebody on its way, or its destination, has discarded it. Neither the
/// checksum nor the reporter is verified.
struct IcmpError {
  TimeNs time_ns = 0;
  uint64_t frame = 0;
  IpAddress reporter;
  uint8_t type = 0, code = 0;  ///< RFC 792, or RFC 4443 if the reporter has an IPv6 address
  uint32_t mtu = 0;  ///< bytes that fit, if it was too large and the reporter tells (RFC 1191); else 0
  // Of the quoted segment.
  IpAddress src = {}, dst = {};
  uint16_t sport = 0, dport = 0;
  uint32_t scope = 0;  ///< see Segment
  SeqNum seq = {};
  friend bool operator==(const IcmpError&, const IcmpError&) = default;
};
/// What it says, for example "host unreachable" or "fragmentation needed, MTU 1,400".
std::string meaning(const IcmpError& error);

/// What a packet says of connections without being a segment.
struct Notice {
  Announcement announcement;
  IcmpError icmp_error;
};

/// What became of a packet. Everything but the first three is counted and shown, never lost silently.
enum class DecodeStatus : uint8_t {
  segment,
  announcement,
  icmp_error,
  not_ip,            ///< ARP requests, STP, LLDP, ...
  not_tcp,           ///< IP, but another protocol
  fragment,          ///< a later fragment, or a first one too short for the TCP header
  cut_header,        ///< the snapshot ends inside a header
  bad_header,        ///< a length or version that cannot be
  unsupported_link,  ///< link type that tsaudit does not decode, or several packets in one 802.11 frame
  encrypted,         ///< ESP, DTLS, protected 802.11
  compressed,        ///< IPComp
  too_deep,          ///< more encapsulations than kMaxEncapsulations
};
inline constexpr size_t kDecodeStatusCount = 12;
/// EtherTypes and IP protocol numbers followed in one packet; plain TCP over Ethernet has two.
inline constexpr int kMaxEncapsulations = 16;
/// Key for CaptureInfo::skipped and the JSON report, for example "not-tcp".
std::string_view to_string(DecodeStatus status);

/// Decodes the innermost TCP header of `packet`. Never allocates, never reads outside of the packet.
/// Writes every field of `segment` when it returns segment, and of the member of `notice` that has the name
/// of any of the next two; what else they hold then, or after any other status, means nothing.
DecodeStatus decode(const RawPacket& packet, Segment& segment, Notice& notice) noexcept;

/// Edges of the SACK blocks (RFC 2018), in option order. Returns how many of `out` were filled.
struct SackBlock { SeqNum left, right; };
int sack_blocks(const Segment& segment, std::array<SackBlock, 4>& out) noexcept;
/// The snapshot does not hold all TCP options: what was not seen of them may still have been there.
bool options_cut(const Segment& segment) noexcept;

/// Checks the IPv4 header checksum and the TCP checksum. Costs a pass over the payload.
enum class Checksum : uint8_t {
  good,
  bad,
  offloaded,   ///< only the pseudo-header's sum: the capturing host left the rest to its NIC
  unknown,     ///< the snapshot does not hold the whole segment
};
Checksum verify_checksums(const Segment& segment) noexcept;

}  // namespace tsaudit
