// SPDX-License-Identifier: Apache-2.0
#include "rules/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "model/fingerprint.h"
#include "model/flow_report.h"

namespace tsaudit {
namespace {

/// No queue on the path holds a segment longer: what is older than TS.Recent by less may have been overtaken.
constexpr double kQueueSeconds = SenderClock::kMostDelayNs / 1e9;

/// One host talks to another that never appears. (An attempt to connect that nobody answers is no such talk.)
bool is_one_sided(const Flow& flow) {
  return (flow.host[0].acked && !flow.host[1].seen) || (flow.host[1].acked && !flow.host[0].seen);
}

/// Collects the findings of one flow.
class Collector {
 public:
  Collector(FlowReport& report, const Flow& flow, const Trouble& trouble)
      : report_(report), flow_(flow), trouble_(trouble) {}

  void run() {
    for (const Side side : {Side::client, Side::server}) {
      from_ = side;
      index_ = host_of(flow_, side);
      direction_ = &trouble_.direction[index_];
      rate_changed_ = rate_changed();
      if (rate_changed_) forget_offsets();
      drops();
      stalls();
      clock();
      lone_jump();
      options();
      echoes();
    }
    migrations();
    reset();
    incomplete();
  }

 private:
  Finding& add(RuleId rule, std::optional<Side> from, std::string message) {
    Finding& f = report_.findings.emplace_back();
    f.rule = rule;
    f.severity = rule_info(rule).severity;
    f.flow = report_.id;
    f.from = from;
    f.message = std::move(message);
    const auto ordinal = std::count_if(report_.findings.begin(), report_.findings.end(),
                                       [&](const Finding& g) { return g.rule == rule && g.from == from; });
    f.fingerprint = fmt::format("{}/{}/{}", rule_info(rule).code, from ? to_string(*from) : "flow", ordinal);
    return f;
  }
  Finding& add(RuleId rule, std::optional<Side> from, const FrameList& list, std::string message) {
    Finding& f = add(rule, from, std::move(message));
    for (const FrameList::Kept& k : list.kept | std::views::take(Finding::kMaxFrames))
      f.frames.push_back(k.frame);
    f.frame_count = list.count;
    f.time_ns = list.first_ns;
    return f;
  }
  Finding& add(RuleId rule, std::optional<Side> from, uint64_t frame, TimeNs time_ns, std::string message) {
    Finding& f = add(rule, from, std::move(message));
    f.frames = {frame};
    f.frame_count = 1;
    f.time_ns = time_ns;
    return f;
  }

  const DirectionReport& direction() const { return report_.directions[static_cast<size_t>(from_)]; }

  Evidence evidence() const { return evidence(from_); }
  /// Of the drops among what that side sent.
  Evidence evidence(Side from) const {
    const DirectionReport& d = report_.directions[static_cast<size_t>(from)];
    if (trouble_.direction[host_of(flow_, from)].contradicted_drops > d.confirmed + d.predicted)
      return Evidence::contradicted;
    return d.confirmed > 0 ? Evidence::confirmed : Evidence::predicted;
  }

  /// How long TSval takes to pass TS.Recent, or TS.Recent to be too old to count: from the first refused
  /// segment.
  int64_t heals_after_ns() const {
    const FirstLoss& first = direction_->first_loss;
    const double hz = direction().clock.hz > 0 ? direction().clock.hz : 1000;
    const int32_t behind = direction_->paws_drops ? direction_->paws_drops.first_ticks_behind() : 0;
    const auto catch_up = static_cast<int64_t>(std::max(behind - 1, 0) * (1e9 / hz));
    if (!first.by) return catch_up;
    const int64_t idle =
        first.by->idle_seconds * kSecond - (direction_->paws_drops.first_ns - first.stored_ns);
    return std::min(catch_up, std::max<int64_t>(idle, 0));
  }

