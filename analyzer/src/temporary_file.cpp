// SPDX-License-Identifier: Apache-2.0
#include "tsaudit/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace tsaudit {

TemporaryFile temporary_file() {
  const char* folder = std::getenv("TMPDIR");
  if (folder == nullptr || *folder == '\0') folder = "/tmp";
  std::string path = fmt::format("{}/tsaudit-XXXXXX", folder);
  const int descriptor = mkostemp(path.data(), O_CLOEXEC);
  if (descriptor >= 0) {
    unlink(path.c_str());
    if (std::FILE* file = fdopen(descriptor, "w+")) return TemporaryFile(file);
    close(descriptor);
  }
  throw std::runtime_error(fmt::format("no temporary file in {} (TMPDIR): {}", folder, std::strerror(errno)));
}

}  // namespace tsaudit
