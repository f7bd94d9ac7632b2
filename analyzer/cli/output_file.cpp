// SPDX-License-Identifier: Apache-2.0
#include "output_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "signals.h"

namespace tsaudit::cli {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw OutputError(fmt::format("{}: {}", path, error != 0 ? std::strerror(error) : "write failed"));
}

/// What fopen() would have given a new file; mkstemp() gives 0600.
mode_t default_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : shown_(path), destination_(path) {
  struct stat status {};
  const bool exists = stat(path.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    file_ = std::fopen(path.c_str(), "we");
    if (file_ == nullptr) fail(shown_, errno);
    return;
  }
  if (exists) {
    std::error_code error;
    destination_ = std::filesystem::canonical(path, error).string();
    if (error) fail(shown_, error.value());
  }
  temporary_ = destination_ + ".XXXXXX";
  const int descriptor = mkstemp(temporary_.data());
  if (descriptor < 0) fail(shown_, errno);
  removal_ = remove_if_killed(temporary_.c_str());
  fchmod(descriptor, exists ? status.st_mode & 07777 : default_mode());
  file_ = fdopen(descriptor, "w");
  if (file_ == nullptr) {
    const int error = errno;
    close(descriptor);
    unlink(temporary_.c_str());
    forget_removal(removal_);
    fail(shown_, error);
  }
}

OutputFile::~OutputFile() {
  if (file_ != nullptr) std::fclose(file_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
  forget_removal(removal_);
}

void OutputFile::commit() {
  const bool arrived = std::fflush(file_) == 0 && std::ferror(file_) == 0;
  const int error = errno;
  std::FILE* const file = std::exchange(file_, nullptr);
  if (std::fclose(file) != 0 && arrived) fail(shown_, errno);
  if (!arrived) fail(shown_, error);
  if (temporary_.empty()) return;
  if (std::rename(temporary_.c_str(), destination_.c_str()) != 0) fail(shown_, errno);
  forget_removal(removal_);
  removal_ = -1;
  temporary_.clear();
}

void check_stdout() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) fail("standard output", errno);
}

}  // namespace tsaudit::cli
