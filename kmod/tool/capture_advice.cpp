// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "capture_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tsaudit/analysis.h"

namespace tsoffset {
namespace {

Address to_address(const tsaudit::Endpoint& endpoint) { return parse_address(to_string(endpoint)); }

// A measured rate is never exact: the one that a kernel can have, or nothing.
std::optional<uint32_t> nominal(double hz) {
  for (const uint32_t rate : {100u, 250u, 300u, 1000u, 1'000'000u})
    if (std::abs(hz / rate - 1) < 0.05) return rate;
  return std::nullopt;
}

class Collector : public tsaudit::Sink {
 public:
  void flow(tsaudit::FlowReport&& flow) override {
    for (const tsaudit::Side side : {tsaudit::Side::client, tsaudit::Side::server}) {
      const auto last =
          std::find_if(flow.migrations.rbegin(), flow.migrations.rend(),
                       [side](const tsaudit::Migration& migration) { return migration.endpoint == side; });
      if (last == flow.migrations.rend()) continue;
      const bool client = side == tsaudit::Side::client;
      add(*last, to_address(client ? flow.client : flow.server),
          to_address(client ? flow.server : flow.client));
    }
  }
  std::vector<Entry> take() {
    std::ranges::sort(found_, {}, &Found::frame);
    std::vector<Entry> entries;
    for (Found& found : found_) {
      // The same ports again: the later connection is the one that may still be there.
      std::erase_if(entries, [&](const Entry& entry) {
        return entry.local == found.entry.local && entry.remote == found.entry.remote;
      });
      if (found.entry.offset) entries.push_back(std::move(found.entry));
    }
    return entries;
  }
  std::vector<std::string> warnings;

 private:
  struct Found {
    uint64_t frame;
    Entry entry;
  };

  void add(const tsaudit::Migration& migration, const Address& local, const Address& remote) {
    Entry entry;
    entry.local = local;
    entry.remote = remote;
    if (!migration.offset) {
      warnings.push_back(fmt::format("{} {}: moved at frame {}, but there are no timestamps to compare",
                                     to_string(local), to_string(remote), migration.frame));
    } else if (migration.offset->min > 0) {                               // else its peer takes it as it is
      entry.offset = static_cast<uint32_t>(migration.offset->suggested);  // mod 2^32
      const auto was = nominal(migration.hz_before), now = nominal(migration.hz_after);
      if (was && now) {
        entry.rate_was = was;
        entry.rate_now = now;
      }
    }
    found_.push_back({migration.frame, std::move(entry)});
  }

  std::vector<Found> found_;
};

}  // namespace

CaptureAdvice advice_of_capture(const std::string& path) {
  auto source = tsaudit::open_capture(path);
  if (!source) throw UsageError(source.error().message);
  Collector collector;
  tsaudit::analyze(**source, {}, collector);
  CaptureAdvice advice{collector.take(), std::move(collector.warnings)};
  for (const tsaudit::CaptureInfo& capture : (*source)->captures())
    if (capture.error) advice.warnings.push_back(capture.error->message);
  return advice;
}

}  // namespace tsoffset
