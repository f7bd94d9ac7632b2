// SPDX-License-Identifier: Apache-2.0
// `tsaudit explain`: one segment before its receiver, or one rule.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "report/flow_facts.h"
#include "report/text_style.h"
#include "report/utf8.h"
#include "tsaudit/writers.h"

namespace tsaudit {
namespace {

constexpr size_t kLabel = 10;

/// Two columns: a label, and text that wraps beside it.
class Page {
 public:
  explicit Page(const WriterOptions& options) : style_(options.color), width_(options.width) {}
  const Style& style() const { return style_; }

  void row(std::string_view label, std::string_view text) {
    out_ += style_.bold(label);
    out_.append(kLabel - std::min(kLabel, label.size()), ' ');
    out_ += wrapped(text, width_, kLabel, kLabel);
    out_ += '\n';
  }
  void blank() { out_ += '\n'; }
  std::string text() && { return std::move(out_); }

 private:
  Style style_;
  size_t width_;
  std::string out_;
};

std::string seconds_range(double min, double max) {
  return min == max ? fmt::format("{:.3f} s", min) : fmt::format("{:.3f} to {:.3f} s", min, max);
}

std::string ts_recent(const ReceiverSnapshot& state) {
  if (!state.known || state.ts_recent.empty()) return "unknown";
  if (state.ts_recent.size() == 1) return fmt::format("{}", state.ts_recent.front().raw);
  std::string values = "one of ";
  for (const TsVal value : state.ts_recent) {
    values += fmt::format("{}{}", values.size() == 7 ? "" : ", ", value.raw);
  }
  if (state.ts_recent_interval) values += ", or between two of them";
  return values;
}

void add_state(Page& page, std::string_view label, const ReceiverSnapshot& state) {
  std::string first = state.state.empty() ? std::string("state unknown") : printable(state.state);
  first += fmt::format(", TS.Recent {}", ts_recent(state));
  if (state.known)
    first += fmt::format(", its age {}", seconds_range(state.age_seconds_min, state.age_seconds_max));
  page.row(label, first);
  page.row("", state.sequence_known
                   ? fmt::format("RCV.NXT {}, Last.ACK.sent {}, SND.UNA {}, SND.WL1 {}, SND.WND {}",
                                 state.rcv_nxt.raw, state.rcv_wup.raw, state.snd_una.raw, state.snd_wl1.raw,
                                 state.snd_wnd)
                   : std::string("sequence numbers unknown"));
  if (state.rto_ms_max > 0) {
    page.row("", state.rto_ms_min == state.rto_ms_max
                     ? fmt::format("RTO {} ms", state.rto_ms_min)
                     : fmt::format("RTO {} to {} ms", state.rto_ms_min, state.rto_ms_max));
  }
}

/// Does the distance of TSval from TS.Recent decide, or is it what is not known well enough?
bool is_about_tsval(Reason reason) {
  return reason == Reason::newer || reason == Reason::equal || reason == Reason::window1 ||
         reason == Reason::idle || reason == Reason::disordered_ack || reason == Reason::rst_exempt ||
         reason == Reason::ts_recent_range || reason == Reason::idle_range || reason == Reason::rto_range ||
         (is_paws(reason) && reason != Reason::tsecr);
}

std::string verdict_text(const SegmentRow& row) {
  std::string text = fmt::format("{}, {}", to_string(row.verdict), to_string(row.reason));
  if (row.has_ts && row.ts_recent_known && is_about_tsval(row.reason)) {
    const int64_t delta = row.delta;
    text += delta < 0    ? fmt::format(": TSval lies {} ticks behind TS.Recent", grouped(-delta))
            : delta == 0 ? std::string(": TSval equals TS.Recent")
                         : fmt::format(": TSval lies {} ticks ahead of TS.Recent", grouped(delta));
  }
  return text;
}

std::string evidence_text(const SegmentRow& row) {
  std::string text(to_string(row.evidence));
  std::string frames;
  for (const uint64_t frame : row.evidence_frames) {
    if (frame != 0) frames += fmt::format("{}{}", frames.empty() ? "" : ", ", frame);
  }
  if (!frames.empty())
    text += fmt::format(", by frame{} {}", frames.find(',') == std::string::npos ? "" : "s", frames);
  return text;
}

}  // namespace

std::string explain_text(const Explanation& explanation, const WriterOptions& options) {
  const SegmentRow& row = explanation.row;
  Page page(options);
  page.row("frame", fmt::format("{}, {} -> {} ({} of flow {})", row.frame, to_string(explanation.source),
                                to_string(explanation.destination), to_string(row.from), row.flow));
  page.row("segment",
           fmt::format("seq {}, ack {}, {} bytes, flags {}{}", row.seq.raw, row.ack.raw, row.length,
                       row.flags ? flag_letters(row.flags) : "none",
                       row.has_ts ? fmt::format(", TSval {}, TSecr {}", row.tsval.raw, row.tsecr.raw)
                                  : ", no timestamps"));
  page.row("receiver", explanation.profile ? fmt::format("{}: {}", explanation.profile->name,
                                                         explanation.profile->description)
                                           : std::string("no profile"));
  page.blank();
  add_state(page, "before", explanation.before);
  page.blank();
  for (size_t i = 0; i < explanation.steps.size(); ++i) {
    page.row(i == 0 ? "tests" : "", fmt::format("{}. {}", i + 1, printable(explanation.steps[i])));
  }
  if (!explanation.steps.empty()) page.blank();
  const Severity severity = row.verdict == Verdict::drop ? Severity::error : Severity::none;
  page.row("verdict", page.style().by_severity(severity, verdict_text(row)));
  if (row.evidence != Evidence::none) page.row("evidence", evidence_text(row));
  page.blank();
  add_state(page, "after", explanation.after);
  return std::move(page).text();
}

std::string explain_text(const RuleInfo& rule, const WriterOptions& options) {
  const Style style(options.color);
  std::string out = fmt::format("{} {} ({})\n{}\n", style.bold(rule.code), style.bold(rule.name),
                                style.by_severity(rule.severity, to_string(rule.severity)),
                                wrapped(rule.title, options.width, 0, 0));
  std::string_view help = rule.help;
  while (!help.empty()) {
    const size_t end = std::min(help.find("\n\n"), help.size());
    out += fmt::format("\n{}\n", wrapped(help.substr(0, end), options.width, 0, 0));
    help.remove_prefix(std::min(end + 2, help.size()));
  }
  return out + fmt::format("\n{}\n", wrapped(fmt::format("Source: {}.", rule.source), options.width, 8, 0));
}

std::string rules_markdown() {
  std::string out =
      "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
      "# The rules of tsaudit\n\n"
      "Ids never change their meaning. This page is made by `tsaudit explain --all --format markdown`.\n\n"
      "| id | name | default severity | |\n|---|---|---|---|\n";
  for (const RuleInfo& rule : rule_table()) {
    out += fmt::format("| [{0}](#{2}-{1}) | {1} | {3} | {4} |\n", rule.code, rule.name,
                       fmt::format("ts{:03}", static_cast<unsigned>(rule.id)), to_string(rule.severity),
                       rule.title);
  }
  for (const RuleInfo& rule : rule_table()) {
    out += fmt::format("\n## {} {}\n\n**{}** ({})\n\n{}\n\nSource: {}.\n", rule.code, rule.name, rule.title,
                       to_string(rule.severity), rule.help, rule.source);
  }
  return out;
}

}  // namespace tsaudit
