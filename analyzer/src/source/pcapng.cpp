// SPDX-License-Identifier: Apache-2.0
// pcapng (draft-ietf-opsawg-pcapng): a sequence of blocks. A section header block sets the byte order and
// forgets the interfaces; interface blocks state link type and clock of the packet blocks that refer to them.
#include <algorithm>
#include <optional>
#include <vector>

#include "source/bytes.h"
#include "source/format.h"
#include "source/link_type.h"
#include "source/pcapng_time.h"

namespace tsaudit::source {
namespace {

enum BlockType : uint32_t {
  kInterface = 1,
  kOldPacket = 2,
  kSimplePacket = 3,
  kNameResolution = 4,
  kInterfaceStatistics = 5,
  kEnhancedPacket = 6,
  kJournal = 9,
  kDecryptionSecrets = 10,
  kCustom = 0xbad,
  kCustomNoCopy = 0x40000bad,
  kSection = 0x0a0d0d0a,  // reads the same in both byte orders
};
constexpr uint32_t kSysdigEvents[] = {0x204, 0x208, 0x216, 0x217, 0x221, 0x222};
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr size_t kBlockOverhead = 12;         // type, length; length again at the end
constexpr uint32_t kLongestExtra = 1u << 20;  // header and options of a packet block
constexpr size_t kMaxInterfaces = 1u << 16;

/// A whole block: its length is checked, its fields are not.
struct Block {
  const uint8_t* start;
  uint64_t file_offset;
  uint32_t type;
  uint32_t size;
  ByteOrder order;

  /// All fields before `end`, and the length that comes last.
  bool has(size_t end) const { return end + 4 <= size; }
  uint16_t u16(size_t offset) const { return load16(start + offset, order); }
  uint32_t u32(size_t offset) const { return load32(start + offset, order); }
  /// Timestamps are two halves, the high one first in either byte order.
  uint64_t timestamp(size_t offset) const { return uint64_t{u32(offset)} << 32 | u32(offset + 4); }
};

struct Interface {
  uint16_t link_type = 0;
  uint32_t snaplen = 0;  ///< 0: none
  uint64_t lost = 0;     ///< as of its last statistics block
  PcapngClock clock;
};

/// Calls visit(code, value, length) for the options from `offset` on; false if one overruns the block.
template <class Visit>
bool for_each_option(const Block& block, size_t offset, Visit visit) {
  const size_t end = block.size - 4;
  while (offset + 4 <= end) {
    const uint16_t code = block.u16(offset);
    const uint16_t length = block.u16(offset + 2);
    if (code == 0) return true;
    offset += 4;
    if (length > end - offset) return false;
    visit(code, block.start + offset, length);
    offset += (length + 3u) & ~3u;
  }
  return true;
}

struct Skipped {
  const char* reason;
  bool numbered = false;  ///< Wireshark shows it as a frame although it holds no packet
};
Skipped skipped_block(uint32_t type) {
  switch (type) {
    case kNameResolution:
      return {"name-resolution-block"};
    case kInterfaceStatistics:
      return {"statistics-block"};
    case kDecryptionSecrets:
      return {"decryption-secrets-block"};
    case kJournal:
      return {"journal-block", true};
    case kCustom:
    case kCustomNoCopy:
      return {"custom-block", true};
    default:
      break;
  }
  if (std::ranges::find(kSysdigEvents, type) != std::end(kSysdigEvents)) return {"sysdig-block", true};
  return {"unknown-block"};
}

class PcapngReader final : public FormatReader {
 public:
  const char* name() const override { return "pcapng"; }

  Result<size_t> read(Window& in, Output& out) override {
    while (!out.full()) {
      if (in.size() < kBlockOverhead) return kBlockOverhead;
      if (load32(in.data(), order_) == kSection && !set_byte_order(in.data() + 8)) {
        return error_at(in, out, Errc::corrupt, "a section header without byte-order magic");
      }
      const Block block{.start = in.data(),
                        .file_offset = in.offset(),
                        .type = load32(in.data(), order_),
                        .size = load32(in.data() + 4, order_),
                        .order = order_};
      if (block.size < kBlockOverhead || block.size % 4 != 0) {
        return error_at(in, out, Errc::corrupt, "a block cannot have {} bytes", block.size);
      }
      if (block.size - kBlockOverhead > uint64_t{out.max_packet()} + kLongestExtra) {
        return error_at(in, out, Errc::corrupt, "a block of {} bytes is beyond the limit", block.size);
      }
      if (in.size() < block.size) return block.size;
      if (const uint32_t again = block.u32(block.size - 4); again != block.size) {
        return error_at(in, out, Errc::corrupt, "the two lengths of a block differ: {} and {}", block.size,
                        again);
      }
      if (block.type == kEnhancedPacket) {
        enhanced_packet(block, out);
      } else if (block.type == kSection) {
        if (auto error = section(block, in, out)) return *std::move(error);
      } else {
        other(block, out);
      }
      in.consume(block.size);
    }
    return 0;
  }

 private:
  bool set_byte_order(const uint8_t* magic) {
    for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
      if (load32(magic, order) == kByteOrderMagic) {
        order_ = order;
        return true;
      }
    }
    return false;
  }

