// SPDX-License-Identifier: Apache-2.0
#include "report_files.h"

#include <fmt/format.h>

#include <cerrno>

#include "command.h"
#include "input_options.h"

namespace tsaudit::cli {

void ReportOptions::add_to(CLI::App& command) {
  add_format(command, format);
  add_color(command, color);
  for (size_t i = 0; i < kFormats.size(); ++i) {
    command
        .add_option(fmt::format("--{}-out", kFormats[i].first), files[i],
                    fmt::format("also write {} to this file", kFormats[i].first))
        ->option_text("FILE")
        ->group("Output");
  }
}

void ReportOptions::check(FileRoles& roles) const {
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i] == "-") {
      throw UsageError(fmt::format("--{}-out wants a file; for stdout there is --format", kFormats[i].first));
    }
    roles.writes(fmt::format("--{}-out", kFormats[i].first), files[i]);
  }
}

ReportFiles::ReportFiles(const ReportOptions& options, const CommandHint& command_hint, Severity fail_on) {
  for (size_t i = 0; i < kFormats.size(); ++i) {
    if (options.files[i].empty()) continue;
    files_.push_back(std::make_unique<OutputFile>(options.files[i]));
    // A file is read on another screen, if on any: no colours, no width of this terminal.
    targets_.push_back({kFormats[i].second,
                        files_.back()->file(),
                        {.color = false, .width = 100, .fail_on = fail_on, .command_hint = command_hint}});
  }
  targets_.push_back({options.format,
                      stdout,
                      {.color = use_color(options.color),
                       .width = output_width(),
                       .terminal = terminal_width() != 0,
                       .fail_on = fail_on,
                       .command_hint = command_hint}});
  errno = 0;  // so that what fails from now on is named by its own reason
}

void ReportFiles::commit(size_t target) {
  target < files_.size() ? files_[target]->commit() : check_stdout();
}

}  // namespace tsaudit::cli
