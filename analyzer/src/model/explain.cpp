// SPDX-License-Identifier: Apache-2.0
#include "model/explain.h"

#include <fmt/format.h>

#include <cstdlib>

#include "tsaudit/words.h"

namespace tsaudit {
namespace {

std::string_view state_name(TcpState state) {
  switch (state) {
    case TcpState::syn_sent:
      return "SYN_SENT";
    case TcpState::syn_recv:
    case TcpState::syn_crossed:
      return "SYN_RECV";
    case TcpState::established:
      return "ESTABLISHED";
    case TcpState::time_wait:
      return "TIME_WAIT";
    case TcpState::closed:
      return "CLOSED";
    case TcpState::unknown:
      break;
  }
  return "not known";
}

std::string_view function_name(const ReceiverProfile& profile, TcpState state) {
  if (!profile.linux_states) return profile.name == "freebsd" ? "tcp_do_segment()" : "RFC 7323 section 5.3";
  switch (state) {
    case TcpState::syn_sent:
      return "tcp_rcv_synsent_state_process()";
    case TcpState::syn_recv:
      return "tcp_check_req()";
    case TcpState::time_wait:
      return "tcp_timewait_state_process()";
    default:
      return "tcp_validate_incoming()";
  }
}

std::string comparison(TsVal tsval, TsVal recent) {
  const int64_t ticks = distance(recent, tsval);
  if (ticks == 0) return fmt::format("TSval {} equals TS.Recent", tsval.raw);
  return fmt::format("TSval {} is {} tick{} {} TS.Recent {}", tsval.raw, std::llabs(ticks),
                     ticks == 1 || ticks == -1 ? "" : "s", ticks > 0 ? "ahead of" : "behind", recent.raw);
}

/// "100 bytes before RCV.NXT"
std::string place(const char* what, SeqNum at, const char* mark, SeqNum where) {
  const int32_t bytes = distance(where, at);
  if (bytes == 0) return fmt::format("{} is {}", what, mark);
  const auto count = static_cast<uint64_t>(std::llabs(bytes));
  return fmt::format("{} is {} {} {}", what, counted(count, "byte"), bytes < 0 ? "before" : "beyond", mark);
}

/// What an old segment fails in the kernel's test for repeated ACKs, or that it does not.
std::string replay_words(const ReceiverProfile& profile, const PawsState& state, const PawsSegment& s) {
  const ReplayTest fails = replay_test(profile, state, s);
  switch (fails) {
    case ReplayTest::unknown_to_it:
      return {};
    case ReplayTest::pure_ack:
      return "no pure ACK: refused";
    case ReplayTest::sequence:
      return place("SEG.SEQ", s.seq, "RCV.NXT", state.rcv_nxt) + ": refused";
    case ReplayTest::ack:
      return place("SEG.ACK", s.ack, "SND.UNA", state.snd_una) + ": refused";
    case ReplayTest::window:
      return "it could update the send window: refused";
    case ReplayTest::age:
    case ReplayTest::harmless:
      break;
  }
  return fmt::format("{}a repeated pure ACK; RTO {} ms gives a replay window of {} ticks",
                     fails == ReplayTest::age ? "too old for " : "harmless, ", state.rto_ns / kMillisecond,
                     replay_ticks(profile, state));
}

/// Where a segment is that a test of numbers has refused.
std::string sequence_words(Reason reason, const PawsState& state, const PawsSegment& s) {
  switch (reason) {
    case Reason::old_sequence:
      return "tcp_sequence(): " + place("the segment's end", s.end_seq, "Last.ACK.sent", state.rcv_wup);
    case Reason::invalid_sequence:
      return "tcp_sequence(): " +
             place("SEG.SEQ", s.seq, "the window's right edge", state.rcv_wup + state.rcv_wnd);
    case Reason::invalid_end_sequence:
      return "tcp_sequence(): " +
             place("the segment's end", s.end_seq, "the window's right edge", state.rcv_wup + state.rcv_wnd);
    case Reason::too_old_ack:
      return "tcp_ack(): " + place("SEG.ACK", s.ack, "SND.UNA", state.snd_una);
    case Reason::ack_unsent_data:
      return "tcp_ack(): " + place("SEG.ACK", s.ack, "SND.NXT", state.snd_nxt);
    default:
      return "the tests behind PAWS";
  }
}

}  // namespace

ReceiverSnapshot snapshot(const Flow&, const Host& receiver, TimeNs now) {
  ReceiverSnapshot out;
  out.known = receiver.ts_recent.known();
  for (unsigned i = 0; i < receiver.ts_recent.size(); ++i) out.ts_recent.push_back(receiver.ts_recent[i]);
  out.ts_recent_interval = receiver.ts_recent.interval();
  if (out.known) {
    out.age_seconds_min = static_cast<double>(now - receiver.ts_recent.newest_store()) / 1e9;
    out.age_seconds_max = static_cast<double>(now - receiver.ts_recent.oldest_store()) / 1e9;
  }
  out.state = state_name(receiver.state);
  out.rcv_nxt = receiver.rcv_nxt;
  out.rcv_wup = receiver.ack_max;
  out.snd_una = receiver.snd_una;
  out.snd_wl1 = receiver.snd_wl1;
  out.snd_wnd = receiver.snd_wnd;
  out.sequence_known = receiver.acked && receiver.rcv_known;
  const RtoBounds rto = rto_bounds(receiver);
  out.rto_ms_min = static_cast<uint32_t>(rto.min / kMillisecond);
  out.rto_ms_max = static_cast<uint32_t>(rto.max / kMillisecond);
  return out;
}

std::vector<std::string> explain_steps(const ReceiverProfile& profile, const Flow& flow, const Host& receiver,
                                       const Host& sender, const Segment& s, const Judgement& j) {
  std::vector<std::string> steps;
  steps.push_back(fmt::format("{}: {} in state {}", profile.name, function_name(profile, receiver.state),
                              state_name(receiver.state)));
  if (flow.negotiated() == Negotiated::no) {
    steps.push_back("timestamps were not negotiated: PAWS is skipped");
    return steps;
  }
  const PawsState state = likeliest_state(flow, receiver, sender, s);
  const PawsSegment segment = as_received(flow, sender, s);
  if (!s.has_ts()) {
    steps.push_back(profile.requires_tsopt
                        ? "no TSopt: this receiver drops what has none"
                        : "no TSopt: tcp_fast_parse_options() finds none, PAWS is skipped");
  } else if (j.reason == Reason::handshake || j.reason == Reason::initial) {
    steps.push_back(
        fmt::format("TSval {} initialises TS.Recent: there is nothing to compare it with", s.tsval.raw));
    return steps;
  } else if (j.verdict == Verdict::drop && receiver.state == TcpState::syn_sent && is_paws(j.reason)) {
    steps.push_back(fmt::format("TSecr {} is not between what its SYN said, {}, and its clock now",
                                s.tsecr.raw, state.tsval_first.raw));
  } else if (j.reason == Reason::tsecr) {
    steps.push_back(fmt::format("TSecr {} is the TSval of none of its SYN-ACKs", s.tsecr.raw));
  } else if (!j.known) {
    steps.push_back("TS.Recent is not known yet: the capture does not show what this receiver last stored");
    return steps;
  } else {
    const Reason why = compare_tsval(profile, state, s.tsval, profile.window_ticks);
    steps.push_back(fmt::format("tcp_paws_check(): {}", comparison(s.tsval, j.ts_recent)));
    if (why == Reason::paws) {
      steps.push_back(
          fmt::format("  beyond the window of {} tick(s); TS.Recent is {} s old, the limit is {} s{}",
                      profile.window_ticks, state.age_seconds, profile.idle_seconds,
                      state.ts_recent.raw == 0 ? "; it is 0" : ""));
      if (const std::string words = replay_words(profile, state, segment); !words.empty())
        steps.push_back("tcp_disordered_ack_check(): " + words);
      if (s.has(kRst)) steps.push_back("RST: exempt from PAWS");
    } else {
      steps.push_back(fmt::format("  passes: {}", to_string(why)));
    }
    if (receiver.ts_recent.size() > 1)
      steps.push_back(
          fmt::format("asked for each of the {} values that TS.Recent may hold", receiver.ts_recent.size()));
  }
  const bool sequence = j.verdict == Verdict::drop && j.reason >= Reason::tcp_flags;
  if (sequence)
    steps.push_back(
        fmt::format("{}: refused, {}", sequence_words(j.reason, state, segment), to_string(j.reason)));
  steps.push_back(fmt::format("verdict: {}, {}{}", to_string(j.verdict), to_string(j.reason),
                              j.verdict != Verdict::drop ? ""
                              : !j.answered              ? "; no answer is sent"
                              : j.rate_limited           ? "; answered by an ACK, at most one in 500 ms"
                                                         : "; answered by an ACK"));
  return steps;
}

}  // namespace tsaudit
