// SPDX-License-Identifier: Apache-2.0
// The classic format of libpcap: a file header of 24 bytes, then records. The first field of the file header
// tells byte order, unit of the sub-second field and size of the record header.
#include <algorithm>
#include <utility>

#include "source/bytes.h"
#include "source/format.h"
#include "source/link_type.h"

namespace tsaudit::source {
namespace {

struct Variant {
  uint32_t magic;
  int32_t fraction_ns;  ///< unit of the sub-second field
  size_t record_header;
  const char* name;
};
constexpr Variant kVariants[] = {
    {0xa1b2c3d4, 1000, 16, "pcap"},
    {0xa1b23c4d, 1, 16, "pcap-ns"},
    {0xa1b2cd34, 1000, 24, "pcap"},  // Linux 2.x era patch: interface, protocol and packet type follow
};
constexpr size_t kFileHeader = 24;
constexpr uint32_t kUsualSnaplen = 1u << 18;  // the most that libpcap and Wireshark take

const Variant* find_variant(const uint8_t* magic, ByteOrder order) {
  for (const Variant& variant : kVariants) {
    if (load32(magic, order) == variant.magic) return &variant;
  }
  return nullptr;
}

/// Of the file header.
struct Shape {
  const Variant& variant;
  ByteOrder order;
  uint16_t link_type;
  uint32_t longest;       ///< a longer packet can only be damage
  bool may_swap_lengths;  ///< of a record
};

class PcapReader final : public FormatReader {
 public:
  explicit PcapReader(const Shape& shape) : shape_(shape) {}

  const char* name() const override { return shape_.variant.name; }

  Result<size_t> read(Window& in, Output& out) override {
    const size_t header = shape_.variant.record_header;
    while (!out.full()) {
      if (in.size() < header) return header;
      const uint8_t* record = in.data();
      uint32_t captured = load32(record + 8, shape_.order);
      uint32_t length = load32(record + 12, shape_.order);
      if (captured > length && shape_.may_swap_lengths) std::swap(captured, length);
      if (const uint32_t limit = std::min(shape_.longest, out.max_packet()); captured > limit) {
        return error_at(in, out, Errc::corrupt, "a packet of {} bytes, where {} is the limit", captured,
                        limit);
      }
      if (in.size() < header + captured) return header + captured;
      out.add({.time_ns = time_of(record),
               .data = record + header,
               .captured = captured,
               .length = length,
               .file_offset = in.offset(),
               .link_type = shape_.link_type});
      in.consume(header + captured);
    }
    return 0;
  }

 private:
  /// Seconds last until 2106. A sub-second field of more than a second carries over and a negative one
  /// borrows, for damaged files have both.
  TimeNs time_of(const uint8_t* record) const {
    const auto fraction = static_cast<int32_t>(load32(record + 4, shape_.order));
    return load32(record, shape_.order) * kSecond + int64_t{fraction} * shape_.variant.fraction_ns;
  }

  const Shape shape_;
};

}  // namespace

bool is_pcap(const uint8_t* magic) {
  return find_variant(magic, ByteOrder::little) || find_variant(magic, ByteOrder::big);
}

Result<std::unique_ptr<FormatReader>> open_pcap(Window& in) {
  if (in.size() < kFileHeader) return Error{Errc::truncated, "cut short in the file header"};
  const uint8_t* header = in.data();
  const ByteOrder order = find_variant(header, ByteOrder::little) ? ByteOrder::little : ByteOrder::big;
  const uint16_t major = load16(header + 4, order);
  const uint16_t minor = load16(header + 6, order);
  if (major != 2) return Error{Errc::unsupported, fmt::format("pcap version {}.{}", major, minor)};
  const Shape shape{
      .variant = *find_variant(header, order),
      .order = order,
      // The high half of the field is about the frame check sequence.
      .link_type = normal_link_type(static_cast<uint16_t>(load32(header + 20, order))),
      .longest = std::max(load32(header + 16, order), kUsualSnaplen),
      // Before 2.3 the lengths of a record stood in the other order, and in some files of 2.3.
      .may_swap_lengths = minor < 4,
  };
  in.consume(kFileHeader);
  return std::unique_ptr<FormatReader>(std::make_unique<PcapReader>(shape));
}

}  // namespace tsaudit::source
