// SPDX-License-Identifier: Apache-2.0
// tsaudit check: does what a policy asks for hold in these captures?

#include <memory>

#include "command.h"
#include "gate_options.h"
#include "gated_reports.h"
#include "input_options.h"

namespace tsaudit::cli {
namespace {

struct CheckOptions {
  InputOptions input;
  ReportOptions report;
  GateOptions gate;
  std::string policy;
  bool print_default = false;
};

ExitCode check_captures(CheckOptions& options) {
  ExitCode code = ExitCode::ok;
  const auto policy = open_policy(options.policy, code);
  if (!policy) return code;
  const auto gate = GateRun::open(options.gate, *policy, code);
  if (!gate) return code;
  apply_receivers(gate->policy(), options.input.analysis);
  const auto source = open(options.input, code);
  if (!source) return code;
  GatedReports reports(options.report, options.input.command_hint(), gate.get());
  Summary summary = run(*source, options.input, reports);
  return reports.finish(summary, options.input);
}

ExitCode print_default_policy() {
  std::fputs(policy_toml(Policy{}).c_str(), stdout);
  check_stdout();
  return ExitCode::ok;
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("check",
                         "Holds captures against a policy, for pipelines.\n"
                         "\n"
                         "Examples:\n"
                         "  tsaudit check --policy policy.toml run.pcap\n"
                         "  tsaudit check --junit-out result.xml --github-out /dev/stderr run.pcap\n"
                         "  tsaudit check --print-default-policy");
  const auto options = std::make_shared<CheckOptions>();
  add_captures(*command, options->input, false);
  options->input.add_to(*command);
  options->report.add_to(*command);
  command
      ->add_option("--policy", options->policy, "what must hold, as TOML (default: --print-default-policy)")
      ->option_text("FILE")
      ->group("Gate");
  command->add_flag("--print-default-policy", options->print_default, "print it, and do nothing else")
      ->group("Gate");
  options->gate.add_limits(*command, "the policy's", "the policy's");
  options->gate.add_baseline(*command);
  options->gate.add_today(*command);
  command->footer(kExitCodeHelp);
  command->callback([options, &action] {
    if (!options->print_default && options->input.captures.empty()) throw UsageError("no capture given");
    FileRoles roles;
    roles.reads(options->input.captures);
    roles.reads(options->policy);
    options->gate.check(roles);
    options->report.check(roles);
    action = [options] { return options->print_default ? print_default_policy() : check_captures(*options); };
  });
}

}  // namespace tsaudit::cli
