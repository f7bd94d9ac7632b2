// SPDX-License-Identifier: Apache-2.0
// Bytes of a file, pipe or device through one buffer. read() into half a megabyte is as fast as mmap here,
// works on pipes, and a file that shrinks under us gives an end and not a SIGBUS.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "tsaudit/error.h"

namespace tsaudit::source {

class Input {
 public:
  static constexpr size_t kBufferSize = 512 * 1024;

  /// "-" is stdin. The error's message is the reason alone.
  static Result<Input> open(const std::string& path);
  Input(Input&& other) noexcept;
  Input& operator=(Input&&) = delete;
  ~Input();

  std::span<const uint8_t> unread() const { return {buffer_.get() + begin_, end_ - begin_}; }
  uint64_t offset() const { return offset_; }  ///< of unread() in the file
  void consume(size_t count) {
    begin_ += count;
    offset_ += count;
  }
  std::optional<uint64_t> file_size() const { return file_size_; }

  enum class Fill { more, end, interrupted, failed };
  /// One read() behind the unread bytes, which moves them; makes room for `need` bytes in all before. The
  /// buffer grows with the bytes that come, not with what a length field claims. On `failed` see errno.
  Fill fill(size_t need);

 private:
  Input(int fd, std::optional<uint64_t> file_size);
  void make_room(size_t need);

  int fd_;
  std::optional<uint64_t> file_size_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t capacity_ = kBufferSize;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;
};

}  // namespace tsaudit::source
