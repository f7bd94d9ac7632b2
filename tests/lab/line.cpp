// SPDX-License-Identifier: Apache-2.0
#include "line.h"

#include <algorithm>
#include <chrono>

#include "frame_index.h"

namespace lab {
namespace {

constexpr size_t kMacs = 12;
constexpr uint8_t kTpid[] = {0x81, 0x00};

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

MacAddress destination(const Frame& frame) {
  MacAddress mac = 0;
  for (size_t i = 0; i < 6; ++i) mac = mac << 8 | frame.bytes[i];
  return mac;
}

}  // namespace

Line::Line(const Namespace& ns, MacAddress peer, MacAddress old_host) : peer_(peer), old_host_(old_host) {
  for (const auto& [pointer, device, point] : {std::tuple{&p0_, "p0", "peer"},
                                               {&m1_, "m1", "middle"},
                                               {&m0_, "m0", "middle"},
                                               {&o0_, "o0", "old-host"},
                                               {&n0_, "n0", "new-host"}})
    *pointer = ports_.emplace_back(new Port{point, Tap(ns, device, {}), Injector(ns, device)}).get();
}

void Line::trouble(const Trouble& trouble, uint64_t seed) {
  trouble_ = trouble;
  engine_.seed(seed);
}

bool Line::chance(uint32_t percent) { return percent && engine_() % 100 < percent; }

int64_t Line::late_ns() { return static_cast<int64_t>(1 + engine_() % trouble_.late_ms) * 1'000'000; }

Bytes Line::retag(const Frame& frame, bool tagged) const {
  Bytes out(frame.bytes.begin(), frame.bytes.end());
  const auto at = out.begin() + kMacs;
  if (out.size() < kMacs + 6) return out;
  if (std::equal(at, at + 2, kTpid)) out.erase(at, at + 4);
  if (!tagged || !vlan_) return out;
  const uint8_t tag[] = {kTpid[0], kTpid[1], static_cast<uint8_t>(vlan_ >> 8), static_cast<uint8_t>(vlan_)};
  out.insert(out.begin() + kMacs, std::begin(tag), std::end(tag));
  return out;
}

void Line::send(const Held& frame) {
  try {
    frame.to->out.send(frame.frame);
    if (!frame.key.empty()) trail_.sent(frame.to->point, frame.key, frame.from);
  } catch (const SystemError& error) {
    if (error.code().value() != ENETDOWN) throw;  // the cable was cut
  }
}

void Line::pass(const Frame& frame, const Port& from) {
  if (frame.bytes.size() < kMacs + 2) return;
  // From an end to the middle, or from the middle to an end.
  const bool inward = &from != m0_ && &from != m1_;
  const bool to_all = frame.bytes[0] & 1;
  std::vector<Port*> to;
  if (&from == p0_) to = {m1_};
  if (&from == o0_ || &from == n0_) to = {m0_};
  if (&from == m1_) to = {p0_};
  if (&from == m0_ && (to_all || destination(frame) == old_host_)) to.push_back(o0_);
  if (&from == m0_ && (to_all || destination(frame) != old_host_)) to.push_back(n0_);
  const Bytes bytes = retag(frame, inward);
  const auto segment = parse_frame(bytes, static_cast<uint32_t>(bytes.size()));
  const std::string key = segment ? FrameIndex::key(*segment) : std::string();
  const Passage passage = segment ? trail_.arrived(from.point, key) : Passage();
  if (segment && chance(trouble_.lost)) {
    if (on_lost) on_lost(*segment, passage);
    return;
  }
  const bool twice = segment && chance(trouble_.twice), late = segment && chance(trouble_.late);
  for (Port* port : to) {
    const auto carry = [&](int64_t late_by_ns) {
      const int64_t takes = int64_t{trouble_.way_ms} * 1'000'000 + late_by_ns;
      const Held held{now_ns() + takes, port, bytes, key, passage};
      takes == 0 ? send(held) : held_.push_back(held);
    };
    if (!late || twice) carry(0);
    if (late) carry(late_ns());
    if (twice && !late) carry(0);
  }
}

bool Line::forward() {
  bool moved = false;
  for (const auto& port : ports_)
    port->in.read([&](const Frame& frame) {
      if (frame.outgoing) return;
      moved = true;
      pass(frame, *port);
    });
  for (size_t i = 0; i < held_.size();) {
    if (held_[i].due_ns > now_ns()) {
      ++i;
      continue;
    }
    const Held due = std::move(held_[i]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
    send(due);
    moved = true;
  }
  return moved;
}

}  // namespace lab
