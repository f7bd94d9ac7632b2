// SPDX-License-Identifier: Apache-2.0
#include "verify/pairing.h"

#include <cstdlib>
#include <tuple>

namespace tsaudit::verify {
namespace {

constexpr uint8_t kShape =
    kSyn | kFin | kRst | kAck;  // PSH, ECE and CWR may move when segments are regrouped
constexpr int kMaxSteps = 256;  // parts of a group, each way
constexpr int kMaxBack = 8;
/// For one segment, at all the waiting ones that might be its twin or a part of it. Of those a burst of
/// duplicate ACKs makes the most.
constexpr int kMaxLooks = 1024;

uint64_t place_of(SeqNum seq, SeqNum ack) { return uint64_t{ack.raw} << 32 | seq.raw; }
constexpr uint64_t kFirstWithData = uint64_t{1} << 8, kLastKind = UINT64_MAX;

}  // namespace

Pairing::Key Pairing::key_of(const Item& item) {
  return {place_of(item.seq, item.ack), uint64_t{item.length} << 8 | (item.flags & kShape)};
}

/// Of those from `first` to `last`, the likeliest twin of `twin`.
Pairing::Map::iterator Pairing::best(Point point, const Key& first, const Key& last, const Item& twin) {
  Map& held = held_[point];
  auto found = held.end();
  std::tuple<bool, bool, bool, int64_t> least;
  const auto end = held.upper_bound(last);
  for (auto it = held.lower_bound(first); it != end && looks_ < kMaxLooks; ++it, ++looks_) {
    const Item& item = it->second.item;
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

bool Pairing::data_begin_at(Point point, SeqNum seq, SeqNum ack) const {
  const auto it = held_[point].lower_bound({place_of(seq, ack), kFirstWithData});
  return it != held_[point].end() && it->first.place == place_of(seq, ack);
}

/// One that begins before `seq`, with the same ACK, and holds the byte at `seq`.
Pairing::Map::iterator Pairing::container(Point point, SeqNum seq, SeqNum ack) {
  Map& held = held_[point];
  auto it = held.lower_bound({place_of(seq, ack), 0});
  // Bare ACKs may lie between, and SEG.SEQ may have wrapped.
  for (int steps = 0; steps < kMaxBack && !held.empty(); ++steps) {
    if (it == held.begin() || std::prev(it)->second.item.ack != ack)
      it = held.upper_bound({place_of({UINT32_MAX}, ack), kLastKind});
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
    const uint64_t place = place_of(end[point], ack);
    const auto found = best(point, {place, kFirstWithData}, {place, kLastKind}, twin ? *twin : Item{});
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
    if (data_begin_at(side, seq, ack)) return assemble(seq, ack, match);
    const auto holder = container(side, seq, ack);
    if (holder == held_[side].end()) return false;
    seq = holder->second.item.seq;
    side = other(side);
  }
  return false;
}

bool Pairing::add(Point point, const Item& item, Match& match) {
  match.clear();
  looks_ = 0;
  const Point there = other(point);
  const Key key = key_of(item);
  if (const auto twin = best(there, key, key, item); twin != held_[there].end()) {
    match.items[point].push_back(item);
    take(there, twin, match);
    return true;
  }
  Held& held = held_[point].insert({key, Held{item, {}}})->second;
  held.place =
      shared_.waiting[point].insert(shared_.waiting[point].end(), {this, &held.item, shared_.now_ns});
  return item.length != 0 && assemble_around(point, item.seq, item.ack, match);
}

bool Pairing::complete(Point point, const Waiting& one, Match& match) {
  match.clear();
  looks_ = 0;
  return assemble_around(point, one.item->seq, one.item->ack, match);
}

Item Pairing::remove(Point point, const Waiting& one) {
  const Item item = *one.item;
  // The one that waits longest is the first of its key.
  auto it = held_[point].lower_bound(key_of(item));
  while (&it->second.item != one.item) ++it;
  shared_.waiting[point].erase(it->second.place);
  held_[point].erase(it);
  return item;
}

}  // namespace tsaudit::verify
