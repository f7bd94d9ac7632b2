// SPDX-License-Identifier: Apache-2.0
#include "annotate/pcapng_copy.h"

#include <sys/types.h>

#include <algorithm>
#include <cstring>

namespace tsaudit::annotate_detail {
namespace {

using namespace source;

enum BlockType : uint32_t { kOldPacket = 2, kEnhancedPacket = 6, kSection = 0x0a0d0d0a };
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint32_t kHeader = 8, kMinimum = 12, kMaximum = 1u << 28;
constexpr uint32_t kPacketData = 28;  // of both kinds of packet block that have options
constexpr uint32_t kSectionLengthAt = 16;
constexpr uint64_t kNotStated = ~uint64_t{0};

void store(std::vector<uint8_t>& out, uint32_t value, size_t size, ByteOrder order) {
  for (size_t i = 0; i < size; ++i) {
    const size_t byte = order == ByteOrder::little ? i : size - 1 - i;
    out.push_back(static_cast<uint8_t>(value >> (8 * byte)));
  }
}

/// Where a comment can be put in: behind the last option, before the end mark. At the front if the list is
/// damaged, for readers go no further than the damage. `marked` tells whether there is an end mark.
size_t place_for_option(const std::vector<uint8_t>& block, size_t begin, ByteOrder order, bool& marked) {
  const size_t end = block.size() - 4;
  size_t at = begin;
  marked = false;
  while (at + 4 <= end) {
    const uint16_t code = load16(&block[at], order), length = load16(&block[at + 2], order);
    if (code == 0) {
      marked = true;
      return at;
    }
    const size_t next = at + 4 + ((length + size_t{3}) & ~size_t{3});
    if (next > end) {
      marked = true;
      return begin;
    }
    at = next;
  }
  return at;
}

}  // namespace

/// False if there are not so many bytes.
bool PcapngCopy::read(uint8_t* to, size_t count) {
  while (in_.unread().size() < count) {
    const Input::Fill result = in_.fill(count);
    if (result == Input::Fill::end || result == Input::Fill::failed) return false;
  }
  std::copy_n(in_.unread().data(), count, to);
  in_.consume(count);
  return true;
}

/// False at the end of the file, at a block that is not whole, and at one that cannot be.
bool PcapngCopy::read_block() {
  block_.resize(kMinimum);
  if (!read(block_.data(), kMinimum)) return false;
  if (load32(block_.data(), ByteOrder::little) == kSection) {
    const uint8_t* magic = &block_[kHeader];
    if (load32(magic, ByteOrder::little) == kByteOrderMagic) {
      order_ = ByteOrder::little;
    } else if (load32(magic, ByteOrder::big) == kByteOrderMagic) {
      order_ = ByteOrder::big;
    } else {
      return false;
    }
  }
  const uint32_t size = load32(&block_[4], order_);
  if (size < kMinimum || size > kMaximum || size % 4 != 0) return false;
  block_.resize(size);
  return read(block_.data() + kMinimum, size - kMinimum);
}

void PcapngCopy::write_block() {
  if (load32(block_.data(), ByteOrder::little) == kSection) {
    end_section();
    begin_section();
  }
  std::fwrite(block_.data(), 1, block_.size(), out_);
}

/// The length of a section that is stated is wrong as soon as there is a comment in it.
void PcapngCopy::begin_section() {
  section_stated_ = false;
  if (block_.size() < kSectionLengthAt + 12) return;
  section_length_ = load64(&block_[kSectionLengthAt], order_);
  if (section_length_ == kNotStated) return;
  if (ftello(out_) < 0) {  // a pipe: there is no way back to it
    std::memset(&block_[kSectionLengthAt], 0xff, 8);
    return;
  }
  section_stated_ = true;
  section_order_ = order_;
  section_grown_ = 0;
  section_at_ = static_cast<uint64_t>(ftello(out_)) + kSectionLengthAt;
}

void PcapngCopy::end_section() {
  if (!section_stated_ || section_grown_ == 0) return;
  uint64_t length = section_length_ + section_grown_;
  if (section_order_ != ByteOrder::native) length = swap_bytes(length);
  fseeko(out_, static_cast<off_t>(section_at_), SEEK_SET);
  std::fwrite(&length, sizeof length, 1, out_);
  fseeko(out_, 0, SEEK_END);
}

bool PcapngCopy::up_to(uint64_t offset) {
  while (offset_ < offset) {
    if (!read_block()) return false;
    offset_ += block_.size();
    write_block();
  }
  return true;
}

bool PcapngCopy::with_comments(std::span<const std::string> comments) {
  if (!read_block()) return false;
  offset_ += block_.size();
  const uint32_t type = load32(block_.data(), order_);
  const bool has_options = type == kEnhancedPacket || type == kOldPacket;
  const size_t begin = has_options && block_.size() >= kPacketData + 4
                           ? kPacketData + ((size_t{load32(&block_[20], order_)} + 3) & ~size_t{3})
                           : block_.size();
  if (!has_options || begin > block_.size() - 4) {
    write_block();
    return false;
  }
  bool marked = false;
  const size_t place = place_for_option(block_, begin, order_, marked);
  std::vector<uint8_t> added;
  for (const std::string& comment : comments) {
    store(added, 1, 2, order_);
    store(added, static_cast<uint32_t>(comment.size()), 2, order_);
    added.insert(added.end(), comment.begin(), comment.end());
    added.resize((added.size() + 3) & ~size_t{3});
  }
  if (!marked) store(added, 0, 4, order_);
  block_.insert(block_.begin() + static_cast<std::ptrdiff_t>(place), added.begin(), added.end());
  std::vector<uint8_t> length;
  store(length, static_cast<uint32_t>(block_.size()), 4, order_);
  std::ranges::copy(length, block_.begin() + 4);
  std::ranges::copy(length, block_.end() - 4);
  section_grown_ += added.size();
  write_block();
  return true;
}

void PcapngCopy::rest() {
  while (read_block()) {
    offset_ += block_.size();
    write_block();
  }
  end_section();
}

}  // namespace tsaudit::annotate_detail
