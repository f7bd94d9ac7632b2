// SPDX-License-Identifier: Apache-2.0
// A capture point: every frame that a device sends or receives, in the kernel's order and with its
// timestamps, written as nanosecond pcap.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "netns.h"

namespace lab {

struct Frame {
  int64_t time_ns = 0;  ///< wall clock
  uint64_t number = 0;  ///< 1-based in this tap: tsaudit's frame number when the tap writes a file
  bool outgoing = false;
  uint32_t length = 0;
  std::span<const uint8_t> bytes;
};

class Tap {
 public:
  /// Starts to capture at once. With an empty path frames only go to `read`.
  Tap(const Namespace& ns, const std::string& device, const std::string& pcap_path,
      bool arrivals_only = false);

  /// Hands over what was captured since the last call.
  void read(const std::function<void(const Frame&)>& use = {});
  /// Frames that the kernel had no room for. Must be 0 for a capture to count as complete.
  uint64_t dropped();
  uint64_t frames() const { return frames_; }
  int fd() const { return fd_.get(); }
  /// Everything read so far is in the file when this returns.
  void flush();

 private:
  void write(const Frame& frame);
  UniqueFd fd_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, &std::fclose};
  std::vector<uint8_t> buffer_;
  uint64_t frames_ = 0;
  uint64_t dropped_ = 0;
};

/// Puts frames of our own making on the wire of a device.
class Injector {
 public:
  Injector(const Namespace& ns, const std::string& device);
  void send(std::span<const uint8_t> frame);

 private:
  UniqueFd fd_;
};

}  // namespace lab
