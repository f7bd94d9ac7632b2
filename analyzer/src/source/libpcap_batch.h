// SPDX-License-Identifier: Apache-2.0
// libpcap lends one packet at a time; a batch needs copies.
#pragma once

#include <pcap/pcap.h>

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "source/capture_reader.h"
#include "source/link_type.h"

namespace tsaudit::source {

struct PcapClose {
  void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
using PcapHandle = std::unique_ptr<pcap_t, PcapClose>;

class CopiedBatch {
 public:
  explicit CopiedBatch(uint16_t link_type) : link_type_(link_type) {}

  bool full() const { return count_ == packets_.size(); }
  size_t room() const { return packets_.size() - count_; }
  void clear() {
    count_ = 0;
    bytes_.clear();
  }
  /// The handle that `header` came from must have nanosecond precision. Only if not full().
  void add(const pcap_pkthdr& header, const uint8_t* data) {
    packets_[count_++] = {.time_ns = header.ts.tv_sec * kSecond + header.ts.tv_usec,
                          .captured = header.caplen,
                          .length = header.len,
                          .frame = ++frames_,
                          .link_type = link_type_};
    bytes_.insert(bytes_.end(), data, data + header.caplen);
  }
  std::span<RawPacket> packets() {
    const uint8_t* data = bytes_.data();  // add() may have moved it
    for (RawPacket& packet : std::span(packets_).first(count_)) {
      packet.data = data;
      data += packet.captured;
    }
    return {packets_.data(), count_};
  }
  uint64_t frames() const { return frames_; }

 private:
  const uint16_t link_type_;
  uint64_t frames_ = 0;
  size_t count_ = 0;
  std::array<RawPacket, PacketSource::kMaxBatch> packets_;
  std::vector<uint8_t> bytes_;
};

}  // namespace tsaudit::source
