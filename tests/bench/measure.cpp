// SPDX-License-Identifier: Apache-2.0
// measure [-q] [-w MB] COMMAND...: runs it and adds a last line to standard output: microseconds of user and
// system time, and peak resident kilobytes. A program of its own because the kernel counts the parent's
// memory in the child's peak until exec: under a Python parent everything would seem to need 10 MB.
//   -q      sends the command's own output to /dev/null
//   -w MB   first takes that much memory and gives it back. In a virtual machine free memory may have gone
//   back to
//           the host, and whoever needs it next pays for fetching it: as much as all of an analysis, by
//           chance.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

void touch_memory(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  madvise(memory, bytes, MADV_HUGEPAGE);  // serves those who ask for large pages and those who do not
  std::memset(memory, 1, bytes);
  munmap(memory, bytes);
}

}  // namespace

int main(int argc, char** argv) {
  bool quiet = false;
  size_t warm_mb = 0;
  for (int option; (option = getopt(argc, argv, "+qw:")) != -1;) {
    if (option == 'q') quiet = true;
    if (option == 'w') warm_mb = std::strtoul(optarg, nullptr, 10);
  }
  char** command = argv + optind;
  if (*command == nullptr) {
    std::fprintf(stderr, "usage: measure [-q] [-w MB] COMMAND...\n");
    return 2;
  }
  // In a child: the largest size of this process, too, would be counted until exec.
  if (warm_mb != 0 && fork() == 0) {
    touch_memory(warm_mb << 20);
    _exit(0);
  }
  wait(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    if (quiet) dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    execvp(*command, command);
    std::perror(*command);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child) {
    std::perror("measure");
    return 2;
  }
  const auto us = [](const timeval& time) { return time.tv_sec * 1'000'000 + time.tv_usec; };
  std::printf("%ld %ld %ld\n", us(usage.ru_utime), us(usage.ru_stime), usage.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
