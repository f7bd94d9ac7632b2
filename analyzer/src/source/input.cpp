// SPDX-License-Identifier: Apache-2.0
#include "source/input.h"

#include <fcntl.h>
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
      offset_(other.offset_) {}

Input::~Input() {
  if (fd_ > STDIN_FILENO) ::close(fd_);
}

Input::Fill Input::fill(size_t need) {
  make_room(need);
  const ssize_t count = ::read(fd_, buffer_.get() + end_, capacity_ - end_);
  if (count < 0) return errno == EINTR ? Fill::interrupted : Fill::failed;
  end_ += static_cast<size_t>(count);
  return count == 0 ? Fill::end : Fill::more;
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
