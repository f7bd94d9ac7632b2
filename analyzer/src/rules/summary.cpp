// SPDX-License-Identifier: Apache-2.0
// The answer to "did timestamps kill this connection?", in one sentence.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "rules/findings.h"

namespace tsaudit {
namespace {

const Finding* find(const FlowReport& report, RuleId rule, std::optional<Side> from = std::nullopt) {
  const auto at = std::find_if(report.findings.begin(), report.findings.end(),
                               [&](const Finding& f) { return f.rule == rule && (!from || f.from == from); });
  return at == report.findings.end() ? nullptr : &*at;
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string killed_by_paws(const FlowReport& report, const Finding& drop) {
  const Side sender = *drop.from;
  std::string text =
      fmt::format("Timestamps {} this connection: ", find(report, RuleId::paws_stall) ? "stalled" : "hurt");
  text += fmt::format("{} discarded {} of {} by PAWS from frame {} on ({})", named(other(sender)),
                      counted(drop.frame_count, "segment"), named(sender), drop.frames.front(),
                      to_string(drop.evidence));
  if (const Migration* m = migration_before(report, sender, drop.frames.front())) {
    text += fmt::format(", after {} {} at frame {}", named(sender), was_replaced(*m), m->frame);
    if (drop.offset) text += fmt::format("; an offset of {:+} ticks would have prevented it", *drop.offset);
  }
  return text + ".";
}

/// What became of the timestamps of the side that moved, though no segment was discarded for it.
std::optional<std::string> what_changed(const FlowReport& report, const Migration& m) {
  const auto of_it = [&](RuleId rule) { return find(report, rule, m.endpoint); };
  const char* const unharmed = find(report, RuleId::stale_ack, m.endpoint) ? "yet nothing was lost so far"
                                                                           : "yet no segment was discarded";
  // "The clock ran at …", "TSval went …", "… segments without TSopt …"
  if (const Finding* rate = of_it(RuleId::clock_rate_change))
    return fmt::format("its{}, {}", rate->message.substr(3), unharmed);
  for (const RuleId rule : {RuleId::tsval_regression, RuleId::tsval_jump})
    if (const Finding* step = of_it(rule)) return fmt::format("its {}, {}", step->message, unharmed);
  if (const Finding* missing = of_it(RuleId::tsopt_missing)) return "sent " + missing->message;
  return std::nullopt;
}

/// Of those that `is` picks the one that lasted longest; null: there is none.
template <class Is>
const Finding* longest(const FlowReport& report, Is&& is) {
  const Finding* longest = nullptr;
  for (const Finding& finding : report.findings)
    if (is(finding) && (!longest || finding.duration_ns > longest->duration_ns)) longest = &finding;
  return longest;
}

/// The cause of a stall other than timestamps: rather one that somebody can mend.
const Finding* other_cause_of(const FlowReport& report) {
  const Finding* const mendable = longest(report, [](const Finding& finding) {
    return finding.rule == RuleId::not_timestamps && !finding.advice.empty();
  });
  return mendable
             ? mendable
             : longest(report, [](const Finding& finding) { return finding.rule == RuleId::not_timestamps; });
}

}  // namespace

const Migration* migration_before(const FlowReport& report, Side side, uint64_t frame) {
  const Migration* last = nullptr;
  for (const Migration& m : report.migrations)
    if (m.endpoint == side && m.frame <= frame) last = &m;
  return last;
}

std::string summarise(const FlowReport& report) {
  const Finding* drop = find(report, RuleId::paws_drop);
  if (drop && drop->severity == Severity::note && drop->evidence == Evidence::predicted)
    drop = nullptr;  // late copies
  if (drop && drop->evidence != Evidence::contradicted) return killed_by_paws(report, *drop);
  if (const Finding* undecided = longest(report, is_undecided_stall))
    return capitalised(undecided->message) + ".";
  const Finding* other_cause = other_cause_of(report);
  if (report.timestamps == Negotiated::no) {
    if (!other_cause && report.worst >= Severity::warning) other_cause = &report.findings.front();
    return other_cause ? capitalised(fmt::format("timestamps were not negotiated; {}.", other_cause->message))
                       : "Timestamps were not negotiated: PAWS does not apply.";
  }
  if (other_cause) return fmt::format("Timestamps are not the problem: {}.", other_cause->message);
  if (drop)
    return fmt::format("The model expected PAWS drops, but the receiver took the segments. {}", drop->advice);
  if (!report.migrations.empty()) {
    const auto odd = std::ranges::find_if(
        report.migrations, [&](const Migration& m) { return what_changed(report, m).has_value(); });
    const Migration& m = odd != report.migrations.end() ? *odd : report.migrations.front();
    return capitalised(
        fmt::format("{} {} by another host at frame {}, and {}.", named(m.endpoint), was_replaced(m), m.frame,
                    what_changed(report, m).value_or(report.timestamps == Negotiated::yes
                                                         ? "its timestamps went on without loss"
                                                         : "it is not known to use timestamps")));
  }
  if (report.timestamps == Negotiated::unknown && report.options_cut)
    return "The snapshot length cut TCP options off: whether timestamps are in use is not known.";
  if (report.timestamps == Negotiated::unknown)
    return "No timestamps seen in both directions: nothing can be said.";
  if (!report.findings.empty() && report.worst >= Severity::warning)
    return capitalised(report.findings.front().message) + ".";
  return "Timestamps are healthy.";
}

}  // namespace tsaudit
