// SPDX-License-Identifier: Apache-2.0
// The command line: parse, run the chosen command, and turn whatever happens into an exit code.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <new>

#include "command.h"
#include "help_formatter.h"
#include "input_options.h"
#include "output_file.h"
#include "signals.h"
#include "suggest.h"

namespace tsaudit::cli {
namespace {

constexpr const char* kDescription =
    "Finds out from captures whether TCP timestamps killed a connection.\n"
    "\n"
    "Examples:\n"
    "  tsaudit analyze migration.pcapng\n"
    "  tsaudit explain migration.pcapng --frame 812\n"
    "  tsaudit explain TS001";

/// The command that was being parsed when something went wrong.
const CLI::App& innermost(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.back());
}

/// What to say of an argument that nobody expected.
std::string unexpected(const CLI::App& app, const CLI::App& command, const std::string& word) {
  std::vector<std::string> known;
  if (word.starts_with("-")) {
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  } else {
    for (const CLI::App* subcommand : app.get_subcommands({})) known.push_back(subcommand->get_name());
  }
  const std::string name = word.substr(0, word.find('='));
  std::string text = word.starts_with("-") ? fmt::format("unknown option {}", name)
                     : &command == &app    ? fmt::format("unknown command {}", name)
                                           : fmt::format("unexpected argument {}", name);
  std::error_code error;
  if (const std::string guess = nearest(name, known); !guess.empty()) {
    text += fmt::format("; did you mean {}?", guess);
  } else if (&command == &app && std::filesystem::exists(word, error)) {
    text += fmt::format("; did you mean tsaudit analyze {}?", word);
  }
  return text;
}

/// What to say of the first argument that should be there and is not.
std::string missing(const CLI::App& app, const CLI::App& command) {
  if (&command == &app) return "no command given";
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_required() || option->count() != 0) continue;
    if (!option->get_lnames().empty()) return fmt::format("--{} is required", option->get_lnames().front());
    const bool is_capture = option->get_name().starts_with("capture");  // CAPTURE... or IN in the help
    const std::string name = option->get_option_text();                 // BASELINE, CANDIDATE...
    return fmt::format("no {} given", is_capture ? "capture" : name.substr(0, name.find("...")));
  }
  return "an argument is missing";
}

ExitCode usage_error(const CLI::App& app, std::string_view what) {
  const CLI::App& command = innermost(app);
  complain(what);
  const std::string name = &command == &app ? "" : command.get_name() + " ";
  std::fputs(fmt::format("Try 'tsaudit {}--help'.\n", name).c_str(), stderr);
  return ExitCode::usage;
}

ExitCode parse_and_run(CLI::App& app, const Action& action, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return action();
  } catch (const CLI::CallForHelp&) {
    const CLI::App& command = innermost(app);
    std::fputs(command.help(&command == &app ? "" : app.get_name()).c_str(), stdout);
    check_stdout();
    return ExitCode::ok;
  } catch (const CLI::CallForVersion&) {
    std::fputs("tsaudit " TSAUDIT_VERSION "\n", stdout);
    check_stdout();
    return ExitCode::ok;
  } catch (const CLI::ParseError& error) {
    const CLI::App& command = innermost(app);
    // An unknown word often makes something else missing: speak of the word.
    const std::vector<std::string> left = app.remaining(true);
    const auto odd = std::ranges::find_if(left, [](const std::string& word) { return word != "--"; });
    if (odd != left.end()) return usage_error(app, unexpected(app, command, *odd));
    // CLI11 would speak of subcommands, and of our own names for arguments.
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
      return usage_error(app, missing(app, command));
    const std::string what = error.what();
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
      return usage_error(app, what.substr(0, what.find(':')) + " wants a value");
    }
    return usage_error(app, what);
  } catch (const UsageError& error) {
    return usage_error(app, error.what());
  }
}

ExitCode run_program(int argc, char** argv) {
  install_signal_handlers();
  try {
    CLI::App app(kDescription, "tsaudit");
    Action action;
    app.formatter(std::make_shared<HelpFormatter>());
    app.set_help_flag("-h,--help", "this text")->group(kOtherGroup);
    app.set_version_flag("--version", TSAUDIT_VERSION, "the version")->group(kOtherGroup);
    app.require_subcommand(1);
    app.footer(std::string("'tsaudit COMMAND --help' tells more.\n"
                           "\n") +
               kExitCodeHelp +
               "\n"
               "Environment:\n"
               "  NO_COLOR, TERM=dumb   no colours, unless --color always\n");
    add_analyze(app, action);
    add_live(app, action);
    add_segments(app, action);
    add_explain(app, action);
    add_check(app, action);
    add_compare(app, action);
    add_verify_offset(app, action);
    add_annotate(app, action);
    add_synth(app, action);
    for (CLI::App* command : app.get_subcommands({})) command->get_help_ptr()->group(kOtherGroup);
    return parse_and_run(app, action, argc, argv);
  } catch (const OutputError& error) {
    complain(error.what());
  } catch (const std::bad_alloc&) {
    std::fputs("tsaudit: out of memory\n", stderr);  // without asking for any
  } catch (const std::exception& error) {
    complain(fmt::format("internal error: {}", error.what()));
  }
  return ExitCode::internal;
}

}  // namespace
}  // namespace tsaudit::cli

int main(int argc, char** argv) { return static_cast<int>(tsaudit::cli::run_program(argc, argv)); }
