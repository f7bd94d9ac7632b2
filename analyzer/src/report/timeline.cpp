// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "report/text_flow.h"

namespace tsaudit {
namespace {

struct Mark {
  char symbol;
  std::string_view meaning;
};
// Later ones are drawn over earlier ones.
constexpr Mark kOtherStall = {'z', "stalled, not by timestamps"};
constexpr Mark kOpenStall = {'?', "stalled, by what is not known"};
constexpr Mark kPawsStall = {'x', "stalled by PAWS"};
constexpr Mark kLoss = {'!', "discarded by PAWS"};
constexpr Mark kMoved = {'M', "moved"};

class Line {
 public:
  Line(TimeNs first, TimeNs last, size_t columns)
      : first_(static_cast<double>(first)), last_(static_cast<double>(last)), cells_(columns, '-') {}
  void mark(TimeNs from, int64_t lasting_ns, const Mark& mark) {
    const auto start = static_cast<double>(from);
    for (size_t i = column(start); i <= column(start + static_cast<double>(lasting_ns)); ++i)
      cells_[i] = mark.symbol;
  }
  bool shows(const Mark& mark) const { return cells_.find(mark.symbol) != std::string::npos; }
  const std::string& cells() const { return cells_; }

 private:
  // In floating point: a capture can state times whose difference does not fit int64.
  size_t column(double time) const {
    const double share = (time - first_) / (last_ - first_);
    return static_cast<size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(cells_.size() - 1));
  }
  double first_, last_;
  std::string cells_;
};

}  // namespace

std::string timeline(const FlowReport& flow, size_t width) {
  if (flow.last_ns <= flow.first_ns) return "";
  const std::string end = duration_text(elapsed(flow.first_ns, flow.last_ns));
  const size_t around = std::string_view("0 s ||  ").size() + end.size();
  if (width < around + 20) return "";
  Line line(flow.first_ns, flow.last_ns, std::min<size_t>(width - around, 64));
  const auto mark_findings = [&](auto&& is_one, const Mark& mark) {
    for (const Finding& finding : flow.findings) {
      if (is_one(finding)) line.mark(finding.time_ns, finding.duration_ns, mark);
    }
  };
  const auto of = [](RuleId rule) { return [rule](const Finding& finding) { return finding.rule == rule; }; };
  mark_findings(of(RuleId::not_timestamps), kOtherStall);
  mark_findings(is_undecided_stall, kOpenStall);
  mark_findings(of(RuleId::paws_stall), kPawsStall);
  mark_findings(of(RuleId::paws_drop), kLoss);
  for (const Migration& migration : flow.migrations) line.mark(migration.time_ns, 0, kMoved);

  std::string legend;
  for (const Mark& mark : {kMoved, kLoss, kPawsStall, kOpenStall, kOtherStall}) {
    if (line.shows(mark))
      legend += fmt::format("{}{} {}", legend.empty() ? "" : ", ", mark.symbol, mark.meaning);
  }
  if (legend.empty()) return "";
  return fmt::format("0 s |{}| {}\n     {}", line.cells(), end, legend);
}

}  // namespace tsaudit
