// SPDX-License-Identifier: Apache-2.0
#include "verify/feed.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace tsaudit::verify {

void Feed::look_ahead(size_t count) {
  while (ahead_.size() < count && !finished_) {
    const auto batch = source_.next_batch();
    if (batch.empty() && (source_.finished() || (stop_ && *stop_))) finished_ = true;
    for (const RawPacket& packet : batch) {
      first_ns_ = std::min(first_ns_, packet.time_ns);
      last_ns_ = std::max(last_ns_, packet.time_ns);
      Segment segment;
      Notice notice;
      if (decode(packet, segment, notice) != DecodeStatus::segment) {
        ++not_segments_;
        continue;
      }
      ahead_.push_back({{segment.src, segment.sport}, {segment.dst, segment.dport}, make_item(segment)});
    }
  }
}

Feed::Entry Feed::next() {
  const Entry entry = ahead_.front();
  ahead_.pop_front();
  return entry;
}

int64_t clock_difference_ns(const Feed& inside, const Feed& outside) {
  using Name = std::tuple<Endpoint, Endpoint, uint32_t, uint32_t, uint32_t, uint8_t>;
  const auto name = [](const Feed::Entry& e) {
    return Name(e.from, e.to, e.item.seq.raw, e.item.ack.raw, e.item.length, e.item.flags);
  };
  // Only what occurs once can be recognised without doubt.
  std::map<Name, std::optional<TimeNs>> times[2];
  for (const Feed* feed : {&inside, &outside}) {
    auto& its = times[feed == &inside ? kInside : kOutside];
    for (const Feed::Entry& entry : feed->ahead()) {
      const auto [found, is_new] = its.emplace(name(entry), entry.item.time_ns);
      if (!is_new) found->second.reset();
    }
  }
  std::map<std::pair<Endpoint, Endpoint>, std::vector<int64_t>> apart;  // by direction
  for (const auto& [key, time] : times[kInside]) {
    const auto twin = times[kOutside].find(key);
    if (!time || twin == times[kOutside].end() || !twin->second) continue;
    apart[{std::get<0>(key), std::get<1>(key)}].push_back(minus(*twin->second, *time));
  }
  if (apart.empty()) return 0;
  int64_t least = INT64_MAX, most = INT64_MIN;
  for (auto& [direction, values] : apart) {
    const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    least = std::min(least, *middle);
    most = std::max(most, *middle);
  }
  if (least <= 0 && most >= 0) return 0;
  // One direction alone may just be late.
  if (apart.size() == 1 && std::abs(least) < kSecond) return 0;
  return least / 2 + most / 2;
}

}  // namespace tsaudit::verify
