// SPDX-License-Identifier: Apache-2.0
// Text that cannot be written yet, because what stands before it is known last: kept in an unlinked file, not
// in memory.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string_view>

#include "report/output.h"

namespace tsaudit {

class Spool {
 public:
  Spool() : file_(std::tmpfile()) {
    if (file_ == nullptr) throw std::runtime_error("no temporary file for a report (TMPDIR)");
  }
  ~Spool() { std::fclose(file_); }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  std::FILE* file() const { return file_; }
  /// Everything written so far, which must have been flushed. Throws if it did not arrive.
  void copy_to(Output& out) {
    if (std::ferror(file_) != 0) throw std::runtime_error("cannot write a temporary file for a report");
    std::rewind(file_);
    char piece[16 << 10];
    while (const size_t length = std::fread(piece, 1, sizeof piece, file_)) out.write({piece, length});
  }

 private:
  std::FILE* file_;
};

}  // namespace tsaudit
