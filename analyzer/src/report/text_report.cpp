// SPDX-License-Identifier: Apache-2.0
// What an engineer pastes into a bug report: the answer, the flows that matter (worst first), what it rests
// on.
#include <fmt/format.h>

#include <map>
#include <tuple>

#include "report/flow_facts.h"
#include "report/gate_words.h"
#include "report/output.h"
#include "report/report_writers.h"
#include "report/tally.h"
#include "report/text_flow.h"
#include "report/text_style.h"
#include "report/utf8.h"
#include "report/worst_flows.h"
#include "tsaudit/host_moves.h"

namespace tsaudit {
namespace {

class TextReport : public ReportWriter {
 public:
  TextReport(std::FILE* out, const WriterOptions& options)
      : options_(options), style_(options.color), out_(out), worst_(kTableFlows) {}

  void flow(const FlowReport& flow) override {
    tally_.add(flow);
    moves_.add(flow);
    if (matters(flow)) worst_.offer(flow);
  }

  void finish(const Summary& summary) override {
    out_.print("{}\n", style_.bold(wrap(headline(tally_, summary.totals), 0)));
    if (summary.gate) gate(*summary.gate);
    warnings(summary);
    moves_.finish();
    host_moves();
    choose();
    sentences();
    table();
    for (const FlowReport* flow : chosen_) out_.print("\n{}", flow_details(*flow, options_, style_));
    basis(summary);
    out_.flush();
  }

 private:
  /// Flows with a row in the table. A FlowReport that matters takes a few kilobytes.
  static constexpr size_t kTableFlows = 50;
  /// Flows with a sentence and details: what a reader can take in.
  static constexpr size_t kDetailedFlows = 10;
  /// Of those that a host's move did the same to, so many.
  static constexpr size_t kAlike = 2;
  static constexpr size_t kHostMoves = 5;

  std::string wrap(std::string_view text, size_t indent) const {
    return wrapped(text, options_.width, indent, 0);
  }
  void paragraph(std::string_view label, std::string_view text) {
    out_.print("{}\n", wrap(fmt::format("{}: {}", label, text), 2));
  }

  void gate(const GateReport& gate) {
    const std::string line = wrapped(gate_line(gate), options_.width, 2, 0);
    out_.print("{}\n", gate.passed ? style_.bold(line) : style_.by_severity(Severity::error, line));
    for (const Finding& finding : gate.findings) {
      const std::string head = fmt::format("{} {}: ", to_string(finding.severity), rule_title(finding.rule));
      out_.print("  {}{}\n", style_.by_severity(finding.severity, head),
                 wrapped(printable(finding_text(finding)), options_.width, 4, 2 + head.size()));
    }
    for (const std::string& remark : gate.remarks) {
      out_.print("  {} {}\n", style_.by_severity(Severity::warning, "remark:"),
                 wrapped(printable(remark), options_.width, 4, 10));
    }
  }

  /// What limits the answer comes right after it.
  void warnings(const Summary& summary) {
    const auto warn = [&](std::string_view text) {
      out_.print("{} {}\n", style_.by_severity(Severity::warning, "warning:"),
                 wrapped(text, options_.width, 9, 9));
    };
    for (const CaptureInfo& capture : summary.captures) {
      if (capture.error) {
        warn(printable(capture.error->message) + "; what came before is reported");
      } else if (capture.truncated) {
        warn(fmt::format("{} ends inside a packet; what came before is reported", printable(capture.name)));
      }
    }
    for (const CaptureClockStep& step : summary.capture_clock_steps)
      warn(fmt::format("the capture's own clock was set {} by {}: the hosts of {} show it, from frame {} on",
                       step.step_ns > 0 ? "forward" : "back", duration_text(std::llabs(step.step_ns)),
                       counted(step.flows, "connection"), step.frame));
    if (summary.stopped_at_frame > 0) {
      warn(fmt::format("interrupted at frame {}; what came before is reported", summary.stopped_at_frame));
    }
    if (summary.totals.evicted_flows > 0) {
      warn(fmt::format(
          "{} forgotten before the end: more were open at once, or in trouble, than --max-flows allows",
          counted(summary.totals.evicted_flows, "flow")));
    }
    if (summary.totals.contradicted > 0) {
      warn(fmt::format(
          "the receivers evidently did otherwise than the model says with {}: the capture has gaps, or a "
          "receiver profile is wrong (--receiver)",
          counted(summary.totals.contradicted, "segment")));
    }
  }

