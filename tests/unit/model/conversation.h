// SPDX-License-Identifier: Apache-2.0
// Two hosts and the model that watches them, segment by segment.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "model/flow_report.h"
#include "model/tracker.h"

namespace tsaudit {

/// What a segment says; the rest is filled in from where the connection stands.
struct Say {
  uint8_t flags = kAck;
  uint32_t payload = 0;
  std::optional<uint32_t> seq = {}, ack = {}, tsval = {}, tsecr = {};
  bool ts = true;
  uint16_t window = 1000;
  uint8_t ttl = 64;
  uint16_t ip_id = 0;
  MacAddress mac = 0;                                      ///< 0: that of the host
  MacAddress to = 0;                                       ///< its destination on the link; 0: not told
  std::optional<std::pair<uint32_t, uint32_t>> sack = {};  ///< one block
  bool mptcp = false;
  bool cut = false;                                        ///< the snapshot ends before the TSopt
  bool malformed = false;                                  ///< the options cannot be walked through
};

/// Host 0 is the client at 10.0.0.1:40000, host 1 the server at 10.0.0.2:443. Both clocks tick once a
/// millisecond. The capture is taken at the server: it answers within 20 us, the client's answers take 10 ms.
class Conversation {
 public:
  explicit Conversation(AnalysisOptions options = {})
      : options_(std::move(options)), tracker_(options_, nullptr) {
    Segment s = blank(0);
    bool from_low = false;
    flow_ = std::make_unique<Flow>();
    flow_->key = FlowKey::of(s, from_low);
    flow_->id = 1;
    low_ = from_low ? 0 : 1;
  }

  TimeNs now = 1'700'000'000 * kSecond;
  TimeNs answer = 20'000;                    ///< from the capture to the server and back
  uint32_t clock[2] = {5'000'000, 900'000};  ///< TSval at `now`
  uint32_t next[2] = {1000, 9000};           ///< sequence number
  uint32_t echo[2] = {0, 0};                 ///< TS.Recent of each, by the test's own book
  uint32_t acked[2] = {1000, 9000};          ///< Last.ACK.sent of the other side

  void pass(TimeNs ns) {
    now += ns;
    leftover_ += ns;
    const auto ticks = static_cast<uint32_t>(leftover_ / kMillisecond);
    leftover_ %= kMillisecond;
    clock[0] += ticks;
    clock[1] += ticks;
  }

  Judgement say(unsigned from, const Say& what) {
    ++frame_;
    Segment s = blank(from);
    s.flags = what.flags;
    s.payload = what.payload;
    s.seq = {what.seq.value_or(next[from])};
    s.ack = {(what.flags & kAck) ? what.ack.value_or(next[from ^ 1]) : 0};
    s.window = what.window;
    s.ttl = what.ttl;
    s.ip_id = what.ip_id;
    if (what.mac) s.src_mac = what.mac;
    s.dst_mac = what.to;
    if (what.ts) {
      s.ts = TsOption::present;
      s.tsval = {what.tsval.value_or(clock[from])};
      s.tsecr = {what.tsecr.value_or(echo[from])};
    }
    s.mptcp = what.mptcp;
    if (what.cut) s.ts = TsOption::cut;
    if (what.malformed) s.ts = TsOption::malformed, s.options_malformed = true;
    if (what.sack) add_sack(s, what.sack->first, what.sack->second);
    const Judgement j = tracker_.process(*flow_, from ^ low_, s);
    if (j.verdict != Verdict::drop) {
      // What a sound receiver does (RFC 7323 section 4.3).
      if (what.ts && !after(s.seq, SeqNum{acked[from]})) echo[from ^ 1] = s.tsval.raw;
      if (!what.seq) next[from] = s.end_seq().raw;
      if (what.flags & kAck) acked[from ^ 1] = s.ack.raw;
    }
    return j;
  }
  Judgement client(const Say& what = {}) { return say(0, what); }
  Judgement server(const Say& what = {}) { return say(1, what); }

  void handshake(bool timestamps = true) {
    client({.flags = kSyn, .tsecr = 0, .ts = timestamps});
    acked[0] = next[0];
    pass(answer);
    server({.flags = kSyn | kAck, .ts = timestamps});
    pass(10 * kMillisecond);
    client({.ts = timestamps});
    pass(kMillisecond);
  }
  /// The client sends 100 bytes and the server acknowledges them, `times` times, every `every` ns.
  void talk(int times, TimeNs every = 20 * kMillisecond) {
    for (int i = 0; i < times; ++i) {
      client({.flags = kAck | kPsh, .payload = 100});
      pass(answer);
      server();
      pass(every - answer);
    }
  }

  FlowReport finish() {
    trouble_ = tracker_.finish(*flow_);
    return report_flow(tracker_, *flow_, trouble_.get());
  }
  const Trouble* finished_trouble() const { return trouble_.get(); }
  const Host& host(unsigned side) const { return flow_->host[side ^ low_]; }
  Flow& flow() { return *flow_; }
  Tracker& tracker() { return tracker_; }
  uint64_t frame() const { return frame_; }

 private:
  Segment blank(unsigned from) {
    Segment s;
    const IpAddress hosts[2] = {{0, 0x0a000001, false}, {0, 0x0a000002, false}};
    const uint16_t ports[2] = {40000, 443};
    s.src = hosts[from], s.dst = hosts[from ^ 1];
    s.sport = ports[from], s.dport = ports[from ^ 1];
    s.src_mac = 0x020000000001 + from;
    s.ttl = 64;
    s.time_ns = now;
    s.frame = frame_;
    s.ip = s.tcp = bytes_;
    s.tcp_length = 32;  // of which the snapshot kept nothing: checksums are unknown
    return s;
  }

  /// The header is the place to read it from; checksums stay unknown.
  void add_sack(Segment& s, uint32_t left, uint32_t right) {
    uint8_t* const tcp = bytes_ + 20;
    tcp[12] = 8 << 4;
    tcp[20] = tcp[21] = 1;  // NOP
    tcp[22] = 5, tcp[23] = 10;
    for (int i = 0; i < 4; ++i) {
      tcp[24 + i] = static_cast<uint8_t>(left >> (24 - 8 * i));
      tcp[28 + i] = static_cast<uint8_t>(right >> (24 - 8 * i));
    }
    s.tcp = tcp;
    s.tcp_captured = 32;
    s.has_sack = true;
  }

  AnalysisOptions options_;
  Tracker tracker_;
  std::unique_ptr<Flow> flow_;
  std::unique_ptr<Trouble> trouble_;
  unsigned low_ = 0;
  uint64_t frame_ = 0;
  TimeNs leftover_ = 0;
  uint8_t bytes_[64] = {};
};

inline const DirectionReport& from(const FlowReport& report, Side side) {
  return report.directions[static_cast<size_t>(side)];
}
inline uint64_t count(const DirectionReport& direction, Reason reason) {
  return direction.reasons[static_cast<size_t>(reason)];
}

/// After finish().
inline const DirectionTrouble& trouble_of(Conversation& c, Side side) {
  static const DirectionTrouble none;
  return c.finished_trouble() ? c.finished_trouble()->direction[c.flow().client ^ static_cast<unsigned>(side)]
                              : none;
}

inline std::vector<Stall> stalls_of_client(Conversation& c) {
  c.finish();
  return trouble_of(c, Side::client).stalls;
}

}  // namespace tsaudit
