// SPDX-License-Identifier: Apache-2.0
// The PAWS rule: what one receiver, in one exactly known state, does with one segment. Pure functions of
// their arguments. What the capture leaves open is the business of model/receiver.h, which asks this rule
// once for each state that is possible.
#pragma once

#include <cstdint>

#include "tsaudit/profile.h"
#include "tsaudit/types.h"
#include "tsaudit/verdict.h"

namespace tsaudit {

enum class TcpState : uint8_t {
  unknown,  ///< nothing seen yet that tells
  syn_sent,
  syn_recv,     ///< request socket on Linux
  syn_crossed,  ///< SYN_RECV of a socket: both ends have sent a SYN (RFC 9293 section 3.5)
  established,  ///< and the other synchronized states up to LAST_ACK: PAWS does not tell them apart
  time_wait,
  closed,
};

/// A receiver at the moment when the segment arrives. Names as in struct tcp_sock.
struct PawsState {
  TcpState state = TcpState::established;
  TsVal ts_recent;
  bool ts_recent_valid = true;  ///< there is a TS.Recent at all (ts_recent_stamp set)
  int64_t age_seconds =
      0;  ///< since TS.Recent was last stored: difference of two clocks cut to whole seconds
  SeqNum rcv_nxt;
  SeqNum rcv_wup;           ///< RCV.NXT when the last ACK left: Last.ACK.sent
  SeqNum sack_edge;         ///< right end of the rightmost SACK block, RCV.NXT if there is none
  uint32_t rcv_wnd = 0;     ///< window as offered with that ACK, bytes from rcv_wup
  uint32_t taken_back = 0;  ///< bytes after that window that were in it once
  SeqNum snd_una, snd_nxt;  ///< of what the receiver itself sends
  SeqNum snd_wl1;           ///< SEG.SEQ of the last window update taken
  uint32_t snd_wnd = 0;     ///< bytes
  int64_t rto_ns = 0;       ///< the receiver's icsk_rto
  uint32_t max_window =
      0x7fffffff;                 ///< largest window that the peer ever offered: bounds how old an ACK may be
  TsVal tsval_first, tsval_last;  ///< SYN_RECV and SYN_SENT: TSvals sent so far, for the TSecr range tests
  bool fin_received = false;      ///< CLOSE_WAIT, LAST_ACK, CLOSING
  bool usec_ts = false;           ///< its own timestamps are in microseconds (tcp_sock.tcp_usec_ts, 6.7+)
  bool predicted = false;         ///< header prediction would hit (tcp_rcv_established(), fast path)
};

/// A segment, its window already scaled.
struct PawsSegment {
  SeqNum seq, end_seq, ack;
  uint32_t window = 0;
  uint8_t flags = 0;    ///< TcpFlag bits
  bool has_ts = false;  ///< a TSopt that the receiver takes, on a connection that negotiated it
  TsVal tsval, tsecr;
};

struct PawsOutcome {
  Verdict verdict = Verdict::accept;
  Reason reason = Reason::newer;
  bool answered = false;           ///< the receiver sends an ACK for the refused segment
  bool rate_limited = false;       ///< at most one such ACK in 500 ms
  bool updates_ts_recent = false;  ///< TS.Recent := TSval
};

/// Refused because of its timestamps? Asked of an outcome, and of whatever else has a verdict and a reason.
template <class Judged>
bool is_paws_drop(const Judged& judged) {
  return judged.verdict == Verdict::drop && is_paws(judged.reason);
}

/// The tests in their order, first refusal wins. Linux: tcp_input.c:tcp_validate_incoming().
PawsOutcome judge_synchronized(const ReceiverProfile& profile, const PawsState& state,
                               const PawsSegment& segment);
/// Linux: tcp_minisocks.c:tcp_check_req().
PawsOutcome judge_request(const ReceiverProfile& profile, const PawsState& state, const PawsSegment& segment);
/// Linux: tcp_input.c:tcp_rcv_synsent_state_process().
PawsOutcome judge_syn_sent(const ReceiverProfile& profile, const PawsState& state,
                           const PawsSegment& segment);
/// Linux: tcp_minisocks.c:tcp_timewait_state_process().
PawsOutcome judge_time_wait(const ReceiverProfile& profile, const PawsState& state,
                            const PawsSegment& segment);

/// Dispatches on state.state; unknown is judged as established, closed accepts nothing to judge.
PawsOutcome judge(const ReceiverProfile& profile, const PawsState& state, const PawsSegment& segment);

/// Which test of tcp_input.c:tcp_disordered_ack_check() an old segment fails, in their order.
enum class ReplayTest : uint8_t { unknown_to_it, pure_ack, sequence, ack, window, age, harmless };
ReplayTest replay_test(const ReceiverProfile& profile, const PawsState& state, const PawsSegment& segment);
/// tcp_input.c:tcp_tsval_replay(): the RTO in ticks of a clock that is taken to run at 1000 Hz or a bit more,
/// or, like the receiver's own, at 1 MHz.
int64_t replay_ticks(const ReceiverProfile& profile, const PawsState& state);

/// The comparison alone: why `tsval` passes against TS.Recent, or Reason::paws. Linux:
/// tcp.h:tcp_paws_check().
Reason compare_tsval(const ReceiverProfile& profile, const PawsState& state, TsVal tsval,
                     int32_t window_ticks);

}  // namespace tsaudit
