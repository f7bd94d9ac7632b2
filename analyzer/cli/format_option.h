// SPDX-License-Identifier: Apache-2.0
// Names of the formats on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "tsaudit/writers.h"

namespace tsaudit::cli {

using FormatName = std::pair<const char*, ReportFormat>;
inline constexpr auto kFormats = std::to_array<FormatName>({
    {"text", ReportFormat::text},
    {"json", ReportFormat::json},
    {"ndjson", ReportFormat::ndjson},
    {"csv", ReportFormat::csv},
    {"junit", ReportFormat::junit},
    {"sarif", ReportFormat::sarif},
    {"github", ReportFormat::github},
    {"markdown", ReportFormat::markdown},
});
/// Those that have a row for a segment: the first of them.
inline constexpr std::span<const FormatName> kTableFormats = std::span(kFormats).first(4);

/// --format, of the formats given; they must outlive the command.
inline void add_format(CLI::App& command, ReportFormat& format,
                       std::span<const FormatName> formats = kFormats) {
  std::string names;
  for (const auto& [name, value] : formats) names += std::string(names.empty() ? "" : ", ") + name;
  command
      .add_option_function<std::string>(
          "-f,--format",
          [&format, formats, names](const std::string& text) {
            for (const auto& [name, value] : formats) {
              if (text == name) {
                format = value;
                return;
              }
            }
            throw CLI::ValidationError("--format", "'" + text + "' is none of " + names);
          },
          "of stdout: " + names + " (default text)")
      ->option_text("FORMAT")
      ->group("Output");
}

}  // namespace tsaudit::cli
