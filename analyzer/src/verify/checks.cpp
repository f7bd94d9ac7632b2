// SPDX-License-Identifier: Apache-2.0
#include "verify/checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "tsaudit/profile.h"
#include "tsaudit/words.h"

namespace tsaudit::verify {
namespace {

/// The two ends of a wire do not agree to the last microsecond on what came first.
constexpr int64_t kSlack_ns = 1 * kMillisecond;

std::string ticks(uint32_t offset) { return fmt::format("{:+}", static_cast<int32_t>(offset)); }

int64_t signed_view(uint32_t offset) { return static_cast<int32_t>(offset); }

}  // namespace

Checks::Checks(const Endpoint& client, const Endpoint& server) {
  report_.client = client;
  report_.server = server;
}

void Checks::expect(Side local, uint32_t offset) {
  local_ = local;
  local_known_ = true;
  report_.table_offset = offset;
}

void Checks::find(RuleId rule, Severity severity, Side from, const FramePair& frames, std::string message) {
  auto& findings = report_.findings;
  const Endpoint& sender = from == Side::client ? report_.client : report_.server;
  // What is harmless stands apart from what is not, so that neither hides the other.
  auto found = std::ranges::find_if(findings, [&](const VerifyFinding& f) {
    return f.rule == rule && f.severity == severity && f.from == sender;
  });
  if (found == findings.end()) {
    findings.push_back({.rule = rule,
                        .severity = severity,
                        .from = sender,
                        .to = from == Side::client ? report_.server : report_.client,
                        .frames = {},
                        .message = std::move(message)});
    found = std::prev(findings.end());
    report_.worst = std::max(report_.worst, found->severity);
  }
  ++found->count;
  if (found->frames.size() < VerifyFinding::kMaxFrames) found->frames.push_back(frames);
}

void Checks::count(Side from, Point point) {
  VerifyDirection& d = direction(from);
  ++(point == kInside ? d.inside : d.outside);
}

void Checks::pair(Side from, const Match& match) {
  const auto &inside = match.items[kInside], &outside = match.items[kOutside];
  VerifyDirection& d = direction(from);
  const bool regrouped = inside.size() != 1 || outside.size() != 1;
  d.pairs += std::min(inside.size(), outside.size());
  if (!regrouped) return one(from, inside[0], outside[0], false);

  ++d.regrouped;
  DataHash hash[2];
  uint8_t flags[2] = {};
  bool known = true;
  for (const Point point : {kInside, kOutside}) {
    for (const Item& part : match.items[point]) {
      hash[point] = hash[point].followed_by(part.data, part.length);
      flags[point] |= part.flags;
      known = known && part.data_known;
    }
  }
  const FramePair frames{inside[0].frame, outside[0].frame};
  if (!known) ++d.payload_unknown;
  if (known && hash[kInside] != hash[kOutside]) find(RuleId::packet_altered, from, frames, "data differ");
  if (flags[kInside] != flags[kOutside])
    find(RuleId::packet_altered, from, frames,
         fmt::format("flags differ: {:#04x} inside, {:#04x} outside", flags[kInside], flags[kOutside]));
  // Each part with the one that holds its first byte, on the side that has more.
  const Point more = inside.size() > outside.size() ? kInside : kOutside;
  size_t at = 0;
  for (const Item& part : match.items[more]) {
    const auto& fewer = match.items[other(more)];
    while (at + 1 < fewer.size() && !before(part.seq, fewer[at].end())) ++at;
    more == kInside ? one(from, part, fewer[at], true) : one(from, fewer[at], part, true);
  }
}

void Checks::one(Side from, const Item& inside, const Item& outside, bool regrouped) {
  const FramePair frames{inside.frame, outside.frame};
  VerifyDirection& d = direction(from);
  State& s = state(from);
  if (s.first.inside == 0) s.first = frames;
  s.last = frames;
  d.ttl_less = int{inside.ttl} - int{outside.ttl};
  if (!regrouped && inside.length != 0 && !(inside.data_known && outside.data_known)) ++d.payload_unknown;
  if (const std::string what = differences(inside, outside, regrouped); !what.empty())
    find(RuleId::packet_altered, from, frames, "differs in " + what);
  if (inside.has_ts && outside.has_ts) {
    has_timestamps_ = true;
    offsets(from, inside, outside);
    echo(from, inside, outside);
    regression(from, frames, outside);
  }
  checksums(from, frames, inside, outside);
}

void Checks::offsets(Side from, const Item& inside, const Item& outside) {
  const FramePair frames{inside.frame, outside.frame};
  const uint32_t offset = outside.tsval.raw - inside.tsval.raw;
  State& s = state(from);
  s.latest = offset;
  if (offset != 0 && !local_known_) {
    local_ = from;  // only one end's TSval is rewritten
    local_known_ = true;
  }
  if (report_.table_offset && offset != 0) {
    const uint32_t wanted = local_ == from ? *report_.table_offset : 0;
    if (offset != wanted)
      return find(
          RuleId::offset_not_constant, from, frames,
          fmt::format("TSval is rewritten by {} ticks, but the table says {}", ticks(offset), ticks(wanted)));
  }
  const auto before = s.tsval.value();
  const auto verdict = s.tsval.see(offset);
  if (verdict == OffsetWatch::Verdict::differs)
    return find(
        RuleId::offset_not_constant, from, frames,
        fmt::format("TSval is rewritten by {} ticks, but by {} before", ticks(offset), ticks(*before)));
  if (verdict == OffsetWatch::Verdict::begins) direction(from).since = frames;
  if (offset != 0) s.began_ns = std::min(s.began_ns, inside.time_ns);
}

/// TSecr of what `from` sends echoes the other side's TSval.
void Checks::echo(Side from, const Item& inside, const Item& outside) {
  const FramePair frames{inside.frame, outside.frame};
  const uint32_t offset = outside.tsecr.raw - inside.tsecr.raw;
  const auto wrong = [&](std::string what) {
    find(RuleId::offset_not_inverse, from, frames, std::move(what));
  };
  if (!(inside.flags & kAck)) {
    if (offset != 0) wrong("TSecr of a segment without ACK was rewritten");
    return;
  }
  if (inside.tsecr.raw == 0 || outside.tsecr.raw == 0) {
    if (offset != 0)
      wrong(fmt::format("a TSecr of 0 did not stay 0: {} inside, {} outside", inside.tsecr.raw,
                        outside.tsecr.raw));
    return;
  }
  State& s = state(from);
  if (s.first_echo.inside == 0) s.first_echo = frames;
  const State& echoed = state(tsaudit::other(from));
  const uint32_t added = echoed.tsval.value().value_or(0);
  const bool in_place = minus(inside.time_ns, kSlack_ns) > echoed.began_ns;
  // An offset that varies is another finding: its echo may follow it.
  if (offset != 0 && offset == echoed.latest) {
    s.tsecr.see(offset);
    return;
  }
  if (added != 0 && offset != added && (offset != 0 || in_place))
    return wrong(offset == 0
                     ? fmt::format("TSval was rewritten by {} ticks, its echo was left alone", ticks(added))
                     : fmt::format("TSval was rewritten by {} ticks, its echo by {}", ticks(added),
                                   ticks(0 - offset)));
  const auto before = s.tsecr.value();
  if (s.tsecr.see(offset) == OffsetWatch::Verdict::differs)
    wrong(fmt::format("TSecr is rewritten by {} ticks, but by {} before", ticks(0 - offset),
                      ticks(0 - *before)));
}

/// Does the peer see TSval go back where nothing was reordered?
void Checks::regression(Side from, const FramePair& frames, const Item& outside) {
  State& s = state(from);
  if (outside.flags & kRst) return;
  const bool fresh = !s.outside_seen || (outside.length != 0 ? !before(outside.seq, s.highest_end)
                                                             : after(outside.ack, s.highest_ack));
  if (s.outside_seen && fresh && before(outside.tsval, s.newest)) {
    const auto back = static_cast<uint32_t>(distance(outside.tsval, s.newest));
    std::string message = fmt::format("the peer sees TSval go back by {}", counted(back, "tick"));
    Severity severity = rule_info(RuleId::tsval_regression).severity;
    if (back <= static_cast<uint32_t>(default_profile().window_ticks)) {
      // As analyze has it: what TCP_TIMESTAMP can lose on Linux 6.7+, by clearing bit 0, costs nothing there.
      severity = Severity::note;
      message += ", which Linux forgives, but not a receiver that follows RFC 7323 to the letter";
    }
    find(RuleId::tsval_regression, severity, from, frames, std::move(message));
  }
  if (!s.outside_seen || after(outside.tsval, s.newest)) s.newest = outside.tsval;
  if (!s.outside_seen || after(outside.end(), s.highest_end)) s.highest_end = outside.end();
  if (!s.outside_seen || after(outside.ack, s.highest_ack)) s.highest_ack = outside.ack;
  s.outside_seen = true;
}

void Checks::checksums(Side from, const FramePair& frames, const Item& inside, const Item& outside) {
  VerifyDirection& d = direction(from);
  if (inside.checksum == Checksum::offloaded || outside.checksum == Checksum::offloaded)
    ++d.checksum_offloaded;
  const bool bad_inside = inside.checksum == Checksum::bad, bad_outside = outside.checksum == Checksum::bad;
  if (bad_inside && bad_outside) {
    ++d.checksum_bad_on_both;  // the sender's doing, or the capture's
  } else if (bad_inside || bad_outside) {
    find(RuleId::checksum_broken, from, frames,
         fmt::format("the checksum is wrong {}, and right on the other side",
                     bad_inside ? "inside" : "outside"));
  }
}

void Checks::missing(Side from, Point point, const Item& item, int64_t first_of_other_ns,
                     int64_t last_of_other_ns) {
  VerifyDirection& d = direction(from);
  if (item.time_ns < first_of_other_ns || item.time_ns > last_of_other_ns) {
    ++d.at_edges;
    return;
  }
  ++d.missing;
  const FramePair frames{point == kInside ? item.frame : 0, point == kOutside ? item.frame : 0};
  find(RuleId::packet_missing, from, frames,
       fmt::format("the segment of frame {} {} is not in the {} capture", item.frame,
                   point == kInside ? "inside" : "outside", point == kInside ? "outside" : "inside"));
}

void Checks::finish() {
  for (const Side from : {Side::client, Side::server}) {
    State& s = state(from);
    VerifyDirection& d = direction(from);
    if (const auto value = s.tsval.value()) d.tsval_offset = signed_view(*value);
    if (const auto value = s.tsecr.value()) d.tsecr_offset = signed_view(*value);
    // An echo that was rewritten although nothing was added, or by something else.
    const uint32_t added = state(tsaudit::other(from)).tsval.value().value_or(0);
    const bool has_sender = state(tsaudit::other(from)).tsval.value().has_value();
    const uint32_t taken = s.tsecr.value().value_or(0);
    const bool told = std::ranges::any_of(
        report_.findings, [&](const VerifyFinding& f) { return f.rule == RuleId::offset_not_inverse; });
    if (has_sender && taken != added && taken != 0 && !told)
      find(
          RuleId::offset_not_inverse, from, s.first_echo,
          fmt::format("TSecr is rewritten by {} ticks, but TSval was by {}", ticks(0 - taken), ticks(added)));
    const bool entry_is_here = report_.table_offset && *report_.table_offset != 0 && local_ == from;
    if (entry_is_here && d.pairs != 0 && s.tsval.value() == uint32_t{0} && has_timestamps_)
      find(RuleId::offset_not_constant, from, s.last,
           fmt::format("the table says {} ticks, but TSval was never rewritten",
                       ticks(*report_.table_offset)));
  }
  if (local_) report_.client_is_inside = *local_ == Side::client;
  std::ranges::stable_sort(report_.findings, std::greater{}, &VerifyFinding::severity);
}

}  // namespace tsaudit::verify
