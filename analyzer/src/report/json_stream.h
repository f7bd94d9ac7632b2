// SPDX-License-Identifier: Apache-2.0
// JSON as it is written, without a document in memory.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "report/output.h"
#include "report/utf8.h"

namespace tsaudit {

/// Puts commas and quotes where they belong. Members appear in the order in which they are written.
class JsonStream {
 public:
  /// `lines`: each element on a line of its own, so that a document can be read, compared and cut by lines.
  enum class Layout : uint8_t { compact, lines };

  explicit JsonStream(Output& out) : out_(out) {}

  void begin_object(Layout layout = Layout::compact) { open('{', layout); }
  void end_object() { close('}'); }
  void begin_array(Layout layout = Layout::compact) { open('[', layout); }
  void end_array() { close(']'); }

  /// The next value belongs to this key, which is written as it is: keys are ours, not the capture's.
  void key(std::string_view name) {
    separate();
    out_.print("\"{}\":", name);
    after_key_ = true;
  }

  void value(std::string_view text) {
    separate();
    out_.print("\"{}\"", json_escaped(text));
  }
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool flag) { literal(flag ? "true" : "false"); }
  void value(std::nullptr_t) { literal("null"); }
  void value(double) = delete;  // say how many decimals: field(name, number, decimals)
  void value(std::integral auto number) {
    separate();
    out_.print("{}", number);
  }
  template <class T>
  void value(const std::optional<T>& maybe) {
    maybe ? value(*maybe) : value(nullptr);
  }
  template <class T>
  void field(std::string_view name, const T& content) {
    key(name);
    value(content);
  }
  /// A measured value, to so many decimals that the last bits of a fit never show in a comparison.
  void field(std::string_view name, double number, int decimals) {
    key(name);
    separate();
    if (!std::isfinite(number)) {
      out_.write("null");
    } else {
      const double scale = std::pow(10.0, decimals);
      const double rounded = std::round(number * scale) / scale;
      out_.print("{}", rounded == 0 ? 0.0 : rounded);  // no "-0"
    }
  }
  /// One object a line (NDJSON).
  void end_line() { out_.write("\n"); }

 private:
  struct Level {
    Layout layout;
    bool empty = true;
  };

  void literal(std::string_view text) {
    separate();
    out_.write(text);
  }
  void separate() {
    if (after_key_) {
      after_key_ = false;
      return;
    }
    if (levels_.empty()) return;
    Level& level = levels_.back();
    if (!level.empty) out_.write(",");
    if (level.layout == Layout::lines) out_.write("\n");
    level.empty = false;
  }
  void open(char bracket, Layout layout) {
    separate();
    out_.write({&bracket, 1});
    levels_.push_back({layout});
  }
  void close(char bracket) {
    if (levels_.back().layout == Layout::lines && !levels_.back().empty) out_.write("\n");
    levels_.pop_back();
    out_.write({&bracket, 1});
  }

  Output& out_;
  std::vector<Level> levels_;
  bool after_key_ = false;
};

}  // namespace tsaudit
