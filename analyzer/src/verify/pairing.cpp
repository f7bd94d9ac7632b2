// SPDX-License-Identifier: Apache-2.0
#include "verify/pairing.h"

#include <cstdlib>
#include <tuple>

namespace tsaudit::verify {
namespace {

constexpr uint8_t kShape =
    kSyn | kFin | kRst | kAck;  // PSH, ECE and CWR may move when segments are regrouped
constexpr int kMaxSteps = 256;  // parts of a group, each way
constexpr int kMaxLooks = 8;

}  // namespace

/// Of those with this key and length, or with data whatever its length, the likeliest twin of `twin`.
Pairing::Map::iterator Pairing::best(Point point, uint64_t key, const Item& twin,
                                     std::optional<uint32_t> length) {
  Map& held = held_[point];
  auto found = held.end();
  std::tuple<bool, bool, bool, int64_t> least;
  const auto [begin, end] = held.equal_range(key);
  for (auto it = begin; it != end; ++it) {
    const Item& item = it->second.item;
    if (length ? item.length != *length || ((item.flags ^ twin.flags) & kShape) != 0 : item.length == 0)
      continue;
    const Item& inside = point == kInside ? item : twin;
    const Item& outside = point == kInside ? twin : item;
    const bool id_differs = item.has_ip_id && twin.has_ip_id && item.ip_id != twin.ip_id;
    const bool offset_differs = item.has_ts && outside.tsval.raw - inside.tsval.raw != expected_;
    const bool looks_differ = item.options != twin.options || item.window != twin.window;
    const int64_t apart = minus(minus(outside.time_ns, inside.time_ns), shared_.clock_difference_ns);
    const std::tuple rank(id_differs, offset_differs, looks_differ, std::abs(apart));
    if (found == held.end() || rank < least) {
      found = it;
      least = rank;
    }
  }
  return found;
}

/// One that begins before `seq`, with the same ACK, and holds the byte at `seq`.
Pairing::Map::iterator Pairing::container(Point point, SeqNum seq, SeqNum ack) {
  Map& held = held_[point];
  auto it = held.lower_bound(key_of(seq, ack));
  // Bare ACKs may lie between, and SEG.SEQ may have wrapped.
  for (int steps = 0; steps < kMaxLooks && !held.empty(); ++steps) {
    if (it == held.begin() || std::prev(it)->second.item.ack != ack)
      it = held.upper_bound(key_of({UINT32_MAX}, ack));
    if (it == held.begin()) break;
    --it;
    const Item& item = it->second.item;
    if (item.ack != ack) break;
    if (item.length != 0 && before(item.seq, seq) && after(item.end(), seq)) return it;
  }
  return held.end();
}

void Pairing::take(Point point, Map::iterator which, Match& match) {
  match.items[point].push_back(which->second.item);
  shared_.waiting[point].erase(which->second.place);
  held_[point].erase(which);
}

/// Both sides from `from` on, whichever is shorter longer, until they end together.
bool Pairing::assemble(SeqNum from, SeqNum ack, Match& match) {
  std::vector<Map::iterator> parts[2];
  SeqNum end[2] = {from, from};
  const Item* first[2] = {};
  for (int steps = 0; steps < kMaxSteps; ++steps) {
    const Point shorter = before(end[kOutside], end[kInside]) ? kOutside : kInside;
    const Point point = parts[0].empty() ? kInside : parts[1].empty() ? kOutside : shorter;
    if (!parts[0].empty() && !parts[1].empty() && end[kInside] == end[kOutside]) {
      for (const Point each : {kInside, kOutside})
        for (const auto& part : parts[each]) take(each, part, match);
      return true;
    }
    const Item* twin = first[other(point)] ? first[other(point)] : first[point];
    const auto found = best(point, key_of(end[point], ack), twin ? *twin : Item{}, std::nullopt);
    if (found == held_[point].end()) return false;
    parts[point].push_back(found);
    if (!first[point]) first[point] = &found->second.item;
    end[point] = found->second.item.end();
  }
  return false;
}

/// Looks for the place where both sides begin together, from `seq` backward.
bool Pairing::assemble_around(Point point, SeqNum seq, SeqNum ack, Match& match) {
  Point side = other(point);
  for (int steps = 0; steps < kMaxSteps; ++steps) {
    if (best(side, key_of(seq, ack), {}, std::nullopt) != held_[side].end()) return assemble(seq, ack, match);
    const auto holder = container(side, seq, ack);
    if (holder == held_[side].end()) return false;
    seq = holder->second.item.seq;
    side = other(side);
  }
  return false;
}

bool Pairing::add(Point point, const Item& item, Match& match) {
  match.clear();
  const Point there = other(point);
  const uint64_t key = key_of(item.seq, item.ack);
  if (const auto twin = best(there, key, item, item.length); twin != held_[there].end()) {
    match.items[point].push_back(item);
    take(there, twin, match);
    return true;
  }
  shared_.waiting[point].push_back({this, key, item.frame, shared_.now_ns});
  held_[point].insert({key, Held{item, std::prev(shared_.waiting[point].end())}});
  return item.length != 0 && assemble_around(point, item.seq, item.ack, match);
}

bool Pairing::complete(Point point, const Waiting& one, Match& match) {
  match.clear();
  const SeqNum seq{static_cast<uint32_t>(one.key)}, ack{static_cast<uint32_t>(one.key >> 32)};
  return assemble_around(point, seq, ack, match);
}

Item Pairing::remove(Point point, const Waiting& one) {
  const auto [begin, end] = held_[point].equal_range(one.key);
  for (auto it = begin; it != end; ++it) {
    if (it->second.item.frame != one.frame) continue;
    const Item item = it->second.item;
    shared_.waiting[point].erase(it->second.place);
    held_[point].erase(it);
    return item;
  }
  return {};
}

}  // namespace tsaudit::verify
