// SPDX-License-Identifier: Apache-2.0
// What is remembered of each live connection. Millions of these may live at once, so they are packed;
// whatever only a connection in trouble needs is in model/trouble.h, allocated when trouble starts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "flow/flow_key.h"
#include "model/clock.h"
#include "model/paws.h"
#include "model/ts_recent.h"
#include "tsaudit/report.h"

namespace tsaudit {

/// Where the capture was taken, as far as more is known than the timing tells.
enum class Tap : uint8_t {
  estimated,  ///< by the timing
  here,       ///< told: on this host
  away,       ///< told: not on this host; or seen: it never got a segment that the capture has
};

/// Time in units of an eighth of a millisecond, to tell how long ago something was, up to 8 s.
constexpr uint16_t coarse(TimeNs time) { return static_cast<uint16_t>(time >> 17); }
/// No less than the time from then to `now`.
constexpr int64_t ns_since(uint16_t then, TimeNs now) {
  return int64_t{static_cast<uint16_t>(coarse(now) - then) + 1} << 17;
}

/// One end of a connection: what it sent, and its state as a receiver of what the other end sends.
struct Host {
  // As a sender, by its segments in the capture.
  SenderClock clock;
  TimeNs last_ns = 0;
  uint64_t payload_bytes = 0;
  uint32_t segments = 0;
  uint32_t ts_segments = 0;
  uint32_t retransmissions = 0;
  SeqNum isn;
  SeqNum snd_nxt;     ///< highest SEG.SEQ + SEG.LEN
  SeqNum ack_max;     ///< highest SEG.ACK: its Last.ACK.sent (rcv_wup)
  SeqNum right_edge;  ///< highest SEG.ACK + window: the end of what it allows

  // As a receiver.
  SeqNum rcv_nxt;  ///< end of what it must have got in order
  [[no_unique_address]] TsRecentSet ts_recent;
  uint16_t unacked_since = 0;  ///< coarse(): when the oldest data that it still has to keep were sent (last)
  SeqNum snd_una;  ///< highest SEG.ACK that it must have accepted
  SeqNum snd_wl1;
  uint32_t snd_wnd = 0;   ///< bytes
  uint32_t compared = 0;  ///< TSecr against ts_recent
  uint32_t exact = 0;
  uint32_t equal_tsval = 0;           ///< verdicts `equal` on what it got; `newer` is the rest, see Trouble
  uint16_t loop_16us = kNoLoop;       ///< shortest way capture -> this host -> capture, in units of 16 us
  uint16_t rtt_max_ms : 13 = 0;       ///< longest round trip that it can have measured, saturating
  uint16_t rcv_doubtful : 1 = false;  ///< or RCV.NXT is still what it acknowledged: the capture allows both
  uint16_t holes : 1 = false;         ///< data wait for what comes before them, or did
  uint16_t sacks : 1 = false;         ///< it says so with SACK blocks, so holes is exact

  // Fingerprint of its packets.
  uint16_t mac = 0;        ///< folded
  uint16_t packet_id = 0;  ///< IPv4: identification; IPv6: flow label, folded
  uint8_t ttl = 0;

  // Segments that it sent and that PAWS did not judge; beyond 255 they are counted in Trouble.
  uint8_t handshakes = 0;  ///< SYN and SYN-ACK
  uint8_t untested = 0;    ///< without TSopt although negotiated
  uint8_t unknown = 0;     ///< TS.Recent not known yet

  // In this order they fill four bytes: no bit field crosses a byte.
  uint8_t window_scale : 4 = 0;
  uint8_t retransmit_run : 4 = 0;  ///< retransmissions in a row without progress, saturating
  TcpState state : 3 = TcpState::unknown;
  uint8_t first_payload_bits : 5 = 0;  ///< std::bit_width() of its first payload's length; 0: none yet
  Tap tap : 2 = Tap::estimated;        ///< where the capture was taken, seen from this host
  bool seen : 1 = false;               ///< has sent at least one segment
  bool acked : 1 = false;              ///< has sent an ACK: ack_max, right_edge are known
  bool rcv_known : 1 = false;          ///< rcv_nxt is known
  bool una_known : 1 = false;          ///< snd_una is known
  bool wl_known : 1 = false;           ///< snd_wl1 and snd_wnd are certain
  bool scale_known : 1 = false;        ///< window_scale was seen, or the handshake shows that there is none
  bool fin_sent : 1 = false;
  bool fin_taken : 1 = false;       ///< and the other side has not refused it
  bool sent_data_last : 1 = false;  ///< its last segment carried new data
  bool stored_by_data : 1 = false;  ///< ts_recent's last value came with data
  bool checksum_told : 1 = false;   ///< its first segment had a good checksum, or the part of one that Linux leaves
  bool rtt_measured : 1 = false;    ///< it has had an RTT sample: its RTO is not the initial one
  bool coalesces : 1 = false;       ///< takes TSval from a later segment than the rule says: LRO
  bool restored : 1 = false;        ///< evidently rebuilt by TCP_REPAIR: RTO and snd_wl1 started anew

