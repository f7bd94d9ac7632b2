// SPDX-License-Identifier: Apache-2.0
// Takes the segments of live connections one by one and keeps both ends' state: the model stage's front door.
// Order of work per segment: judge it at its receiver, apply it there, read what it says about its sender's
// own receiver state (TSecr, ACK), follow the sender's clock; then, only where something is odd, evidence,
// migration and stalls.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "model/flow_state.h"
#include "model/receiver.h"
#include "model/trouble.h"
#include "tsaudit/analysis.h"
#include "tsaudit/segment.h"

namespace tsaudit {

/// Hears of verdicts that the receiver's later segments have decided.
class EvidenceSink {
 public:
  virtual ~EvidenceSink() = default;
  virtual void opened(uint64_t frame) = 0;
  virtual void resolved(const OpenVerdict& verdict) = 0;
};

class Tracker {
 public:
  /// `evidence` may be null. Both must outlive the tracker.
  Tracker(const AnalysisOptions& options, EvidenceSink* evidence);

  /// `from`: index in flow.host of the sender. A new flow is value-initialised but for its key and id.
  Judgement process(Flow& flow, unsigned from, const Segment& s);

  /// A gratuitous ARP or an unsolicited neighbour advertisement.
  void announce(const Announcement& announcement);

  /// Is `s` the begin of another connection on the same 4-tuple? Then finish() the flow and start a new one.
  bool starts_new_connection(const Flow& flow, unsigned from, const Segment& s) const;
  /// The other end's SYN, or this one sent before, which was judged in the old connection and belongs to the one
  /// that `s` begins.
  std::optional<Knock> knock_before(const Flow& flow, unsigned from, const Segment& s) const;
  /// `s` is its SYN-ACK, or goes on behind it: that SYN has not been refused.
  void take_knock(Flow& flow, const Knock& knock, const Segment& s);
  /// The new connection as that SYN has left it.
  void begin_with(Flow& flow, const Knock& knock) const;

  /// Closes all that is open in `flow` and takes its trouble away from the pool (null: it had none).
  std::unique_ptr<Trouble> finish(Flow& flow);
  /// What finish() would give now, which it leaves as it is.
  std::unique_ptr<Trouble> so_far(const Flow& flow);

  /// `s`, which `from` sent, is a copy of a segment that another point of the capture has shown.
  void shown_again(Flow& flow, unsigned from, const Segment& s);
  /// The same, but its TSval, or TSecr, was another there, its TSval `first`.
  void shown_rewritten(Flow& flow, unsigned from, const Segment& s, TsVal first);
  /// Ticks that are added to TSval behind the point where `s` is seen.
  int32_t rewritten_by(const Flow& flow, unsigned from, const Segment& s) const;

  /// Somebody says that a segment of `from` was discarded. False: it has none like that under way.
  bool told_by_icmp(Flow& flow, unsigned from, const IcmpError& error);

  /// Some host has shown with two link addresses or TTLs in turn: the capture sees its segments twice.
  bool saw_two_points() const { return saw_two_points_; }

  const ReceiverProfile& profile_for(const Flow& flow, unsigned receiver) const;
  bool profile_is_told(const Flow& flow, unsigned receiver) const;
  /// Flows that have trouble now.
  size_t troubled() const { return pool_.size() - pool_free_.size(); }
  const Trouble* trouble_of(const Flow& flow) const {
    return flow.trouble ? pool_[flow.trouble - 1].get() : nullptr;
  }

 private:
  Trouble& trouble(Flow& flow);
  static uint64_t key_of(const Flow& flow, unsigned sender) { return uint64_t{flow.id} << 1 | sender; }
  static void settle(const Flow& flow, Trouble& t);

  // own_word.h
  void note_own_ack(Flow& flow, unsigned from, const Segment& s, uint32_t window);
  void take_echo(Flow& flow, unsigned from, const Segment& s, bool all_arrived);

