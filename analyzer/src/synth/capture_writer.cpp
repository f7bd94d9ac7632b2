// SPDX-License-Identifier: Apache-2.0
#include "synth/capture_writer.h"

namespace tsaudit::synth {
namespace {

constexpr uint32_t kSnaplen = 262144;
constexpr uint16_t kEthernet = 1;

}  // namespace

CaptureWriter::CaptureWriter(std::FILE* out, SynthFormat format, std::string_view comment) : out_(out) {
  if (format == SynthFormat::pcap) {
    words({0xa1b23c4d, 4u << 16 | 2, 0, 0, kSnaplen, kEthernet});
    return;
  }
  pcapng_.emplace(out);
  pcapng_->section(comment, "tsaudit synth");
  pcapng_->interface(kEthernet, kSnaplen, 9, "synth0");
}

void CaptureWriter::packet(TimeNs time_ns, const std::vector<uint8_t>& bytes) {
  const auto size = static_cast<uint32_t>(bytes.size());
  if (pcapng_)
    return pcapng_->packet(
        {.interface = 0, .ticks = static_cast<uint64_t>(time_ns), .data = bytes, .length = size});
  words({static_cast<uint32_t>(time_ns / kSecond), static_cast<uint32_t>(time_ns % kSecond), size, size});
  std::fwrite(bytes.data(), 1, bytes.size(), out_);
}

void CaptureWriter::words(std::initializer_list<uint32_t> all) {
  for (const uint32_t word : all) {
    const uint8_t bytes[] = {static_cast<uint8_t>(word), static_cast<uint8_t>(word >> 8),
                             static_cast<uint8_t>(word >> 16), static_cast<uint8_t>(word >> 24)};
    std::fwrite(bytes, 1, sizeof bytes, out_);
  }
}

}  // namespace tsaudit::synth
