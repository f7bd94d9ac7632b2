// SPDX-License-Identifier: Apache-2.0
#include "file_roles.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "command.h"

namespace tsaudit::cli {
namespace {

/// The same for all names of a file, also of one that is yet to be made. Empty: nothing that could be lost.
std::string identity_of(const std::string& path, bool may_be_stdin) {
  struct stat status {};
  const bool is_stdin = may_be_stdin && path == "-";
  if ((is_stdin ? fstat(STDIN_FILENO, &status) : stat(path.c_str(), &status)) == 0)
    return S_ISREG(status.st_mode) ? fmt::format("{}:{}", status.st_dev, status.st_ino) : std::string();
  std::error_code error;
  return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error).string();
}

}  // namespace

void FileRoles::reads(const std::string& path) { add({}, path); }

void FileRoles::reads(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) reads(path);
}

void FileRoles::writes(const std::string& option, const std::string& path) {
  if (path != "-") add(option, path);  // stdout, or to be refused for a reason of its own
}

void FileRoles::add(const std::string& writer, const std::string& path) {
  if (path.empty()) return;
  const std::string identity = identity_of(path, writer.empty());
  if (identity.empty()) return;
  for (const File& other : files_) {
    if (other.identity != identity || (writer.empty() && other.writer.empty())) continue;
    if (writer.empty() || other.writer.empty())
      throw UsageError(fmt::format("{}: {} is read as input: name another file",
                                   writer.empty() ? other.writer : writer, path));
    throw UsageError(fmt::format("{} and {} name one file, {}: name another", other.writer, writer, path));
  }
  files_.push_back({identity, writer});
}

}  // namespace tsaudit::cli
