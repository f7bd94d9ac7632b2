// SPDX-License-Identifier: Apache-2.0
// Cost is linear in the packets, on what is healthy and on what somebody made to be slow. Ten times the
// packets may cost five times as much each (memory that nobody touched before is slow to get on some machines); what
// is quadratic costs ten times as much.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "sources.h"
#include "tsaudit/analysis.h"

namespace tsaudit {
namespace {

struct WantsRows : Sink {
  bool wants_segments() const override { return true; }
};

/// CPU time of this process, so that a busy machine disturbs little.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <class Source>
double seconds_for(const AnalysisOptions& options, auto... arguments) {
  double best = 1e9;
  for (int run = 0; run < 3; ++run) {
    Source source(arguments...);
    WantsRows rows;
    const double begin = cpu_seconds();
    analyze(source, options, rows);
    best = std::min(best, cpu_seconds() - begin);
  }
  return best;
}

/// One connection that never answers, opened again and again by SYNs with other sequence numbers.
class SynFlood : public PacketMaker {
 public:
  SynFlood(uint64_t packets, uint32_t clients) : packets_(packets), clients_(clients) {}

 protected:
  bool make(RawPacket& packet, std::array<uint8_t, 128>& bytes) override {
    if (made_ == packets_) return false;
    const auto n = static_cast<uint32_t>(made_++);
    packet = {};
    write_segment({.time_ns = kSecond + TimeNs{n} * kMillisecond,
                   .client = n % clients_,
                   .flags = kSyn,
                   .seq = n * 2654435761u,
                   .tsval = n * 40503u},
                  packet, bytes);
    return true;
  }

 private:
  const uint64_t packets_;
  const uint32_t clients_;
  uint64_t made_ = 0;
};

/// Connections that the server refuses: `peak` of them within a second, later one each second.
class RefusedConnections : public PacketMaker {
 public:
  RefusedConnections(uint32_t peak, uint32_t later) : peak_(peak), later_(later) {}

 protected:
  bool make(RawPacket& packet, std::array<uint8_t, 128>& bytes) override {
    const uint32_t number = made_ / 2;
    if (number == peak_ + later_) return false;
    const TimeNs time_ns = number < peak_ ? number * 10'000 : (number - peak_ + 300) * kSecond;
    const bool answer = made_++ % 2 == 1;
    packet = {};
    write_segment({.time_ns = kSecond + time_ns,
                   .client = number,
                   .from_client = !answer,
                   .flags = static_cast<uint8_t>(answer ? kRst | kAck : kSyn),
                   .ack = answer ? 1u : 0u},
                  packet, bytes);
    return true;
  }

 private:
  const uint32_t peak_, later_;
  uint32_t made_ = 0;
};

/// When flows are forgotten, all places of the table are passed.
struct SweepCounter : Sink {
  void flow_opened(uint64_t, const Endpoint&, const Endpoint&) override { ++opened; }
  void flow(FlowReport&&) override { sweeps += std::exchange(swept_at, opened) != opened; }
  uint64_t opened = 0, swept_at = 0, sweeps = 0;
};

constexpr uint64_t kFew = 15'000, kMany = 150'000;
constexpr double kLimit = 50;

TEST(Cost, OfHealthyFlowsIsLinear) {
  EXPECT_LT(seconds_for<HealthyTraffic>({}, kMany, 500u),
            kLimit * seconds_for<HealthyTraffic>({}, kFew, 500u));
}
TEST(Cost, OfOneStalledFlowIsLinear) {
  EXPECT_LT(seconds_for<StalledTraffic>({}, kMany, 1u), kLimit * seconds_for<StalledTraffic>({}, kFew, 1u));
}
TEST(Cost, OfManyStalledFlowsIsLinear) {
  EXPECT_LT(seconds_for<StalledTraffic>({}, kMany, 1000u),
            kLimit * seconds_for<StalledTraffic>({}, kFew, 100u));
}
TEST(Cost, OfOneEndpointReopenedForEverIsLinear) {
  EXPECT_LT(seconds_for<SynFlood>({}, kMany, 1u), kLimit * seconds_for<SynFlood>({}, kFew, 1u));
}
TEST(Cost, OfAFloodOfConnectionsIsLinear) {
  EXPECT_LT(seconds_for<SynFlood>({}, kMany, 150'000u), kLimit * seconds_for<SynFlood>({}, kFew, 15'000u));
}
TEST(Cost, OfAPeakIsPaidOnce) {
  constexpr uint32_t kPeak = 33'000,
                     kPlaces = 65'536;  // the next sweep is at twice as many as the one before
  RefusedConnections source(kPeak, kPlaces);
  SweepCounter counter;
  analyze(source, {}, counter);
  EXPECT_EQ(counter.opened, kPeak + kPlaces);
  EXPECT_LE(counter.sweeps, 7u);
}
TEST(Cost, OfEvictionIsLinear) {
  AnalysisOptions options;
  options.max_flows = 1000;
  EXPECT_LT(seconds_for<SynFlood>(options, kMany, 150'000u),
            kLimit * seconds_for<SynFlood>(options, kFew, 15'000u));
}

}  // namespace
}  // namespace tsaudit
