// SPDX-License-Identifier: Apache-2.0
// Text on its way to a FILE, in large pieces.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <iterator>
#include <string_view>
#include <utility>

namespace tsaudit {

/// A write that fails leaves its mark in ferror(): whoever opened the FILE asks for it, once, at the end.
/// Writers therefore have no error paths of their own.
class Output {
 public:
  explicit Output(std::FILE* file) : file_(file) {}
  /// Writers flush at their end. After that the FILE may be gone, and is left alone.
  ~Output() {
    if (buffer_.size() > 0) flush();
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text) {
    buffer_.append(text.data(), text.data() + text.size());
    if (buffer_.size() >= kPiece) drain();
  }
  template <class... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(buffer_), format, std::forward<Args>(args)...);
    if (buffer_.size() >= kPiece) drain();
  }
  /// Down to the operating system, so that ferror() is current.
  void flush() {
    drain();
    std::fflush(file_);
  }

 private:
  static constexpr size_t kPiece = 64 << 10;
  void drain() {
    std::fwrite(buffer_.data(), 1, buffer_.size(), file_);
    buffer_.clear();
  }

  std::FILE* file_;
  fmt::memory_buffer buffer_;
};

}  // namespace tsaudit