  // odd_segment.cpp
  Judgement process_odd(Flow& flow, unsigned from, const Segment& s);
  struct Odd;
  void doubt_verdict(Odd& odd);
  void make_up_damage(const Odd& odd);
  void take(Odd& odd);
  void follow_open(const Odd& odd);
  void withdraw_knock(const Odd& odd);
  bool note_syn(Odd& odd);
  void listen(Odd& odd);
  static void count_sent(Odd& odd);
  void go_on(Odd& odd);
  void apply_accepted(Flow& flow, unsigned from, const Segment& s);
  void doubt_ack(Flow& flow, unsigned from, const Segment& s, const Host& was);
  void trust_ack(Flow& flow, unsigned from, const Segment& s);
  void settle_ack(Flow& flow, unsigned receiver, SeqNum ack);

  // capture_loss.cpp
  static void refute_ack(const Flow& flow, Host& a, Host& b, const Segment& s);
  void choose_answer(Flow& flow, unsigned from, const Segment& s);
  void note_absence(const Odd& odd);
  void note_capture_loss(Odd& odd);
  void lack_data(Flow& flow, unsigned sender, SeqNum from, SeqNum to, uint64_t frame);
  Gaps* gaps_of(const Flow& flow, unsigned sender);
  Lacking lacking_of(const Flow& flow);
  void note_gaps(Odd& odd);

  // capture_points.cpp
  void note_points(const Odd& odd);

  // connection.cpp
  void place_tap(Flow& flow) const;
  void first_segment(Flow& flow, unsigned from, const Segment& s);
  void handshake(Flow& flow, unsigned from, const Segment& s, const Judgement& j);
  Judgement other_answer(Flow& flow, unsigned from, const Segment& s);
  void outlive_reset(Flow& flow, unsigned from, const Segment& s);
  void close_down(Flow& flow, unsigned from, const Segment& s, Verdict verdict);

  // verdict_count.cpp
  void note_options(Flow& flow, unsigned from, const Segment& s);
  void count_verdict(Flow& flow, unsigned from, const Segment& s, const Judgement& j,
                     const std::optional<PawsState>& open);
  void odd_verdict(Flow& flow, unsigned from, const Segment& s, const Judgement& j,
                   const std::optional<PawsState>& open);
  Needed needed(Flow& flow, unsigned from, const Segment& s);
  void note_loss(Flow& flow, unsigned from, Reason reason, TcpState receiver, TsVal ts_recent, bool repeated);
  Judgement damaged(Flow& flow, unsigned from, const Segment& s);

  // echo.cpp
  void unexpected_echo(Flow& flow, unsigned from, const Segment& s, TsRecentSet::Echo echo, bool all_arrived);
  bool echo_tells(Flow& flow, unsigned from, const Segment& s);
  bool echo_is_foreign(Flow& flow, unsigned from, const Segment& s);
  void echo_missed(Flow& flow, unsigned from, const Segment& s, TsRecentSet::Echo echo, bool all_arrived);

  // clock_steps.cpp. `was`: the sender before the segment.
  void drop_outlier(Flow& flow, unsigned from, const Judgement& j);
  bool lagging_clock(Flow& flow, unsigned from, const Segment& s);
  void paused_clock(Flow& flow, unsigned from, const Segment& s, const Host& was, const Judgement& j);
  void odd_clock(Flow& flow, unsigned from, const Segment& s, SenderClock::Fit fit, bool new_information,
                 const Host& was, const Judgement& j);
  void take_step(Flow& flow, unsigned from, const PendingStep& step);
  static void finish_clock(const Flow& flow, unsigned from, Trouble& t);

