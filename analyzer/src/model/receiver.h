// SPDX-License-Identifier: Apache-2.0
// A receiver as a capture knows it: asks the rule of model/paws.h for every state that is possible, and says
// `drop` only when all of them refuse.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/flow_state.h"
#include "model/paws.h"
#include "model/trouble.h"
#include "tsaudit/segment.h"

namespace tsaudit {

constexpr int64_t kRtoMin = 200 * kMillisecond;  // TCP_RTO_MIN, include/net/tcp.h
constexpr int64_t kRtoFallback = 3 * kSecond;    // TCP_TIMEOUT_FALLBACK, tcp_metrics.c:tcp_init_metrics()

struct Judgement {
  Verdict verdict = Verdict::not_tested;
  Reason reason = Reason::no_tsopt;
  bool known = false;     ///< ts_recent is
  TsVal ts_recent;        ///< the likeliest value
  bool answered = false;  ///< an ACK is expected for the refused segment
  bool rate_limited = false;
  bool may_store = false;                       ///< some possible state takes TSval as TS.Recent
  bool stores = false;                          ///< all of them do
  std::optional<Reason> answered_refusal = {};  ///< one of them refuses it and sends an ACK
  bool window_doubtful = false;                 ///< whether it updates the receiver's window is not known
};

/// What `receiver` does with `s`, which `sender` sent. Settles receiver.ts_recent when time has decided it.
/// `trouble`: what more is known of the sender and of it, if there is any.
Judgement judge_segment(const ReceiverProfile& profile, const Flow& flow, Host& receiver, const Host& sender,
                        const Segment& s, const DirectionTrouble* trouble = nullptr);

/// The segment as the receiver sees it: window scaled, TSopt only when it takes it.
PawsSegment as_received(const Flow& flow, const Host& sender, const Segment& s);

/// The likeliest state, for explanations.
PawsState likeliest_state(const Flow& flow, const Host& receiver, const Host& sender, const Segment& s,
                          const DirectionTrouble* trouble = nullptr);

/// Is `s` the next data, and echoes an ACK with which `receiver` refused a segment while it may have had a
/// request socket? That takes no echo but of its SYN-ACKs (tcp_check_req(), 6.15+).
bool echoes_refusal(const Flow& flow, const Host& receiver, SeqNum rcv_nxt, const Segment& s,
                    const DirectionTrouble* trouble);
/// The same receiver, had it a request.
PawsState as_request(PawsState state);

/// As if the receiver had had this ACK, and then data further on, which moved SND.WL1: no window is updated by it.
inline void repeat_ack(PawsState& receiver, SeqNum seq, SeqNum ack) {
  receiver.snd_una = ack;
  receiver.snd_wl1 = seq + 1;
}

/// After this long without contradiction a receiver at the capture point has handled what the capture shows,
/// ns.
int64_t settle_ns(const Host& receiver);

/// Bounds of the receiver's retransmission timeout, ns.
struct RtoBounds {
  int64_t min, max;
};
RtoBounds rto_bounds(const Host& receiver);

}  // namespace tsaudit
