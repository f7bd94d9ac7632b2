// SPDX-License-Identifier: Apache-2.0
#include "model/explain.h"

#include <fmt/format.h>

#include <cstdlib>

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
  if (!s.has_ts()) {
    steps.push_back(profile.requires_tsopt
                        ? "no TSopt: this receiver drops what has none"
                        : "no TSopt: tcp_fast_parse_options() finds none, PAWS is skipped");
  } else if (j.reason == Reason::handshake || j.reason == Reason::initial) {
    steps.push_back(
        fmt::format("TSval {} initialises TS.Recent: there is nothing to compare it with", s.tsval.raw));
    return steps;
  } else if (!j.known) {
    steps.push_back("TS.Recent is not known yet: the capture does not show what this receiver last stored");
    return steps;
  } else {
    const PawsState state = likeliest_state(flow, receiver, sender, s);
    const Reason why = compare_tsval(profile, state, s.tsval, profile.window_ticks);
    steps.push_back(fmt::format("tcp_paws_check(): {}", comparison(s.tsval, j.ts_recent)));
    if (why == Reason::paws) {
      steps.push_back(
          fmt::format("  beyond the window of {} tick(s); TS.Recent is {} s old, the limit is {} s{}",
                      profile.window_ticks, state.age_seconds, profile.idle_seconds,
                      state.ts_recent.raw == 0 ? "; it is 0" : ""));
      if (profile.replay_ticks_per_second)
        steps.push_back(fmt::format("tcp_disordered_ack_check(): RTO {} ms gives a replay window of {} ticks",
                                    state.rto_ns / kMillisecond,
                                    state.rto_ns / kMillisecond * profile.replay_ticks_per_second / 1000));
      if (s.has(kRst)) steps.push_back("RST: exempt from PAWS");
    } else {
      steps.push_back(fmt::format("  passes: {}", to_string(why)));
    }
    if (receiver.ts_recent.size() > 1)
      steps.push_back(
          fmt::format("asked for each of the {} values that TS.Recent may hold", receiver.ts_recent.size()));
  }
  const bool sequence = j.verdict == Verdict::drop && j.reason >= Reason::tcp_flags;
  if (sequence) steps.push_back(fmt::format("tcp_sequence(), tcp_ack(): refused, {}", to_string(j.reason)));
  steps.push_back(fmt::format("verdict: {}, {}{}", to_string(j.verdict), to_string(j.reason),
                              j.verdict != Verdict::drop ? ""
                              : !j.answered              ? "; no answer is sent"
                              : j.rate_limited           ? "; answered by an ACK, at most one in 500 ms"
                                                         : "; answered by an ACK"));
  return steps;
}

}  // namespace tsaudit
