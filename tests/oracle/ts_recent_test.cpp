// SPDX-License-Identifier: Apache-2.0
// The model's own measure of how right it is, over captures that nobody here made: modelled TS.Recent against
// the TSecr on the wire. Each miss has a cause, and no verdict is contradicted by what the receiver did.
#include <gtest/gtest.h>

#include <cstdio>

#include "external_captures.h"
#include "tsaudit/analysis.h"

namespace tsaudit {
namespace {

struct Sum : Sink {
  TsRecentCheck check;
  void flow(FlowReport&& report) override {
    for (const DirectionReport& direction : report.directions) {
      const TsRecentCheck& c = direction.check;
      EXPECT_LE(c.missed_reorder + c.missed_refused + c.missed_restored, c.compared) << "flow " << report.id;
      check.compared += c.compared;
      check.equal += c.equal;
      check.missed_loss += c.missed_loss;
      check.missed_reorder += c.missed_reorder;
      check.missed_refused += c.missed_refused;
      check.missed_restored += c.missed_restored;
    }
  }
};

TEST(TsRecentOracle, IsAsModelledInRealCaptures) {
  if (oracle::external_captures().empty()) GTEST_SKIP() << oracle::why_no_captures();
  uint64_t compared = 0, equal = 0;
  std::printf("%-48s %8s %8s %6s | misses: %s\n", "capture", "compared", "equal", "lost",
              "reordered refused restored; unknown segments");
  for (const oracle::ExternalCapture& capture : oracle::external_captures()) {
    const oracle::Uncompressed file(capture.path);
    auto source = open_capture(file.path().string());
    ASSERT_TRUE(source) << capture.path;
    Sum sum;
    const Summary summary = analyze(**source, {}, sum);
    const TsRecentCheck& c = sum.check;
    EXPECT_EQ(summary.totals.contradicted, 0u) << capture.path;
    compared += c.compared;
    equal += c.equal;
    std::printf("%-48.48s %8lu %8lu %6lu | %lu %lu %lu; %lu of %lu\n", capture.path.filename().c_str(),
                c.compared, c.equal, c.missed_loss, c.missed_reorder, c.missed_refused, c.missed_restored,
                summary.totals.unknown, summary.totals.ts_segments);
  }
  std::printf("%-48s %8lu %8lu = %.4f\n", "all", compared, equal,
              static_cast<double>(equal) / static_cast<double>(compared));
  EXPECT_GT(compared, 5000u);
  EXPECT_GE(static_cast<double>(equal), 0.99 * static_cast<double>(compared));
}

}  // namespace
}  // namespace tsaudit
