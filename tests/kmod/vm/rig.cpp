// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace rig {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() { close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void remove_file(const std::string& path) {
  umount2(path.c_str(), MNT_DETACH);
  unlink(path.c_str());
}

// Runs `ip -batch` in `where` on these lines.
void batch(const Namespace& where, const std::string& lines) {
  sh("ip -n " + where.name() + " -batch - <<END\n" + lines + "END\n");
}

}  // namespace

void sh(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }

bool sh_ok(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

// As `ip netns add` does, without the cost of a process for each step.
Namespace::Namespace(std::string name) : name_(std::move(name)) {
  const std::string path = "/run/netns/" + name_;
  remove_file(path);
  std::thread([&] {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    ::close(open(path.c_str(), O_CREAT | O_RDONLY | O_CLOEXEC, 0444));
    ASSERT_EQ(mount("/proc/thread-self/ns/net", path.c_str(), "none", MS_BIND, nullptr), 0) << path;
    for (const char* which : {"default", "all"})
      std::ofstream(std::string("/proc/sys/net/ipv6/conf/") + which + "/accept_dad") << 0;
  }).join();
}

Namespace::~Namespace() {
  if (!name_.empty()) remove_file("/run/netns/" + name_);
}

void Namespace::in(const std::function<void()>& what) const {
  if (name_.empty()) return what();
  const Descriptor home("/proc/thread-self/ns/net"), there("/run/netns/" + name_);
  ASSERT_EQ(setns(there.get(), CLONE_NEWNET), 0) << name_;
  what();
  ASSERT_EQ(setns(home.get(), CLONE_NEWNET), 0);
}

void Namespace::ip(const std::string& arguments) const { sh("ip -n " + name_ + " " + arguments); }

void Namespace::exec(const std::string& command) const {
  sh("ip netns exec " + name_ + " sh -c '" + command + "'");
}

uint64_t Namespace::netstat(const std::string& name) const {
  uint64_t value = 0;
  bool found = false;
  in([&] {
    for (const char* path : {"/proc/thread-self/net/netstat", "/proc/thread-self/net/snmp"}) {
      std::ifstream file(path);
      for (std::string names, values; std::getline(file, names) && std::getline(file, values);) {
        std::istringstream name_words(names), value_words(values);
        for (std::string a, b; name_words >> a && value_words >> b;)
          if (a == name && !found) {
            value = std::stoull(b);
            found = true;
          }
      }
    }
  });
  EXPECT_TRUE(found) << "no counter " << name;
  return value;
}

tsoffset::Kernel Namespace::kernel() const {
  std::unique_ptr<tsoffset::Kernel> kernel;
  in([&] { kernel = std::make_unique<tsoffset::Kernel>(); });
  return std::move(*kernel);
}

std::map<std::string, uint64_t> Namespace::stats() const {
  const auto list = kernel().stats();
  return {list.begin(), list.end()};
}

Pair::Pair() {
  batch(left,
        "link set lo up\n"
        "link add right address 02:00:00:00:00:01 type veth peer name left address 02:00:00:00:00:02 netns "
        "right\n"
        "addr add 10.0.0.1/24 dev right\n"
        "addr add fd00::1/64 dev right nodad\n"
        "link set right up\n");
  batch(right,
        "link set lo up\n"
        "addr add 10.0.0.2/24 dev left\n"
        "addr add fd00::2/64 dev left nodad\n"
        "link set left up\n");
}

Chain::Chain() {
  middle.in([] {
    std::ofstream("/proc/sys/net/ipv4/ip_forward") << 1;
    std::ofstream("/proc/sys/net/ipv6/conf/all/forwarding") << 1;
  });
  std::string in_middle = "link set lo up\n";
  for (const auto& [end, net] : {std::pair{&left, std::string("1")}, {&right, std::string("2")}}) {
    const std::string mac = " address 02:00:00:00:0" + net, at = end->name();
    batch(*end,
          "link set lo up\n"
          "link add middle" +
              mac + ":02 type veth peer name " + at + mac +
              ":01 netns middle\n"
              "addr add 10.0." +
              net +
              ".2/24 dev middle\n"
              "addr add fd0" +
              net +
              "::2/64 dev middle nodad\n"
              "link set middle up\n"
              "route add default via 10.0." +
              net +
              ".1\n"
              "route add default via fd0" +
              net + "::1\n");
    in_middle += "addr add 10.0." + net + ".1/24 dev " + at + "\naddr add fd0" + net + "::1/64 dev " + at +
                 " nodad\nlink set " + at + " up\n";
  }
  batch(middle, in_middle);
}

void set_parameter(const std::string& name, unsigned value) {
  std::ofstream file("/sys/module/tsoffset/parameters/" + name);
  file << value << std::flush;
  ASSERT_TRUE(file.good()) << name;
}

bool wait_for(const std::function<bool()>& done, double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

int rounds(int usual) {
  const char* factor = std::getenv("TSOFFSET_ROUNDS");
  return factor ? usual * std::atoi(factor) : usual;
}

uint64_t bytes(uint64_t usual) {
  const char* divisor = std::getenv("TSOFFSET_SLOW");
  return divisor ? usual / static_cast<uint64_t>(std::atoi(divisor)) : usual;
}

std::pair<int, int> kernel_version() {
  utsname name;
  uname(&name);
  std::pair<int, int> version;
  std::sscanf(name.release, "%d.%d", &version.first, &version.second);
  return version;
}

}  // namespace rig
