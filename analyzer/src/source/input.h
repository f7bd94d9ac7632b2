// SPDX-License-Identifier: Apache-2.0
// Bytes of a file, pipe or device through one buffer, unpacked if they are packed. read() into half a
// megabyte is as fast as mmap here, works on pipes, and a file that shrinks under us gives an end and not a
// SIGBUS.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "source/unpacker.h"
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
  uint64_t offset() const { return offset_; }  ///< of unread() in the file, or in what was packed into it
  uint64_t file_offset() const { return packed_ ? packed_->offset : offset_; }
  bool is_packed() const { return packed_ != nullptr; }
  void consume(size_t count) {
    begin_ += count;
    offset_ += count;
  }
  std::optional<uint64_t> file_size() const { return file_size_; }

  /// What is unread is the begin of a packed file: from now on it is what was packed. False: it is not, or
  /// that has been said already.
  bool unpack();

  enum class Fill { more, end, interrupted, failed };
  /// One read() behind the unread bytes, which moves them; makes room for `need` bytes in all before. The
  /// buffer grows with the bytes that come, not with what a length field claims. On `failed` see why().
  Fill fill(size_t need);
  const Error& why() const { return why_; }  ///< without the file's name

 private:
  /// A file of which unread() is not the bytes, but what they stand for.
  struct Packed {
    std::unique_ptr<Unpacker> unpacker;
    std::unique_ptr<uint8_t[]> buffer;
    size_t begin = 0, end = 0;
    uint64_t offset = 0;  ///< of `begin` in the file
    std::optional<std::string> damage = {};
  };

  Input(int fd, std::optional<uint64_t> file_size);
  void make_room(size_t need);
  Fill read(uint8_t* to, size_t room, size_t& count);
  Fill fill_unpacked();

  int fd_;
  std::optional<uint64_t> file_size_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t capacity_ = kBufferSize;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;
  std::unique_ptr<Packed> packed_;
  Error why_{Errc::read_failed, {}};
};

}  // namespace tsaudit::source
