// SPDX-License-Identifier: Apache-2.0
// What is known of the other end of stdout and stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tsaudit/analysis.h"

namespace tsaudit::cli {

enum class ColorChoice : uint8_t { automatic, always, never };

/// Colours on stdout, or stderr? `automatic`: on a terminal that knows them, unless NO_COLOR (no-color.org)
/// says no.
bool use_color(ColorChoice choice, int descriptor = 1);

/// Columns of the terminal at stdout within reason; 0 if there is none.
unsigned terminal_width();
/// The same; 100 for files and pipes, so that reports compare.
unsigned output_width();

/// `text`, which begins at column `indent` and goes on there, of at most `width` columns; 0: in one line.
std::string hanging(const std::string& text, size_t indent, size_t width);

/// A line on stderr that says how far reading is. Only on a terminal; at most ten times a second; gone at the
/// end.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet);
  ~ProgressLine() { erase(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const Progress& progress);
  void show(const std::string& text);
  void erase();

 private:
  bool is_due();
  void write(const std::string& text);

  bool enabled_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace tsaudit::cli
