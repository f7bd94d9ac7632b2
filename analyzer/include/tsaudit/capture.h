// SPDX-License-Identifier: Apache-2.0
// The source stage: packets out of capture files, pipes and interfaces.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tsaudit/error.h"
#include "tsaudit/types.h"

namespace tsaudit {

/// One captured packet: a view into the source's buffer, valid until the next call of next_batch().
struct RawPacket {
  TimeNs time_ns = 0;         ///< 0 when the record has none (pcapng simple packets)
  const uint8_t* data = nullptr;
  uint32_t captured = 0;      ///< bytes at `data`
  uint32_t length = 0;        ///< bytes on the wire; at least `captured` unless the file lies
  uint64_t frame = 0;         ///< 1-based, as Wireshark counts; of a set of files, as mergecap makes it
  uint64_t file_offset = 0;   ///< of the record or block that holds it; 0 when libpcap reads
  uint16_t link_type = 0;     ///< LINKTYPE_ value (tcpdump.org/linktypes.html)
  uint16_t interface = 0;     ///< pcapng interface number within its section
  uint32_t point = 0;         ///< where it was captured, by file and interface; 0: at the only place
  const uint8_t* options = nullptr;  ///< pcapng options of the block (comments among them), raw TLVs
  uint32_t options_length = 0;
};

/// Key in CaptureInfo::skipped: packets that never reached the file, by the capturing system's own count.
inline constexpr const char* kLostInCapture = "lost-in-capture";

/// Key in CaptureInfo::skipped: segments that another point of the capture has shown already. They are
/// counted once.
inline constexpr const char* kCopies = "copies";
/// The same, but their timestamps were others there: something between the two points rewrites them. They are
/// counted once, with the TSval that was seen last, which their receiver gets.
inline constexpr const char* kRewrittenCopies = "copies with other timestamps";

/// What is known of one capture so far. Complete once the source has finished().
struct CaptureInfo {
  std::string name;      ///< as given, base name only ("-" for stdin)
  std::string format;    ///< "pcap", "pcap-ns", "pcapng", "snoop", "erf", "live"
  uint64_t packets = 0;  ///< delivered: those that the filter rejects are in `skipped`
  uint64_t frames = 0;   ///< as Wireshark numbers them, so also records that gave no packet; 0 until the end
  uint64_t bytes = 0;    ///< of the file, consumed
  uint64_t out_of_order = 0;  ///< packets with an earlier time than one before them in the file
  std::optional<uint64_t> file_size;           ///< absent for pipes
  std::map<uint16_t, uint64_t> link_types;     ///< LINKTYPE_ -> packets
  bool truncated = false;                      ///< ended inside a record; `error` (Errc::truncated) says where
  std::map<std::string, uint64_t> skipped;     ///< reason -> records that gave no packet
  std::optional<Error> error;                  ///< why reading ended early; what came before stands
};

class PacketSource {
 public:
  virtual ~PacketSource() = default;
  /// The next packets in file order, at most kMaxBatch. Empty at the end and at an error (see captures()),
  /// but also when the filter took none of them, when a live interface was idle for 100 ms and when a signal
  /// interrupted the wait for a pipe, so that the caller can look whether it is to stop.
  virtual std::span<const RawPacket> next_batch() = 0;
  /// After an empty batch: true at the end, false if packets may still come.
  virtual bool finished() const { return true; }
  /// One entry per file of the set, in reading order.
  virtual const std::vector<CaptureInfo>& captures() const = 0;
  static constexpr size_t kMaxBatch = 64;
};

struct OpenOptions {
  std::string filter;                       ///< BPF expression; empty: everything
  bool use_libpcap = false;                 ///< read with libpcap although our reader could (tests, oracle)
  uint32_t max_packet = 16u << 20;          ///< a larger record is corrupt, not a packet
  /// Bytes that open_live() takes of a packet. All of what an Ethernet carries, so that checksums can tell;
  /// of the giants that TSO and GRO make the headers.
  uint32_t snapshot = 16 << 10;
  std::string record{};                     ///< pcap file to write what open_live() captures to; empty: none
};

/// Opens a file, or stdin for "-".
Result<std::unique_ptr<PacketSource>> open_capture(const std::string& path, const OpenOptions& options = {});
/// Reads several files as one capture, by time: one after the other what was rotated, at once what several
/// points saw at the same time. Within a file the order stays. A file is open from its first packet to its
/// last. A file that cannot be read has its error in captures() and does not stop the others. A pipe is read
/// alone.
Result<std::unique_ptr<PacketSource>> open_captures(std::span<const std::string> paths, const OpenOptions& options = {});
/// Captures from an interface until the caller stops asking (libpcap; needs CAP_NET_RAW).
Result<std::unique_ptr<PacketSource>> open_live(const std::string& interface, const OpenOptions& options = {});
/// What open_live() can be asked for: the interfaces that are there, then "any".
std::vector<std::string> live_interfaces();

}  // namespace tsaudit
