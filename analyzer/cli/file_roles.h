// SPDX-License-Identifier: Apache-2.0
// Which files a command reads and which it writes.
#pragma once

#include <string>
#include <vector>

namespace tsaudit::cli {

/// No file may be read and written, nor hold two results: a slip of the pen would cost a capture. By whatever
/// names it goes. To be asked before anything is opened. Devices and pipes lose nothing: they are left alone.
class FileRoles {
 public:
  /// "-" is stdin. An empty path is an option that was not given, here and below.
  void reads(const std::string& path);
  void reads(const std::vector<std::string>& paths);
  /// `option` is what names it. Both throw UsageError for a file that is in use already.
  void writes(const std::string& option, const std::string& path);

 private:
  struct File {
    std::string identity;
    std::string writer;  ///< option; empty: it is read
  };
  void add(const std::string& writer, const std::string& path);
  std::vector<File> files_;
};

}  // namespace tsaudit::cli
