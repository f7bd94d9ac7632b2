// SPDX-License-Identifier: Apache-2.0
// Blocks of a pcapng file, little endian on every machine.
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tsaudit::source {

class PcapngWriter {
 public:
  explicit PcapngWriter(std::FILE* out) : out_(out) {}
  /// Texts go into options of the section header; an empty one is left out.
  void section(std::string_view comment, std::string_view application);
  /// `resolution` as in if_tsresol: 6 for microseconds, 9 for nanoseconds.
  void interface(uint16_t link_type, uint32_t snaplen, uint8_t resolution, std::string_view name);
  struct Packet {
    uint32_t interface = 0;
    uint64_t ticks = 0;
    std::span<const uint8_t> data;
    uint32_t length = 0;  ///< on the wire
  };
  void packet(const Packet& packet, std::span<const std::string> comments = {});

 private:
  void u16(uint16_t value);
  void u32(uint32_t value);
  void padded(const void* bytes, size_t size);
  void option(uint16_t code, std::string_view value);
  /// Starts a block; end_block() knows its length, and writes it.
  void begin_block(uint32_t type);
  void end_block();

  std::FILE* out_;
  std::vector<uint8_t> bytes_;
};

}  // namespace tsaudit::source