  static constexpr uint16_t kNoLoop = 0xffff;
  uint32_t loop_us() const { return loop_16us == kNoLoop ? UINT32_MAX : uint32_t{loop_16us} * 16; }
};

static_assert(sizeof(Host) == 152 && sizeof(TcpState) == 1);

/// Live connection. Its size is a promise (400 bytes a flow): see tests/unit/analysis.
struct Flow {
  FlowKey key;
  Host host[2];  ///< [0] the low endpoint of the key, [1] the high one
  TimeNs first_ns = 0;
  uint64_t first_frame = 0;
  uint32_t id = 0;
  uint32_t trouble = 0;  ///< 1-based index into the tracker's pool; 0: none
  uint64_t last_frame : 48 = 0;
  uint8_t client : 1 = 0;  ///< index of the client in host[]
  bool syn_seen : 1 = false;
  bool syn_ts : 1 = false;  ///< a SYN of the client had a TSopt
  bool synack_seen : 1 = false;
  bool synack_ts : 1 = false;
  bool reset : 1 = false;
  bool capture_loss : 1 = false;  ///< an ACK for data that the capture lacks, or begins after
  bool roles_known : 1 = false;
  uint8_t active_closer : 1 = 0;  ///< index of who sent a FIN first
  void set_client(unsigned host_index) { client = host_index & 1; }
  void set_last_frame(uint64_t frame) { last_frame = frame & 0xffff'ffff'ffff; }
  bool live : 1 = false;     ///< the table's
  uint8_t ways : 2 = 0;      ///< the table's: FlowTable::Ways
  bool perhaps_request : 1 = false;  ///< the server may have a request socket still (TCP_DEFER_ACCEPT)
  bool mptcp : 1 = false;    ///< windows are offered for all its subflows together (RFC 8684 section 3.3.5)
  bool options_cut : 1 = false;  ///< a segment whose TSopt the snapshot may have cut off; one of a SYN counts as seen
  bool settled : 1 = false;  ///< timestamps are in use, all is known of both hosts, and no question is open

  TimeNs last_ns() const { return std::max(host[0].last_ns, host[1].last_ns); }

  Negotiated negotiated() const {
    const bool by_segments = host[0].ts_segments && host[1].ts_segments;
    if (synack_seen && !(synack_ts && (syn_ts || !syn_seen))) return Negotiated::no;
    if (syn_seen && !syn_ts) return Negotiated::no;
    return by_segments || (synack_seen && !options_cut) ? Negotiated::yes : Negotiated::unknown;
  }
};

/// Do data certainly wait at the receiver for what comes before them? Header prediction is off meanwhile. SND.WL1 is
/// beyond RCV.NXT, and it was data that moved it there; only SACK tells that they are still waiting.
inline bool data_wait(const Host& receiver, const Host& sender) {
  return receiver.rcv_known && after(receiver.snd_wl1, receiver.rcv_nxt) &&
         after(sender.snd_nxt, receiver.snd_wl1) && receiver.holes && receiver.sacks;
}

/// Is it known how far `host` has sent? If the capture does not begin with its SYN, once the other one has
/// acknowledged what it sent last: until then there may be more from before, which its pure ACKs do not show
/// if they are probes.
inline bool knows_sent(const Flow& flow, const Host& host, const Host& other) {
  const bool from_start = &host == &flow.host[flow.client] ? flow.syn_seen : flow.synack_seen;
  return from_start || other.loop_16us != Host::kNoLoop;
}

/// May `host`, whose handshake is over in sight, have a request socket yet, that waits for data?
inline bool may_be_request(const Flow& flow, const Host& host) {
  return flow.perhaps_request && &host == &flow.host[flow.client ^ 1] && host.state == TcpState::established;
}

/// Is the capture taken so near to `receiver` that it shows what the receiver got, in that order?
inline Vantage vantage_of(const Host& receiver, const Host& sender) {
  constexpr uint32_t kSameHostUs = 300;  // a tap on the host itself, or one switch away
  if (!receiver.seen) return Vantage::one_sided;
  if (receiver.tap == Tap::here) return Vantage::at_receiver;
  if (receiver.tap == Tap::away) return sender.tap == Tap::here ? Vantage::at_sender : Vantage::in_middle;
  const uint32_t to_receiver = receiver.loop_us(), to_sender = sender.loop_us();
  if (to_receiver == UINT32_MAX) return Vantage::unknown;
  if (to_receiver <= kSameHostUs) return Vantage::at_receiver;
  if (to_sender == UINT32_MAX) return Vantage::unknown;
  if (to_receiver / 2 >= to_sender) return Vantage::at_sender;
  if (to_receiver <= to_sender / 2) return Vantage::at_receiver;
  return Vantage::in_middle;
}

}  // namespace tsaudit
