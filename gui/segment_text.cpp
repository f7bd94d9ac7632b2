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

std::string evidence_text(const LogRow& row) {
  const auto evidence = static_cast<Evidence>(row.evidence);
  return evidence == Evidence::none ? std::string() : std::string(to_string(evidence));
}

std::string segment_line(const LogRow& row, TimeNs origin_ns) {
  std::string text = fmt::format("frame {} \u00b7 {:.6f} s \u00b7 {} {}", grouped(row.frame),
                                 static_cast<double>(row.time_ns - origin_ns) / 1e9, to_string(row.side()),
                                 flags_text(row.flags));
  if (row.length > 0) text += fmt::format(" {} B", grouped(row.length));
  // The evidence is in the table: with it the line does not fit a window of the usual width.
  text += fmt::format(" \u00b7 {} {}", to_string(static_cast<Verdict>(row.verdict)),
                      to_string(static_cast<Reason>(row.reason)));
  if (row.ts_recent_known && row.has_ts)
    text += fmt::format(" \u00b7 \u0394 {}", signed_grouped(row.delta()));
  if (row.has_ts) text += fmt::format(" \u00b7 TSval {} TSecr {}", row.tsval, row.tsecr);
  if (row.ts_recent_known) text += fmt::format(" \u00b7 TS.Recent {}", row.ts_recent);
  return text;
}

}  // namespace tsaudit::gui
