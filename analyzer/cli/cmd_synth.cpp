// SPDX-License-Identifier: Apache-2.0
// tsaudit synth: captures with known content.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "command.h"
#include "input_options.h"
#include "output_file.h"
#include "suggest.h"
#include "tsaudit/synth.h"

namespace tsaudit::cli {
namespace {

struct SynthCommandOptions {
  std::string scenario, out;
  bool list = false;
  SynthOptions synth;
};

void list_scenarios() {
  size_t width = 0;
  for (const SynthScenario& scenario : synth_scenarios()) width = std::max(width, scenario.name.size());
  for (const SynthScenario& scenario : synth_scenarios()) {
    std::string shown;
    for (const RuleId rule : scenario.rules)
      shown += fmt::format("{}{}", shown.empty() ? " [" : " ", rule_info(rule).code);
    // A line each, for grep; on a terminal the columns stay apart.
    fmt::print("{:<{}}  {}\n", scenario.name, width,
               hanging(fmt::format("{}{}{}", scenario.description, shown, shown.empty() ? "" : "]"),
                       width + 2, terminal_width()));
  }
  check_stdout();
}

const SynthScenario& scenario_named(const std::string& name) {
  if (const SynthScenario* found = find_synth_scenario(name)) return *found;
  std::vector<std::string> known;
  for (const SynthScenario& scenario : synth_scenarios()) known.emplace_back(scenario.name);
  const std::string guess = nearest(name, known);
  throw UsageError(
      fmt::format("no scenario {}; {}", name,
                  guess.empty() ? "tsaudit synth --list names all" : fmt::format("did you mean {}?", guess)));
}

void write(const SynthScenario& scenario, const SynthCommandOptions& options) {
  if (options.out == "-") {
    if (isatty(STDOUT_FILENO)) throw UsageError("a capture is not for a terminal: name a file, or pipe it");
    synthesize(scenario, options.synth, stdout);
    return check_stdout();
  }
  OutputFile file(options.out);
  SynthOptions synth = options.synth;
  if (options.out.ends_with(".pcapng")) synth.format = SynthFormat::pcapng;
  synthesize(scenario, synth, file.file());
  file.commit();
}

}  // namespace

void add_synth(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("synth",
                                         "Writes a capture with known content, made by simulated hosts.\n"
                                         "\n"
                                         "Examples:\n"
                                         "  tsaudit synth --list\n"
                                         "  tsaudit synth naive-restore-client restore.pcap\n"
                                         "  tsaudit synth --seed 7 zero-window window.pcapng");
  const auto options = std::make_shared<SynthCommandOptions>();
  command->add_option("scenario", options->scenario, "what happens in it, by its name in --list")
      ->option_text("SCENARIO")
      ->group("Input");
  command
      ->add_option("out", options->out,
                   "the file; pcapng if its name ends so, else pcap, both with nanoseconds; - is stdout")
      ->option_text("OUT")
      ->group("Input");
  command->add_flag("--list", options->list, "the scenarios, and the findings that each one shows")
      ->group("Input");
  command
      ->add_option("--seed", options->synth.seed,
                   "of ports, sequence numbers, clocks and sizes (default 1); the same seed gives the same "
                   "bytes")
      ->check(whole_number(0))
      ->option_text("N")
      ->group("Output");
  command
      ->add_option_function<std::string>(
          "--at",
          [options](const std::string& text) {
            if (text == "client") {
              options->synth.at = SynthPoint::client;
            } else if (text == "server") {
              options->synth.at = SynthPoint::server;
            } else {
              throw CLI::ValidationError("--at", fmt::format("'{}' is neither client nor server", text));
            }
          },
          "which end the capture is taken at: client or server (default: where the scenario shows best)")
      ->option_text("END")
      ->group("Output");
  command->footer(kExitCodeHelp);
  command->callback([options, &action] {
    if (options->list) {
      action = [] { return list_scenarios(), ExitCode::ok; };
      return;
    }
    if (options->scenario.empty()) throw UsageError("no scenario given; tsaudit synth --list names all");
    if (options->out.empty()) throw UsageError("no file given to write to");
    const SynthScenario& scenario = scenario_named(options->scenario);
    action = [options, &scenario] { return write(scenario, *options), ExitCode::ok; };
  });
}

}  // namespace tsaudit::cli
