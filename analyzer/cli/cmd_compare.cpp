// SPDX-License-Identifier: Apache-2.0
// tsaudit compare: does the candidate do worse than the baseline?
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.h"
#include "gate_options.h"
#include "input_options.h"
#include "option_use.h"
#include "report_files.h"
#include "tsaudit/compare.h"
#include "tsaudit/saved.h"

namespace tsaudit::cli {
namespace {

struct CompareOptions {
  InputOptions input;
  ReportOptions report;
  GateOptions gate;
  std::string policy, baseline;
  std::vector<std::string> candidate;
};

bool is_saved(const std::string& path) { return path != "-" && is_saved_analysis(path); }

/// Captures are analyzed, as one; a saved analysis is read. What went wrong is said on stderr, and returned.
ExitCode digest(const std::vector<std::string>& paths, const CompareOptions& options, OptionUse& use,
                AnalysisDigest& out) {
  if (is_saved(paths.front())) {
    auto summary =
        read_saved_analysis(paths.front(), out, [&](Finding&& finding) { out.finding(std::move(finding)); });
    if (!summary) {
      complain(summary.error().message);
      return ExitCode::input;
    }
    const uint64_t stopped = summary->stopped_at_frame;
    out.finish(std::move(summary).value());
    if (stopped != 0) {
      complain(fmt::format("{}: the analysis was interrupted at frame {}", paths.front(), stopped));
      return ExitCode::input;
    }
  } else {
    InputOptions input = options.input;
    input.captures = paths;
    ExitCode code = ExitCode::ok;
    const auto source = open(input, code);
    if (!source) return code;
    out.finish(run(*source, input, out, &use));
  }
  return report_input(out.summary(), options.input);
}

class Deltas : public CompareSink {
 public:
  explicit Deltas(Writers<CompareWriter>& writers) : writers_(writers) {}
  void flow(const FlowDelta& delta) override { writers_.flow(delta); }

 private:
  Writers<CompareWriter>& writers_;
};

ExitCode compare_two(CompareOptions& options) {
  if (options.baseline == "-" && std::ranges::count(options.candidate, "-") > 0)
    throw UsageError("only one of the two can be stdin");
  if (options.candidate.size() > 1) {
    for (const std::string& path : options.candidate)
      if (is_saved(path))
        throw UsageError(fmt::format(
            "{}: a saved analysis is a candidate by itself; only captures are read as one", path));
  }
  ExitCode code = ExitCode::ok;
  auto policy = open_policy(options.policy, code);
  if (!policy) return code;
  if (options.gate.fail_on) policy->fail_on = *options.gate.fail_on;
  if (options.gate.min_flows) policy->min_flows = *options.gate.min_flows;
  apply_receivers(*policy, options.input.analysis);
  const Date today = options.gate.date();
  OptionUse use(options.input);  // in either of them
  AnalysisDigest baseline, candidate;
  const std::vector<std::string> good = {options.baseline};
  for (const auto& [paths, side] : {std::pair{&good, &baseline}, {&options.candidate, &candidate}}) {
    const ExitCode of_side = digest(*paths, options, use, *side);
    code = worse(code, of_side);
    // Without one side there is nothing to compare; half of one is compared as far as it goes.
    if (side->summary().captures.empty() || of_side == ExitCode::interrupted) return code;
  }
  use.complain_of_rest();
  Writers<CompareWriter> writers(&make_compare_writer, options.report, {}, policy->fail_on);
  Deltas deltas(writers);
  CompareSummary summary = compare(baseline, candidate, *policy, today, deltas);
  for (const auto& [side, name] : {std::pair{&candidate, "candidate"}, {&baseline, "baseline"}}) {
    const std::string why = unread(side->summary(), options.input);
    if (!why.empty()) withhold_verdict(summary.gate, fmt::format("{}: {}", name, why));
  }
  writers.finish(summary);
  complain_of(summary.gate, options.input.quiet);
  return worse(code, summary.gate.passed ? ExitCode::ok : ExitCode::findings);
}

}  // namespace

void add_compare(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("compare",
                                         "Says whether flows do worse in one capture than in another.\n"
                                         "\n"
                                         "Examples:\n"
                                         "  tsaudit compare good.pcap new.pcap\n"
                                         "  tsaudit compare --policy policy.toml good.json new-*.pcap\n"
                                         "  tsaudit compare --markdown-out summary.md good.json new.pcap");
  const auto options = std::make_shared<CompareOptions>();
  command->add_option("baseline", options->baseline, "capture, or what analyze --format json wrote of one")
      ->required()
      ->option_text("BASELINE")
      ->group("Input");
  command
      ->add_option("candidate", options->candidate,
                   "the same of what is to be no worse; several captures are read as one, by time")
      ->required()
      ->option_text("CANDIDATE...")
      ->group("Input");
  options->input.add_to(*command);
  options->report.add_to(*command);
  command
      ->add_option("--policy", options->policy,
                   "thresholds, as TOML (default: tsaudit check --print-default-policy)")
      ->option_text("FILE")
      ->group("Gate");
  options->gate.add_limits(*command, "the policy's", "the policy's");
  options->gate.add_today(*command);
  command->footer(kExitCodeHelp);
  command->callback([options, &action] {
    FileRoles roles;
    for (const std::string& path : {options->baseline, options->policy}) roles.reads(path);
    roles.reads(options->candidate);
    options->report.check(roles);
    action = [options] { return compare_two(*options); };
  });
}

}  // namespace tsaudit::cli
