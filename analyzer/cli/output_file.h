// SPDX-License-Identifier: Apache-2.0
// A result file that is either complete or not there.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

namespace tsaudit::cli {

/// A result that cannot be written. Ends the program with ExitCode::internal.
class OutputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Writes beside the destination and renames at the end, so that a reader never sees half of a report and a
/// failed run leaves the last good one. Devices and pipes, which cannot be replaced, are written directly.
class OutputFile {
 public:
  /// Throws OutputError when nothing can be written there.
  explicit OutputFile(const std::string& path);
  /// Without commit() nothing is left behind.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::FILE* file() const { return file_; }
  /// Throws OutputError when what was written did not arrive.
  void commit();

 private:
  std::string shown_;        ///< as the user named it
  std::string destination_;  ///< symbolic links resolved
  std::string temporary_;    ///< empty: written directly
  std::FILE* file_ = nullptr;
  int removal_ = -1;
};

/// Throws OutputError unless everything printed to stdout has arrived.
void check_stdout();

}  // namespace tsaudit::cli
