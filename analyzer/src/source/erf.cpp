// SPDX-License-Identifier: Apache-2.0
// ERF, the record format of Endace DAG cards: records alone, no file header. Lengths are big endian, the time
// is little endian: seconds with 32 binary places.
#include <algorithm>
#include <optional>

#include "source/bytes.h"
#include "source/format.h"
#include "source/link_type.h"

namespace tsaudit::source {
namespace {

constexpr size_t kRecordHeader = 16;
constexpr size_t kExtensionHeader = 8;
constexpr uint8_t kMoreHeaders = 0x80;  // in the type byte of the header and of each extension header
constexpr size_t kEthernetPadding = 2;  // aligns the IP header

enum Type : uint8_t {
  kEthernet = 2,
  kColorEthernet = 11,
  kDsmColorEthernet = 16,
  kColorHashEthernet = 20,
  kIpv4 = 22,
  kIpv6 = 23,
  kLastPacketType = 33,
  kPad = 48,
};

struct Record {
  const uint8_t* start;
  uint8_t type() const { return start[8] & 0x7f; }
  uint8_t interface() const { return start[9] & 3; }
  uint16_t size() const { return load16(start + 10, ByteOrder::big); }
  uint16_t lost() const { return load16(start + 12, ByteOrder::big); }
  uint16_t wire_length() const { return load16(start + 14, ByteOrder::big); }
  uint64_t timestamp() const { return load64(start, ByteOrder::little); }

  bool ethernet() const {
    return type() == kEthernet || type() == kColorEthernet || type() == kDsmColorEthernet ||
           type() == kColorHashEthernet;
  }
  /// Rounded to the nearest nanosecond.
  TimeNs time_ns() const {
    const uint64_t fraction = timestamp() & 0xffffffff;
    return static_cast<TimeNs>((timestamp() >> 32) * kSecond + ((fraction * kSecond + (1ull << 31)) >> 32));
  }
  /// Where the packet begins; nothing if the record, which must be whole, ends before.
  std::optional<size_t> packet_at() const {
    size_t at = kRecordHeader;
    for (bool more = start[8] & kMoreHeaders; more; at += kExtensionHeader) {
      if (at + kExtensionHeader > size()) return std::nullopt;
      more = start[at] & kMoreHeaders;
    }
    if (ethernet()) at += kEthernetPadding;
    return at <= size() ? std::optional(at) : std::nullopt;
  }
};

class ErfReader final : public FormatReader {
 public:
  const char* name() const override { return "erf"; }

  Result<size_t> read(Window& in, Output& out) override {
    while (!out.full()) {
      if (in.size() < kRecordHeader) return kRecordHeader;
      const Record record{in.data()};
      if (record.size() < kRecordHeader) {
        return error_at(in, out, Errc::corrupt, "a record cannot have {} bytes", record.size());
      }
      if (in.size() < record.size()) return record.size();
      packet(record, in.offset(), out);
      in.consume(record.size());
    }
    return 0;
  }

 private:
  static void packet(const Record& record, uint64_t offset, Output& out) {
    if (record.type() == kPad) return out.skip("erf-padding");
    const bool ip = record.type() == kIpv4 || record.type() == kIpv6;
    if (!record.ethernet() && !ip) return out.skip_frame("erf-other-type");
    const std::optional<size_t> at = record.packet_at();
    if (!at) return out.skip_frame("erf-bad-record");
    if (record.type() == kEthernet) out.skip(kLostInCapture, record.lost());  // a color in other types
    // Records are padded to a multiple of 8 bytes, so more may stand there than was on the wire. Ethernet
    // frames keep their check sequence.
    const auto room = static_cast<uint32_t>(record.size() - *at);
    out.add({.time_ns = record.time_ns(),
             .data = record.start + *at,
             .captured = std::min<uint32_t>(room, record.wire_length()),
             .length = record.wire_length(),
             .file_offset = offset,
             .link_type = ip ? kLinkRaw : kLinkEthernet,
             .interface = record.interface()});
  }
};

bool makes_sense(const Record& record, uint64_t previous_timestamp) {
  constexpr uint64_t kWeek = uint64_t{7 * 86400} << 32;
  const bool known = (record.type() >= 1 && record.type() <= kLastPacketType) || record.type() == kPad;
  const uint64_t step = record.timestamp() - previous_timestamp + kWeek;  // wraps if it is too far back
  return known && record.size() >= kRecordHeader && (previous_timestamp == 0 || step <= 2 * kWeek);
}

}  // namespace

ErfGuess guess_erf(const Window& in, bool at_end) {
  constexpr int kConvincing = 8;
  constexpr int kConvincingIfCutShort = 3;
  uint64_t previous_timestamp = 0;
  size_t at = 0;
  for (int whole = 0; whole < kConvincing; ++whole) {
    const size_t left = in.size() - at;
    if (left == 0 && at_end) return {whole > 0, 0};
    size_t need = kRecordHeader;
    if (left >= need) {
      const Record record{in.data() + at};
      if (!makes_sense(record, previous_timestamp)) return {false, 0};
      previous_timestamp = record.timestamp();
      need = record.size();
    }
    if (left < need) return at_end ? ErfGuess{whole >= kConvincingIfCutShort, 0} : ErfGuess{true, at + need};
    if (!Record{in.data() + at}.packet_at()) return {false, 0};
    at += need;
  }
  return {true, 0};
}

std::unique_ptr<FormatReader> open_erf() { return std::make_unique<ErfReader>(); }

}  // namespace tsaudit::source
