// SPDX-License-Identifier: Apache-2.0
// What a capture format is to the rest of the stage: something that turns buffered bytes into packets.
// Readers know nothing of files and buffers, so they can be tested on any cut of any bytes.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "tsaudit/capture.h"

namespace tsaudit::source {

/// The bytes read ahead and not yet consumed.
class Window {
 public:
  Window(std::span<const uint8_t> bytes, uint64_t offset) : bytes_(bytes), offset_(offset) {}
  const uint8_t* data() const { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  uint64_t offset() const { return offset_; }  ///< of data() in the file
  void consume(size_t count) {
    bytes_ = bytes_.subspan(count);
    offset_ += count;
  }

 private:
  std::span<const uint8_t> bytes_;
  uint64_t offset_;
};

/// Where a reader puts packets, numbers them and counts what gave none. Holds one batch.
class Output {
 public:
  Output(CaptureInfo& info, uint32_t max_packet) : info_(info), max_packet_(max_packet) {}

  bool full() const { return count_ == packets_.size(); }
  std::span<RawPacket> packets() { return {packets_.data(), count_}; }
  void clear() { count_ = 0; }
  /// Appends `packet` as the next frame. Only if not full().
  void add(const RawPacket& packet) {
    packets_[count_] = packet;
    packets_[count_++].frame = ++frames_;
  }
  void skip(const char* reason, uint64_t count = 1) {
    if (count != 0) info_.skipped[reason] += count;
  }
  /// For a record that gives no packet, but that Wireshark shows and hence numbers.
  void skip_frame(const char* reason) {
    ++frames_;
    skip(reason);
  }
  uint64_t frames() const { return frames_; }
  uint32_t max_packet() const { return max_packet_; }

 private:
  CaptureInfo& info_;
  const uint32_t max_packet_;
  uint64_t frames_ = 0;
  size_t count_ = 0;
  std::array<RawPacket, PacketSource::kMaxBatch> packets_;
};

class FormatReader {
 public:
  virtual ~FormatReader() = default;
  virtual const char* name() const = 0;  ///< CaptureInfo::format
  /// Consumes whole records and appends their packets, which point into the window, until `out` is full
  /// (returns 0) or the front record is not whole. Then it returns how many bytes that one needs, as far as
  /// the bytes at hand can tell; nothing of it has been consumed. Nor is it after an error.
  virtual Result<size_t> read(Window& in, Output& out) = 0;
};

/// Either the reader of the format that the bytes are in, its file header consumed, or how many bytes it
/// takes to tell.
struct Recognised {
  std::unique_ptr<FormatReader> reader;
  size_t need = 0;
};
/// `at_end`: there are no more bytes than these.
Result<Recognised> recognise(Window& in, bool at_end);

// One file each. All get a window that starts with the format's magic number and holds at least kMagicSize
// bytes, or the whole file.
inline constexpr size_t kMagicSize = 24;
Result<std::unique_ptr<FormatReader>> open_pcap(Window& in);
Result<std::unique_ptr<FormatReader>> open_pcapng(Window& in);
Result<std::unique_ptr<FormatReader>> open_snoop(Window& in);
std::unique_ptr<FormatReader> open_erf();

bool is_pcap(const uint8_t* magic);    ///< 4 bytes
bool is_pcapng(const uint8_t* magic);  ///< 4 bytes
bool is_snoop(const uint8_t* magic);   ///< 8 bytes
/// ERF has no magic number: a run of records that make sense must do.
struct ErfGuess {
  bool plausible = false;
  size_t need = 0;  ///< not 0: plausible so far, and so many bytes tell more
};
ErfGuess guess_erf(const Window& in, bool at_end);

/// An error at the front record, but for the path, which readers do not know.
template <class... Args>
Error error_at(const Window& in, const Output& out, Errc code, fmt::format_string<Args...> what,
               Args&&... args) {
  return {code, fmt::format("at byte {}, after frame {}: {}", in.offset(), out.frames(),
                            fmt::format(what, std::forward<Args>(args)...))};
}

}  // namespace tsaudit::source
