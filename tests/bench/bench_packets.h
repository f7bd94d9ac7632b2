// SPDX-License-Identifier: Apache-2.0
// Input of the benchmarks: generated packets in memory or in a temporary file.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "traffic.h"
#include "tsaudit/capture.h"

namespace bench {

/// Packets as a source would hand them out.
class PacketsInMemory {
 public:
  explicit PacketsInMemory(const traffic::Options& options) {
    traffic::Generator generator(options);
    std::vector<size_t> starts;
    for (traffic::Packet packet = generator.next(); !packet.bytes.empty(); packet = generator.next()) {
      starts.push_back(bytes_.size());
      bytes_.insert(bytes_.end(), packet.bytes.begin(), packet.bytes.end());
      packets_.push_back({.time_ns = packet.time_ns,
                          .captured = static_cast<uint32_t>(packet.bytes.size()),
                          .length = packet.length,
                          .frame = packets_.size() + 1,
                          .link_type = 1});
    }
    for (size_t i = 0; i < packets_.size(); ++i) packets_[i].data = &bytes_[starts[i]];
  }
  const std::vector<tsaudit::RawPacket>& packets() const { return packets_; }

 private:
  std::vector<uint8_t> bytes_;
  std::vector<tsaudit::RawPacket> packets_;
};

/// A capture file that lasts as long as the object.
class TemporaryCapture {
 public:
  explicit TemporaryCapture(const traffic::Options& options) {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/tsaudit-bench-XXXXXX";
    const int file = mkstemp(path_.data());
    std::FILE* out = file < 0 ? nullptr : fdopen(file, "wb");
    if (out == nullptr || !traffic::write_pcap(options, out) || std::fclose(out) != 0) {
      throw std::runtime_error("cannot write " + path_);
    }
  }
  ~TemporaryCapture() { unlink(path_.c_str()); }
  TemporaryCapture(const TemporaryCapture&) = delete;
  TemporaryCapture& operator=(const TemporaryCapture&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace bench
