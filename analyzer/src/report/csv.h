// SPDX-License-Identifier: Apache-2.0
// CSV records as RFC 4180 wants them: commas, CR LF, quotes around what needs them.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "report/output.h"

namespace tsaudit {

inline std::string csv_quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

/// Fields of one record, in order; an absent value is an empty field.
class CsvRecord {
 public:
  explicit CsvRecord(Output& out) : out_(out) {}
  ~CsvRecord() { out_.write("\r\n"); }
  CsvRecord(const CsvRecord&) = delete;
  CsvRecord& operator=(const CsvRecord&) = delete;

  CsvRecord& operator<<(std::string_view text) {
    comma();
    out_.write(csv_quoted(text));
    return *this;
  }
  CsvRecord& operator<<(bool flag) { return *this << std::string_view(flag ? "true" : "false"); }
  CsvRecord& operator<<(std::integral auto number) {
    comma();
    out_.print("{}", number);
    return *this;
  }
  template <class T>
  CsvRecord& operator<<(const std::optional<T>& maybe) {
    return maybe ? *this << *maybe : *this << std::string_view();
  }

 private:
  void comma() {
    if (!first_) out_.write(",");
    first_ = false;
  }
  Output& out_;
  bool first_ = true;
};

}  // namespace tsaudit