  void host_moves() {
    const std::vector<HostMove>& moves = moves_.moves();
    for (size_t i = 0; i < std::min(moves.size(), kHostMoves); ++i) {
      const HostMove& move = moves[i];
      out_.print("{}{}    {} with {}\n{:9}{}\n", i == 0 ? "\n" : "",
                 style_.by_severity(move.stalled ? Severity::error : Severity::note, "moved"),
                 to_string(move.host), counted(move.flows, "connection"), "",
                 wrapped(what_came_of(move), options_.width, 9, 9));
    }
    if (moves.size() > kHostMoves)
      out_.print("{:9}{} more\n", "", counted(moves.size() - kHostMoves, "move"));
    if (moves_.omitted() > 0)
      out_.print("{:9}{} more, which were too many to sort\n", "", counted(moves_.omitted(), "migration"));
  }

  /// Whom to tell of: the worst, but not ten times the same.
  void choose() {
    std::map<std::tuple<size_t, Severity, bool>, size_t> alike;
    for (size_t i = 0; i < worst_.size() && chosen_.size() < kDetailedFlows; ++i) {
      const FlowReport& flow = worst_[i];
      const auto move = moves_.move_of(flow);
      if (!move || ++alike[{*move, flow.worst, paws_stall_ns(flow) > 0}] <= kAlike) chosen_.push_back(&flow);
    }
  }

  void sentences() {
    for (const FlowReport* flow : chosen_) {
      const std::string severity(to_string(flow->worst == Severity::none ? Severity::note : flow->worst));
      out_.print("{}{}{}flow {}  {}\n{:9}{}\n", flow == chosen_.front() ? "\n" : "",
                 style_.by_severity(flow->worst, severity), std::string(9 - severity.size(), ' '), flow->id,
                 flow_name(*flow), "", wrapped(flow->summary, options_.width, 9, 9));
    }
    if (worst_.size() > chosen_.size()) {
      out_.print("{:9}{} more in the table{}\n", "", counted(worst_.size() - chosen_.size(), "flow"),
                 worst_.not_kept() > 0
                     ? fmt::format(", {} not shown at all: --format csv or ndjson has every flow",
                                   grouped(worst_.not_kept()))
                     : "");
    }
  }

  void table() {
    constexpr auto kLeft = Table::Align::left;
    constexpr auto kRight = Table::Align::right;
    if (worst_.size() == 0) return;
    Table table({{"flow", kRight},
                 {"client", kLeft},
                 {"server", kLeft},
                 {"segments", kRight},
                 {"dropped", kRight},
                 {"confirmed", kRight},
                 {"predicted", kRight},
                 {"contradicted", kRight},
                 {"stalled", kRight},
                 {"moved", kLeft},
                 {"receiver", kLeft},
                 {"captured", kLeft}});
    for (size_t i = 0; i < worst_.size(); ++i) table.add(table_row(worst_[i]));
    // The sentences above name the endpoints by the same flow number, unless there are too many flows for
    // that.
    if (table.width() > options_.width && worst_.size() <= kDetailedFlows) {
      table.leave_out("client");
      table.leave_out("server");
    }
    if (options_.terminal) table.fit(options_.width, {"captured", "predicted", "contradicted", "confirmed"});
    out_.print("\n{}", table.text(""));
  }

  static std::vector<std::string> table_row(const FlowReport& flow) {
    // The receiver that refused something, or else the server.
    const DirectionReport& client = flow.directions[0];
    const DirectionReport& server = flow.directions[1];
    const DirectionReport& shown =
        dropped_by_timestamps(server) > dropped_by_timestamps(client) ? server : client;
    const auto count = [](uint64_t number) { return number == 0 ? std::string("-") : grouped(number); };
    const int64_t stalled = paws_stall_ns(flow);
    std::string moved;
    for (const Migration& migration : flow.migrations) {
      if (moved.empty()) moved = fmt::format("{} @{}", to_string(migration.endpoint), migration.frame);
    }
    if (flow.migrations.size() > 1) moved += fmt::format(" +{}", flow.migrations.size() - 1);
    std::string receiver(shown.receiver_profile ? shown.receiver_profile->name : "-");
    if (shown.receiver_profile && !shown.profile_proven) receiver += '?';
    return {fmt::format("{}", flow.id),
            to_string(flow.client),
            to_string(flow.server),
            grouped(client.segments + server.segments),
            count(dropped_by_timestamps(flow)),
            count(client.confirmed + server.confirmed),
            count(client.predicted + server.predicted),
            count(client.contradicted + server.contradicted),
            stalled > 0 ? duration_text(stalled) : "-",
            moved.empty() ? "-" : moved,
            receiver,
            std::string(to_string(shown.vantage))};
  }

