// SPDX-License-Identifier: Apache-2.0
// A page for a job summary or a merge request: the answer, a table of the flows that matter, and of the worst
// the findings and a line of time. GitHub cuts summaries at 1 MiB; this stays far below.
#include <fmt/format.h>

#include "report/flow_facts.h"
#include "report/gate_words.h"
#include "report/markup.h"
#include "report/output.h"
#include "report/report_writers.h"
#include "report/tally.h"
#include "report/text_flow.h"
#include "report/text_style.h"
#include "report/worst_flows.h"
#include "tsaudit/host_moves.h"

namespace tsaudit {
namespace {

class MarkdownReport : public ReportWriter {
 public:
  explicit MarkdownReport(std::FILE* out) : out_(out), worst_(kTableFlows) {}

  void flow(const FlowReport& flow) override {
    tally_.add(flow);
    moves_.add(flow);
    if (matters(flow)) worst_.offer(flow);
  }

  void finish(const Summary& summary) override {
    if (summary.gate) {
      out_.print("## tsaudit: {}\n\n", markdown_text(gate_line(*summary.gate)));
    } else {
      out_.write("## tsaudit\n\n");
    }
    out_.print("**{}**\n", markdown_text(headline(tally_, summary.totals)));
    for (const CaptureInfo& capture : summary.captures) {
      if (capture.error) out_.print("\n> **Input:** {}\n", markdown_text(capture.error->message));
    }
    if (const std::string what = interruption(summary); !what.empty())
      out_.print("\n> **Input:** {}\n", markdown_text(what));
    if (summary.gate) gate(*summary.gate);
    host_moves();
    table();
    for (size_t i = 0; i < worst_.size() && i < kDetailedFlows; ++i) details(worst_[i]);
    basis(summary);
    out_.flush();
  }

 private:
  static constexpr size_t kTableFlows = 20, kDetailedFlows = 5, kFindings = 20, kHostMoves = 5;

  void finding(const Finding& finding) {
    out_.print("- **{}** {}: {}\n", to_string(finding.severity), rule_title(finding.rule),
               markdown_text(finding_text(finding)));
  }

  void gate(const GateReport& gate) {
    if (!gate.findings.empty() || !gate.remarks.empty()) out_.write("\n");
    for (const Finding& each : gate.findings) finding(each);
    for (const std::string& remark : gate.remarks) out_.print("- {}\n", markdown_text(remark));
  }

  void host_moves() {
    moves_.finish();
    const std::vector<HostMove>& moves = moves_.moves();
    if (!moves.empty()) out_.write("\n");
    for (size_t i = 0; i < std::min(moves.size(), kHostMoves); ++i)
      out_.print("- **{} moved with {}.** {}\n", to_string(moves[i].host),
                 counted(moves[i].flows, "connection"), markdown_text(what_came_of(moves[i])));
    if (moves.size() > kHostMoves) out_.print("- {} more\n", counted(moves.size() - kHostMoves, "move"));
  }

  void table() {
    if (worst_.size() == 0) return;
    out_.write(
        "\n| | flow | client | server | segments | dropped | confirmed | stalled | moved | answer |\n"
        "|---|--:|---|---|--:|--:|--:|--:|---|---|\n");
    for (size_t i = 0; i < worst_.size(); ++i) {
      const FlowReport& flow = worst_[i];
      const DirectionReport& client = flow.directions[0];
      const DirectionReport& server = flow.directions[1];
      const int64_t stalled = paws_stall_ns(flow);
      std::string moved = "-";
      if (!flow.migrations.empty()) {
        const Migration& first = flow.migrations.front();
        moved = fmt::format("{} @{}", to_string(first.endpoint), first.frame);
        if (flow.migrations.size() > 1) moved += fmt::format(" +{}", flow.migrations.size() - 1);
      }
      out_.print("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                 to_string(flow.worst == Severity::none ? Severity::note : flow.worst), flow.id,
                 markdown_code(to_string(flow.client)), markdown_code(to_string(flow.server)),
                 grouped(client.segments + server.segments), grouped(dropped_by_timestamps(flow)),
                 grouped(client.confirmed + server.confirmed), stalled > 0 ? duration_text(stalled) : "-",
                 moved, markdown_text(flow.summary));
    }
    if (worst_.not_kept() > 0) out_.print("\n{} more flows have findings.\n", grouped(worst_.not_kept()));
  }

  void details(const FlowReport& flow) {
    out_.print("\n<details{}><summary>flow {} {}</summary>\n\n", flow.worst == Severity::error ? " open" : "",
               flow.id, xml_escaped(flow_name(flow)));
    // A block of its own: in a table the marks would lose their columns.
    if (const std::string line = timeline(flow, 100); !line.empty()) out_.print("```\n{}\n```\n\n", line);
    size_t shown = 0;
    for (const Finding& each : flow.findings) {
      if (shown++ < kFindings) finding(each);
    }
    if (shown > kFindings) out_.print("- {} more\n", shown - kFindings);
    const auto block = [&](const std::vector<std::string>& commands) {
      if (commands.empty()) return;
      out_.write("\n```sh\n");
      for (const std::string& command : commands) out_.print("{}\n", command);
      out_.write("```\n");
    };
    for (const DirectionReport& direction : flow.directions) block(offset_commands(flow, direction));
    for (const Migration& migration : flow.migrations)
      if (migration.offset && migration.offset->suggested != 0) block(offset_commands(flow, migration));
    out_.write("\n</details>\n");
  }

  void basis(const Summary& summary) {
    out_.print("\n<sub>{}: {}, {} with timestamps, {} of them undecided.", counted(tally_.flows, "flow"),
               counted(summary.totals.segments, "segment"), grouped(summary.totals.ts_segments),
               grouped(summary.totals.unknown));
    if (tally_.check.compared > 0) {
      out_.print(" The receivers' TSecr is as modelled in {} of {}.", grouped(tally_.check.equal),
                 grouped(tally_.check.compared));
    }
    out_.write("</sub>\n");
  }

  Output out_;
  Tally tally_;
  HostMoves moves_;
  WorstFlows worst_;
};

}  // namespace

std::unique_ptr<ReportWriter> make_markdown_report(std::FILE* out) {
  return std::make_unique<MarkdownReport>(out);
}

}  // namespace tsaudit
