// SPDX-License-Identifier: Apache-2.0
// Capture files with nanoseconds, little endian on every machine, Ethernet.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string_view>
#include <vector>

#include "tsaudit/synth.h"

namespace tsaudit::synth {

class CaptureWriter {
 public:
  /// `comment` goes into the section header of a pcapng.
  CaptureWriter(std::FILE* out, SynthFormat format, std::string_view comment);
  void packet(TimeNs time_ns, const std::vector<uint8_t>& bytes);

 private:
  void flush();
  void u16(uint16_t value);
  void u32(uint32_t value);
  void padded(const void* bytes, size_t size);
  void option(uint16_t code, std::string_view value);
  /// Starts a block; end_block() knows its length and sets both copies.
  void begin_block(uint32_t type);
  void end_block();

  std::FILE* out_;
  SynthFormat format_;
  std::vector<uint8_t> bytes_;
};

}  // namespace tsaudit::synth
