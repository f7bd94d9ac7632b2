// SPDX-License-Identifier: Apache-2.0
// Words, numbers and lines as people read them. Plain ASCII of our own, so that a report survives a mailing
// list.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tsaudit/rule_table.h"
#include "tsaudit/types.h"
#include "tsaudit/words.h"

namespace tsaudit {

/// Colours are told apart by people who cannot tell red from green: red, yellow and cyan, never green, and
/// each of them marks a word that says the same.
class Style {
 public:
  explicit Style(bool color) : color_(color) {}
  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string by_severity(Severity severity, std::string_view text) const;

 private:
  std::string paint(std::string_view code, std::string_view text) const;
  bool color_;
};

/// From one time to another; saturated, since a capture may state any two times.
int64_t elapsed(TimeNs from, TimeNs to);
/// "99.5 %", rounded down, so that 100 % means all of them.
std::string percent(uint64_t part, uint64_t whole);

/// Breaks `text` at spaces into lines of at most `width` columns, all but the first behind `indent` spaces.
/// The first line is taken to begin at column `column`. Ends without a newline. A word too long stays whole.
std::string wrapped(std::string_view text, size_t width, size_t indent, size_t column);

/// Columns as wide as they need to be.
class Table {
 public:
  enum class Align : uint8_t { left, right };
  struct Column {
    std::string_view title;
    Align align;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  size_t width() const;
  void leave_out(std::string_view title);
  /// Leaves columns out until the rest has room, or these are all gone: first what is "-" in every row, then
  /// those of `less_needed`.
  void fit(size_t width, std::initializer_list<std::string_view> less_needed);
  /// Lines with a newline each, the titles first; nothing at all without rows.
  std::string text(std::string_view indent) const;

 private:
  std::vector<size_t> widths() const;
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tsaudit
