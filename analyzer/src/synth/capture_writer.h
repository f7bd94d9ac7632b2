// SPDX-License-Identifier: Apache-2.0
// Capture files with nanoseconds, little endian on every machine, Ethernet.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include "source/pcapng_writer.h"
#include "tsaudit/synth.h"

namespace tsaudit::synth {

class CaptureWriter {
 public:
  /// `comment` goes into the section header of a pcapng.
  CaptureWriter(std::FILE* out, SynthFormat format, std::string_view comment);
  void packet(TimeNs time_ns, const std::vector<uint8_t>& bytes);

 private:
  void words(std::initializer_list<uint32_t> all);

  std::FILE* out_;
  std::optional<source::PcapngWriter> pcapng_;
};

}  // namespace tsaudit::synth
