// SPDX-License-Identifier: Apache-2.0
// One packet: two bytes of LINKTYPE_, two of how much longer it was on the wire (both little endian), the
// bytes that were captured. Whatever they are, the properties hold; and what a shorter snapshot shows of a
// segment is the same segment.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "../unit/decode/properties.h"

namespace {

using namespace tsaudit;

[[noreturn]] void fail(const RawPacket& packet, const char* what) {
  std::fprintf(stderr, "link type %u, %u of %u bytes: %s\n", packet.link_type, packet.captured, packet.length,
               what);
  std::abort();
}

void check(const RawPacket& packet) {
  if (const char* broken = broken_property(packet)) fail(packet, broken);
}

/// The packet with `captured` bytes, in a block of that size: a read beyond is a read out of bounds.
void check_cut(const RawPacket& packet, uint32_t captured) {
  const std::unique_ptr<uint8_t[]> bytes(new uint8_t[captured]);
  std::memcpy(bytes.get(), packet.data, captured);
  RawPacket cut = packet;
  cut.data = bytes.get();
  cut.captured = captured;
  check(cut);
  Segment whole, part;
  Notice ignored;
  if (decode(packet, whole, ignored) != DecodeStatus::segment ||
      decode(cut, part, ignored) != DecodeStatus::segment)
    return;
  if (!(whole.seq == part.seq) || whole.payload != part.payload || whole.scope != part.scope)
    fail(cut, "a cut changed the segment");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const auto captured = static_cast<uint32_t>(size - 4);
  const std::unique_ptr<uint8_t[]> bytes(new uint8_t[captured]);
  if (captured != 0) std::memcpy(bytes.get(), data + 4, captured);
  const RawPacket packet{.time_ns = 1,
                         .data = bytes.get(),
                         .captured = captured,
                         .length = captured + wire::le16(data + 2),
                         .frame = 1,
                         .link_type = wire::le16(data)};
  check(packet);
  // Cuts are cheap to try in all places only while the packet is short.
  const uint32_t step = captured / 128 + 1;
  for (uint32_t cut = 0; cut < captured; cut += step) check_cut(packet, cut);
  return 0;
}
