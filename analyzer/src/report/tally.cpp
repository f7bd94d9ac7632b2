// SPDX-License-Identifier: Apache-2.0
#include "report/tally.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/flow_facts.h"
#include "report/text_style.h"

namespace tsaudit {

bool matters(const FlowReport& flow) {
  return flow.worst >= Severity::warning || !flow.migrations.empty() ||
         std::ranges::any_of(flow.findings, is_stall) ||
         flow.directions[0].contradicted + flow.directions[1].contradicted > 0;
}

void Tally::add(const FlowReport& flow) {
  ++flows;
  const auto stands = [&](RuleId rule) {
    return std::ranges::any_of(flow.findings, [&](const Finding& finding) {
      return finding.rule == rule && finding.evidence != Evidence::contradicted;
    });
  };
  const bool by_paws = stands(RuleId::paws_stall);
  if (by_paws) ++paws_stalled;
  const bool lost = std::ranges::any_of(flow.findings, [](const Finding& finding) {
    return finding.rule == RuleId::paws_drop && finding.evidence != Evidence::contradicted &&
           finding.severity > Severity::note;
  });
  if (lost) ++paws_lost;
  if (flow.options_cut) ++options_cut;
  if (!flow.migrations.empty()) ++migrated;
  if (!by_paws && has_rule(flow, RuleId::not_timestamps)) ++stalled_otherwise;
  if (!by_paws && std::ranges::any_of(flow.findings, is_undecided_stall)) ++stalled_undecided;
  if (flow.worst >= Severity::warning) ++with_warnings;
  if (!matters(flow)) {
    if (!flow.findings.empty()) {
      ++notes_only;
    } else {
      switch (flow.timestamps) {
        case Negotiated::yes:
          ++healthy;
          break;
        case Negotiated::no:
          ++without_timestamps;
          break;
        case Negotiated::unknown:
          ++negotiation_unknown;
          break;
      }
    }
  }
  std::array<bool, std::tuple_size_v<decltype(rules)>> counted_here{};
  const uint64_t refused_before = refused_syns;
  for (const Finding& finding : flow.findings) {
    if (finding.rule == RuleId::time_wait_reuse && finding.evidence != Evidence::none)
      refused_syns += finding.frame_count;
    else if (finding.rule == RuleId::stale_ack)
      stale_acks += finding.frame_count;
    else if (finding.rule == RuleId::paws_drop && finding.severity == Severity::note &&
             finding.evidence != Evidence::contradicted)
      late_copies += finding.frame_count;
    const auto id = static_cast<size_t>(finding.rule);
    ++rules.at(id).findings;
    if (!counted_here[id]) ++rules[id].flows;
    counted_here[id] = true;
  }
  syn_refused += refused_syns != refused_before;
  for (const DirectionReport& direction : flow.directions) {
    judged += direction.verdicts[static_cast<size_t>(Verdict::accept)] +
              direction.verdicts[static_cast<size_t>(Verdict::drop)];
    if (direction.ts_segments > 0 && direction.receiver_profile && !direction.profile_proven) ++assumed;
    check.compared += direction.check.compared;
    check.equal += direction.check.equal;
    check.exact += direction.check.exact;
    check.missed_loss += direction.check.missed_loss;
    check.missed_reorder += direction.check.missed_reorder;
    check.missed_refused += direction.check.missed_refused;
    check.missed_restored += direction.check.missed_restored;
  }
}

namespace {

/// What PAWS discarded, when nothing was lost by it.
std::string harmless(const Tally& tally, uint64_t discarded) {
  if (tally.stale_acks == discarded) return ", all old pure ACKs, which is harmless.";
  std::string kinds;
  const auto add = [&](uint64_t count, const std::string& what) {
    if (count != 0) kinds += (kinds.empty() ? "" : ", ") + what;
  };
  const uint64_t copies = tally.late_copies;
  add(tally.stale_acks, counted(tally.stale_acks, "old pure ACK"));
  add(copies,
      fmt::format("{} late cop{} of data that had arrived", grouped(copies), copies == 1 ? "y" : "ies"));
  return kinds.empty() ? ", none with data." : fmt::format(" ({}), which is harmless.", kinds);
}

}  // namespace

std::string headline(const Tally& tally, const Totals& totals) {
  const std::string flows = counted(tally.flows, "flow");
  const uint64_t standing = totals.confirmed + totals.predicted;
  const std::string dropped = counted(standing, "segment");
  const std::string elsewhere =
      tally.stalled_otherwise == 0
          ? ""
          : fmt::format(" {} stalled for another reason.", counted(tally.stalled_otherwise, "flow"));
  if (tally.paws_stalled > 0 || tally.paws_lost > 0) {
    const std::string hurt =
        tally.paws_stalled > 0
            ? fmt::format("stalled {} of {}", grouped(tally.paws_stalled), flows)
            : fmt::format("cost {} of {} data, but stalled none", grouped(tally.paws_lost), flows);
    if (totals.confirmed == 0) {
      return fmt::format(
          "Timestamps probably {}: by the model PAWS discarded {}, none of them confirmed by the "
          "receiver.{}",
          hurt, dropped, elsewhere);
    }
    return fmt::format("Timestamps {}: PAWS discarded {} ({} confirmed by the receiver).{}", hurt, dropped,
                       grouped(totals.confirmed), elsewhere);
  }
  if (tally.syn_refused > 0)
    return fmt::format(
        "Timestamps held {} of {} up: {} refused in TIME_WAIT, with a TSval before the last one of the "
        "connection before.{}",
        grouped(tally.syn_refused), flows, counted(tally.refused_syns, "SYN"), elsewhere);
  if (tally.flows == 0)
    return fmt::format("Inconclusive: no TCP flow in {}.", counted(totals.packets, "packet"));
  if (totals.ts_segments == 0 && tally.options_cut > 0) {
    return fmt::format(
        "Inconclusive: the snapshot length cut the TCP options off in {} of {}, so there is nothing to "
        "judge. Capture at least 128 bytes a packet.",
        grouped(tally.options_cut), flows);
  }
  if (totals.ts_segments == 0) {
    return fmt::format("Inconclusive: no segment of {} carries timestamps, so there is nothing to judge.",
                       flows);
  }
  if (tally.judged == 0) {
    return fmt::format(
        "Inconclusive: none of {} with timestamps could be judged; the state of their receivers is not in "
        "the "
        "capture.",
        counted(totals.ts_segments, "segment"));
  }
  if (tally.stalled_undecided > 0) {
    return fmt::format(
        "Inconclusive: {} of {} stalled while segments went by that could not be judged; what the capture "
        "lacks is said with each.{}",
        grouped(tally.stalled_undecided), flows, elsewhere);
  }
  if (totals.dropped > 0 && standing == 0) {
    return fmt::format(
        "Inconclusive: by the model {} would be discarded, but the receivers evidently took all of them. The "
        "capture "
        "has gaps, or the receiver profile is wrong.",
        counted(totals.dropped, "segment"));
  }
  if (totals.unknown > tally.judged) {
    return fmt::format(
        "Inconclusive: only {} of {} with timestamps could be judged; PAWS discarded {} of these.",
        grouped(tally.judged), counted(tally.judged + totals.unknown, "segment"),
        standing == 0 ? "none" : grouped(standing));
  }
  std::string answer = "Timestamps are not the problem: ";
  if (standing == 0) {
    answer += fmt::format("PAWS discarded none of {} in {}.", counted(tally.judged, "judged segment"), flows);
  } else {
    answer += fmt::format("PAWS discarded {}{}", dropped, harmless(tally, standing));
  }
  if (tally.migrated > 0) {
    answer += fmt::format(" {} of {} migrated without a loss to PAWS.", grouped(tally.migrated), flows);
  }
  answer += elsewhere;
  if (tally.with_warnings > 0) {
    answer += fmt::format(" Worth a look all the same: {}.", counted(tally.with_warnings, "flow"));
  }
  return answer;
}

}  // namespace tsaudit
