// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "entry.h"

struct mnl_socket;
struct nlmsghdr;

namespace tsoffset {

// The kernel said no. what() is for the user; index() is the entry that it is about, or -1.
class KernelError : public std::runtime_error {
 public:
  KernelError(int code, const std::string& what, int index = -1)
      : std::runtime_error(what), code_(code), index_(index) {}
  int code() const { return code_; }
  int index() const { return index_; }

 private:
  int code_;
  int index_;
};

struct Event {
  tsoff_cmd command;  // TSOFF_CMD_ADD, _SET or _DEL
  Entry entry;
  std::optional<uint32_t> reason;
};

using Stats = std::vector<std::pair<std::string, uint64_t>>;

// The module in the network namespace that this process is in when it is made.
class Kernel {
 public:
  Kernel();

  // All of them or none; throws otherwise.
  void store(const std::vector<Entry>& entries, bool replace);
  void remove(const std::vector<Entry>& entries, bool force);

  Entry get(const Entry& connection);
  std::vector<Entry> all();  // of one moment: again, if the table changed meanwhile
  uint32_t flush(bool force);
  Stats stats();

  // Until `put` returns false. Says so itself (by an empty pointer) when the kernel had to drop events.
  void monitor(const std::function<bool(const Event*)>& put);

 private:
  using Put = std::function<void(const nlmsghdr*)>;
  void exchange(std::vector<char>& message, const Put& put);
  std::vector<char> message(uint16_t family, uint8_t command, uint8_t version, uint16_t flags, size_t room);
  void send_entries(uint8_t command, const std::vector<Entry>& entries, uint32_t flags);
  void resolve();

  std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket_;
  uint32_t sequence_ = 0;
  uint16_t family_ = 0;
  uint32_t group_ = 0;
};

}  // namespace tsoffset
