// SPDX-License-Identifier: Apache-2.0
// --help within 80 columns. CLI11 2.1 does not wrap, and puts examples last.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tsaudit::cli {

/// What every command has; shown last.
inline constexpr const char* kOtherGroup = "Other";

/// Usage line, one sentence, examples (both from the description), groups of options, commands, footer.
class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;

  static constexpr size_t kWidth = 80;
};

}  // namespace tsaudit::cli
