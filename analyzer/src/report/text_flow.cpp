// SPDX-License-Identifier: Apache-2.0
#include "report/text_flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>

#include "report/flow_facts.h"
#include "report/utf8.h"

namespace tsaudit {
namespace {

/// "frames 812, 814 ... (12 in all)"
std::string frame_list(const Finding& finding) {
  constexpr size_t kShown = 12;
  const size_t shown = std::min(finding.frames.size(), kShown);
  std::string out = shown == 1 ? "frame " : "frames ";
  for (size_t i = 0; i < shown; ++i) out += fmt::format("{}{}", i == 0 ? "" : ", ", finding.frames[i]);
  const uint64_t all = std::max<uint64_t>(finding.frame_count, finding.frames.size());
  if (all > shown) out += fmt::format(" ... ({} in all)", grouped(all));
  return out;
}

/// Messages may be written as clauses.
std::string as_sentence(std::string text) {
  if (text.empty()) return text;
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (std::string_view(".!?").find(text.back()) == std::string_view::npos) text += '.';
  return text;
}

/// As a shell takes it for one word.
std::string shell_word(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) || c >= 0x80 ||
           std::string_view("/._-+:=,@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return printable(text);
  std::string out = "'";
  for (const char c : printable(text)) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string rate(double hz) {
  return hz >= 1e6 && std::fmod(hz, 1e6) == 0 ? fmt::format("{:.0f} MHz", hz / 1e6)
                                              : fmt::format("{:.6g} Hz", hz);
}

/// "linux-6.12, captured at the receiver, sender's clock 1000 Hz, TSecr as modelled in 501 of 502"
std::string direction_text(const DirectionReport& direction) {
  if (direction.segments == 0) return "no segments in the capture";
  std::string text;
  if (direction.receiver_profile) {
    text = fmt::format("judged as {}{}, ", direction.receiver_profile->name,
                       direction.profile_proven ? "" : " (assumed)");
  }
  switch (direction.vantage) {
    case Vantage::at_receiver:
      text += "captured at the receiver or close to it";
      break;
    case Vantage::at_sender:
      text += "captured at the sender";
      break;
    case Vantage::in_middle:
      text += "captured on the way";
      break;
    case Vantage::one_sided:
      text += "the receiver's own segments are missing";
      break;
    case Vantage::unknown:
      text += "capture point unknown";
      break;
  }
  const ClockReport& clock = direction.clock;
  if (clock.hz > 0) {
    text += fmt::format(", sender's clock {}", rate(clock.nominal_hz > 0 ? clock.nominal_hz : clock.hz));
  }
  if (direction.check.compared > 0) {
    text += fmt::format(", TSecr as modelled in {} of {}", grouped(direction.check.equal),
                        grouped(direction.check.compared));
  }
  if (direction.contradicted > 0) {
    text += fmt::format("; {} contradicted: the receiver evidently did otherwise",
                        counted(direction.contradicted, "verdict"));
  }
  return text;
}

/// A page of two columns: labels, and what they stand for.
class Details {
 public:
  Details(const FlowReport& flow, const WriterOptions& options, const Style& style)
      : flow_(flow), options_(options), style_(style) {}

  std::string text() {
    title();
    std::vector<Finding> findings = flow_.findings;
    std::ranges::stable_sort(findings, std::greater<>(), &Finding::severity);
    Severity migrated = rule_info(RuleId::endpoint_migrated).severity;
    size_t shown = 0, left_out = 0;
    for (const Finding& finding : findings) {
      if (finding.rule == RuleId::endpoint_migrated && !flow_.migrations.empty()) {
        migrated = finding.severity;  // said below, with all its signals
      } else if (shown++ < kFindings) {
        add_finding(finding);
      } else {
        ++left_out;
      }
    }
    for (size_t i = 0; i < flow_.migrations.size(); ++i) {
      i < kMigrations ? add_migration(flow_.migrations[i], migrated) : void(++left_out);
    }
    if (left_out > 0) row("", counted(left_out, "more finding") + ": --format json or ndjson has them all");
    std::string_view label = "model";
    for (const DirectionReport& direction : flow_.directions) {
      row(label, fmt::format("{}: {}", direction_name(direction.from), direction_text(direction)));
      label = "";
    }
    add_commands(findings);
    return std::move(out_);
  }

 private:
  static constexpr size_t kFindings = 20;  ///< shown of one flow; more are a pattern, not a list
  static constexpr size_t kMigrations = 4;
  static constexpr size_t kLabel = 2;    ///< column of the labels
  static constexpr size_t kColumn = 10;  ///< and of the text

  /// A line to be copied: never broken.
  void verbatim(std::string_view label, std::string_view line) {
    out_ += fmt::format("{:{}}{:<{}}{}\n", "", kLabel, label, kColumn - kLabel, line);
  }
  void row(std::string_view label, std::string_view text) {
    verbatim(label, wrapped(text, options_.width, kColumn, kColumn));
  }

  void title() {
    out_ += style_.bold(fmt::format("flow {}  {}", flow_.id, flow_name(flow_)));
    out_ += fmt::format("  (frames {}-{}{}{})\n", flow_.first_frame, flow_.last_frame,
                        flow_.roles_guessed ? ", no SYN: roles guessed" : "",
                        flow_.evicted ? ", cut short by --max-flows" : "");
    const std::string line = timeline(flow_, options_.width - kColumn);
    if (line.empty()) return;
    const size_t end = line.find('\n');
    verbatim("time", line.substr(0, end));
    verbatim("", line.substr(end + 1));
  }

  void heading(RuleId id, Severity severity, const std::string& about) {
    const RuleInfo& rule = rule_info(id);
    const std::string_view name = to_string(severity);
    out_ +=
        fmt::format("{:{}}{}{:{}}{} {}{}\n", "", kLabel, style_.by_severity(severity, name), "",
                    kColumn - kLabel - name.size(), style_.bold(rule.code), style_.bold(rule.name), about);
  }

  void add_finding(const Finding& finding) {
    heading(finding.rule, finding.severity,
            (finding.from ? ", " + direction_name(*finding.from) : "") +
                (finding.evidence != Evidence::none ? fmt::format(", {}", to_string(finding.evidence)) : ""));
    row("", as_sentence(finding.message));
    std::string where = frame_list(finding);
    if (is_stall(finding) && finding.duration_ns > 0)
      where +=
          fmt::format(", from {} into the flow on", duration_text(elapsed(flow_.first_ns, finding.time_ns)));
    if (!finding.frames.empty()) row("", where);
    if (!finding.suppressed.empty())
      row("", fmt::format("does not count: {}", printable(finding.suppressed)));
    if (!finding.advice.empty()) row("to do", finding.advice);
    if (finding.rule == RuleId::paws_drop && finding.from)
      for (const std::string& command :
           offset_commands(flow_, flow_.directions[static_cast<size_t>(*finding.from)]))
        verbatim("", command);
  }

  /// Says what TS006 says, and more.
  void add_migration(const Migration& migration, Severity severity) {
    heading(RuleId::endpoint_migrated, severity, fmt::format(", {}", to_string(migration.endpoint)));
    std::string text =
        fmt::format("{} {} by another host at frame {}, {} into the flow",
                    to_string(endpoint_of(flow_, migration.endpoint)), was_replaced(migration),
                    migration.frame, duration_text(elapsed(flow_.first_ns, migration.time_ns)));
    if (migration.gap_ns > 0) text += fmt::format(", after {} of silence", duration_text(migration.gap_ns));
    row("", text + (migration.told ? "; told by --cut."
                                   : fmt::format("; {:.0f}% sure.", migration.confidence * 100)));
    size_t longest = 0;
    for (const MigrationSignal& signal : migration.signals) longest = std::max(longest, signal.name.size());
    for (const MigrationSignal& signal : migration.signals) {
      verbatim("", fmt::format("{:<{}}  frame {}: {}", signal.name, longest, signal.frame,
                               printable(signal.detail)));
    }
    if (migration.hz_before > 0 && migration.hz_after > 0 &&
        std::abs(migration.hz_after / migration.hz_before - 1) > 0.01) {
      row("", fmt::format("its clock ran at {} before, at {} after", rate(migration.hz_before),
                          rate(migration.hz_after)));
    }
    if (migration.offset) {
      const OffsetAdvice& offset = *migration.offset;
      row("offset",
          fmt::format("add {} to its TSval{} ({}, at most {})", grouped(offset.suggested),
                      migration.hz_before > 0 ? " to continue the old clock" : "",
                      offset.needed() ? fmt::format("at least {} to lose no segment", grouped(offset.min))
                                      : "no segment is lost without",
                      grouped(offset.max)));
    }
    if (migration.offset && migration.offset->suggested == 0) return;  // nothing to be mended
    for (const std::string& command : offset_commands(flow_, migration)) verbatim("", command);
  }

  /// Where to look next, ready to paste: the worst finding that has frames.
  void add_commands(const std::vector<Finding>& findings) {
    const auto worst = std::ranges::find_if(findings, [](const Finding& f) { return !f.frames.empty(); });
    if (options_.command_hint.capture.empty() || worst == findings.end()) return;
    std::string set;
    for (const uint64_t frame : worst->frames) set += fmt::format("{}{}", set.empty() ? "" : ",", frame);
    const std::string capture = shell_word(options_.command_hint.capture);
    std::string options;
    for (const std::string& word : options_.command_hint.options) options += " " + shell_word(word);
    verbatim("inspect",
             fmt::format("tsaudit explain {}{} --frame {}", capture, options, worst->frames.front()));
    verbatim("", fmt::format("tshark -r {} -Y 'frame.number in {{{}}}'", capture, set));
  }

  const FlowReport& flow_;
  const WriterOptions& options_;
  const Style& style_;
  std::string out_;
};

}  // namespace

std::string flow_name(const FlowReport& flow) {
  return fmt::format("{} -> {}", to_string(flow.client), to_string(flow.server));
}

std::string direction_name(Side from) {
  return fmt::format("{} -> {}", to_string(from), to_string(other(from)));
}

std::string flow_details(const FlowReport& flow, const WriterOptions& options, const Style& style) {
  return Details(flow, options, style).text();
}

}  // namespace tsaudit