  /// Of a stall that the capture shows no end of.
  std::string will_it_heal() const {
    constexpr int64_t kGivesUp = 15 * 60 * kSecond;  // tcp_timer.c:tcp_write_timeout(), net.ipv4.tcp_retries2
    if (flow_.reset) return {};
    if (direction_->first_loss.why == FirstLoss::Why::no_tsopt) return "It does not heal by itself.";
    if (direction_->first_loss.why != FirstLoss::Why::old_tsval) return {};
    const int64_t heals_ns = heals_after_ns();
    const std::string after = duration_text(heals_ns);
    if (heals_ns < kGivesUp)
      return fmt::format(
          "Left alone it heals with the first segment that is sent later than {} after the first discarded "
          "one.",
          after);
    return fmt::format(
        "Left alone it does not heal: TSval is past TS.Recent, or that is too old to count, after {}, and "
        "Linux gives data up that it has sent again for about 15 minutes.",
        after);
  }

  std::string why_refused(const FrameList& list) const {
    switch (direction_->first_loss.why) {
      case FirstLoss::Why::echo_of_request:
        return "TSecr was that of no SYN-ACK";
      case FirstLoss::Why::echo_of_syn:
        return "TSecr was that of no SYN";
      case FirstLoss::Why::no_tsopt:
        return "TSopt was missing, which had been negotiated";
      case FirstLoss::Why::old_tsval:
        break;
    }
    return fmt::format("TSval was {} behind TS.Recent",
                       counted(static_cast<uint32_t>(list.first_ticks_behind()), "tick"));
  }

  /// For `f`, the discards. Notes in it what would have prevented them.
  std::string offset_advice(Finding& f) {
    switch (direction_->first_loss.why) {
      case FirstLoss::Why::echo_of_request:
        return fmt::format(
            "No offset mends that: until the handshake is over, {} takes no echo but of its SYN-ACKs, and "
            "not of an ACK with which it refused a segment before.",
            named(other(from_)));
      case FirstLoss::Why::echo_of_syn:
        return fmt::format(
            "No offset mends that: {} takes an answer to its SYN only if TSecr is a TSval that it may have "
            "sent since.",
            named(other(from_)));
      case FirstLoss::Why::no_tsopt:
        return fmt::format(
            "No offset mends that: {} must send timestamps again (a restored socket does if "
            "TCP_REPAIR_OPTIONS has TCPOPT_TIMESTAMP among the options).",
            named(from_));
      case FirstLoss::Why::old_tsval:
        break;
    }
    if (rate_changed_) return {};  // TS005 says what to do
    const int32_t behind = direction_->paws_drops.first_ticks_behind();
    if (behind <= 0) return {};  // half of the number circle away: on neither side
    const uint64_t first = direction_->paws_drops.first_frame();
    const Migration* m = migration_before(report_, from_, first);
    if (m && m->offset && m->offset->suggested >= behind) {
      f.offset = m->offset->suggested;
      if (m->hz_before == 0)
        return fmt::format("Restore {}'s clock: an offset of at least {:+} ticks is needed.", named(from_),
                           m->offset->min);
      return fmt::format(
          "Restore {}'s clock: an offset of {:+} ticks continues it, at least {:+} are needed.", named(from_),
          m->offset->suggested, m->offset->min);
    }
    if (!m && direction_->steps.empty() && direction_->lone_jump && direction_->lone_jump->frame < first)
      return fmt::format(
          "No offset mends that: {}'s clock is in order, and one segment set TS.Recent ahead of it.",
          named(from_));
    const double hz = direction().clock.hz > 0 ? direction().clock.hz : 1000;
    if (!m && direction_->steps.empty() && direction_->first_loss.overtaken && behind < kQueueSeconds * hz)
      return fmt::format(
          "No offset mends that: {}'s clock is in order, and a later segment overtook the discarded one.",
          named(from_));
    if (!m) report_.directions[static_cast<size_t>(from_)].offset_min = behind;
    return fmt::format("An offset of at least {:+} ticks on {}'s TSval would have let them pass.", behind,
                       named(from_));
  }

