// SPDX-License-Identifier: Apache-2.0
#include "netns.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include <cstdlib>

namespace lab {
namespace {

UniqueFd current_namespace() {
  return UniqueFd(must(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "open own network namespace"));
}

}  // namespace

Namespace::Inside::Inside(int target) : before_(current_namespace()) {
  must(setns(target, CLONE_NEWNET), "setns");
}

Namespace::Inside::~Inside() {
  // To go on in the wrong namespace would let traffic out of the lab.
  if (setns(before_.get(), CLONE_NEWNET) < 0) abort();
}

Namespace::Namespace(std::string name) : name_(std::move(name)) {
  const UniqueFd own = current_namespace();
  must(unshare(CLONE_NEWNET), "unshare network namespace");
  fd_ = current_namespace();
  if (setns(own.get(), CLONE_NEWNET) < 0) abort();
  struct stat status {};
  must(fstat(fd_.get(), &status), "fstat namespace");
  inode_ = static_cast<uint32_t>(status.st_ino);
}

void Namespace::sysctl(const std::string& key, const std::string& value) const {
  const auto inside = enter();
  write_file("/proc/sys/" + key, value);
}

}  // namespace lab
