// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include "rig.h"

namespace rig {

// Writes what passes a device to a pcap file, until it goes out of scope.
class Recorder {
 public:
  Recorder(const Namespace& where, const std::string& device, const std::string& path);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

 private:
  void put(const void* bytes, size_t size);
  void run();

  std::ofstream file_;
  int fd_ = -1;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace rig
