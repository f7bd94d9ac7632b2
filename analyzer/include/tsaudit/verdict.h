// SPDX-License-Identifier: Apache-2.0
// The words for what a receiver did with a segment, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tsaudit {

/// What the receiver did with a segment at the PAWS and sequence tests.
enum class Verdict : uint8_t {
  accept,      ///< PAWS let it through and no later test that the capture can decide refused it
  drop,        ///< every state that the capture allows refuses it
  unknown,     ///< some allowed states refuse it, others do not; never guessed
  not_tested,  ///< no TSopt, or none negotiated: PAWS did not look
};

/// Why. Drop reasons carry the kernel's own names (include/net/dropreason-core.h).
enum class Reason : uint8_t {
  // accept
  initial,          ///< nothing to compare with: the segment initialises TS.Recent (SYN, SYN-ACK)
  newer,            ///< TSval after TS.Recent
  equal,            ///< TSval == TS.Recent
  window1,          ///< one tick old, Linux TCP_PAWS_WINDOW
  idle,             ///< TS.Recent too old to count (2147 s or 24 days)
  ts_recent_zero,   ///< TS.Recent is 0: not known to the receiver (Linux, BSD)
  disordered_ack,   ///< Linux tcp_disordered_ack: a repeated pure ACK within the replay window
  rst_exempt,       ///< RST is not subject to PAWS
  // drop by timestamps
  paws,             ///< TCP_RFC7323_PAWS
  paws_ack,         ///< TCP_RFC7323_PAWS_ACK: stale pure ACK, silent (6.14+)
  tw_paws,          ///< TCP_RFC7323_TW_PAWS: in TIME_WAIT
  tsecr,            ///< TCP_RFC7323_TSECR: echo out of range while SYN_RECV
  syn_challenge,    ///< SYN with an old TSval: challenge ACK
  missing_tsopt,    ///< strict receivers only
  // drop by another test
  tcp_flags,            ///< TCP_FLAGS: neither ACK, RST nor SYN
  tcp_csum,             ///< TCP_CSUM: checksum is wrong
  old_sequence,         ///< TCP_OLD_SEQUENCE
  invalid_sequence,     ///< TCP_INVALID_SEQUENCE
  invalid_end_sequence, ///< TCP_INVALID_END_SEQUENCE (6.17+)
  over_window,          ///< TCP_OVERWINDOW: outside of the window of a request socket
  too_old_ack,          ///< TCP_TOO_OLD_ACK
  ack_unsent_data,      ///< TCP_ACK_UNSENT_DATA
  invalid_ack_sequence, ///< TCP_INVALID_ACK_SEQUENCE: the same in SYN_SENT
  invalid_syn,          ///< TCP_INVALID_SYN: SYN on a synchronized connection, challenge ACK
  reset,                ///< TCP_RESET: the RST took effect (or was challenged)
  // unknown
  ts_recent_unknown,    ///< no TS.Recent yet: the capture starts in mid-connection
  ts_recent_range,      ///< TS.Recent is one of several values, and they disagree
  idle_range,           ///< the age of TS.Recent is too near the idle limit
  rto_range,            ///< the disordered-ACK window depends on the receiver's RTO
  sequence_range,       ///< RCV.NXT, the window or Last.ACK.sent decide, and are not known well enough
  state_unknown,        ///< the connection state (closing, restored) is not visible
  // not tested
  no_tsopt,             ///< the segment has no usable TSopt
  not_negotiated,       ///< timestamps were not agreed on in the handshake
  handshake,            ///< nobody has a TS.Recent for it: first SYN
};
inline constexpr size_t kReasonCount = static_cast<size_t>(Reason::handshake) + 1;

/// How a verdict stands against the reverse path.
enum class Evidence : uint8_t {
  none,          ///< not asked: the verdict is no drop
  predicted,     ///< by the model alone
  confirmed,     ///< the receiver's own segments show it
  contradicted,  ///< the receiver evidently did otherwise: capture loss or a wrong profile
};

std::string_view to_string(Verdict verdict);
/// "newer", "TCP_RFC7323_PAWS", ...
std::string_view to_string(Reason reason);
std::string_view to_string(Evidence evidence);
/// Is it a refusal because of timestamps (TS001, TS011)?
constexpr bool is_paws(Reason reason) { return reason >= Reason::paws && reason <= Reason::missing_tsopt; }

}  // namespace tsaudit