  void drops() {
    // Of a receiver that takes what it should refuse, nothing is known but that.
    if (direction_->taken_all_the_same && evidence() == Evidence::contradicted) {
      FrameList all = direction_->taken_all_the_same;
      all.add(direction_->paws_drops);
      taken_all_the_same(all);
    } else {
      if (direction_->paws_drops) {
        Finding& f =
            add(RuleId::paws_drop, from_, direction_->paws_drops, discarded(direction_->paws_drops, ""));
        f.evidence = evidence();
        f.advice = offset_advice(f);
      }
      if (direction_->taken_all_the_same) taken_all_the_same(direction_->taken_all_the_same);
    }
    if (direction_->stale_copies) {
      const uint64_t copies = direction_->stale_copies.count;
      Finding& f =
          add(RuleId::paws_drop, from_, direction_->stale_copies,
              fmt::format("{} late cop{} of data that {} already had discarded; nothing was lost by it",
                          grouped(copies), copies == 1 ? "y" : "ies", named(other(from_))));
      f.severity = Severity::note;
      f.evidence = Evidence::predicted;
    }
    if (direction_->stale_acks)
      add(RuleId::stale_ack, from_, direction_->stale_acks,
          fmt::format("{} with an old TSval discarded; nothing was lost by it",
                      counted(direction_->stale_acks.count, "pure ACK")))
          .evidence = Evidence::predicted;
    if (direction_->other_answers)
      add(RuleId::time_wait_reuse, from_, direction_->other_answers,
          fmt::format(
              "{} with another sequence number than the first: two hosts answer for {}, or one that answers "
              "each copy of the SYN anew",
              counted(direction_->other_answers.count, "SYN-ACK"), named(from_)));
    if (direction_->refused_reuse)
      add(RuleId::time_wait_reuse, from_, direction_->refused_reuse,
          fmt::format("{} for a reused port pair with a TSval before the old connection's last",
                      counted(direction_->refused_reuse.count, "SYN")))
          .evidence = evidence();
  }

  std::string discarded(const FrameList& list, const char* by) const {
    return fmt::format("{} discarded by {} from frame {} on{}: {}", counted(list.count, "segment"),
                       named(other(from_)), list.first_frame(), by, why_refused(list));
  }

  void taken_all_the_same(const FrameList& list) {
    Finding& f = add(RuleId::paws_drop, from_, list, discarded(list, ", by the model alone"));
    f.evidence = Evidence::contradicted;
    f.severity = Severity::note;
    if (direction_->fitting_profile)
      f.advice = fmt::format("The receiver took them: it behaves as {}.", direction_->fitting_profile->name);
    else if (direction().profile_proven)
      f.advice = fmt::format(
          "The receiver took them: it does not behave as {}, which was told, or the capture lacks packets.",
          direction().receiver_profile->name);
    else
      f.advice = "The receiver took them, and no profile explains it: the capture lacks packets.";
  }

  void stalls() {
    for (const Stall& stall : direction_->stalls) {
      const int64_t lasted = stall.end_ns - stall.start_ns;
      const char* until = stall.over       ? ""
                          : report_.so_far ? " so far"
                          : flow_.reset    ? ", until the reset"
                                           : ", until its last segment";
      Finding* f;
      if (stall.cause == StallCause::paws) {
        f = &add(
            RuleId::paws_stall, from_, stall.frame, stall.start_ns,
            fmt::format("no progress for {} because of discarded segments{}", duration_text(lasted), until));
        const Side refused = direction_->paws_drops || direction_->taken_all_the_same ? from_ : other(from_);
        f->evidence = evidence(refused);
        if (refused == from_ && !stall.over && f->evidence != Evidence::contradicted)
          f->advice = will_it_heal();
      } else if (is_undecided(stall)) {
        f = &add(RuleId::capture_incomplete, from_, stall.frame, stall.start_ns,
                 fmt::format("no progress for {}{}{}{}", duration_text(lasted), until,
                             stall.cause == StallCause::refused
                                 ? fmt::format(": {} answers copies and takes none", named(other(from_)))
                                 : "",
                             report_.timestamps == Negotiated::no
                                 ? ", and the capture does not show why"
                                 : ", and whether timestamps are to blame is not known"));
        if (stall.cause == StallCause::refused)
          f->advice = fmt::format("Capture at {}: something on the way may change what arrives there.",
                                  named(other(from_)));
      } else {
        f = &add(RuleId::not_timestamps, from_, stall.frame, stall.start_ns,
                 fmt::format("no progress for {}{}: {}", duration_text(lasted), until, cause_of(stall)));
        if (stall.cause == StallCause::icmp)
          f->advice = fmt::format("Find out at {} why it discards them.", to_string(stall.icmp->reporter));
      }
      f->duration_ns = lasted;
      if (const MigrationCase* moved = left_behind(stall)) {
        f->message += fmt::format("; the {0} still sends to {1}, where the {2} was, and the {2} is at {3}",
                                  to_string(from_), mac_to_string(stall.sent_to), to_string(other(from_)),
                                  mac_to_string(moved->new_mac));
        if (f->rule == RuleId::not_timestamps)
          f->advice = "Announce the address from the new host (gratuitous ARP, neighbour advertisement).";
      }
      if (stall.lost_within() && !has_moved(other(from_)))
        f->message += fmt::format(
            "; none of the {} was seen at another point of the capture, as its segments were before",
            counted(stall.segments, "retransmission"));
    }
    if (direction_->stalls_left_out)
      report_.findings.back().message += fmt::format("; {} of this direction are not listed",
                                                     counted(direction_->stalls_left_out, "shorter stall"));
  }

