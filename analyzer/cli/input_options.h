// SPDX-License-Identifier: Apache-2.0
// What analyze, segments and explain have in common: captures to read, receivers to assume.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "exit_code.h"
#include "terminal.h"
#include "tsaudit/analysis.h"
#include "tsaudit/capture.h"
#include "tsaudit/writers.h"

namespace tsaudit::cli {

struct InputOptions {
  std::vector<std::string> captures;
  std::string filter;
  bool allow_truncated = false;
  bool quiet = false;
  AnalysisOptions analysis;
  size_t told_receivers = 0;  ///< by --receiver: the first ones of analysis.receivers; a policy has more

  /// Adds --filter, --receiver, --profile, --captured-at, --max-flows and --quiet.
  void add_live_to(CLI::App& command);
  /// The same, and what only captures that are there already can have: --cut and --allow-truncated. The
  /// captures themselves are named by each command.
  void add_to(CLI::App& command);
  /// Without a capture when there are several, whose frame numbers go on.
  CommandHint command_hint() const;
  CommandHint command_hint(const std::string& capture) const;
};

/// For options that take a count or a frame number.
CLI::Validator whole_number(uint64_t min, uint64_t max = UINT64_MAX);

/// The CAPTURE... argument.
void add_captures(CLI::App& command, InputOptions& options, bool required = true);
/// --color, which main() cannot ask for before the command is known.
void add_color(CLI::App& command, ColorChoice& choice);
WriterOptions writer_options(const InputOptions& input, ColorChoice color);

/// Opens the captures, or says on stderr why not: null then, and `code` says what to exit with.
std::unique_ptr<PacketSource> open(const InputOptions& options, ExitCode& code);

/// Says on stderr why there is nothing to read. Returns what to exit with.
ExitCode refuse_input(const Error& error);

class OptionUse;
/// analyze() with progress and SIGINT. What options name and the captures do not have is told of by `use`, or
/// without one on stderr at once.
Summary run(PacketSource& source, const InputOptions& options, Sink& sink, OptionUse* use = nullptr);

/// What was wrong with the input, on stderr, one line each; and what that means for the exit code.
ExitCode report_input(const Summary& summary, const InputOptions& options);

/// Why there is no verdict on the input as a whole: not all of it was read, and the user did not allow for that.
/// Else empty.
std::string unread(const Summary& summary, const InputOptions& options);

/// "tsaudit: WHAT" on stderr.
void complain(std::string_view what);

}  // namespace tsaudit::cli
