// SPDX-License-Identifier: Apache-2.0
// Pairs the flows of two captures in passes, each of which asks for less than the one before it.
#include <algorithm>
#include <tuple>

#include "tsaudit/compare.h"

namespace tsaudit {
namespace {

/// Equal keys may be a pair. Fields that a pass does not ask for stay at their default.
struct Key {
  Endpoint server;
  IpAddress client;
  std::array<uint8_t, 2> first_payload_bits{};
  std::array<uint64_t, 2> delivered_bytes{};
  friend constexpr auto operator<=>(const Key&, const Key&) = default;
};

Key key_of(const FlowRole& role, MatchBasis basis) {
  Key key;
  key.server = role.server;
  switch (basis) {
    case MatchBasis::profile:
      key.delivered_bytes = role.delivered_bytes;
      [[fallthrough]];
    case MatchBasis::client:
      key.client = role.client;
      [[fallthrough]];
    case MatchBasis::first_payload:
      key.first_payload_bits = role.first_payload_bits;
      break;
    case MatchBasis::server:
      break;
    case MatchBasis::port_and_payload:
      key.first_payload_bits = role.first_payload_bits;
      [[fallthrough]];
    case MatchBasis::port:
      key.server.address = {};
      break;
  }
  return key;
}

struct Entry {
  Key key;
  uint64_t order;
  size_t index;
};

class Capture {
 public:
  explicit Capture(std::span<const FlowRole> roles) : roles_(roles), free_(roles.size(), true) {}

  /// Those without a partner, equal keys side by side in order of appearance.
  std::vector<Entry> entries(MatchBasis basis) const {
    std::vector<Entry> out;
    for (size_t i = 0; i < roles_.size(); ++i) {
      if (free_[i]) out.push_back({key_of(roles_[i], basis), roles_[i].order, i});
    }
    std::ranges::sort(out, [](const Entry& x, const Entry& y) {
      return std::tie(x.key, x.order, x.index) < std::tie(y.key, y.order, y.index);
    });
    return out;
  }
  void take(size_t index) { free_[index] = false; }
  std::vector<size_t> left() const {
    std::vector<size_t> out;
    for (size_t i = 0; i < free_.size(); ++i) {
      if (free_[i]) out.push_back(i);
    }
    return out;
  }

 private:
  std::span<const FlowRole> roles_;
  std::vector<bool> free_;
};

size_t end_of_run(const std::vector<Entry>& entries, size_t begin) {
  size_t end = begin;
  while (end < entries.size() && entries[end].key == entries[begin].key) ++end;
  return end;
}

}  // namespace

FlowRole role_of(const FlowReport& flow) {
  return {
      .server = flow.server,
      .client = flow.client.address,
      .first_payload_bits = {flow.directions[0].first_payload_bits, flow.directions[1].first_payload_bits},
      .delivered_bytes = {flow.directions[0].delivered_bytes, flow.directions[1].delivered_bytes},
      .order = flow.id};
}

FlowMatches match_flows(std::span<const FlowRole> baseline, std::span<const FlowRole> candidate) {
  FlowMatches matches;
  Capture old_side(baseline), new_side(candidate);
  for (const MatchBasis basis : {MatchBasis::profile, MatchBasis::client, MatchBasis::first_payload,
                                 MatchBasis::server, MatchBasis::port_and_payload, MatchBasis::port}) {
    const std::vector<Entry> olds = old_side.entries(basis), news = new_side.entries(basis);
    for (size_t i = 0, j = 0; i < olds.size() && j < news.size();) {
      if (olds[i].key < news[j].key) {
        i = end_of_run(olds, i);
        continue;
      }
      if (news[j].key < olds[i].key) {
        j = end_of_run(news, j);
        continue;
      }
      const size_t old_end = end_of_run(olds, i), new_end = end_of_run(news, j);
      // A whole profile tells flows apart only where nobody else has it: a flow that broke off looks like a
      // short one.
      const bool unique = old_end - i == 1 && new_end - j == 1;
      if (basis != MatchBasis::profile || unique) {
        for (size_t n = 0; i + n < old_end && j + n < new_end; ++n) {
          matches.pairs.push_back({olds[i + n].index, news[j + n].index, basis});
          old_side.take(olds[i + n].index);
          new_side.take(news[j + n].index);
        }
      }
      i = old_end;
      j = new_end;
    }
  }
  std::ranges::sort(matches.pairs, {}, &FlowPair::candidate);
  matches.baseline_only = old_side.left();
  matches.candidate_only = new_side.left();
  return matches;
}

}  // namespace tsaudit
