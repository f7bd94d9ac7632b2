// SPDX-License-Identifier: Apache-2.0
// What can go wrong with input, as values. Exceptions are for programming errors and lack of memory only.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace tsaudit {

enum class Errc {
  cannot_open,         ///< the operating system refused; the text has its reason
  not_a_capture,       ///< no capture format that tsaudit knows
  compressed,          ///< xz or bzip2, or twice; the text says how to pipe it
  truncated,           ///< the file ends inside a record
  corrupt,             ///< a length or type that cannot be
  unsupported,         ///< known, but not readable here
  read_failed,         ///< I/O error in mid-file
  write_failed,        ///< the recording of a live capture
  bad_filter,          ///< BPF expression that libpcap rejects
  bad_policy,          ///< policy or baseline file that is not understood
};

/// `message` is one line that names the file, the byte offset or frame, and what is wrong.
struct Error {
  Errc code;
  std::string message;
};

/// A value or an Error. Reading the value of a failed Result is a programming error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Error error) : state_(std::move(error)) {}  // NOLINT: implicit on purpose
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace tsaudit
