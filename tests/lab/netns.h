// SPDX-License-Identifier: Apache-2.0
// Network namespaces without names: held by a descriptor only, so that the kernel removes them, with every
// device, socket and packet in them, when this process ends, however it ends (^C, crash, SIGKILL).
#pragma once

#include <cstdint>
#include <string>

#include "sys.h"

namespace lab {

class Namespace {
 public:
  explicit Namespace(std::string name);

  /// The calling thread is in the namespace while this lives. Descriptors opened meanwhile stay there.
  class Inside {
   public:
    explicit Inside(int target);
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    UniqueFd before_;
  };
  Inside enter() const { return Inside(fd_.get()); }

  /// Writes /proc/sys/<key>, for example "net/ipv4/tcp_timestamps".
  void sysctl(const std::string& key, const std::string& value) const;

  const std::string& name() const { return name_; }
  int fd() const { return fd_.get(); }
  uint32_t inode() const { return inode_; }

 private:
  std::string name_;
  UniqueFd fd_;
  uint32_t inode_ = 0;
};

}  // namespace lab
