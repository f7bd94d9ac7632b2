// SPDX-License-Identifier: Apache-2.0
#include "sys.h"

#include <fcntl.h>
#include <unistd.h>

namespace lab {

void UniqueFd::reset() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void write_file(const std::string& path, const std::string& text) {
  const UniqueFd file(must(open(path.c_str(), O_WRONLY | O_CLOEXEC), "open " + path));
  must(write(file.get(), text.data(), text.size()), "write '" + text + "' to " + path);
}

}  // namespace lab
