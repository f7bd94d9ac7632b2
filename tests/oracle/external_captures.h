// SPDX-License-Identifier: Apache-2.0
// Captures that nobody in this project made: the directory that TSAUDIT_EXTERNAL_CAPTURES names, with a
// MANIFEST.tsv that says what another tool counted in each file. Their absence skips a test, never passes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace tsaudit::oracle {

/// One row of the manifest. A count is absent where the other tool could not read the whole file.
struct ExternalCapture {
  std::filesystem::path path;
  std::optional<uint64_t> packets;
  std::optional<uint64_t> ts_segments;
  friend void PrintTo(const ExternalCapture& capture, std::ostream* out) {
    *out << capture.path.filename().string();
  }
};

/// Empty when the directory or its manifest is absent; see why_no_captures().
const std::vector<ExternalCapture>& external_captures();
std::string why_no_captures();

/// A path that readers without gzip can open: the file itself, or a copy that zcat made and that goes away
/// with this object.
class Uncompressed {
 public:
  explicit Uncompressed(const std::filesystem::path& path);
  ~Uncompressed();
  Uncompressed(const Uncompressed&) = delete;
  Uncompressed& operator=(const Uncompressed&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool temporary_ = false;
};

/// Runs a program and returns the lines of its standard output.
std::vector<std::string> lines_of(const std::vector<std::string>& command);
std::vector<std::string> split(const std::string& line, char separator);

/// A name that GoogleTest accepts for a test on this file.
std::string test_name(const ExternalCapture& capture);

}  // namespace tsaudit::oracle
