// SPDX-License-Identifier: Apache-2.0
#include "synth/capture_writer.h"

namespace tsaudit::synth {
namespace {

constexpr uint32_t kSnaplen = 262144;
constexpr uint16_t kEthernet = 1;

}  // namespace

CaptureWriter::CaptureWriter(std::FILE* out, SynthFormat format, std::string_view comment)
    : out_(out), format_(format) {
  if (format_ == SynthFormat::pcap) {
    for (const uint32_t word : {0xa1b23c4du, 4u << 16 | 2u, 0u, 0u, kSnaplen, uint32_t{kEthernet}}) u32(word);
    flush();
    return;
  }
  begin_block(0x0a0d0d0a);
  u32(0x1a2b3c4d);
  u16(1);
  u16(0);
  u32(0xffffffff);  // length of the section: not said
  u32(0xffffffff);
  option(1, comment);
  option(4, "tsaudit synth");
  option(0, {});
  end_block();
  begin_block(1);
  u16(kEthernet);
  u16(0);
  u32(kSnaplen);
  option(2, "synth0");
  option(9, "\x09");  // nanoseconds
  option(0, {});
  end_block();
}

void CaptureWriter::packet(TimeNs time_ns, const std::vector<uint8_t>& bytes) {
  const auto size = static_cast<uint32_t>(bytes.size());
  if (format_ == SynthFormat::pcap) {
    u32(static_cast<uint32_t>(time_ns / kSecond));
    u32(static_cast<uint32_t>(time_ns % kSecond));
    u32(size);
    u32(size);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return flush();
  }
  begin_block(6);
  u32(0);
  u32(static_cast<uint32_t>(static_cast<uint64_t>(time_ns) >> 32));
  u32(static_cast<uint32_t>(time_ns));
  u32(size);
  u32(size);
  padded(bytes.data(), bytes.size());
  end_block();
}

void CaptureWriter::flush() {
  std::fwrite(bytes_.data(), 1, bytes_.size(), out_);
  bytes_.clear();
}

void CaptureWriter::u16(uint16_t value) {
  bytes_.push_back(static_cast<uint8_t>(value));
  bytes_.push_back(static_cast<uint8_t>(value >> 8));
}

void CaptureWriter::u32(uint32_t value) {
  u16(static_cast<uint16_t>(value));
  u16(static_cast<uint16_t>(value >> 16));
}

void CaptureWriter::padded(const void* bytes, size_t size) {
  const auto* first = static_cast<const uint8_t*>(bytes);
  bytes_.insert(bytes_.end(), first, first + size);
  bytes_.resize((bytes_.size() + 3) & ~size_t{3});
}

void CaptureWriter::option(uint16_t code, std::string_view value) {
  u16(code);
  u16(static_cast<uint16_t>(value.size()));
  padded(value.data(), value.size());
}

void CaptureWriter::begin_block(uint32_t type) {
  u32(type);
  u32(0);
}

void CaptureWriter::end_block() {
  const auto length = static_cast<uint32_t>(bytes_.size() + 4);
  for (unsigned i = 0; i < 4; ++i) bytes_[4 + i] = static_cast<uint8_t>(length >> (8 * i));
  u32(length);
  flush();
}

}  // namespace tsaudit::synth
