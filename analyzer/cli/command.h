// SPDX-License-Identifier: Apache-2.0
// A command of tsaudit: one file cmd_NAME.cpp with one function that adds it to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "exit_code.h"

namespace tsaudit::cli {

/// What the chosen command wants to be done once the command line has been understood. Running it later, and
/// not while CLI11 parses, keeps usage errors apart from all others.
using Action = std::function<ExitCode()>;

void add_analyze(CLI::App& app, Action& action);
void add_live(CLI::App& app, Action& action);
void add_segments(CLI::App& app, Action& action);
void add_check(CLI::App& app, Action& action);
void add_compare(CLI::App& app, Action& action);
void add_explain(CLI::App& app, Action& action);
void add_synth(CLI::App& app, Action& action);
void add_verify_offset(CLI::App& app, Action& action);
void add_annotate(CLI::App& app, Action& action);

/// A usage error found after parsing; main() prints it with a pointer to --help.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace tsaudit::cli
