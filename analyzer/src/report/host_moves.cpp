// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/host_moves.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "report/flow_facts.h"
#include "tsaudit/words.h"

namespace tsaudit {

void HostMoves::add(const FlowReport& flow) {
  for (size_t i = 0; i < flow.migrations.size(); ++i) {
    if (entries_.size() == kMost) {
      ++omitted_;
      continue;
    }
    const Migration& m = flow.migrations[i];
    const TimeNs next = i + 1 < flow.migrations.size() ? flow.migrations[i + 1].time_ns : INT64_MAX;
    const bool stalled = std::ranges::any_of(flow.findings, [&](const Finding& f) {
      return f.rule == RuleId::paws_stall && f.evidence != Evidence::contradicted &&
             f.time_ns + f.duration_ns >= m.time_ns && f.time_ns < next;
    });
    entries_.push_back(
        {endpoint_of(flow, m.endpoint).address, m.time_ns, m.frame, flow.id, m.offset, stalled});
  }
}

HostMove HostMoves::sum_up(const Entry* begin, const Entry* end) {
  HostMove move{.host = begin->host,
                .first_frame = begin->frame,
                .last_frame = end[-1].frame,
                .first_ns = begin->time_ns,
                .last_ns = end[-1].time_ns};
  std::set<uint64_t> flows, stalled;
  HostMove::Offset common{INT64_MIN, INT64_MAX};
  for (const Entry* entry = begin; entry != end; ++entry) {
    flows.insert(entry->flow);
    if (entry->stalled) stalled.insert(entry->flow);
    if (!entry->offset) continue;
    move.offset_needed = move.offset_needed || entry->offset->needed();
    common = {std::max(common.min, entry->offset->min), std::min(common.max, entry->offset->max)};
  }
  move.flows = flows.size();
  move.stalled = stalled.size();
  if (move.offset_needed && common.min <= common.max) move.offset = common;
  return move;
}

void HostMoves::finish() {
  std::ranges::sort(entries_, [](const Entry& a, const Entry& b) {
    return std::tie(a.host.v6, a.host.hi, a.host.lo, a.time_ns, a.frame) <
           std::tie(b.host.v6, b.host.hi, b.host.lo, b.time_ns, b.frame);
  });
  const Entry* const end = entries_.data() + entries_.size();
  for (const Entry* begin = entries_.data(); begin != end;) {
    const Entry* next = begin + 1;
    while (next != end && next->host == begin->host && next->time_ns - next[-1].time_ns <= kTogether) ++next;
    HostMove move = sum_up(begin, next);
    if (move.flows > 1) moves_.push_back(move);
    begin = next;
  }
  std::ranges::sort(moves_, {},
                    [](const HostMove& move) { return std::tie(move.first_ns, move.first_frame); });
}

std::optional<size_t> HostMoves::move_of(const FlowReport& flow) const {
  if (flow.migrations.empty()) return std::nullopt;
  const Migration& m = flow.migrations.front();
  const IpAddress& host = endpoint_of(flow, m.endpoint).address;
  for (size_t i = 0; i < moves_.size(); ++i)
    if (moves_[i].host == host && m.time_ns >= moves_[i].first_ns && m.time_ns <= moves_[i].last_ns) return i;
  return std::nullopt;
}

std::string what_came_of(const HostMove& move) {
  std::string text =
      fmt::format("Another host went on with them at frames {} to {}, within {}. Timestamps stalled {}",
                  move.first_frame, move.last_frame, duration_text(move.last_ns - move.first_ns),
                  move.stalled == move.flows ? "all"
                  : move.stalled == 0        ? "none"
                                             : grouped(move.stalled));
  if (move.offset)
    text += fmt::format("; an offset of {:+} ticks or more would have suited all", move.offset->min);
  else if (move.offset_needed)
    text += "; no one offset would have suited all";
  return text + ".";
}

}  // namespace tsaudit