  /// What the answer rests on: the flows without a story, what was read, what was not, how far to trust it.
  void basis(const Summary& summary) {
    out_.write("\n");
    std::string rest;
    const auto add = [&](uint64_t count, std::string_view what) {
      if (count > 0) rest += fmt::format("{}{} {}", rest.empty() ? "" : ", ", grouped(count), what);
    };
    add(tally_.healthy, "healthy");
    add(tally_.notes_only, "with notes only");
    add(tally_.without_timestamps, "without timestamps");
    add(tally_.negotiation_unknown, "of which it is unknown whether timestamps are in use");
    if (!rest.empty()) paragraph(worst_.size() > 0 ? "other flows" : "flows", rest);

    std::string rules;
    for (const RuleInfo& rule : rule_table()) {
      const Tally::RuleCount& count = tally_.rules[static_cast<size_t>(rule.id)];
      if (count.findings == 0) continue;
      rules += fmt::format("{}{} {} in {}", rules.empty() ? "" : ", ", rule.code, rule.name,
                           counted(count.flows, "flow"));
    }
    if (!rules.empty()) paragraph("findings", rules);

    if (tally_.assumed > 0) {
      paragraph(
          "assumed",
          fmt::format("the kernel of {}{}, for want of segments that would tell; --receiver ADDR=PROFILE "
                      "sets it",
                      counted(tally_.assumed, "receiver"), worst_.size() > 0 ? " (? in the table)" : ""));
    }
    const bool set_back = std::ranges::any_of(summary.capture_clock_steps,
                                              [](const CaptureClockStep& step) { return step.step_ns < 0; });
    for (const CaptureInfo& capture : summary.captures) read_from(capture, set_back);
    const Totals& totals = summary.totals;
    if (totals.ts_segments > 0) {
      paragraph("judged",
                fmt::format("{} ({} with timestamps), {} undecided", counted(tally_.judged, "segment"),
                            grouped(totals.ts_segments), grouped(totals.unknown)));
    }
    if (tally_.check.compared > 0) self_check();
  }

  void read_from(const CaptureInfo& capture, bool set_back) {
    std::string text =
        fmt::format("{} ({}", printable(capture.name), capture.format.empty() ? "?" : capture.format);
    for (const auto& [link_type, packets] : capture.link_types) text += ", " + link_type_name(link_type);
    text += fmt::format("), {}", counted(capture.packets, "packet"));
    std::string skipped;
    for (const auto& [reason, count] : capture.skipped) {
      if (count > 0)
        skipped += fmt::format("{}{} {}", skipped.empty() ? "" : ", ", grouped(count), printable(reason));
    }
    if (!skipped.empty()) text += "; skipped: " + skipped;
    if (capture.out_of_order > 0)
      text += fmt::format("; {} out of order in time{}", grouped(capture.out_of_order),
                          capture.format == "live" || set_back ? "" : ", which reordercap mends");
    paragraph("read", text);
  }

  void self_check() {
    const TsRecentCheck& check = tally_.check;
    std::string misses;
    const auto add = [&](uint64_t count, std::string_view cause) {
      if (count > 0) misses += fmt::format("{}{} {}", misses.empty() ? "; " : ", ", grouped(count), cause);
    };
    add(check.missed_loss, "by loss in the capture");
    add(check.missed_reorder, "by reordering");
    add(check.missed_refused, "refused by the receiver");
    add(check.missed_restored, "after a restore");
    paragraph("self-check",
              fmt::format("the receivers' TSecr is as modelled in {} of {} ({}){}", grouped(check.equal),
                          grouped(check.compared), percent(check.equal, check.compared), misses));
  }

  WriterOptions options_;
  Style style_;
  Output out_;
  Tally tally_;
  HostMoves moves_;
  WorstFlows worst_;
  std::vector<const FlowReport*> chosen_;  ///< of worst_
};

}  // namespace

std::unique_ptr<ReportWriter> make_text_report(std::FILE* out, const WriterOptions& options) {
  return std::make_unique<TextReport>(out, options);
}

}  // namespace tsaudit
