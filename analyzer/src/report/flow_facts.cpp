// SPDX-License-Identifier: Apache-2.0
#include "report/flow_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tsaudit {

uint64_t dropped_by_timestamps(const DirectionReport& direction) {
  uint64_t dropped = 0;
  for (size_t i = 0; i < kReasonCount; ++i) {
    if (is_paws(static_cast<Reason>(i))) dropped += direction.reasons[i];
  }
  return dropped;
}

uint64_t dropped_by_timestamps(const FlowReport& flow) {
  return dropped_by_timestamps(flow.directions[0]) + dropped_by_timestamps(flow.directions[1]);
}

const Endpoint& endpoint_of(const FlowReport& flow, Side side) {
  return side == Side::client ? flow.client : flow.server;
}

const DirectionReport& direction_from(const FlowReport& flow, Side side) {
  return flow.directions[static_cast<size_t>(side)];
}

bool has_rule(const FlowReport& flow, RuleId rule) {
  return std::ranges::any_of(flow.findings, [&](const Finding& finding) { return finding.rule == rule; });
}

int64_t paws_stall_ns(const FlowReport& flow) {
  return stalled_ns(flow.findings, [](const Finding& finding) { return finding.rule == RuleId::paws_stall; });
}

std::string flag_letters(uint8_t flags) {
  constexpr std::string_view kLetters = "FSRPAUEC";
  std::string out;
  for (size_t bit = 0; bit < kLetters.size(); ++bit) {
    if (flags >> bit & 1) out += kLetters[bit];
  }
  return out;
}

std::string link_type_name(uint16_t link_type) {
  constexpr auto kNames = std::to_array<std::pair<uint16_t, std::string_view>>({
      {0, "NULL"},
      {1, "ETHERNET"},
      {9, "PPP"},
      {50, "PPP_HDLC"},
      {51, "PPP_ETHER"},
      {101, "RAW"},
      {104, "C_HDLC"},
      {105, "IEEE802_11"},
      {108, "LOOP"},
      {113, "LINUX_SLL"},
      {127, "IEEE802_11_RADIOTAP"},
      {228, "IPV4"},
      {229, "IPV6"},
      {239, "NFLOG"},
      {276, "LINUX_SLL2"},
  });
  const auto* found = std::ranges::find(kNames, link_type, &std::pair<uint16_t, std::string_view>::first);
  return found != kNames.end() ? std::string(found->second) : fmt::format("LINKTYPE_{}", link_type);
}

}  // namespace tsaudit
