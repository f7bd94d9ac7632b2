// SPDX-License-Identifier: Apache-2.0
// Packets without a file, made as they are asked for: what the pipeline costs is then all its own.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "bench/traffic.h"
#include "tsaudit/capture.h"
#include "tsaudit/segment.h"

namespace tsaudit {

/// Calls `at_end` when the last packet has been taken: all flows are alive then, nothing has been reported.
class PacketMaker : public PacketSource {
 public:
  explicit PacketMaker(std::function<void()> at_end = {}) : captures_(1), at_end_(std::move(at_end)) {
    captures_[0].name = "made.pcap";
    captures_[0].format = "pcap";
  }
  std::span<const RawPacket> next_batch() override {
    size_t count = 0;
    for (; count < kMaxBatch; ++count) {
      RawPacket packet;
      std::array<uint8_t, 128>& bytes = bytes_[count];
      if (!make(packet, bytes)) break;
      packet.data = bytes.data();
      packet.frame = ++captures_[0].packets;
      packet.link_type = 1;
      batch_[count] = packet;
    }
    if (count == 0 && at_end_) std::exchange(at_end_, nullptr)();
    return {batch_.data(), count};
  }
  const std::vector<CaptureInfo>& captures() const override { return captures_; }

 protected:
  virtual bool make(RawPacket& packet, std::array<uint8_t, 128>& bytes) = 0;

 private:
  std::vector<CaptureInfo> captures_;
  std::function<void()> at_end_;
  std::array<std::array<uint8_t, 128>, kMaxBatch> bytes_;
  std::array<RawPacket, kMaxBatch> batch_;
};

/// Healthy uploads, see bench/traffic.h.
class HealthyTraffic : public PacketMaker {
 public:
  HealthyTraffic(uint64_t packets, uint32_t flows, std::function<void()> at_end = {})
      : PacketMaker(std::move(at_end)), generator_({.packets = packets, .flows = flows}) {}

 protected:
  bool make(RawPacket& packet, std::array<uint8_t, 128>& bytes) override {
    const traffic::Packet next = generator_.next();
    if (next.bytes.empty()) return false;
    std::copy(next.bytes.begin(), next.bytes.end(), bytes.begin());
    packet.time_ns = next.time_ns;
    packet.captured = static_cast<uint32_t>(next.bytes.size());
    packet.length = next.length;
    return true;
  }

 private:
  traffic::Generator generator_;
};

/// One segment on the wire.
struct WireSegment {
  TimeNs time_ns = 0;
  uint32_t client = 0;  ///< number of the connection
  bool from_client = true;
  uint8_t flags = kAck;
  uint32_t seq = 0, ack = 0, payload = 0, tsval = 0, tsecr = 0;
};

inline void write_segment(const WireSegment& s, RawPacket& packet, std::array<uint8_t, 128>& bytes) {
  const auto put = [&bytes](size_t at, uint64_t value, size_t size) {
    while (size-- > 0) {
      bytes[at + size] = static_cast<uint8_t>(value);
      value >>= 8;
    }
  };
  bytes = {};
  const uint32_t client = 0x0a000000 + s.client / 60000, server = 0xc0000201;
  const uint32_t port = 1024 + s.client % 60000;
  put(0, s.from_client ? 1 : 2, 6);
  put(6, s.from_client ? 2 : 1, 6);
  put(12, 0x0800, 2);
  put(14, 0x4500, 2);
  put(16, 52 + s.payload, 2);
  put(22, 64, 1);
  put(23, 6, 1);
  put(26, s.from_client ? client : server, 4);
  put(30, s.from_client ? server : client, 4);
  put(34, s.from_client ? port : 443, 2);
  put(36, s.from_client ? 443 : port, 2);
  put(38, s.seq, 4);
  put(42, s.ack, 4);
  put(46, 0x80, 1);
  put(47, s.flags, 1);
  put(48, 60000, 2);
  put(54, 0x0101080a, 4);
  put(58, s.tsval, 4);
  put(62, s.tsecr, 4);
  packet.time_ns = s.time_ns;
  packet.captured = 66;
  packet.length = 66 + s.payload;
}

/// Connections whose client was restored with its clock a million milliseconds back: every data segment is
/// discarded and answered, and sent again, for as long as the capture lasts.
class StalledTraffic : public PacketMaker {
 public:
  StalledTraffic(uint64_t packets, uint32_t flows, std::function<void()> at_end = {})
      : PacketMaker(std::move(at_end)), packets_(packets), flows_(flows) {}

