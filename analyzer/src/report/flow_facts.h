// SPDX-License-Identifier: Apache-2.0
// Small questions about flows that several formats ask.
#pragma once

#include <string>
#include <string_view>

#include "tsaudit/report.h"

namespace tsaudit {

/// Segments refused because of timestamps, among them the harmless old ACKs; whatever the evidence.
uint64_t dropped_by_timestamps(const DirectionReport& direction);
/// Of the whole flow.
uint64_t dropped_by_timestamps(const FlowReport& flow);

const Endpoint& endpoint_of(const FlowReport& flow, Side side);
const DirectionReport& direction_from(const FlowReport& flow, Side side);

bool has_rule(const FlowReport& flow, RuleId rule);
/// How long timestamps held it up (TS002); 0: they did not.
int64_t paws_stall_ns(const FlowReport& flow);

/// "PA", "S", "SA", in the order FIN SYN RST PSH ACK URG ECE CWR; "" for none.
std::string flag_letters(uint8_t flags);
/// "ETHERNET", or "LINKTYPE_147" for what has no name here (tcpdump.org/linktypes.html).
std::string link_type_name(uint16_t link_type);

}  // namespace tsaudit
