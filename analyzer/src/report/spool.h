// SPDX-License-Identifier: Apache-2.0
// Text that cannot be written yet, because what stands before it is known last: kept in a file, not in
// memory.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string_view>

#include "report/output.h"
#include "tsaudit/temporary_file.h"

namespace tsaudit {

class Spool {
 public:
  std::FILE* file() const { return file_.get(); }
  /// Everything written so far, which must have been flushed. Throws if not all of it arrived and came back.
  void copy_to(Output& out) {
    if (std::ferror(file()) != 0) throw std::runtime_error("cannot write a temporary file for a report");
    std::rewind(file());
    char piece[16 << 10];
    while (const size_t length = std::fread(piece, 1, sizeof piece, file())) out.write({piece, length});
    if (std::ferror(file()) != 0) throw std::runtime_error("cannot read a temporary file for a report");
  }

 private:
  TemporaryFile file_ = temporary_file();
};

}  // namespace tsaudit