 protected:
  bool make(RawPacket& packet, std::array<uint8_t, 128>& bytes) override {
    if (made_ == packets_) return false;
    const uint64_t round = made_ / flows_;
    WireSegment s;
    s.client = static_cast<uint32_t>(made_ % flows_);
    s.time_ns = kSecond + static_cast<TimeNs>(round) * 10 * kMillisecond + s.client * 100;
    const auto ms = static_cast<uint32_t>(round * 10);
    s.from_client = round % 2 == 0;
    s.seq = s.from_client ? 1001 : 9001;
    s.ack = s.from_client ? 9001 : 1001;
    s.tsval = (s.from_client ? 5'000'000 : 7'000'000) + ms;
    s.tsecr = s.from_client ? 7'000'000 + ms - 10 : kLastTaken;
    if (round == 0) s.flags = kSyn, s.seq = 1000, s.ack = 0, s.tsecr = 0;
    if (round == 1) s.flags = kSyn | kAck, s.seq = 9000, s.tsecr = 5'000'000;
    if (round > 2 && s.from_client) s.payload = 100, s.tsval -= 1'000'000;
    packet = {};
    write_segment(s, packet, bytes);
    ++made_;
    return true;
  }

 private:
  static constexpr uint32_t kLastTaken = 5'000'020;
  const uint64_t packets_;
  const uint32_t flows_;
  uint64_t made_ = 0;
};

/// Short connections one after the other, `per_second` of them: opened, closed, gone.
class ShortConnections : public PacketMaker {
 public:
  ShortConnections(uint32_t connections, uint32_t per_second, std::function<void()> at_end = {})
      : PacketMaker(std::move(at_end)), connections_(connections), step_ns_(kSecond / per_second / 8) {}

 protected:
  bool make(RawPacket& packet, std::array<uint8_t, 128>& bytes) override {
    const uint64_t number = made_ / 7;
    if (number == connections_) return false;
    static constexpr struct {
      bool client;
      uint8_t flags;
      uint32_t seq, ack, payload, echoes;  ///< `echoes`: how many steps back is what TSecr echoes
    } kSteps[] = {{true, kSyn, 0, 0, 0, 0},          {false, kSyn | kAck, 0, 1, 0, 1},
                  {true, kAck, 1, 1, 0, 1},          {true, kAck | kPsh, 1, 1, 50, 2},
                  {false, kFin | kAck, 1, 51, 0, 1}, {true, kFin | kAck, 51, 2, 0, 1},
                  {false, kAck, 2, 52, 0, 1}};
    const auto& step = kSteps[made_ % 7];
    WireSegment s;
    s.client = static_cast<uint32_t>(number);
    s.time_ns = kSecond + static_cast<TimeNs>(made_) * step_ns_;
    s.from_client = step.client;
    s.flags = step.flags;
    s.seq = 1000 + step.seq;
    s.ack = (step.flags & kAck) ? 1000 + step.ack : 0;
    s.payload = step.payload;
    s.tsval = static_cast<uint32_t>(s.time_ns / kMillisecond);
    s.tsecr =
        step.flags == kSyn ? 0 : static_cast<uint32_t>((s.time_ns - step.echoes * step_ns_) / kMillisecond);
    packet = {};
    write_segment(s, packet, bytes);
    ++made_;
    return true;
  }

 private:
  const uint64_t connections_;
  const TimeNs step_ns_;
  uint64_t made_ = 0;
};

}  // namespace tsaudit
