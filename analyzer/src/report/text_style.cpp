// SPDX-License-Identifier: Apache-2.0
#include "report/text_style.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/utf8.h"

namespace tsaudit {

std::string Style::paint(std::string_view code, std::string_view text) const {
  return color_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string Style::by_severity(Severity severity, std::string_view text) const {
  switch (severity) {
    case Severity::error:
      return paint("1;31", text);
    case Severity::warning:
      return paint("1;33", text);
    case Severity::note:
      return paint("36", text);
    case Severity::none:
      break;
  }
  return std::string(text);
}

int64_t elapsed(TimeNs from, TimeNs to) {
  int64_t difference = 0;
  if (__builtin_sub_overflow(to, from, &difference)) return to > from ? INT64_MAX : INT64_MIN;
  return difference;
}

std::string percent(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  const auto tenths =
      static_cast<uint64_t>(static_cast<long double>(part) * 1000 / static_cast<long double>(whole));
  return tenths % 10 == 0 ? fmt::format("{} %", tenths / 10)
                          : fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

std::string wrapped(std::string_view text, size_t width, size_t indent, size_t column) {
  std::string out;
  bool line_empty = true;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const size_t columns = display_width(word);
    if (!line_empty && column + 1 + columns > width) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
      line_empty = true;
    }
    if (!line_empty) {
      out += ' ';
      ++column;
    }
    out += word;
    column += columns;
    line_empty = false;
  }
  return out;
}

std::vector<size_t> Table::widths() const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  return widths;
}

size_t Table::width() const {
  size_t total = 0;
  for (const size_t width : widths()) total += width + 2;
  return total < 2 ? 0 : total - 2;
}

void Table::leave_out(std::string_view title) {
  const auto column = std::ranges::find(columns_, title, &Column::title);
  if (column == columns_.end()) return;
  const auto at = column - columns_.begin();
  for (auto& row : rows_) row.erase(row.begin() + at);
  columns_.erase(column);
}

void Table::fit(size_t width, std::initializer_list<std::string_view> less_needed) {
  std::vector<std::string_view> in_turn;
  for (size_t i = 0; i < columns_.size(); ++i)
    if (std::ranges::all_of(rows_, [&](const auto& row) { return row[i] == "-"; }))
      in_turn.push_back(columns_[i].title);
  in_turn.insert(in_turn.end(), less_needed);
  for (const std::string_view title : in_turn)
    if (this->width() > width) leave_out(title);
}

std::string Table::text(std::string_view indent) const {
  if (rows_.empty()) return "";
  const std::vector<size_t> widths = this->widths();
  std::string out;
  const auto add_line = [&](auto&& cell_at) {
    std::string line(indent);
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string_view cell = cell_at(i);
      const std::string padding(widths[i] - display_width(cell), ' ');
      if (i > 0) line += "  ";
      line += columns_[i].align == Align::right ? padding + std::string(cell) : std::string(cell) + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  add_line([&](size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) {
    add_line([&](size_t i) { return std::string_view(row[i]); });
  }
  return out;
}

}  // namespace tsaudit
