// SPDX-License-Identifier: Apache-2.0
// measure [-q] COMMAND...: runs it and adds a last line to standard output: microseconds of user and system
// time, and peak resident kilobytes. -q sends the command's own output to /dev/null. A program of its own
// because the kernel counts the parent's memory in the child's peak until exec: under a Python parent
// everything would seem to need 10 MB.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  char** command = argv + 1;
  const bool quiet = argc > 1 && std::strcmp(*command, "-q") == 0;
  if (quiet) ++command;
  if (*command == nullptr) {
    std::fprintf(stderr, "usage: measure [-q] COMMAND...\n");
    return 2;
  }
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
