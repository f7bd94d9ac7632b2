// SPDX-License-Identifier: Apache-2.0
#include "source/pcapng_writer.h"

namespace tsaudit::source {
namespace {

enum Option : uint16_t { kEnd = 0, kComment = 1, kName = 2, kApplication = 4, kResolution = 9 };

}  // namespace

void PcapngWriter::section(std::string_view comment, std::string_view application) {
  begin_block(0x0a0d0d0a);
  u32(0x1a2b3c4d);
  u16(1);
  u16(0);
  u32(0xffffffff);  // length of the section: not stated
  u32(0xffffffff);
  if (!comment.empty()) option(kComment, comment);
  if (!application.empty()) option(kApplication, application);
  option(kEnd, {});
  end_block();
}

void PcapngWriter::interface(uint16_t link_type, uint32_t snaplen, uint8_t resolution,
                             std::string_view name) {
  begin_block(1);
  u16(link_type);
  u16(0);
  u32(snaplen);
  if (!name.empty()) option(kName, name);
  option(kResolution, {reinterpret_cast<const char*>(&resolution), 1});
  option(kEnd, {});
  end_block();
}

void PcapngWriter::packet(const Packet& packet, std::span<const std::string> comments) {
  begin_block(6);
  u32(packet.interface);
  u32(static_cast<uint32_t>(packet.ticks >> 32));
  u32(static_cast<uint32_t>(packet.ticks));
  u32(static_cast<uint32_t>(packet.data.size()));
  u32(packet.length);
  padded(packet.data.data(), packet.data.size());
  for (const std::string& comment : comments) option(kComment, comment);
  if (!comments.empty()) option(kEnd, {});
  end_block();
}

void PcapngWriter::u16(uint16_t value) {
  bytes_.push_back(static_cast<uint8_t>(value));
  bytes_.push_back(static_cast<uint8_t>(value >> 8));
}

void PcapngWriter::u32(uint32_t value) {
  u16(static_cast<uint16_t>(value));
  u16(static_cast<uint16_t>(value >> 16));
}

void PcapngWriter::padded(const void* bytes, size_t size) {
  const auto* first = static_cast<const uint8_t*>(bytes);
  bytes_.insert(bytes_.end(), first, first + size);
  bytes_.resize((bytes_.size() + 3) & ~size_t{3});
}

void PcapngWriter::option(uint16_t code, std::string_view value) {
  u16(code);
  u16(static_cast<uint16_t>(value.size()));
  padded(value.data(), value.size());
}

void PcapngWriter::begin_block(uint32_t type) {
  bytes_.clear();
  u32(type);
  u32(0);
}

void PcapngWriter::end_block() {
  const auto length = static_cast<uint32_t>(bytes_.size() + 4);
  for (unsigned i = 0; i < 4; ++i) bytes_[4 + i] = static_cast<uint8_t>(length >> (8 * i));
  u32(length);
  std::fwrite(bytes_.data(), 1, bytes_.size(), out_);
}

}  // namespace tsaudit::source
