// SPDX-License-Identifier: Apache-2.0
// One capture, whoever reads it: our own reader, libpcap from a file, libpcap from an interface. What they
// learn on the way goes into the CaptureInfo that they were opened with, which must outlive them.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "tsaudit/capture.h"

namespace tsaudit::source {

class CaptureReader {
 public:
  virtual ~CaptureReader() = default;
  /// As PacketSource::next_batch(). Frames count from 1.
  virtual std::span<RawPacket> next_batch() = 0;
  virtual bool finished() const = 0;
  virtual uint64_t frames() const = 0;  ///< numbered so far, with and without a packet
};

using OpenedReader = Result<std::unique_ptr<CaptureReader>>;
OpenedReader open_file(const std::string& path, const OpenOptions& options, CaptureInfo& info);
OpenedReader open_file_with_libpcap(const std::string& path, const OpenOptions& options, CaptureInfo& info);
OpenedReader open_interface(const std::string& name, const OpenOptions& options, CaptureInfo& info);

}  // namespace tsaudit::source