  /// The other end has moved, but the stalled segments went to the link address that it had before.
  const MigrationCase* left_behind(const Stall& stall) const {
    const unsigned receiver = host_of(flow_, other(from_));
    const MigrationCase* last = nullptr;
    for (const MigrationCase& m : trouble_.migrations)
      if (m.host == receiver && m.new_mac != 0 && m.result.time_ns <= stall.end_ns) last = &m;
    return last && stall.sent_to != 0 && fold_mac(stall.sent_to) == last->old_mac ? last : nullptr;
  }

  static std::string cause_of(const Stall& stall) {
    if (stall.cause != StallCause::icmp) return std::string(to_string(stall.cause));
    return fmt::format("ICMP of {} says {} (frame {})", to_string(stall.icmp->reporter), meaning(*stall.icmp),
                       stall.icmp->frame);
  }

  bool has_moved(Side side) const {
    return std::ranges::any_of(report_.migrations, [side](const Migration& m) { return m.endpoint == side; });
  }

  /// Segments were lost, or discarded, and those that the capture has could not all be judged?
  bool is_undecided(const Stall& stall) const {
    if (stall.cause == StallCause::refused) return true;
    if (stall.cause != StallCause::loss && stall.cause != StallCause::no_answer) return false;
    if (stall.answers_unseen || is_one_sided(flow_) ||
        (report_.options_cut && report_.timestamps == Negotiated::unknown))
      return true;
    return std::any_of(std::begin(trouble_.direction), std::end(trouble_.direction),
                       [&](const DirectionTrouble& direction) {
                         return direction.undecided.any_within(stall.start_ns, stall.end_ns);
                       });
  }

  void clock() {
    if (rate_changed_) clock_rate();
    for (const ClockStep& step : direction_->steps) {
      const bool backward = step.ticks < 0;
      // What a faster clock does in the gap before its first segment is no jump of its own.
      if (!backward && rate_changed_ && step.frame == direction_->epochs.back().last_frame + 1 &&
          within_gap(step))
        continue;
      const std::string ticks = counted(static_cast<uint64_t>(std::llabs(step.ticks)), "tick");
      Finding& f =
          add(backward ? RuleId::tsval_regression : RuleId::tsval_jump, from_, step.frame, 0,
              fmt::format("TSval went {} {} against its own clock", backward ? "back" : "ahead", ticks));
      if (backward && step.from_last >= -1) {
        // What TCP_TIMESTAMP can lose on Linux 6.7+, by clearing bit 0, and what TCP_PAWS_WINDOW is there
        // for. The rest is the gap, which a clock that was carried over does not count.
        f.severity = Severity::note;
        if (step.ticks != -1)
          f.message = fmt::format("TSval went back 1 tick, and so {} against its own clock", ticks);
        f.advice = "Linux forgives one tick; a receiver that follows RFC 7323 to the letter does not.";
      }
      f.time_ns = time_of(step.frame);
      if (backward && f.severity == Severity::error) f.advice = what_data_would_meet(step);
      if (step.same_host) f.message += ", though its IP IDs count on: it was set, or is rewritten on the way";
      if (!backward)
        f.advice =
            "TS.Recent now follows the new clock: going back to the old one would black-hole the connection.";
    }
  }

