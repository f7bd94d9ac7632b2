// SPDX-License-Identifier: Apache-2.0
#include "model/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "model/fingerprint.h"
#include "model/host_steps.h"
#include "model/progress.h"
#include "model/tracker.h"
#include "tsaudit/words.h"

namespace tsaudit {
namespace {

/// A case stays open to further signs for so many segments of the endpoint, or so long.
constexpr uint32_t kMaxSegments = 32;
constexpr TimeNs kMaxDuration = 5 * kSecond;
constexpr TimeNs kGapWorthNaming = 50 * kMillisecond;
/// Each socket counts its packets from a random IP ID. Another one is seldom near, nor the same one far: GSO
/// takes an ID for each segment, and some are late.
constexpr int kNearIds = 256, kFarIds = 4096;

/// Does it say that this address is at `mac` (0: not told)? A virtual machine's host knows its MAC address
/// alone.
bool places(const Announcement& said, const IpAddress& address, MacAddress mac) {
  if (said.address == address) return mac == 0 || said.mac == mac;
  return said.address == IpAddress{} && said.mac == mac;
}

/// What a pure ACK says that its sender, as it was before, cannot have meant. Empty: nothing. SEG.SEQ is at
/// most what it sent, and no more before that than may have been on the way (a probe: one); SEG.ACK lies
/// between what it had acknowledged and what was sent to it.
std::string sequence_oddity(const Host& was, const Host& peer, const Segment& s) {
  const auto oddity = [](const char* what, int32_t bytes, const char* than) {
    return fmt::format("{} is {} {}", what, counted(static_cast<uint32_t>(bytes), "byte"), than);
  };
  const int32_t on_the_way = distance(peer.ack_max, peer.right_edge);
  if (const int32_t bytes = distance(was.snd_nxt, s.seq); bytes > 0)
    return oddity("SEG.SEQ", bytes, "beyond all that was sent");
  if (const int32_t bytes = distance(s.seq, was.snd_nxt); peer.scale_known && bytes > on_the_way + 1)
    return oddity("SEG.SEQ", bytes, "before the last that was sent, and no window is so large");
  if (const int32_t bytes = distance(peer.snd_nxt, s.ack); bytes > 0)
    return oddity("SEG.ACK", bytes, "beyond all that was sent to it");
  if (const int32_t bytes = distance(s.ack, was.ack_max); was.acked && bytes > 0)
    return oddity("SEG.ACK", bytes, "before what it had acknowledged");
  return {};
}

/// Has nothing changed but the way to the capture, for all that is certain?
bool only_by_link(const MigrationCase& open) {
  constexpr std::string_view kOther[] = {"told", "tsecr-zero", "tsval-step", "sequence"};
  return std::ranges::none_of(kOther, [&](std::string_view name) { return has_signal(open, name); });
}

/// By how much the capture's clock went ahead, if that is what made the endpoint's clock step. 0: not known.
int64_t capture_step_ns(const MigrationCase& m) {
  if (!m.result.tsval_step || !only_by(m.result, "tsval-step")) return 0;
  return -*m.result.tsval_step * m.old_clock.period_ns();
}

/// The clock that said TS.Recent: of a host that was refused nothing is to be continued, but of the one
/// before it.
const SenderClock& clock_to_continue(const Trouble& t, const MigrationCase& open) {
  const SenderClock* clock = &open.old_clock;
  for (const MigrationCase& m : t.migrations)
    if (m.host == open.host && m.result.frame < open.result.frame && m.old_clock.hz() > 0 &&
        after(open.ts_recent, open.old_clock.last()) && !after(open.ts_recent, m.old_clock.last()) &&
        !before(open.ts_recent, m.old_clock.first()))
      clock = &m.old_clock;
  return *clock;
}

/// The advice of docs: min keeps TSval from falling below TS.Recent, suggested goes on with the old clock.
void advise(const Trouble& t, MigrationCase& open) {
  Migration& m = open.result;
  if (!open.new_known) return;
  const bool old_rate = open.old_clock.hz() > 0;
  if (old_rate)
    m.tsval_step = open.old_clock.deviation(open.new_tsval, open.new_ns);
  else if (open.old_clock.started())
    m.tsval_step = distance(open.old_clock.last(), open.new_tsval);
  if (!open.receiver_known) return;
  OffsetAdvice offset;
  offset.min = distance(open.new_tsval, open.ts_recent);
  offset.max = offset.min + INT32_MAX;
  const SenderClock& continued = clock_to_continue(t, open);
  // Nothing is known of a clock that ran for a segment or two: no more than what is needed is asked for.
  offset.suggested = continued.hz() > 0 ? -continued.deviation(open.new_tsval, open.new_ns) : 0;
  offset.suggested = std::clamp(offset.suggested, offset.min, offset.max);
  m.offset = offset;
  const uint32_t value = open.new_tsval.raw + static_cast<uint32_t>(offset.suggested);
  // Bit 0 of TCP_TIMESTAMP chooses microseconds on Linux 6.7+ (net/ipv4/tcp.c:do_tcp_setsockopt).
  m.timestamp_sockopt = open.old_clock.hz() > 500'000 ? (value | 1) : (value + 1) & ~uint32_t{1};
}

}  // namespace

bool has_signal(const MigrationCase& open, std::string_view name) {
  return std::any_of(open.result.signals.begin(), open.result.signals.end(),
                     [&](const MigrationSignal& signal) { return signal.name == name; });
}

bool only_by(const Migration& m, std::string_view name) {
  constexpr std::string_view kOfAnySilence[] = {"gap", "ip-id", "flow-label"};
  return std::ranges::all_of(m.signals, [&](const MigrationSignal& signal) {
    return signal.name == name || std::ranges::find(kOfAnySilence, signal.name) != std::end(kOfAnySilence);
  });
}

const char* was_replaced(const Migration& m) {
  return !m.signals.empty() && only_by(m, "tsval-step") ? "seems to have been replaced" : "was replaced";
}

void add_signal(MigrationCase& open, const char* name, double sign_weight, uint64_t frame,
                std::string detail) {
  if (has_signal(open, name)) return;
  open.result.signals.push_back({name, frame, std::move(detail)});
  open.doubt *= 1 - sign_weight;
}

void remove_signal(MigrationCase& open, std::string_view name, double sign_weight) {
  if (std::erase_if(open.result.signals, [&](const MigrationSignal& s) { return s.name == name; }) != 0)
    open.doubt /= 1 - sign_weight;
}

MigrationCase* Tracker::open_migration(Flow& flow, unsigned from, const Segment& s, const Host& was,
                                       const Judgement& j) {
  Trouble& t = trouble(flow);
  for (MigrationCase& open : t.migrations) {
    if (open.closed || open.host != from) continue;
    if (s.time_ns - open.result.time_ns <= kMaxDuration) return &open;
    close_migration(flow, t, open);
  }
  if (t.migrations.size() == Trouble::kMaxMigrations) return nullptr;
  MigrationCase& open = t.migrations.emplace_back();
  open.host = from;
  open.result.frame = s.frame;
  open.result.time_ns = s.time_ns;
  open.result.endpoint = from == flow.client ? Side::client : Side::server;
  open.result.gap_ns = std::max<int64_t>(s.time_ns - was.last_ns, 0);
  for (unsigned host = 0; host < 2; ++host) {
    open.snd_nxt[host] = flow.host[host].snd_nxt;
    open.acked[host] = flow.host[host ^ 1].ack_max;
    open.delivered[host] = delivered_bytes(flow, host);
  }
  // The segment itself has been applied already, but is the new host's.
  open.snd_nxt[from] = was.snd_nxt;
  if (was.acked) open.acked[from ^ 1] = was.ack_max;
  open.old_mac = was.mac;
  open.old_ttl = was.ttl;
  // A receiver that lost its own TS.Recent takes any TSval: there is nothing to advise.
  open.receiver_known = j.known && j.ts_recent.raw != 0;
  open.ts_recent = j.ts_recent;
  open.old_clock = was.clock;
  return &open;
}

/// TSecr is 0. Does that come and go, with nothing else that speaks for a move?
bool Tracker::leaves_out_echo(Flow& flow, unsigned from, bool other_sign) {
  Trouble& t = trouble(flow);
  DirectionTrouble& direction = t.direction[from];
  const bool goes_on = std::exchange(direction.zero_echo_open, true);
  if (other_sign) return false;
  if (goes_on || direction.leaves_out_echo()) return direction.leaves_out_echo();
  ++direction.zero_echo_runs;
  if (!direction.leaves_out_echo()) return false;
  std::erase_if(t.migrations,
                [&](const MigrationCase& m) { return m.host == from && only_by(m.result, "tsecr-zero"); });
  flow.host[from].restored =
      std::ranges::any_of(t.migrations, [&](const MigrationCase& m) { return m.host == from; });
  return true;
}

void Tracker::watch_migration(Flow& flow, unsigned from, const Segment& s, const Host& was,
                              const Judgement& j) {
  Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  const bool told = is_cut(s.frame);
  const uint16_t mac = fold_mac(s.src_mac);
  const bool at_two_points = flow.trouble && trouble(flow).at_two_points[from];
  const bool mac_changed = !at_two_points && is_other_mac(was.mac, s.src_mac);
  const bool ttl_changed = !at_two_points && s.ttl != was.ttl;
  const bool pure_ack = s.length() == 0 && (s.flags & (kAck | kSyn | kRst | kFin)) == kAck;
  const bool probe = pure_ack && is_keepalive(b, s);
  const bool zero_echo =
      lost_ts_recent(was, s) && !leaves_out_echo(flow, from, told || mac_changed || ttl_changed || probe);
  // Where its clock steps, it has not just been seen at another point.
  const bool steps = flow.trouble && trouble(flow).direction[from].pending_step &&
                     trouble(flow).direction[from].pending_step->frame == s.frame;
  if ((mac_changed || ttl_changed) && !steps)
    for (MigrationCase& goes_back : trouble(flow).migrations)
      if (goes_back.host == from && !goes_back.closed &&
          s.time_ns - goes_back.result.time_ns <= kMaxDuration && mac == goes_back.old_mac &&
          s.ttl == goes_back.old_ttl && only_by_link(goes_back)) {
        trouble(flow).at_two_points[from] = saw_two_points_ = true;
        return close_migration(flow, trouble(flow), goes_back);
      }
  MigrationCase* open = nullptr;
  // Moved again, before the first move was looked at to its end.
  if (mac_changed)
    for (MigrationCase& before : trouble(flow).migrations)
      if (!before.closed && before.host == from && has_signal(before, "mac"))
        close_migration(flow, trouble(flow), before);
  if (told || mac_changed || ttl_changed || zero_echo) {
    open = open_migration(flow, from, s, was, j);
  } else if (flow.trouble) {
    for (MigrationCase& candidate : trouble(flow).migrations)
      if (!candidate.closed && candidate.host == from) open = &candidate;
  }
  if (!open) return;
  if (told) {
    open->result.told = true;
    add_signal(*open, "told", 1, s.frame, "by --cut");
  }
  if (mac_changed) {
    open->new_mac = s.src_mac;
    add_signal(*open, "mac", weight::kMac, s.frame,
               fmt::format("source MAC is now {}", mac_to_string(s.src_mac)));
  }
  if (ttl_changed)
    add_signal(*open, "ttl", weight::kTtl, s.frame, fmt::format("TTL {} -> {}", was.ttl, s.ttl));
  if (zero_echo) {
    add_signal(*open, "tsecr-zero", s.length() == 0 ? weight::kZeroEcho : weight::kZeroEchoOnData, s.frame,
               "TSecr is 0: TS.Recent was not restored");
    a.restored = true;
    a.rtt_measured = false;
    a.wl_known = false;
  }
  if (s.frame == open->result.frame) {
    if (probe)
      add_signal(*open, "repair-probe", weight::kRepairProbe, s.frame,
                 "pure ACK at SND.UNA-1, as TCP_REPAIR sends");
    // Alone it is an old packet.
    if ((told || mac_changed || zero_echo) && pure_ack && b.acked && knows_sent(flow, a, b) &&
        lacking_of(flow).bytes == 0)
      if (const std::string oddity = sequence_oddity(was, b, s); !oddity.empty())
        add_signal(*open, "sequence", weight::kSequence, s.frame, oddity);
    const auto id_step = static_cast<int16_t>(s.ip_id - was.packet_id);
    const bool counts = !s.src.v6 && s.ip_id != 0 && was.packet_id != 0;
    open->id_goes_on = counts && id_step != 0 && std::abs(id_step) <= kNearIds;
    if (counts && std::abs(id_step) > kFarIds)
      add_signal(*open, "ip-id", weight::kIpId, s.frame,
                 fmt::format("IP ID {} -> {}", was.packet_id, s.ip_id));
    if (s.src.v6 && packet_id(s) != was.packet_id)
      add_signal(*open, "flow-label", weight::kFlowLabel, s.frame,
                 fmt::format("flow label is now 0x{:05x}", s.flow_label));
    if (open->result.gap_ns >= kGapWorthNaming)
      add_signal(*open, "gap", weight::kGap, s.frame,
                 fmt::format("silent for {:.3f} s before", static_cast<double>(open->result.gap_ns) / 1e9));
    note_announcement(*open, s, was.last_ns);
  }
  ++open->segments;
  if (s.has_ts() && !open->new_known) {
    open->new_known = true;
    open->new_tsval = s.tsval;
    open->new_ns = s.time_ns;
  }
  if (open->segments >= kMaxSegments || s.time_ns - open->result.time_ns > kMaxDuration)
    close_migration(flow, trouble(flow), *open);
  // What did not come to anything must not fill the list.
  std::erase_if(trouble(flow).migrations,
                [](const MigrationCase& m) { return m.closed && m.result.confidence < kBelievable; });
}

/// Has the address that `s` goes to been announced where it goes, later than `since`?
bool Tracker::moved_on(const Segment& s, TimeNs since) const {
  return std::ranges::any_of(announcements_, [&](const Announcement& said) {
    return said.time_ns > since && places(said, s.dst, s.dst_mac);
  });
}

/// Who took over an address, or a virtual machine, tells the network.
void Tracker::note_announcement(MigrationCase& open, const Segment& s, TimeNs silent_since) const {
  for (const Announcement& said : announcements_) {
    if (said.frame == 0 || said.time_ns < silent_since - kSecond || said.time_ns > s.time_ns + kSecond)
      continue;
    if (places(said, s.src, s.src_mac))
      add_signal(open, "announcement", weight::kAnnouncement, said.frame,
                 said.address == s.src
                     ? fmt::format("{} announced at {}", to_string(said.address), mac_to_string(said.mac))
                     : fmt::format("MAC {} announced at another port", mac_to_string(said.mac)));
  }
}

/// `from` acknowledged something new, and was heard. The first time after a move that this covers all that
/// was sent before it, the connection is known to live.
void Tracker::watch_recovery(Flow& flow, unsigned from, const Segment& s) {
  for (MigrationCase& open : trouble(flow).migrations) {
    Migration& m = open.result;
    const unsigned sender = from ^ 1;
    if (m.recovery_ns || !after(s.ack, open.acked[sender]) || before(s.ack, open.snd_nxt[sender])) continue;
    m.recovery_ns = std::max<int64_t>(s.time_ns - m.time_ns, 0);
  }
}

/// Both ends' clocks are off by the same time: it is the capture's clock that was set. (One of them may have
/// said too little since to be told from a queue.)
void Tracker::find_capture_steps(const Flow& flow, Trouble& t) {
  constexpr int64_t kDelayNs = 100 * kMillisecond, kDrift = 1000;
  for (MigrationCase& one : t.migrations) {
    const int64_t ns = capture_step_ns(one);
    if (std::llabs(ns) < 2 * kDelayNs) continue;  // a queue, or nothing is known
    const auto is_same = [&](int64_t other) {
      return std::llabs(other - ns) <= kDelayNs + std::llabs(ns) / kDrift;
    };
    const auto other = std::ranges::find_if(t.migrations, [&](const MigrationCase& m) {
      return m.host != one.host && is_same(capture_step_ns(m));
    });
    const Host& silent = flow.host[one.host ^ 1];
    if (other == t.migrations.end() &&
        (silent.clock.hz() == 0 ||
         !is_same(-silent.clock.deviation(silent.clock.last(), silent.last_ns) * silent.clock.period_ns())))
      continue;
    t.capture_clock_steps.push_back({one.result.frame, ns, 1});
    const auto withdraw = [&](MigrationCase& m) {
      t.capture_clock_steps.back().frame = std::min(t.capture_clock_steps.back().frame, m.result.frame);
      std::erase_if(t.direction[m.host].steps,
                    [&](const ClockStep& step) { return step.frame == m.result.frame; });
      m.result.confidence = 0;
      m.old_clock = {};
    };
    withdraw(one);
    if (other != t.migrations.end()) withdraw(*other);
  }
}

void Tracker::close_migration(const Flow& flow, const Trouble& t, MigrationCase& open) {
  Migration& m = open.result;
  if (!open.closed) {
    open.closed = true;
    advise(t, open);
    const double hz = open.old_clock.hz();
    // Another path or router leaves the clock alone; that speaks against another host.
    bool continues = false;
    if (m.tsval_step && hz > 0) {
      const double off_seconds = static_cast<double>(*m.tsval_step) / hz;
      continues = std::abs(off_seconds) < 0.05 && !has_signal(open, "tsval-step");
      if (off_seconds < -0.05 && !has_signal(open, "tsval-step"))
        add_signal(
            open, "tsval-step", weight::kClockPaused, m.frame,
            fmt::format("TSval {} ticks behind its own clock: it stood still meanwhile", *m.tsval_step));
    }
    m.confidence = 1 - open.doubt;
    // So does nothing where no timestamps are in use.
    const bool no_clock = flow.negotiated() != Negotiated::yes && !open.new_known;
    const bool only_path = (continues || (no_clock && only_by_link(open))) &&
                           !has_signal(open, "tsecr-zero") && !has_signal(open, "announcement");
    if (only_path) m.confidence *= 0.5;
    // Captured on several devices, a segment shows at each of them.
    if (t.at_two_points[open.host] && only_by_link(open)) m.confidence = 0;
    if (m.told) m.confidence = 1;
    m.confidence = std::round(m.confidence * 100) / 100;
  }
  m.hz_before = open.old_clock.hz();
  m.hz_after = flow.host[open.host].clock.hz();
  m.endpoint = open.host == flow.client ? Side::client : Side::server;
  for (unsigned host = 0; host < 2; ++host)
    m.delivered_bytes[host == flow.client ? 0 : 1] = open.delivered[host];
  std::sort(m.signals.begin(), m.signals.end(),
            [](const MigrationSignal& x, const MigrationSignal& y) { return x.frame < y.frame; });
}

}  // namespace tsaudit
