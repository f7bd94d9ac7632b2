// SPDX-License-Identifier: Apache-2.0
// Capture files byte by byte, good and bad.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tsaudit::source {

using Bytes = std::vector<uint8_t>;

/// Appends numbers in one byte order.
class Writer {
 public:
  explicit Writer(bool big_endian = false) : big_endian_(big_endian) {}
  Writer& u8(uint64_t v) { return number(v, 1); }
  Writer& u16(uint64_t v) { return number(v, 2); }
  Writer& u32(uint64_t v) { return number(v, 4); }
  Writer& u64(uint64_t v) { return number(v, 8); }
  Writer& raw(const Bytes& bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Writer& zeros(size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  Writer& pad4() { return zeros(-bytes_.size() & 3); }
  const Bytes& bytes() const { return bytes_; }
  operator const Bytes&() const { return bytes_; }  // NOLINT: implicit on purpose
  size_t size() const { return bytes_.size(); }

 private:
  Writer& number(uint64_t v, int size) {
    for (int i = 0; i < size; ++i) {
      const int shift = 8 * (big_endian_ ? size - 1 - i : i);
      bytes_.push_back(static_cast<uint8_t>(v >> shift));
    }
    return *this;
  }
  bool big_endian_;
  Bytes bytes_;
};

/// `size` bytes that differ from each other and, by `seed`, from other packets.
inline Bytes payload(size_t size, uint8_t seed = 0) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + seed);
  return bytes;
}

// pcap
inline Writer pcap_header(bool big_endian = false, uint32_t magic = 0xa1b2c3d4, uint32_t link_type = 1,
                          uint32_t snaplen = 65535, uint16_t minor = 4) {
  Writer w(big_endian);
  w.u32(magic).u16(2).u16(minor).u32(0).u32(0).u32(snaplen).u32(link_type);
  return w;
}
inline Writer& pcap_record(Writer& w, uint64_t seconds, uint64_t fraction, const Bytes& data,
                           std::optional<uint32_t> length = std::nullopt) {
  return w.u32(seconds).u32(fraction).u32(data.size()).u32(length.value_or(data.size())).raw(data);
}

// pcapng. Bodies are in the byte order of the file.
inline Writer& block(Writer& file, uint32_t type, const Bytes& body) {
  const size_t padded = (body.size() + 3) & ~size_t{3};
  return file.u32(type).u32(12 + padded).raw(body).zeros(padded - body.size()).u32(12 + padded);
}
inline Bytes option(uint16_t code, const Bytes& value, bool big_endian = false) {
  return Writer(big_endian).u16(code).u16(value.size()).raw(value).pad4();
}
inline Writer& section(Writer& file, bool big_endian = false, uint16_t major = 1, uint16_t minor = 0) {
  return block(file, 0x0a0d0d0a, Writer(big_endian).u32(0x1a2b3c4d).u16(major).u16(minor).u64(~uint64_t{0}));
}
inline Writer& interface(Writer& file, uint16_t link_type = 1, const Bytes& options = {},
                         uint32_t snaplen = 65535, bool big_endian = false) {
  return block(file, 1, Writer(big_endian).u16(link_type).u16(0).u32(snaplen).raw(options));
}
inline Writer& enhanced(Writer& file, uint32_t interface_number, uint64_t timestamp, const Bytes& data,
                        const Bytes& options = {}, bool big_endian = false,
                        std::optional<uint32_t> captured = std::nullopt) {
  Writer body(big_endian);
  body.u32(interface_number).u32(timestamp >> 32).u32(timestamp & 0xffffffff);
  body.u32(captured.value_or(data.size())).u32(data.size()).raw(data).pad4().raw(options);
  return block(file, 6, body);
}

// snoop
inline Writer snoop_header(uint32_t version = 2, uint32_t datalink = 4) {
  Writer w(true);
  w.raw({'s', 'n', 'o', 'o', 'p', 0, 0, 0}).u32(version).u32(datalink);
  return w;
}
inline Writer& snoop_record(Writer& w, uint32_t seconds, uint32_t microseconds, const Bytes& data,
                            uint32_t lost = 0) {
  const size_t padding = -data.size() & 3;
  w.u32(data.size())
      .u32(data.size())
      .u32(24 + data.size() + padding)
      .u32(lost)
      .u32(seconds)
      .u32(microseconds);
  return w.raw(data).zeros(padding);
}

// ERF
inline Writer& erf_record(Writer& w, uint64_t timestamp, uint8_t type, const Bytes& rest,
                          uint16_t wire_length, uint8_t flags = 4, uint16_t lost = 0) {
  const Writer time = Writer(false).u64(timestamp);
  const Writer header = Writer(true).u8(type).u8(flags).u16(16 + rest.size()).u16(lost).u16(wire_length);
  return w.raw(time).raw(header).raw(rest);
}
/// An Ethernet frame in a record padded to 8 bytes, as the cards do.
inline Writer& erf_ethernet(Writer& w, uint64_t timestamp, const Bytes& frame, uint16_t lost = 0) {
  Writer rest;
  rest.zeros(2).raw(frame).zeros(-(frame.size() + 2) & 7);
  return erf_record(w, timestamp, 2, rest, static_cast<uint16_t>(frame.size()), 4, lost);
}

}  // namespace tsaudit::source