  std::optional<Error> section(const Block& block, const Window& in, const Output& out) {
    if (!block.has(24)) return error_at(in, out, Errc::corrupt, "a section header of {} bytes", block.size);
    const uint16_t major = block.u16(12);
    const uint16_t minor = block.u16(14);
    if (major != 1 || (minor != 0 && minor != 2)) {  // 1.2 is what one writer called 1.0
      return error_at(in, out, Errc::unsupported, "pcapng version {}.{}", major, minor);
    }
    interfaces_.clear();
    return std::nullopt;
  }

  void other(const Block& block, Output& out) {
    switch (block.type) {
      case kInterface:
        return interface(block, out);
      case kOldPacket:
        return old_packet(block, out);
      case kSimplePacket:
        return simple_packet(block, out);
      case kInterfaceStatistics:
        statistics(block, out);
        break;
      default:
        break;
    }
    const Skipped skipped = skipped_block(block.type);
    skipped.numbered ? out.skip_frame(skipped.reason) : out.skip(skipped.reason);
  }

  void interface(const Block& block, Output& out) {
    // Interfaces are numbered by order, so one that cannot be used must still take its number.
    if (interfaces_.size() == kMaxInterfaces) return out.skip("too-many-interfaces");
    Interface& added = interfaces_.emplace_back();
    if (!block.has(16)) return out.skip("bad-interface-block");
    added.link_type = normal_link_type(block.u16(8));
    added.snaplen = block.u32(12);
    uint8_t resolution = 6;
    int64_t offset_seconds = 0;
    const bool whole = for_each_option(block, 16, [&](uint16_t code, const uint8_t* value, uint16_t length) {
      if (code == 9 && length == 1) resolution = *value;
      if (code == 14 && length == 8) offset_seconds = static_cast<int64_t>(load64(value, block.order));
    });
    if (!whole) out.skip("bad-interface-option");
    added.clock = PcapngClock(resolution, offset_seconds);
  }

  void statistics(const Block& block, Output& out) {
    if (!block.has(20) || block.u32(8) >= interfaces_.size()) return;
    uint64_t lost = 0;
    for_each_option(block, 20, [&](uint16_t code, const uint8_t* value, uint16_t length) {
      const bool drops = code == 5 || code == 7;  // isb_ifdrop, isb_osdrop
      if (!drops || length != 8) return;
      const uint64_t count = load64(value, block.order);
      if (count != ~uint64_t{0}) lost += count;  // all ones: not known
    });
    // The counts are running totals.
    Interface& its = interfaces_[block.u32(8)];
    if (lost > its.lost) out.skip(kLostInCapture, lost - its.lost);
    its.lost = lost;
  }

  void enhanced_packet(const Block& block, Output& out) {
    if (!block.has(28)) return out.skip_frame("bad-packet-block");
    packet(block,
           {.interface = block.u32(8),
            .timestamp = block.timestamp(12),
            .captured = block.u32(20),
            .length = block.u32(24),
            .data_at = 28},
           out);
  }

  /// As the enhanced one, but that a count of lost packets shares the field of the interface.
  void old_packet(const Block& block, Output& out) {
    if (!block.has(28)) return out.skip_frame("bad-packet-block");
    packet(block,
           {.interface = block.u16(8),
            .timestamp = block.timestamp(12),
            .captured = block.u32(20),
            .length = block.u32(24),
            .data_at = 28},
           out);
  }

  /// Has no time, no options and no captured length: that is the snap length, if the packet was longer.
  void simple_packet(const Block& block, Output& out) {
    if (!block.has(12)) return out.skip_frame("bad-packet-block");
    if (interfaces_.empty()) return out.skip_frame("unknown-interface");
    const uint32_t length = block.u32(8);
    const uint32_t snaplen = interfaces_[0].snaplen;
    packet(block,
           {.interface = 0,
            .timestamp = std::nullopt,
            .captured = snaplen != 0 ? std::min(length, snaplen) : length,
            .length = length,
            .data_at = 12},
           out);
  }

  struct PacketFields {
    uint32_t interface;
    std::optional<uint64_t> timestamp;
    uint32_t captured;
    uint32_t length;
    uint32_t data_at;
  };
  void packet(const Block& block, const PacketFields& fields, Output& out) {
    if (fields.interface >= interfaces_.size()) return out.skip_frame("unknown-interface");
    const uint32_t room = block.size - 4 - fields.data_at;
    if (fields.captured > room || fields.captured > out.max_packet())
      return out.skip_frame("bad-packet-block");
    const Interface& its = interfaces_[fields.interface];
    const uint32_t padded = (fields.captured + 3) & ~3u;  // `room` is a multiple of 4
    out.add({.time_ns = fields.timestamp ? its.clock.to_ns(*fields.timestamp) : 0,
             .data = block.start + fields.data_at,
             .captured = fields.captured,
             .length = fields.length,
             .file_offset = block.file_offset,
             .link_type = its.link_type,
             .interface = static_cast<uint16_t>(fields.interface),
             .point = interfaces_.size() > 1 ? fields.interface + 1 : 0,
             .options = block.start + fields.data_at + padded,
             .options_length = fields.timestamp ? room - padded : 0});
  }

  ByteOrder order_ = ByteOrder::little;
  std::vector<Interface> interfaces_;
};

}  // namespace

bool is_pcapng(const uint8_t* magic) { return load32(magic, ByteOrder::little) == kSection; }

Result<std::unique_ptr<FormatReader>> open_pcapng(Window&) {
  return std::unique_ptr<FormatReader>(std::make_unique<PcapngReader>());
}

}  // namespace tsaudit::source
