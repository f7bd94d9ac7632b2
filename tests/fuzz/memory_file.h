// SPDX-License-Identifier: Apache-2.0
// Bytes as a file with a name, for what opens its input itself.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace tsaudit {

/// The one such file of the program, with `data` in it.
inline const std::string& memory_file(const uint8_t* data, size_t size) {
  static const int file = memfd_create("input", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  return path;
}

}  // namespace tsaudit
