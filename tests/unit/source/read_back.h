// SPDX-License-Identifier: Apache-2.0
// Bytes through the public calls of the stage, and what comes out.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture_bytes.h"
#include "tsaudit/capture.h"

namespace tsaudit::source {

/// A directory that goes away with this object.
class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tsaudit-XXXXXX").string();
    if (!mkdtemp(pattern.data()))
      throw std::filesystem::filesystem_error("mkdtemp", pattern, {errno, std::generic_category()});
    path_ = pattern;
  }
  ~TempDirectory() { std::filesystem::remove_all(path_); }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }
  /// Path of a new file in it.
  std::string file(const std::string& name, const Bytes& bytes) const {
    const std::string path = path_ + "/" + name;
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    EXPECT_TRUE(file.flush()) << path;
    return path;
  }

 private:
  std::string path_;
};

struct Packet {
  TimeNs time_ns;
  Bytes data;
  uint32_t length;
  uint64_t frame;
  uint64_t file_offset;
  uint16_t link_type;
  uint16_t interface;
  uint32_t point;
  Bytes options;
};

/// Everything that a source gave.
struct Read {
  std::vector<Packet> packets;
  std::vector<CaptureInfo> captures;
  std::optional<Error> refused;  ///< when it was opened

  const CaptureInfo& info() const { return captures.at(0); }
  Errc error() const { return info().error.value().code; }
  std::string message() const {
    return refused ? refused->message : info().error ? info().error->message : "";
  }
};

using Counts = std::map<std::string, uint64_t>;

inline Read read_all(Result<std::unique_ptr<PacketSource>> source) {
  Read read;
  if (!source) {
    read.refused = source.error();
    return read;
  }
  for (;;) {
    const auto batch = (*source)->next_batch();
    if (batch.empty() && (*source)->finished()) break;
    for (const RawPacket& p : batch) {
      read.packets.push_back({p.time_ns, Bytes(p.data, p.data + p.captured), p.length, p.frame, p.file_offset,
                              p.link_type, p.interface, p.point,
                              Bytes(p.options, p.options + p.options_length)});
    }
  }
  EXPECT_TRUE((*source)->next_batch().empty()) << "packets after the end";
  read.captures = (*source)->captures();
  return read;
}

inline Read read_bytes(const Bytes& bytes, const OpenOptions& options = {}) {
  const TempDirectory directory;
  return read_all(open_capture(directory.file("capture", bytes), options));
}

}  // namespace tsaudit::source
