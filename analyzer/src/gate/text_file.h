// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "tsaudit/error.h"

namespace tsaudit {

/// A file that a person wrote. Larger than a few megabytes it is something else.
inline Result<std::string> read_text_file(const std::string& path) {
  constexpr size_t kMost = 16u << 20;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  if (!file) return Error{Errc::cannot_open, fmt::format("{}: {}", path, std::strerror(errno))};
  std::string text;
  char piece[16 << 10];
  while (const size_t length = std::fread(piece, 1, sizeof piece, file.get())) {
    text.append(piece, length);
    if (text.size() > kMost)
      return Error{Errc::unsupported, fmt::format("{}: larger than {} bytes", path, kMost)};
  }
  if (std::ferror(file.get()) != 0)
    return Error{Errc::read_failed, fmt::format("{}: {}", path, std::strerror(errno))};
  return text;
}

}  // namespace tsaudit
