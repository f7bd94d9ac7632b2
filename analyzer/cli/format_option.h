// SPDX-License-Identifier: Apache-2.0
// Names of the formats on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <string>
#include <utility>

#include "tsaudit/writers.h"

namespace tsaudit::cli {

inline constexpr auto kFormats = std::to_array<std::pair<const char*, ReportFormat>>({
    {"text", ReportFormat::text},
    {"json", ReportFormat::json},
    {"ndjson", ReportFormat::ndjson},
    {"csv", ReportFormat::csv},
});

inline void add_format(CLI::App& command, ReportFormat& format) {
  command
      .add_option_function<std::string>(
          "-f,--format",
          [&format](const std::string& text) {
            for (const auto& [name, value] : kFormats) {
              if (text == name) {
                format = value;
                return;
              }
            }
            throw CLI::ValidationError("--format", "'" + text + "' is none of text, json, ndjson, csv");
          },
          "of stdout: text (default), json, ndjson or csv")
      ->option_text("FORMAT")
      ->group("Output");
}

}  // namespace tsaudit::cli