  // evidence.cpp
  void open_verdict(Flow& flow, unsigned from, const Segment& s, const Judgement& j, const PawsState& state,
                    Needed needed, FrameList DirectionTrouble::*list);
  bool was_another(const Flow& flow, unsigned receiver, const OpenVerdict& verdict, const Segment& s) const;
  void decide(Flow& flow, unsigned sender, OpenVerdict& verdict, Verdict now, Reason reason, uint64_t frame);
  bool settle_doubt(Flow& flow, unsigned sender, OpenVerdict& verdict, const Segment& s, bool answers,
                    bool repeats_ack);
  void weigh_evidence(Flow& flow, unsigned from, const Segment& s, const ReceiverBefore& was);
  bool answered_after_all(Flow& flow, unsigned sender, OpenVerdict& verdict, const Segment& s,
                          const ReceiverBefore& was);
  void contradict(Flow& flow, unsigned sender, OpenVerdict& verdict, uint64_t frame);
  void resolve(DirectionTrouble& direction, const OpenVerdict& verdict);
  static void count(DirectionTrouble& direction, const OpenVerdict& verdict);

  // stalls.cpp
  void note_resent(const Odd& odd);
  const Resent* resent_by(const Odd& odd, unsigned sender) const;
  void hold_up(Flow& flow, unsigned from, uint64_t frame, TimeNs time_ns, Needed refused);
  void let_go(Flow& flow, uint64_t frame);
  struct Progress {
    bool of_other, of_own;  ///< data of the other side, which a segment acknowledges, or of its own sender
    bool answers;           ///< a probe of the other side
    bool new_data;
    bool heard_unseen;      ///< its sender has got what the capture does not hold
    bool closes;            ///< both sides: nobody waits for the ACK of a FIN any more
    bool misplaced;         ///< it passed PAWS, but was refused for its numbers
    bool speaks;            ///< it is its sender's own present word, and no RST
  };
  void watch_progress(const Odd& odd, Progress progress, bool retransmitted);
  void follow_stalls(const Odd& odd, Progress progress, bool retransmitted);
  const Resent* overdue(const Odd& odd, unsigned sender) const;
  static void close_stalls(const Flow& flow, Trouble& t);
  void note_point(Stall& stall, const Flow& flow, unsigned from, const Segment& s) const;

  // migration.cpp
  bool is_cut(uint64_t frame) const {
    return !options_.cuts.empty() &&
           std::find(options_.cuts.begin(), options_.cuts.end(), frame) != options_.cuts.end();
  }
  MigrationCase* open_migration(Flow& flow, unsigned from, const Segment& s, const Host& was,
                                const Judgement& j);
  bool moved_on(const Segment& s, TimeNs since) const;
  void note_announcement(MigrationCase& open, const Segment& s, TimeNs silent_since) const;
  bool leaves_out_echo(Flow& flow, unsigned from, bool other_sign);
  void watch_migration(Flow& flow, unsigned from, const Segment& s, const Host& was, const Judgement& j);
  void watch_recovery(Flow& flow, unsigned from, const Segment& s);
  static void close_migration(const Flow& flow, const Trouble& t, MigrationCase& open);
  static void find_capture_steps(const Flow& flow, Trouble& t);
  static void withdraw_set_clocks(Trouble& t);

  const AnalysisOptions& options_;
  EvidenceSink* evidence_;
  std::vector<std::unique_ptr<Trouble>> pool_;
  std::vector<uint32_t> pool_free_;
  std::array<Announcement, 256> announcements_{};  ///< the last ones, a ring
  size_t announcement_count_ = 0;
  bool saw_two_points_ = false;
  /// By flow: Segment::point where what host[i] sent is seen last. Of flows that several points saw.
  std::unordered_map<uint32_t, std::array<uint32_t, 2>> last_points_;
  struct Rewriter {
    int32_t ticks = 0;
    uint32_t point = 0;  ///< behind it: Copies::point_of()
  };
  std::unordered_map<uint32_t, std::array<Rewriter, 2>> rewritten_;  ///< by flow
  std::unordered_map<uint64_t, Gaps> gaps_;      ///< by key_of(), of the senders that have any
  std::unordered_map<uint64_t, Resent> resent_;  ///< likewise
};

}  // namespace tsaudit
