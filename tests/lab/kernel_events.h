// SPDX-License-Identifier: Apache-2.0
// Loads fate.bpf.c and hands over its events in the kernel's order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "event.h"

struct fate;
struct ring_buffer;

namespace lab {

class KernelEvents {
 public:
  /// Watches the devices of at most four namespaces, by inode. Throws when the kernel cannot.
  explicit KernelEvents(std::span<const uint32_t> namespaces);
  ~KernelEvents();

  void read(const std::function<void(const lab_event&)>& use);
  /// Events that found no room. Not 0: the truth is incomplete.
  uint64_t lost() const;
  int fd() const;
  /// "TCP_RFC7323_PAWS"; "" on a kernel without reasons (before 5.17).
  std::string reason_name(uint32_t reason) const;
  bool has_reasons() const { return !reasons_.empty(); }
  bool knows(const std::string& reason) const;
  std::vector<std::string> reason_names() const;

 private:
  fate* program_ = nullptr;
  ring_buffer* ring_ = nullptr;
  std::function<void(const lab_event&)> use_;
  std::map<uint32_t, std::string> reasons_;
};

}  // namespace lab
