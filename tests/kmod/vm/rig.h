// SPDX-License-Identifier: Apache-2.0
//
// Network namespaces of the test machine. Nothing here is for the machine that one works on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "kernel.h"

namespace rig {

// Runs a shell command; a failure is a failure of the test that asked for it.
void sh(const std::string& command);

// Like that, but says whether it succeeded and is quiet.
bool sh_ok(const std::string& command);

class Namespace {
 public:
  Namespace() = default;  // the one that the program is in
  explicit Namespace(std::string name);
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  const std::string& name() const { return name_; }

  // Runs `what` with this thread inside; what it opens stays there.
  void in(const std::function<void()>& what) const;
  template <typename T>
  T get(const std::function<T()>& what) const {
    T result{};
    in([&] { result = what(); });
    return result;
  }

  // ip -n NAME ...
  void ip(const std::string& arguments) const;
  void exec(const std::string& command) const;

  uint64_t netstat(const std::string& name) const;  // of TcpExt and of Tcp
  tsoffset::Kernel kernel() const;
  std::map<std::string, uint64_t> stats() const;

 private:
  std::string name_;
};

// Two hosts and a cable: left 10.0.0.1 and fd00::1, right 10.0.0.2 and fd00::2.
struct Pair {
  Pair();
  Namespace left{"left"}, right{"right"};
};

// left 10.0.1.2 -- 10.0.1.1 middle 10.0.2.1 -- 10.0.2.2 right, the same with fd01::/fd02::; the middle
// forwards. Devices are called after what is at their other end.
struct Chain {
  Chain();
  Namespace left{"left"}, middle{"middle"}, right{"right"};
};

void set_parameter(const std::string& name, unsigned value);  // of the module

// Waits until `done`, at most `seconds`; false if it did not come true.
bool wait_for(const std::function<bool()>& done, double seconds);

// How many rounds or bytes there are to be. The environment says otherwise for a machine that has more time
// (TSOFFSET_ROUNDS, a factor) or is slow (TSOFFSET_SLOW, a divisor of bytes).
int rounds(int usual);
uint64_t bytes(uint64_t usual);

// {major, minor} of the running kernel.
std::pair<int, int> kernel_version();

}  // namespace rig
