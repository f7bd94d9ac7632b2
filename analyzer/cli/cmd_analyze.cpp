// SPDX-License-Identifier: Apache-2.0
// tsaudit analyze: did timestamps hurt these connections?

#include <memory>

#include "command.h"
#include "gate_options.h"
#include "gated_reports.h"
#include "input_options.h"

namespace tsaudit::cli {
namespace {

struct AnalyzeOptions {
  InputOptions input;
  ReportOptions report;
  GateOptions gate;
};

ExitCode analyze_captures(const AnalyzeOptions& options) {
  ExitCode code = ExitCode::ok;
  const auto gate = GateRun::open_if_asked(options.gate, code);
  if (code != ExitCode::ok) return code;
  const auto source = open(options.input, code);
  if (!source) return code;
  GatedReports reports(options.report, options.input.command_hint(), gate.get());
  Summary summary = run(*source, options.input, reports);
  return reports.finish(summary, options.input);
}

}  // namespace

void add_analyze(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("analyze",
                         "Says which connections TCP timestamps hurt, where, and what would help.\n"
                         "\n"
                         "Examples:\n"
                         "  tsaudit analyze migration.pcapng\n"
                         "  tsaudit analyze --fail-on error --json-out result.json *.pcap\n"
                         "  xzcat capture.pcap.xz | tsaudit analyze --receiver 10.0.0.2=linux-5.10 -");
  const auto options = std::make_shared<AnalyzeOptions>();
  add_captures(*command, options->input);
  options->input.add_to(*command);
  options->report.add_to(*command);
  options->gate.add_limits(*command, "no gate", "1 with --fail-on");
  options->gate.add_baseline(*command);
  command->footer(kExitCodeHelp);
  command->callback([options, &action] {
    FileRoles roles;
    roles.reads(options->input.captures);
    options->gate.check(roles);
    options->report.check(roles);
    action = [options] { return analyze_captures(*options); };
  });
}

}  // namespace tsaudit::cli