  /// Nothing that matters was sent since, but its clock is behind TS.Recent still.
  std::string what_data_would_meet(const ClockStep& step) const {
    const Host& sender = flow_.host[host_of(flow_, from_)];
    const TsRecentSet& recent = flow_.host[host_of(flow_, other(from_))].ts_recent;
    if (&step != &direction_->steps.back() || direction_->paws_drops || !direction_->stale_acks ||
        flow_.reset || sender.fin_sent || !recent.known() || recent.none_after(sender.clock.last()))
      return {};
    const double hz = direction().clock.hz > 0 ? direction().clock.hz : 1000;
    const int32_t behind = distance(sender.clock.last(), recent.likeliest());
    const auto left = static_cast<TimeNs>(behind * 1e9 / hz) - (report_.last_ns - sender.last_ns);
    if (left <= 0) return {};
    return fmt::format("Nothing was lost so far. Data that {} sends within the next {} will be discarded.",
                       named(from_), duration_text(left));
  }

  void lone_jump() {
    const auto& jump = direction_->lone_jump;
    if (!jump) return;
    Finding& f =
        add(RuleId::tsval_jump, from_, jump->frame, jump->time_ns,
            fmt::format("one segment's TSval was {} ahead of its own clock, and TS.Recent went with it",
                        counted(static_cast<uint64_t>(std::llabs(jump->ticks)), "tick")));
    f.advice = "That segment was damaged, forged or of another host: find out where it came from.";
  }

  bool rate_changed() const {
    const auto& epochs = direction_->epochs;
    if (epochs.empty()) return false;
    const ClockReport& before = epochs.back().report;
    const ClockReport& after = direction().clock;
    return before.confidence >= 0.7 && after.confidence >= 0.7 && before.hz > 0 &&
           (after.hz / before.hz > 1.05 || before.hz / after.hz > 1.05);
  }

  /// An offset moves a clock; it does not make it run slower.
  void forget_offsets() {
    for (Migration& m : report_.migrations)
      if (m.endpoint == from_ && m.frame > direction_->epochs.back().last_frame) {
        m.offset.reset();
        m.timestamp_sockopt.reset();
      }
  }

  void clock_rate() {
    const auto& epochs = direction_->epochs;
    const ClockReport& before = epochs.back().report;
    const ClockReport& after = direction().clock;
    const bool microseconds = before.nominal_hz == 1000 && after.nominal_hz == 1e6;
    Finding& f = add(RuleId::clock_rate_change, from_, epochs.back().last_frame + 1,
                     time_of(epochs.back().last_frame + 1),
                     fmt::format("the clock ran at {} Hz and then at {} Hz", before.hz, after.hz));
    f.advice = microseconds
                   ? "TCP_TIMESTAMP was restored with its low bit set, which means microseconds since "
                     "Linux 6.7: clear it."
                   : "An offset cannot mend this: restore on a kernel with the same tick rate.";
  }

  /// Can the clock as it runs now have made the step since it took over, at most a second ago?
  bool within_gap(const ClockStep& step) const {
    double seconds = 1;
    for (const Migration& m : report_.migrations)
      if (m.frame <= step.frame) seconds = 1 + static_cast<double>(m.gap_ns) / 1e9;
    return static_cast<double>(step.ticks) <= direction().clock.hz * seconds;
  }

  TimeNs time_of(uint64_t frame) const {
    for (const Migration& m : report_.migrations)
      if (m.frame == frame) return m.time_ns;
    for (const ClockEpoch& epoch : direction_->epochs)
      if (epoch.last_frame + 1 == frame) return epoch.end_ns;
    return report_.first_ns;
  }

  void options() {
    if (direction_->missing_tsopt) {
      const uint64_t data = direction_->missing_tsopt_data;
      Finding& f = add(
          RuleId::tsopt_missing, from_, direction_->missing_tsopt,
          fmt::format("{} without TSopt although negotiated{}",
                      counted(direction_->missing_tsopt.count, "segment"),
                      data ? fmt::format(", {} of them with data", data) : ", all bare ACKs or keepalives"));
      if (data == 0) f.severity = Severity::note;
      f.advice = "Linux takes them; a receiver that follows RFC 7323 section 3.2 drops them.";
    }
    if (direction_->malformed_tsopt)
      add(RuleId::tsopt_malformed, from_, direction_->malformed_tsopt,
          fmt::format("{} with a malformed or repeated TSopt",
                      counted(direction_->malformed_tsopt.count, "segment")));
    if (direction_->unnegotiated_tsopt)
      add(RuleId::tsopt_malformed, from_, direction_->unnegotiated_tsopt,
          fmt::format("{} with a TSopt that was not negotiated",
                      counted(direction_->unnegotiated_tsopt.count, "segment")));
  }

