// SPDX-License-Identifier: Apache-2.0
// Names of the enumerations that reports print. They are part of the JSON contract: add, never rename.
#include <array>

#include "tsaudit/compare.h"
#include "tsaudit/report.h"
#include "tsaudit/verdict.h"

namespace tsaudit {
namespace {

// In the order of the enum; drop reasons are the kernel's names without SKB_DROP_REASON_.
constexpr std::array<std::string_view, kReasonCount> kReasonNames = {
    "initial",
    "newer",
    "equal",
    "window1",
    "idle",
    "ts-recent-zero",
    "disordered-ack",
    "rst-exempt",
    "TCP_RFC7323_PAWS",
    "TCP_RFC7323_PAWS_ACK",
    "TCP_RFC7323_TW_PAWS",
    "TCP_RFC7323_TSECR",
    "SYN_CHALLENGE",
    "MISSING_TSOPT",
    "TCP_FLAGS",
    "TCP_CSUM",
    "TCP_OLD_SEQUENCE",
    "TCP_INVALID_SEQUENCE",
    "TCP_INVALID_END_SEQUENCE",
    "TCP_OVERWINDOW",
    "TCP_TOO_OLD_ACK",
    "TCP_ACK_UNSENT_DATA",
    "TCP_INVALID_ACK_SEQUENCE",
    "TCP_INVALID_SYN",
    "TCP_RESET",
    "ts-recent-unknown",
    "ts-recent-range",
    "idle-range",
    "rto-range",
    "sequence-range",
    "state-unknown",
    "no-tsopt",
    "not-negotiated",
    "handshake",
};
// A reason added to the middle of the enum without a name would shift all of these.
static_assert(kReasonNames[static_cast<size_t>(Reason::paws)] == "TCP_RFC7323_PAWS");
static_assert(kReasonNames[static_cast<size_t>(Reason::tcp_flags)] == "TCP_FLAGS");
static_assert(kReasonNames[static_cast<size_t>(Reason::ts_recent_unknown)] == "ts-recent-unknown");
static_assert(kReasonNames.back() == "handshake");

template <class Enum, size_t N>
constexpr std::string_view name_of(const std::array<std::string_view, N>& names, Enum value) {
  const auto index = static_cast<size_t>(value);
  return index < N ? names[index] : std::string_view("?");
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  return name_of(std::to_array<std::string_view>({"accept", "drop", "unknown", "not-tested"}), verdict);
}

std::string_view to_string(Reason reason) { return name_of(kReasonNames, reason); }

std::string_view to_string(Evidence evidence) {
  return name_of(std::to_array<std::string_view>({"none", "predicted", "confirmed", "contradicted"}),
                 evidence);
}

std::string_view to_string(Side side) {
  return name_of(std::to_array<std::string_view>({"client", "server"}), side);
}

std::string_view to_string(BaselineState state) {
  return name_of(std::to_array<std::string_view>({"none", "new", "unchanged", "worse", "fixed"}), state);
}

std::string_view to_string(Negotiated negotiated) {
  return name_of(std::to_array<std::string_view>({"unknown", "no", "yes"}), negotiated);
}

std::string_view to_string(Vantage vantage) {
  return name_of(
      std::to_array<std::string_view>({"unknown", "at-receiver", "at-sender", "in-middle", "one-sided"}),
      vantage);
}

std::string_view to_string(MatchBasis basis) {
  return name_of(std::to_array<std::string_view>(
                     {"profile", "client", "first-payload", "server", "port-and-payload", "port"}),
                 basis);
}

std::string_view to_string(FlowVerdict verdict) {
  return name_of(std::to_array<std::string_view>({"worse", "missing", "added", "changed", "better", "equal"}),
                 verdict);
}

std::string_view to_string(Metric metric) {
  return name_of(std::to_array<std::string_view>({"dropped", "stall", "gap", "tsval_step", "retransmissions",
                                                  "goodput_before", "goodput_after", "recovery"}),
                 metric);
}

std::string_view metric_title(Metric metric) {
  return name_of(
      std::to_array<std::string_view>({"dropped segments", "stalled", "gap at the move", "TSval step, ticks",
                                       "retransmissions", "goodput before", "goodput after", "recovery"}),
      metric);
}

Unit unit_of(Metric metric) {
  switch (metric) {
    case Metric::dropped:
    case Metric::retransmissions:
      return Unit::segments;
    case Metric::stall:
    case Metric::gap:
    case Metric::recovery:
      return Unit::ns;
    case Metric::tsval_step:
      return Unit::ticks;
    case Metric::goodput_before:
    case Metric::goodput_after:
      break;
  }
  return Unit::bytes_per_second;
}

}  // namespace tsaudit
