// SPDX-License-Identifier: Apache-2.0
#include "model/tracker.h"

#include <algorithm>

#include "model/fingerprint.h"
#include "model/migration.h"
#include "model/own_word.h"
#include "model/progress.h"

namespace tsaudit {

Tracker::Tracker(const AnalysisOptions& options, EvidenceSink* evidence)
    : options_(options), evidence_(evidence) {}

Trouble& Tracker::trouble(Flow& flow) {
  if (flow.trouble == 0) {
    if (pool_free_.empty()) {
      pool_.push_back(nullptr);
      pool_free_.push_back(static_cast<uint32_t>(pool_.size()));
    }
    flow.trouble = pool_free_.back();
    pool_free_.pop_back();
    pool_[flow.trouble - 1] = std::make_unique<Trouble>();
  }
  return *pool_[flow.trouble - 1];
}

const ReceiverProfile& Tracker::profile_for(const Flow& flow, unsigned receiver) const {
  const IpAddress address = (receiver == 0 ? flow.key.low() : flow.key.high()).address;
  for (const auto& [told, profile] : options_.receivers)
    if (told == address) return *profile;
  if (const auto* told = options_.side_profiles[receiver == flow.client ? 0 : 1]) return *told;
  if (options_.profile) return *options_.profile;
  if (flow.trouble)
    if (const auto* fitting = pool_[flow.trouble - 1]->direction[receiver ^ 1].fitting_profile)
      return *fitting;
  return default_profile();
}

bool Tracker::profile_is_told(const Flow& flow, unsigned receiver) const {
  const IpAddress address = (receiver == 0 ? flow.key.low() : flow.key.high()).address;
  return options_.profile || options_.side_profiles[receiver == flow.client ? 0 : 1] ||
         std::any_of(options_.receivers.begin(), options_.receivers.end(),
                     [&](const auto& entry) { return entry.first == address; });
}

void Tracker::announce(const Announcement& announcement) {
  announcements_[announcement_count_++ % announcements_.size()] = announcement;
}

Judgement Tracker::process(Flow& flow, unsigned from, const Segment& s) {
  Host& a = flow.host[from];
  Host& b = flow.host[from ^ 1];
  // Only where this sender's checksums told something at first: some NICs put them in after the capture.
  if (a.checksum_told && verify_checksums(s) == Checksum::bad) [[unlikely]]
    return damaged(flow, from, s);
  const SeqNum end = s.end_seq();
  const bool probable = flow.settled && s.ts == TsOption::present &&
                        (s.flags & (kAck | kSyn | kRst | kFin)) == kAck && s.window != 0 &&
                        s.tsecr.raw != 0 && a.mac == fold_mac(s.src_mac) && a.ttl == s.ttl &&
                        a.ts_recent.may_hold(s.tsecr) && !is_cut(s.frame);
  // The ordinary segment: in order, TSval at or after all that TS.Recent may be, ACK in range.
  if (probable && b.ts_recent.none_after(s.tsval) && !before(end, b.ack_max) &&
      (!b.scale_known || !after(end, b.right_edge)) && !before(s.ack, b.snd_una) &&
      !after(s.ack, b.snd_nxt) && !before(s.ack, a.ack_max) &&
      (s.payload == 0 ? !lacks_data_seen(a, b, s) : s.seq == a.snd_nxt) && !before(s.tsval, a.clock.last()) &&
      !a.clock.lags(s.tsval, s.time_ns - a.last_ns)) [[likely]] {
    const TimeNs since = s.time_ns - a.last_ns;
    if (a.clock.observe(s.tsval, s.time_ns, since) == SenderClock::Fit::good) [[likely]] {
      const TsVal recent = b.ts_recent.back();
      const Judgement j{.verdict = Verdict::accept,
                        .reason = s.tsval == recent ? Reason::equal : Reason::newer,
                        .known = true,
                        .ts_recent = recent};
      b.equal_tsval += j.reason == Reason::equal;
      // At the receiver, what starts after the last ACK does not count; elsewhere that ACK may be on its way.
      if (!after(s.seq, b.ack_max) ||
          (!after(s.seq, b.rcv_nxt) && (b.coalesces || vantage_of(b, a) != Vantage::at_receiver))) {
        b.ts_recent.may_store(s.tsval, s.time_ns);
        b.stored_by_data = s.payload != 0;
      }
      const uint32_t window = uint32_t{s.window} << (a.scale_known ? a.window_scale : 0);
      if (s.payload != 0) take_data(b, s);
      measure_loop(a, b, s);
      take_ack(b, a, s, window, false);

      const bool all_arrived = knows_all(a, b, s);
      take_echo(flow, from, s, all_arrived);
      note_own_ack(flow, from, s, window);
      if (s.payload != 0) {
        keep_data(a, s);
        a.snd_nxt = end;
      }
      a.sent_data_last = s.payload != 0;
      a.payload_bytes += s.payload;
      if (a.first_payload_bits == 0) a.first_payload_bits = payload_bits(s.payload) & 0x1f;
      ++a.segments;
      ++a.ts_segments;
      a.packet_id = packet_id(s);
      a.last_ns = s.time_ns;
      flow.set_last_frame(s.frame);
      return j;
    }
  }
  return process_odd(flow, from, s);
}

/// Nothing decides any more what is open in `t`.
void Tracker::settle(const Flow& flow, Trouble& t) {
  for (unsigned from = 0; from < 2; ++from) {
    finish_clock(flow, from, t);
    DirectionTrouble& direction = t.direction[from];
    for (const OpenVerdict& verdict : direction.open) count(direction, verdict);
    direction.open.clear();
  }
  for (MigrationCase& open : t.migrations) close_migration(flow, t, open);
  find_capture_steps(flow, t);
  withdraw_set_clocks(t);
  std::erase_if(t.migrations, [](const MigrationCase& m) { return m.result.confidence < kBelievable; });
  close_stalls(flow, t);
}

std::unique_ptr<Trouble> Tracker::finish(Flow& flow) {
  last_points_.erase(flow.id);
  rewritten_.erase(flow.id);
  const Lacking lacking = lacking_of(flow);
  for (unsigned sender = 0; sender < 2; ++sender) {
    gaps_.erase(key_of(flow, sender));
    resent_.erase(key_of(flow, sender));
  }
  if (lacking.bytes != 0) trouble(flow).lacking = lacking;
  if (flow.trouble == 0) return nullptr;
  std::unique_ptr<Trouble> t = std::move(pool_[flow.trouble - 1]);
  if (evidence_)
    for (const DirectionTrouble& direction : t->direction)
      for (const OpenVerdict& verdict : direction.open) evidence_->resolved(verdict);
  settle(flow, *t);
  pool_free_.push_back(flow.trouble);
  flow.trouble = 0;
  return t;
}

std::unique_ptr<Trouble> Tracker::so_far(const Flow& flow) {
  if (flow.trouble == 0) return nullptr;
  auto t = std::make_unique<Trouble>(*trouble_of(flow));
  t->lacking = lacking_of(flow);
  settle(flow, *t);
  return t;
}

}  // namespace tsaudit
