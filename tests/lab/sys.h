// SPDX-License-Identifier: Apache-2.0
// System calls that must succeed, and descriptors that close themselves.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace lab {

/// A rig cannot go on without what it asked the kernel for, so failure is an exception that names the call.
class SystemError : public std::system_error {
 public:
  explicit SystemError(const std::string& what, int error = errno)
      : std::system_error(error, std::generic_category(), what) {}
};

/// Passes a system call's result through; throws when it is negative.
template <class T>
T must(T result, const std::string& what) {
  if (result < 0) throw SystemError(what);
  return result;
}

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() { reset(); }
  void reset();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Writes a file of /proc or /sys; throws when the kernel refuses.
void write_file(const std::string& path, const std::string& text);

}  // namespace lab
