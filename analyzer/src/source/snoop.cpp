// SPDX-License-Identifier: Apache-2.0
// snoop of Solaris (RFC 1761): big endian, a file header of 16 bytes, then records padded to a stated length.
#include "source/bytes.h"
#include "source/format.h"
#include "source/link_type.h"

namespace tsaudit::source {
namespace {

constexpr char kMagic[8] = {'s', 'n', 'o', 'o', 'p', 0, 0, 0};
constexpr size_t kSnoopHeader = 16;
constexpr size_t kSnoopRecord = 24;
constexpr uint32_t kMostPadding = 1u << 16;  // Solaris rounds records up to 4 bytes

uint32_t be32(const uint8_t* p) { return load32(p, ByteOrder::big); }

/// Datalink codes of RFC 1761. 0: none that we know.
uint16_t link_type_of(uint32_t datalink) {
  switch (datalink) {
    case 0:  // IEEE 802.3; the type or length field tells it from Ethernet II
    case 4:
      return kLinkEthernet;
    case 8:
      return kLinkFddi;
    default:
      return 0;
  }
}

class SnoopReader final : public FormatReader {
 public:
  explicit SnoopReader(uint16_t link_type) : link_type_(link_type) {}
  const char* name() const override { return "snoop"; }

  Result<size_t> read(Window& in, Output& out) override {
    while (!out.full()) {
      if (in.size() < kSnoopRecord) return kSnoopRecord;
      const uint8_t* record = in.data();
      const uint32_t captured = be32(record + 4);
      const uint32_t size = be32(record + 8);
      if (captured > out.max_packet() || size < kSnoopRecord + captured ||
          size - captured > kSnoopRecord + kMostPadding) {
        return error_at(in, out, Errc::corrupt, "a packet of {} bytes in a record of {}", captured, size);
      }
      if (in.size() < size) return size;
      count_lost(be32(record + 12), out);
      out.add(
          {.time_ns = be32(record + 16) * kSecond + int64_t{static_cast<int32_t>(be32(record + 20))} * 1000,
           .data = record + kSnoopRecord,
           .captured = captured,
           .length = be32(record),
           .file_offset = in.offset(),
           .link_type = link_type_});
      in.consume(size);
    }
    return 0;
  }

 private:
  void count_lost(uint32_t total, Output& out) {
    if (total > lost_) out.skip(kLostInCapture, total - lost_);
    lost_ = total;
  }

  const uint16_t link_type_;
  uint32_t lost_ = 0;
};

}  // namespace

bool is_snoop(const uint8_t* magic) { return std::memcmp(magic, kMagic, sizeof kMagic) == 0; }

Result<std::unique_ptr<FormatReader>> open_snoop(Window& in) {
  if (in.size() < kSnoopHeader) return Error{Errc::truncated, "cut short in the file header"};
  const uint32_t version = be32(in.data() + 8);
  const uint32_t datalink = be32(in.data() + 12);
  if (version != 2) return Error{Errc::unsupported, fmt::format("snoop version {}", version)};
  const uint16_t link_type = link_type_of(datalink);
  if (link_type == 0) return Error{Errc::unsupported, fmt::format("snoop with datalink type {}", datalink)};
  in.consume(kSnoopHeader);
  return std::unique_ptr<FormatReader>(std::make_unique<SnoopReader>(link_type));
}

}  // namespace tsaudit::source
