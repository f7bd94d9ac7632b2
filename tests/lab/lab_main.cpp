// SPDX-License-Identifier: Apache-2.0
// tsaudit_lab: plays against the running kernel; writes captures and truth, and compares.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <filesystem>

#include "random_move.h"
#include "random_programs.h"
#include "rule_tests.h"
#include "scenario.h"

namespace {

/// What ctest takes for "skipped" (SKIP_RETURN_CODE).
constexpr int kSkipped = 77;

struct Arguments {
  std::string scenario, folder;
  lab::Topology::Options net;
  int64_t patience_s = 2200;
  lab::RandomPlan random;
  bool moves = false, programs = false;
};

lab::Lab::Options lab_options(const Arguments& arguments) {
  if (!arguments.folder.empty()) std::filesystem::create_directories(arguments.folder);
  return {arguments.folder, arguments.net, !arguments.folder.empty()};
}

int play(const Arguments& arguments) {
  const lab::Scenario* chosen = lab::find_scenario(arguments.scenario);
  if (!chosen) {
    fmt::print(stderr, "no scenario '{}': see tsaudit_lab list\n", arguments.scenario);
    return 2;
  }
  lab::Lab::Options options = lab_options(arguments);
  options.net = chosen->lab.net;
  options.net.offloads |= arguments.net.offloads;
  options.one_sided = chosen->lab.one_sided;
  lab::Lab lab(options);
  const lab::Stage stage = chosen->run(lab);
  lab.finish();
  return 0;
}

int list(const Arguments&) {
  for (const auto& known : lab::scenarios()) fmt::print("  {:<20} {}\n", known.name, known.shows);
  return 0;
}

/// Each rule by itself, in one session: what its description expects against what the kernel did.
int run_rules(const Arguments& arguments, std::initializer_list<std::span<const lab::RuleTest>> groups) {
  lab::Lab lab(lab_options(arguments));
  lab::RuleTests tests(lab, arguments.patience_s);
  int wrong = 0;
  for (const auto& group : groups)
    for (const lab::RuleTest& test : group) {
      try {
        test.run(tests);
      } catch (const std::exception& error) {
        fmt::print("{}: {}\n", test.name, error.what());
        ++wrong;
      }
    }
  lab.finish();
  for (const auto& outcome : tests.outcomes()) {
    fmt::print("{:<4} {:<62} {}{}\n", outcome.agrees() ? "ok" : "NOT", outcome.rule, outcome.happened,
               outcome.agrees() ? "" : fmt::format("  (expected {})", outcome.expected));
    wrong += !outcome.agrees();
  }
  return wrong ? 1 : 0;
}

int rules(const Arguments& arguments) {
  return run_rules(arguments, {lab::paws_tests(), lab::sequence_tests(), lab::option_tests(),
                               lab::handshake_tests(), lab::closing_tests(), lab::usec_tests()});
}

int idle(const Arguments& arguments) { return run_rules(arguments, {lab::idle_tests()}); }

int random_traffic(const Arguments& arguments) {
  if (arguments.net.usec && lab::kernel_version() < 607) {
    fmt::print("SKIPPED: usec timestamps came with Linux 6.7\n");
    return kSkipped;
  }
  // Without reasons only counters speak, and on a bad line they speak of several segments at once.
  if ((arguments.net.bad_line || arguments.moves || arguments.programs) && lab::kernel_version() < 517) {
    fmt::print("SKIPPED: a bad line, and sockets that move, need drop reasons (Linux 5.17)\n");
    return kSkipped;
  }
  lab::Lab::Options options = lab_options(arguments);
  options.net.bad_line |= arguments.random.far;
  lab::Lab lab(options);
  lab::RandomPlan plan = arguments.random;
  for (const auto& [on, name] : {std::pair{arguments.net.offloads, " --offloads"},
                                 {arguments.net.bad_line, " --bad-line"},
                                 {arguments.net.vxlan, " --vxlan"},
                                 {arguments.net.usec, " --usec"},
                                 {arguments.random.far, " --far"},
                                 {arguments.moves, " --moves"},
                                 {arguments.programs, " --programs"}})
    if (on) plan.network += name;
  if (arguments.moves || arguments.programs) {
    (arguments.moves ? lab::play_random_moves : lab::play_random_programs)(lab, plan);
    lab.finish();
    fmt::print("random{} --seed {}\n", plan.network, plan.seed);
    return 0;
  }
  const uint64_t sent = play_random(lab, plan);
  lab.finish();
  fmt::print("random{} --seed {}: {} segments injected\n", plan.network, plan.seed, sent);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("tsaudit's lab on the running kernel");
  app.require_subcommand(1);
  Arguments arguments;
  int (*command)(const Arguments&) = nullptr;
  auto add = [&](const char* name, const char* help, int (*run)(const Arguments&)) {
    CLI::App* sub = app.add_subcommand(name, help);
    sub->callback([&command, run] { command = run; });
    sub->add_flag("--offloads", arguments.net.offloads, "TSO, GSO and GRO on");
    sub->add_flag("--vxlan", arguments.net.vxlan, "the hosts talk through tunnels");
    sub->add_flag("--usec", arguments.net.usec, "timestamps of 1 us (Linux 6.7+)");
    return sub;
  };
  add("list", "the scenarios that can be played", list);
  CLI::App* sub = add("play", "a scenario: captures and truth go to a folder", play);
  sub->add_option("scenario", arguments.scenario)->required();
  sub->add_option("folder", arguments.folder)->required();
  sub = add("rules", "every rule of the receiver that shows at once, one by one", rules);
  sub->add_option("folder", arguments.folder, "for captures and truth");
  sub = add("idle", "the rules that only time brings: sleeps 38 minutes, or what the patience allows", idle);
  sub->add_option("folder", arguments.folder, "for captures and truth");
  sub->add_option("--patience", arguments.patience_s,
                  "seconds that a test may sleep: 2100000 for the 24 days of 6.6 and earlier")
      ->check(CLI::Range(int64_t{2200}, INT64_MAX))
      ->capture_default_str();
  sub = add("random", "connections by chance; the same seed plays the same again", random_traffic);
  sub->add_option("folder", arguments.folder)->required();
  sub->add_option("--seed", arguments.random.seed);
  sub->add_option("--connections", arguments.random.connections);
  sub->add_option("--steps", arguments.random.steps, "of each connection");
  sub->add_flag("--bad-line", arguments.net.bad_line, "frames are lost, late, doubled");
  sub->add_flag("--far", arguments.random.far,
                "the hosts are 4 to 40 ms apart, and the middle is in the middle");
  sub->add_flag("--moves", arguments.moves, "real sockets that move, instead of odd segments");
  sub->add_flag("--programs", arguments.programs, "real sockets that do what programs ask of them");
  sub->add_option("--only", arguments.random.only, "number of the one connection to play, from 0");
  CLI11_PARSE(app, argc, argv);
  if (geteuid() != 0) {
    fmt::print("SKIPPED: the lab needs root\n");
    return kSkipped;
  }
  try {
    return command(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "lab: {}\n", error.what());
    return 1;
  }
}
