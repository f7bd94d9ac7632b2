// SPDX-License-Identifier: Apache-2.0
// A conversation written down segment by segment, and what the whole pipeline makes of it.
#pragma once

#include <algorithm>
#include <vector>

#include "tsaudit/analysis.h"
#include "tsaudit/segment.h"
#include "unit/decode/sums.h"

namespace tsaudit {

enum class Who { client, server };
/// `part`: of the pseudo-header, as Linux leaves it to the NIC.
enum class Sum { none, good, part, wrong };

/// One segment. Sequence numbers are as on the wire; times in milliseconds.
struct Say {
  Who who = Who::client;
  double ms = 0;
  uint32_t seq = 0, ack = 0;
  uint16_t length = 0;
  uint8_t flags = kAck;
  uint32_t tsval = 0, tsecr = 0;
  bool ts = true;
  uint16_t window = 1000;
  uint16_t vlan = 0;        ///< 0: no tag
  uint16_t port = 40000;    ///< of the client
  uint8_t client_host = 1;  ///< last byte of 10.0.0.x
  uint8_t ttl = 64;
  uint16_t ip_id = 0;
  uint32_t point = 0;  ///< RawPacket::point
  Sum sum = Sum::none;
};

class Talk : public PacketSource {
 public:
  Talk& operator<<(const Say& say) {
    std::vector<uint8_t> b;
    const auto u16 = [&](uint32_t v) {
      b.push_back(static_cast<uint8_t>(v >> 8)), b.push_back(static_cast<uint8_t>(v));
    };
    const auto u32 = [&](uint32_t v) { u16(v >> 16), u16(v & 0xffff); };
    const bool client = say.who == Who::client;
    const uint32_t hosts[2] = {0x0a000000u + say.client_host, 0x0a0000feu};
    const uint32_t header = say.ts ? 32 : 20;
    for (const int host : {client ? 2 : 1, client ? 1 : 2}) u16(0x0200), u16(0), u16(static_cast<uint32_t>(host));
    if (say.vlan) u16(0x8100), u16(say.vlan);
    u16(0x0800);
    u16(0x4500), u16(20 + header + say.length), u16(say.ip_id), u16(0x4000), u16(say.ttl << 8 | 6), u16(0);
    u32(hosts[client ? 0 : 1]), u32(hosts[client ? 1 : 0]);
    u16(client ? say.port : 443), u16(client ? 443 : say.port);
    u32(say.seq), u32(say.ack), u16(header << 10 | say.flags), u16(say.window), u16(0), u16(0);
    if (say.ts) u32(0x0101080a), u32(say.tsval), u32(say.tsecr);
    b.resize(b.size() + say.length);
    if (say.sum != Sum::none) put_sum(b, say.vlan ? 18 : 14, say.sum);
    bytes_.push_back(std::move(b));
    points_.push_back(say.point);
    times_.push_back(static_cast<TimeNs>(say.ms * 1e6) + 1'700'000'000 * kSecond);
    return *this;
  }

  std::span<const RawPacket> next_batch() override {
    batch_.clear();
    for (; next_ < bytes_.size() && batch_.size() < kMaxBatch; ++next_) {
      RawPacket packet;
      packet.time_ns = times_[next_];
      packet.data = bytes_[next_].data();
      packet.captured = packet.length = static_cast<uint32_t>(bytes_[next_].size());
      packet.frame = next_ + 1;
      packet.point = points_[next_];
      packet.link_type = 1;
      batch_.push_back(packet);
    }
    return batch_;
  }
  const std::vector<CaptureInfo>& captures() const override { return captures_; }

 private:
  static void put_sum(std::vector<uint8_t>& frame, size_t ip_at, Sum sum) {
    constexpr size_t kTcp = 20;
    craft::Bytes ip = craft::slice(frame, ip_at, frame.size());
    if (sum == Sum::good)
      ip = craft::summed(ip, kTcp);
    else
      craft::put16(ip, kTcp + 16, craft::pseudo_header_sum(ip, kTcp) ^ (sum == Sum::wrong ? 0x0101 : 0));
    std::copy(ip.begin(), ip.end(), frame.begin() + static_cast<ptrdiff_t>(ip_at));
  }

  std::vector<std::vector<uint8_t>> bytes_;
  std::vector<uint32_t> points_;
  std::vector<TimeNs> times_;
  std::vector<RawPacket> batch_;
  std::vector<CaptureInfo> captures_{1};
  size_t next_ = 0;
};

struct Heard : Sink {
  Summary summary;
  std::vector<FlowReport> flows;  ///< by id
  std::vector<SegmentRow> rows;   ///< rows[n - 1]: frame n
  bool wants_segments() const override { return true; }
  void flow(FlowReport&& report) override { flows.push_back(std::move(report)); }
  void segment(const SegmentRow& row) override { rows.push_back(row); }

  bool found(RuleId rule) const {
    return std::any_of(flows.begin(), flows.end(), [&](const FlowReport& flow) {
      return std::any_of(flow.findings.begin(), flow.findings.end(),
                         [&](const Finding& f) { return f.rule == rule; });
    });
  }
};

inline Heard hear(Talk& talk, const AnalysisOptions& options = {}) {
  Heard heard;
  heard.summary = analyze(talk, options, heard);
  std::sort(heard.flows.begin(), heard.flows.end(), [](const auto& x, const auto& y) { return x.id < y.id; });
  return heard;
}

}  // namespace tsaudit
