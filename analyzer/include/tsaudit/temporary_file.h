// SPDX-License-Identifier: Apache-2.0
// What is too much for memory, and needed no longer than we run.
#pragma once

#include <cstdio>
#include <memory>

namespace tsaudit {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using TemporaryFile = std::unique_ptr<std::FILE, CloseFile>;

/// An empty file to write and to read, in the folder that TMPDIR names, or else in /tmp. It has no name any more, so
/// that nothing stays behind however we end. Throws std::runtime_error, which says where and why.
TemporaryFile temporary_file();

}  // namespace tsaudit
