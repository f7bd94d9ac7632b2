// SPDX-License-Identifier: Apache-2.0
#include "news.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tsaudit/words.h"
#include "tsaudit/writers.h"

namespace tsaudit::cli {
namespace {

/// Every loss holds a connection up for a moment.
constexpr TimeNs kWorthTelling = kSecond;

bool goes_on_standing(const FlowReport& report, const Finding& finding) {
  return finding.duration_ns >= kWorthTelling && finding.time_ns + finding.duration_ns >= report.last_ns;
}

/// What brings it to life again, to be typed on the host whose clock is behind. Empty: nothing that is known.
std::string cure(const FlowReport& report) {
  for (const DirectionReport& direction : report.directions)
    if (const auto commands = offset_commands(report, direction); !commands.empty()) return commands.front();
  for (const Migration& move : report.migrations)
    if (move.offset && move.offset->needed()) return offset_commands(report, move).front();
  return {};
}

}  // namespace

News::Kind News::kind_of(const FlowReport& report) {
  const auto stands_still = std::ranges::any_of(
      report.findings, [&](const Finding& finding) { return goes_on_standing(report, finding); });
  return {.worst = report.worst >= Severity::warning ? report.worst : Severity::none,
          .moves = report.migrations.size(),
          .stands_still = stands_still};
}

std::string News::line_of(const Item& item) {
  const FlowReport& report = item.report;
  std::string line = fmt::format("{} -> {}: ", to_string(report.client), to_string(report.server));
  line += item.only_goes_on ? "goes on again." : report.summary;
  const std::string command = item.kind.stands_still ? cure(report) : std::string();
  if (!command.empty()) line += "\n         to do: " + command;
  return line;
}

void News::see(FlowReport&& report) {
  moves_.add(report);
  const Kind kind = kind_of(report);
  if (kind == Kind{} && !flows_.contains(report.id)) return;
  Known& known = flows_[report.id];
  still_now_ += kind.stands_still;
  if (known.told == kind) return;
  // In two looks: what one segment says, the next one may take back.
  if (std::exchange(known.differed_in, look_) + 1 != look_) return;
  const bool only_goes_on = known.told.stands_still && !kind.stands_still && known.told.moves == kind.moves;
  known = {.told = kind, .differed_in = 0};
  items_.push_back({std::move(report), kind, only_goes_on});
}

std::vector<std::string> News::end_look(bool color) {
  std::vector<std::string> lines;
  const auto say = [&](Severity severity, std::string line) {
    const char* code = severity == Severity::error     ? "\x1b[31m"
                       : severity == Severity::warning ? "\x1b[33m"
                                                       : "";
    lines.push_back(color && *code ? fmt::format("{}{}\x1b[0m", code, line) : std::move(line));
  };
  moves_.finish();
  struct Together {
    size_t flows = 0;
    Severity worst = Severity::none;
  };
  std::vector<Together> together(moves_.moves().size());
  const auto part_of = [&](const Item& item) {
    const auto move = moves_.move_of(item.report);
    return move && !item.only_goes_on ? &together[*move] : nullptr;
  };
  for (const Item& item : items_)
    if (Together* all = part_of(item)) {
      ++all->flows;
      all->worst = std::max(all->worst, item.kind.worst);
    }
  for (size_t i = 0; i < together.size(); ++i) {
    if (together[i].flows < 2) continue;
    const HostMove& move = moves_.moves()[i];
    std::string line = fmt::format("{} moved with {}. {}", to_string(move.host),
                                   counted(move.flows, "connection"), what_came_of(move));
    if (std::exchange(said_[move.host], line) != line) say(together[i].worst, std::move(line));
  }
  size_t told = 0;
  for (const Item& item : items_) {
    const Together* all = part_of(item);
    if (all && all->flows > 1) continue;
    if (++told <= kLines) say(item.only_goes_on ? Severity::none : item.kind.worst, line_of(item));
  }
  if (told > kLines) lines.push_back(fmt::format("and of {} more", grouped(told - kLines)));
  standing_still_ = std::exchange(still_now_, 0);
  items_.clear();
  moves_ = {};
  ++look_;
  return lines;
}

}  // namespace tsaudit::cli
