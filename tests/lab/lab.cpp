// SPDX-License-Identifier: Apache-2.0
#include "lab.h"

#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "truth_json.h"

namespace lab {
namespace {

using Clock = std::chrono::steady_clock;
constexpr Host kHosts[] = {Host::peer, Host::old_host, Host::new_host};

std::array<uint32_t, 3> inodes(const Topology& net) {
  return {net.ns(Host::peer).inode(), net.ns(Host::old_host).inode(), net.ns(Host::new_host).inode()};
}

/// veth hands a frame to the receiver on the sender's CPU: on one CPU there is one order of events.
void stay_on_one_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(must(sched_getcpu(), "sched_getcpu")), &set);
  must(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

}  // namespace

Lab::Lab(const Options& options)
    : options_((stay_on_one_cpu(), options)),
      net_(options.net),
      events_(inodes(net_)),
      truth_(events_),
      at_peer_(vantage(net_.ns(Host::peer), net_.cable(Host::peer), "peer")),
      in_middle_(vantage(net_.bridge(), net_.middle(), "middle")),
      at_old_host_(vantage(net_.ns(Host::old_host), net_.cable(Host::old_host), "old-host")),
      at_new_host_(vantage(net_.ns(Host::new_host), net_.cable(Host::new_host), "new-host")),
      old_injector_(net_.ns(Host::old_host), net_.device(Host::old_host)),
      new_injector_(net_.ns(Host::new_host), net_.device(Host::new_host)),
      counters_{CounterReader(net_.ns(Host::peer)), CounterReader(net_.ns(Host::old_host)),
                CounterReader(net_.ns(Host::new_host))} {
  for (const Host host : kHosts) start_[static_cast<size_t>(host)] = counters(host);
  if (Line* line = net_.line())
    line->on_lost = [this](const Segment& segment, const Passage& last_seen) {
      lost_.push_back({segment, last_seen});
    };
}

Lab::Vantage Lab::vantage(const Namespace& ns, const std::string& device, const std::string& name) const {
  const std::string file = options_.record ? options_.folder + "/" + name + ".pcap" : std::string();
  return {name, Tap(ns, device, file, options_.one_sided), {}, ns.inode()};
}

void Lab::poll() {
  do read_taps();
  while (net_.line() && net_.line()->forward());
}

void Lab::read_taps() {
  events_.read([this](const lab_event& event) { truth_.take(event); });
  const Vantage& home = net_.home() == Host::old_host ? at_old_host_ : at_new_host_;
  for (Vantage* point : vantages())
    point->tap.read([&](const Frame& frame) {
      const auto segment = parse_frame(frame.bytes, frame.length);
      if (!segment) return;
      if (options_.record) point->frames.add(*segment, frame.number);
      if (point == &home && !frame.outgoing && on_host_received) on_host_received(*segment);
    });
}

void Lab::wait_ms(int milliseconds) {
  wait_until([] { return false; }, milliseconds);
}

void Lab::sleep_s(int64_t seconds) {
  poll();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  poll();
}

bool Lab::wait_until(const std::function<bool()>& done, int milliseconds) {
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    poll();
    if (done()) return true;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    // Sockets are looked at by `done`, so a short nap instead of their descriptors.
    ::poll(nullptr, 0, static_cast<int>(std::min<int64_t>(left, 2)));
  }
}

void Lab::inject(const Segment& segment, const std::string& rule) {
  const Bytes frame = build_frame(net_.link_to_peer(), segment);
  Injector& injector = net_.home() == Host::old_host ? old_injector_ : new_injector_;
  // Where no tracepoint tells a reason every segment needs its witness.
  if (rule.empty() && events_.has_reasons()) {
    injector.send(frame);
    return poll();
  }
  // As the receiver will read it: options given byte for byte may hold a TSopt, or two.
  const auto expected = parse_frame(frame, static_cast<uint32_t>(frame.size()));
  const uint32_t peer = net_.ns(Host::peer).inode();
  poll();
  truth_.expect(*expected, rule, peer);
  const size_t arrivals = truth_.records().size();
  const Counters before = counters(Host::peer);
  injector.send(frame);
  poll();
  // Counters speak for this segment if it was the only one to arrive meanwhile.
  if (TruthRecord* const record = truth_.arrived_alone(arrivals, *expected, peer))
    record->counters = growth(before, counters(Host::peer));
}

std::string Lab::host_name(uint32_t netns) const {
  for (const Host host : kHosts)
    if (net_.ns(host).inode() == netns) return net_.ns(host).name();
  return {};
}

void Lab::finish() {
  poll();
  for (Vantage* point : vantages()) {
    if (point->tap.dropped()) throw std::runtime_error("a capture lost frames");
    point->tap.flush();
  }
  if (events_.lost()) throw std::runtime_error("tracepoint events were lost");
  if (truth_.unexplained()) throw std::runtime_error("the kernel freed segments that never arrived");
  if (options_.record) write_truth();
}

FrameNumbers Lab::frames_of(const std::string& key, const Passage& passage) {
  FrameNumbers frames;
  const Line* line = net_.line();
  for (std::optional<Passage> at = passage; at; at = line ? line->trail().before(*at, key) : std::nullopt) {
    for (Vantage* point : vantages()) {
      if (line && point->name != at->point) continue;  // without a line all points show the same frames
      if (const auto frame = point->frames.take(key, at->which)) frames[point->name] = *frame;
    }
  }
  return frames;
}

void Lab::write_truth() {
  std::ofstream out(options_.folder + "/truth.ndjson");
  out << header_json(events_) << '\n';
  FrameTrail arrivals;
  for (const TruthRecord& record : truth_.records()) {
    const std::string key = FrameIndex::key(record.segment);
    FrameNumbers frames;
    for (const Vantage* point : vantages())
      if (point->home_of == record.netns) frames = frames_of(key, arrivals.arrived(point->name, key));
    out << to_json(record, host_name(record.netns), frames) << '\n';
  }
  for (const auto& [segment, last_seen] : lost_) {
    const bool to_peer = segment.dst.address == net_.peer_address(segment.dst.address.v6);
    TruthRecord record;
    record.segment = segment;
    record.lost = true;
    const FrameNumbers frames = frames_of(FrameIndex::key(segment), last_seen);
    if (!frames.empty())
      out << to_json(record, net_.ns(to_peer ? Host::peer : net_.home()).name(), frames) << '\n';
  }
  for (const Host host : kHosts)
    out << to_json(growth(start_[static_cast<size_t>(host)], counters(host)), net_.ns(host).name()) << '\n';
  if (!out.flush()) throw SystemError("write truth.ndjson");
}

}  // namespace lab
