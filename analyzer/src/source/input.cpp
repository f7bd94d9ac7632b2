// SPDX-License-Identifier: Apache-2.0
#include "source/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tsaudit::source {

Result<Input> Input::open(const std::string& path) {
  const auto refused = [] { return Error{Errc::cannot_open, std::strerror(errno)}; };
  const int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refused();
  Input input(fd, std::nullopt);
  struct stat status;
  if (::fstat(fd, &status) != 0) return refused();
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return refused();
  }
  if (S_ISREG(status.st_mode)) {
    input.file_size_ = static_cast<uint64_t>(status.st_size);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);  // a hint: its failure is of no interest
  }
  return input;
}

Input::Input(int fd, std::optional<uint64_t> file_size)
    : fd_(fd), file_size_(file_size), buffer_(std::make_unique_for_overwrite<uint8_t[]>(kBufferSize)) {}

Input::Input(Input&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      file_size_(other.file_size_),
      buffer_(std::move(other.buffer_)),
      capacity_(other.capacity_),
      begin_(other.begin_),
      end_(other.end_),
      offset_(other.offset_),
      packed_(std::move(other.packed_)),
      why_(std::move(other.why_)) {}

Input::~Input() {
  if (fd_ > STDIN_FILENO) ::close(fd_);
}

Input::Fill Input::fill(size_t need) {
  make_room(need);
  if (packed_) return fill_unpacked();
  size_t count = 0;
  const Fill result = read(buffer_.get() + end_, capacity_ - end_, count);
  end_ += count;
  return result;
}

Input::Fill Input::read(uint8_t* to, size_t room, size_t& count) {
  const ssize_t got = ::read(fd_, to, room);
  if (got > 0) {
    count = static_cast<size_t>(got);
    return Fill::more;
  }
  if (got == 0) return Fill::end;
  if (errno == EINTR) return Fill::interrupted;
  why_ = {Errc::read_failed, fmt::format("at byte {}: {}", file_offset(), std::strerror(errno))};
  return Fill::failed;
}

bool Input::unpack() {
  std::unique_ptr<Unpacker> unpacker = packed_ ? nullptr : Unpacker::of(unread());
  if (!unpacker) return false;
  const size_t count = unread().size();
  auto buffer = std::make_unique_for_overwrite<uint8_t[]>(std::max(count, kBufferSize));
  std::memcpy(buffer.get(), unread().data(), count);
  packed_ = std::make_unique<Packed>(Packed{std::move(unpacker), std::move(buffer), 0, count, offset_, {}});
  begin_ = end_ = 0;
  offset_ = 0;
  return true;
}

Input::Fill Input::fill_unpacked() {
  Packed& p = *packed_;
  for (;;) {
    if (p.damage) {
      why_ = {Errc::corrupt, fmt::format("at byte {}: what is packed is damaged: {}", p.offset, *p.damage)};
      return Fill::failed;
    }
    Unpacker::Step step = p.unpacker->step({p.buffer.get() + p.begin, p.end - p.begin},
                                           {buffer_.get() + end_, capacity_ - end_});
    p.begin += step.taken;
    p.offset += step.taken;
    end_ += step.given;
    p.damage = std::move(step.damage);
    if (step.given != 0) return Fill::more;
    if (p.damage || step.taken != 0) continue;
    p.begin = p.end = 0;
    const Fill result = read(p.buffer.get(), kBufferSize, p.end);
    if (result == Fill::end && !p.unpacker->complete()) {
      why_ = {Errc::truncated,
              fmt::format("at byte {}: cut short, the rest of what is packed is not there", p.offset)};
      return Fill::failed;
    }
    if (result != Fill::more) return result;
  }
}

void Input::make_room(size_t need) {
  const size_t unread = end_ - begin_;
  if (unread == capacity_) {
    capacity_ = std::max(unread + 1, std::min(2 * capacity_, need));
    auto larger = std::make_unique_for_overwrite<uint8_t[]>(capacity_);
    std::memcpy(larger.get(), buffer_.get() + begin_, unread);
    buffer_ = std::move(larger);
  } else if (begin_ != 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, unread);
  }
  begin_ = 0;
  end_ = unread;
}

}  // namespace tsaudit::source
