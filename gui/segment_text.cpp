// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment_text.h"

#include <fmt/format.h>

#include "plot_content.h"
#include "tsaudit/segment.h"

namespace tsaudit::gui {

std::string flags_text(uint8_t flags) {
  static constexpr std::pair<uint8_t, const char*> kNames[] = {{kSyn, "SYN"}, {kFin, "FIN"}, {kRst, "RST"},
                                                               {kPsh, "PSH"}, {kAck, "ACK"}, {kUrg, "URG"},
                                                               {kEce, "ECE"}, {kCwr, "CWR"}};
  std::string text;
  for (const auto& [bit, name] : kNames)
    if (flags & bit) text += (text.empty() ? "" : " ") + std::string(name);
  return text;
}

std::string verdict_text(const LogRow& row) {
  std::string text(to_string(static_cast<Verdict>(row.verdict)));
  const auto evidence = static_cast<Evidence>(row.evidence);
  if (evidence != Evidence::none) text += fmt::format(" ({})", to_string(evidence));
  return text;
}

std::string segment_line(const LogRow& row, TimeNs origin_ns) {
  std::string text = fmt::format("frame {} \u00b7 {:.6f} s \u00b7 {} {}", grouped(row.frame),
                                 static_cast<double>(row.time_ns - origin_ns) / 1e9, to_string(row.side()),
                                 flags_text(row.flags));
  if (row.length > 0) text += fmt::format(" {} B", grouped(row.length));
  if (row.has_ts) text += fmt::format(" \u00b7 TSval {} TSecr {}", row.tsval, row.tsecr);
  if (row.ts_recent_known) {
    text += fmt::format(" \u00b7 TS.Recent {}", row.ts_recent);
    if (row.has_ts) text += fmt::format(" \u0394 {}", signed_grouped(row.delta()));
  }
  // The evidence is in the table: with it the line does not fit a window of the usual width.
  return text + fmt::format(" \u00b7 {} {}", to_string(static_cast<Verdict>(row.verdict)),
                            to_string(static_cast<Reason>(row.reason)));
}

}  // namespace tsaudit::gui
