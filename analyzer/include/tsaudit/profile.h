// SPDX-License-Identifier: Apache-2.0
// Receivers as data: what distinguishes one kernel's PAWS from another's. The rule itself is model/paws.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tsaudit {

struct ReceiverProfile {
  std::string_view name;             ///< "linux-6.12"
  std::string_view description;
  int32_t window_ticks;              ///< how far back TSval may be: TCP_PAWS_WINDOW; 0 elsewhere
  int64_t idle_seconds;              ///< TCP_PAWS_24DAYS, TCP_PAWS_WRAP or TCP_PAWS_IDLE
  bool zero_is_unset;                ///< TS.Recent == 0 means none
  int32_t replay_ticks_per_second;   ///< disordered-ACK window per second of RTO; 0: no such exception
  bool zero_window_is_update;        ///< tcp_may_update_window also for a window of 0 (6.12+)
  bool silent_old_ack;               ///< TCP_RFC7323_PAWS_ACK (6.14+)
  bool challenge_old_syn;            ///< SYN with old TSval: challenge ACK (6.4+), else plain PAWS drop
  bool requires_tsopt;               ///< drops a non-RST segment without TSopt once negotiated
  bool half_space_is_old;            ///< TSval exactly 2^31 ahead counts as old (TSTMP_LT)
  bool dup_ack_rate_limited;         ///< answers to pure ACKs and SYNs are limited to one in 500 ms
  bool answers_only_data;            ///< no ACK for a dropped segment without data (FreeBSD)
  bool update_before_ack_check;      ///< TS.Recent moves although the ACK is refused (Linux up to 3.8)
  bool update_on_old_ack;            ///< TS.Recent moves on a segment whose ACK is below SND.UNA
  bool update_needs_overlap;         ///< BSD: SEG.SEQ <= Last.ACK.sent <= SEG.SEQ + SEG.LEN
  bool update_needs_newer;           ///< TS.Recent never moves backward by the ordinary rule
  bool checks_syn_recv_tsecr;        ///< TCP_RFC7323_TSECR (6.15+)
  bool takes_crossed_syn_ack;        ///< of a simultaneous open, tcp_validate_incoming() (6.1.192, 6.12+)
  bool request_rst_by_sequence;      ///< a RST to a request counts whatever it acknowledges (the same)
  bool keeps_offered_window;         ///< what it has once offered it takes, even if it takes that back (7.2+)
  bool checks_end_sequence;          ///< TCP_INVALID_END_SEQUENCE (6.17+)
  bool linux_states;                 ///< request socket, SYN_SENT and TIME_WAIT as Linux has them
};

/// All of them, oldest first within a family.
std::span<const ReceiverProfile> receiver_profiles();
/// The newest LTS, what `auto` falls back to.
const ReceiverProfile& default_profile();
/// Exact name, or linux-X.Y mapped to the nearest by its rules; nullptr when unknown.
const ReceiverProfile* find_profile(std::string_view name);

}  // namespace tsaudit
