// SPDX-License-Identifier: Apache-2.0
// A few connections written as a script of small steps, so that random bytes make segments that belong
// together.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tsaudit/capture.h"

namespace tsaudit {

/// Eight bytes a segment: who sends, flags, how far sequence number, ACK, TSval, TSecr and time are from what
/// a sound connection would say.
class SegmentScript : public PacketSource {
 public:
  SegmentScript(const uint8_t* data, size_t size) : script_(data, size / kStep * kStep), captures_(1) {
    captures_[0].name = "script";
    captures_[0].format = "pcap";
  }

  std::span<const RawPacket> next_batch() override {
    size_t count = 0;
    while (count < kMaxBatch && script_.size() - at_ >= kStep) {
      write(script_.subspan(at_, kStep), frames_[count]);
      batch_[count] = {.time_ns = now_,
                       .data = frames_[count].data(),
                       .captured = frame_size_,
                       .length = length_,
                       .frame = ++frame_,
                       .link_type = 1};
      ++count;
      at_ += kStep;
    }
    captures_[0].packets += count;
    return {batch_.data(), count};
  }
  const std::vector<CaptureInfo>& captures() const override { return captures_; }

 private:
  static constexpr size_t kStep = 8;
  static constexpr size_t kFrame = 14 + 20 + 20 + 12;
  using Frame = std::array<uint8_t, kFrame>;
  struct Host {
    uint32_t next = 1000, tsval = 5'000'000, ts_recent = 0;
  };

  /// 0 mostly; small, far or half the circle away for the other values.
  static uint32_t off(uint8_t b) {
    static constexpr uint32_t kFar[] = {0x7fffffff, 0x80000000, 0x80000001, 0xffff0000, 1'000'000, 70'000};
    if (b < 128) return 0;
    if (b < 240) return static_cast<uint32_t>(static_cast<int8_t>(b * 2));
    return b < 252 ? kFar[(b - 240) / 2] : 0u - 200'000u * (b - 251u);
  }
  static void put(Frame& frame, size_t at, uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i, value >>= 8)
      frame[at + static_cast<size_t>(i)] = static_cast<uint8_t>(value);
  }

  void write(std::span<const uint8_t> step, Frame& frame) {
    static constexpr uint8_t kFlags[] = {0x10, 0x10, 0x18, 0x10, 0x02, 0x12,
                                         0x11, 0x04, 0x14, 0x00, 0x03, 0x10};
    static constexpr int64_t kPause[] = {100'000,
                                         1'000'000,
                                         50'000'000,
                                         700'000'000,
                                         30'000'000'000,
                                         2'200'000'000'000,
                                         25LL * 86400'000'000'000,
                                         -1'000'000};
    const unsigned connection = step[0] >> 1 & 3, side = step[0] & 1;
    Host& from = host_[connection][side];
    Host& to = host_[connection][side ^ 1];
    const uint8_t flags = kFlags[(step[0] >> 4) % std::size(kFlags)];
    const int64_t pause = kPause[(step[1] & 0x70) >> 4];
    now_ += pause;
    const auto ticks = static_cast<uint32_t>(pause / 1'000'000);
    for (auto& connection_hosts : host_)
      for (Host& host : connection_hosts) host.tsval += ticks;
    const uint32_t payload = step[1] & 8 ? 100u << (step[1] & 3) : 0;
    const bool has_ts = step[7] < 240;
    const uint32_t seq = from.next + off(step[2]), ack = to.next + off(step[3]);
    const uint32_t tsval = from.tsval + off(step[4]),
                   tsecr = step[5] == 255 ? 0 : from.ts_recent + off(step[5]);
    if (step[4] >= 252) from.tsval = tsval;  // the clock stays there
    const uint32_t end = seq + payload + ((flags & 2) ? 1 : 0) + (flags & 1);
    if (static_cast<int32_t>(end - from.next) > 0) from.next = end;
    if (static_cast<int32_t>(tsval - to.ts_recent) > 0 || to.ts_recent == 0) to.ts_recent = tsval;

    frame_size_ = static_cast<uint32_t>(has_ts ? kFrame : kFrame - 12);
    length_ = frame_size_ + payload;
    frame = {};
    put(frame, 0, 0x02'00'00'00'00'00 + (side ^ 1), 6);
    put(frame, 6, 0x02'00'00'00'00'00 + side + ((step[6] & 0x10) ? 16 : 0), 6);
    put(frame, 12, 0x0800, 2);
    put(frame, 14, 0x4500, 2);
    put(frame, 16, length_ - 14, 2);
    put(frame, 22, (step[6] & 0x20) ? 63 : 64, 1);
    put(frame, 23, 6, 1);
    put(frame, 26, 0x0a000001 + side, 4);
    put(frame, 30, 0x0a000001 + (side ^ 1), 4);
    put(frame, 34, side ? 443u : 40000u + connection, 2);
    put(frame, 36, side ? 40000u + connection : 443u, 2);
    put(frame, 38, seq, 4);
    put(frame, 42, ack, 4);
    put(frame, 46, has_ts ? 0x80 : 0x50, 1);
    put(frame, 47, flags, 1);
    put(frame, 48, step[6] & 1 ? 0 : 0x200u << (step[6] & 7), 2);
    if (has_ts) {
      put(frame, 54, 0x0101080a, 4);
      put(frame, 58, tsval, 4);
      put(frame, 62, tsecr, 4);
    }
  }

  std::span<const uint8_t> script_;
  size_t at_ = 0;
  std::vector<CaptureInfo> captures_;
  std::array<std::array<Host, 2>, 4> host_{};
  std::array<Frame, kMaxBatch> frames_;
  std::array<RawPacket, kMaxBatch> batch_;
  uint32_t frame_size_ = 0, length_ = 0;
  int64_t now_ = 1'700'000'000'000'000'000;
  uint64_t frame_ = 0;
};

}  // namespace tsaudit
