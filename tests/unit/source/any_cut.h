// SPDX-License-Identifier: Apache-2.0
// Format readers over bytes that come in pieces. Each piece is a heap block of its exact size, so that
// AddressSanitizer sees a read of one byte too many.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "source/format.h"

namespace tsaudit::source {

/// What may not depend on the pieces.
struct Outcome {
  std::string format;
  uint64_t packets = 0;
  uint64_t frames = 0;
  uint64_t consumed = 0;
  uint64_t digest = 0;  ///< of all fields and bytes of all packets
  std::map<std::string, uint64_t> skipped;
  std::optional<std::string> error;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

inline void digest(uint64_t& state, uint64_t value) { state = (state ^ value) * 0x100000001b3; }
inline void digest(uint64_t& state, const RawPacket& packet) {
  digest(state, static_cast<uint64_t>(packet.time_ns));
  digest(state, packet.length);
  digest(state, packet.frame);
  digest(state, packet.file_offset);
  digest(state, packet.link_type);
  digest(state, packet.interface);
  for (const uint8_t byte : std::span(packet.data, packet.captured)) digest(state, byte);
  for (const uint8_t byte : std::span(packet.options, packet.options_length)) digest(state, byte);
}

/// Offers `first` bytes at first, then always what the reader asks for.
inline Outcome read_in_pieces(std::span<const uint8_t> bytes, size_t first, uint32_t max_packet = 1 << 20) {
  Outcome outcome;
  CaptureInfo info;
  Output out(info, max_packet);
  std::unique_ptr<FormatReader> reader;
  for (size_t want = first;;) {
    const size_t size = std::min(want, bytes.size() - outcome.consumed);
    const bool all = size == bytes.size() - outcome.consumed;
    const auto piece = std::make_unique_for_overwrite<uint8_t[]>(size);
    std::copy_n(bytes.data() + outcome.consumed, size, piece.get());
    Window window({piece.get(), size}, outcome.consumed);
    size_t need = 0;
    if (!reader) {
      Result<Recognised> found = recognise(window, all);
      if (!found) {
        outcome.error = found.error().message;
        break;
      }
      need = found->need;
      if ((reader = std::move(found->reader))) outcome.format = reader->name();
    } else {
      out.clear();
      const Result<size_t> result = reader->read(window, out);
      for (const RawPacket& packet : out.packets()) digest(outcome.digest, packet);
      outcome.packets += out.packets().size();
      if (!result && out.packets().empty()) outcome.error = result.error().message;
      need = result ? *result : 0;
    }
    // Readers must ask for more than they were given, or nothing would ever change.
    if (need != 0 && need <= window.size()) std::abort();
    outcome.consumed = window.offset();
    if (outcome.error || (all && need != 0)) break;
    want = std::max(first, need);
  }
  outcome.frames = out.frames();
  outcome.skipped = info.skipped;
  return outcome;
}

}  // namespace tsaudit::source