  void echoes() {
    if (direction_->zero_echo)
      add(RuleId::ts_recent_lost, from_, direction_->zero_echo,
          direction_->leaves_out_echo()
              ? fmt::format("TSecr is 0 at times: {}, or a firewall that speaks for it, leaves it out",
                            named(from_))
              : fmt::format("TSecr is 0 in mid-connection: {} lost TS.Recent, as a restored socket does{}",
                            named(from_), has_moved(from_) ? "" : ", or leaves it out"));
    if (direction_->unseen_echo)
      add(RuleId::tsecr_never_sent, from_, direction_->unseen_echo,
          fmt::format("{} with a TSecr that {} never sent", counted(direction_->unseen_echo.count, "segment"),
                      named(other(from_))));
  }

  void migrations() {
    for (const Migration& m : report_.migrations) {
      std::string signals;
      for (const MigrationSignal& signal : m.signals) signals += (signals.empty() ? "" : ", ") + signal.name;
      Finding& f = add(RuleId::endpoint_migrated, m.endpoint, m.frame, m.time_ns,
                       fmt::format("{} {} by another host at frame {} ({:.0f} %: {})", named(m.endpoint),
                                   was_replaced(m), m.frame, m.confidence * 100, signals));
      f.frames.clear();
      for (const MigrationSignal& signal : m.signals)
        if (f.frames.empty() || f.frames.back() != signal.frame) f.frames.push_back(signal.frame);
      f.frame_count = f.frames.size();
    }
  }

  void reset() {
    if (trouble_.reset_frame == 0) return;
    if (std::any_of(report_.findings.begin(), report_.findings.end(),
                    [](const Finding& f) { return f.rule == RuleId::paws_drop; }))
      return;
    const Side from = side_of(flow_, trouble_.reset_from);
    add(RuleId::not_timestamps, from, trouble_.reset_frame, report_.last_ns,
        fmt::format("{} reset the connection at frame {} with data unacknowledged{}", named(from),
                    trouble_.reset_frame, where_reset_came_from()));
  }

  /// A host that the address has moved to, and that does not know the connection; or a middlebox.
  std::string where_reset_came_from() const {
    const std::string mac = trouble_.reset_mac ? fmt::format("; another host sent it, from MAC {}",
                                                             mac_to_string(trouble_.reset_mac))
                                               : std::string();
    return trouble_.reset_ttl == trouble_.ttl_before_reset
               ? mac
               : fmt::format("{}; its TTL is {}, the connection's was {}", mac, trouble_.reset_ttl,
                             trouble_.ttl_before_reset);
  }

  void incomplete() {
    if (trouble_.lacking.bytes != 0)
      add(RuleId::capture_incomplete, std::nullopt, trouble_.lacking.frame, report_.first_ns,
          fmt::format("{} acknowledged that the capture does not hold, first at frame {}",
                      counted(trouble_.lacking.bytes, "byte"), trouble_.lacking.frame));
    if (flow_.options_cut)
      add(RuleId::capture_incomplete, std::nullopt, report_.first_frame, report_.first_ns,
          report_.timestamps == Negotiated::yes
              ? "the snapshot length cut TCP options off: not every segment could be judged"
              : "the snapshot length cut TCP options off: whether timestamps are in use is not known");
    if (is_one_sided(flow_))
      add(RuleId::capture_incomplete, std::nullopt, report_.first_frame, report_.first_ns,
          "only one side's segments are in the capture: nothing can be confirmed");
  }

  FlowReport& report_;
  const Flow& flow_;
  const Trouble& trouble_;
  Side from_ = Side::client;
  unsigned index_ = 0;
  const DirectionTrouble* direction_ = nullptr;
  bool rate_changed_ = false;  ///< of the clock of from_
};

}  // namespace

void apply_rules(FlowReport& report, const Flow& flow, const Trouble* trouble) {
  static const Trouble kNone;
  if (trouble || flow.options_cut || is_one_sided(flow))
    Collector(report, flow, trouble ? *trouble : kNone).run();
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [](const Finding& x, const Finding& y) { return x.severity > y.severity; });
  for (const Finding& finding : report.findings) report.worst = std::max(report.worst, finding.severity);
  report.summary = summarise(report);
}

}  // namespace tsaudit
