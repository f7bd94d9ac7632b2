// SPDX-License-Identifier: Apache-2.0
//
// The first process of a test machine: mounts, loads the modules of /etc/modules in order, runs the
// program of /etc/command, then says on the console what became of it and switches the machine off.
#include <fcntl.h>
#include <signal.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

void mount_at(const char* type, const char* where) {
  mkdir(where, 0755);
  // Not every kernel has every one of these file systems: what is absent is not needed either.
  if (mount(type, where, type, 0, nullptr) != 0 && errno != ENODEV && errno != EBUSY)
    std::printf("init: mount %s: %s\n", where, std::strerror(errno));
}

bool load(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  // A dependency may be for another CPU (ENODEV): the list has all that would do.
  const bool loaded =
      fd >= 0 && (syscall(SYS_finit_module, fd, "", 0) == 0 || errno == EEXIST || errno == ENODEV);
  if (!loaded) std::printf("init: %s: %s\n", path.c_str(), std::strerror(errno));
  if (fd >= 0) close(fd);
  return loaded;
}

int run(const std::vector<std::string>& words) {
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    std::printf("init: %s: %s\n", argv[0], std::strerror(errno));
    _exit(127);
  }
  int status = 0;
  for (;;) {  // orphans of the test are ours too
    const pid_t ended = wait(&status);
    if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (ended < 0 && errno == ECHILD) return 127;
  }
}

}  // namespace

int main() {
  mount_at("proc", "/proc");
  mount_at("sysfs", "/sys");
  mount_at("devtmpfs", "/dev");
  mkdir("/dev/pts", 0755);
  mount_at("devpts", "/dev/pts");
  mount_at("tmpfs", "/run");
  mount_at("tmpfs", "/tmp");
  mount_at("debugfs", "/sys/kernel/debug");
  mount_at("tracefs", "/sys/kernel/tracing");
  mkdir("/run/netns", 0755);
  const int console = open("/dev/console", O_RDWR);
  for (int fd = 0; fd < 3; fd++) dup2(console, fd);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  setenv("PATH", "/bin:/sbin:/usr/sbin:/usr/bin", 1);
  setenv("HOME", "/root", 1);

  std::puts("\n@begin");
  int status = 0;
  std::ifstream modules("/etc/modules");
  for (std::string path; std::getline(modules, path);)
    if (!load(path)) status = 126;
  if (status == 0) {
    std::ifstream file("/etc/command", std::ios::binary);
    std::vector<std::string> words;
    for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
    status = run(words);
  }
  if (access("/dev/vda", W_OK) == 0 && run({"tar", "-cf", "/dev/vda", "-C", "/out", "."}) != 0 && status == 0)
    status = 125;

  std::puts("@log");
  std::vector<char> log(static_cast<size_t>(klogctl(10, nullptr, 0)));
  const int length = klogctl(3, log.data(), static_cast<int>(log.size()));
  if (length > 0) std::fwrite(log.data(), 1, static_cast<size_t>(length), stdout);
  std::printf("\n@exit %d\n", status);
  std::fflush(stdout);
  sync();
  reboot(RB_AUTOBOOT);  // qemu -no-reboot ends here; a power-off would need ACPI
}
