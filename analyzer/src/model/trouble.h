// SPDX-License-Identifier: Apache-2.0
// What only a connection in trouble needs: its odd segments, open questions, stalls and signs of migration.
// Allocated when the first odd thing happens, so a healthy connection costs sizeof(Flow) and no more.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/clock.h"
#include "model/gaps.h"
#include "model/paws.h"
#include "tsaudit/report.h"
#include "tsaudit/segment.h"
#include "tsaudit/types.h"
#include "tsaudit/verdict.h"

namespace tsaudit {

/// So many of the last verdicts of a direction may turn out otherwise.
constexpr size_t kMaxOpen = 64;

/// Frames of one kind: the first few, and how many in all.
struct FrameList {
  /// Those that may yet be removed, and what is left then for a finding to name.
  static constexpr size_t kKept = kMaxOpen + Finding::kMaxFrames;
  struct Kept {
    uint64_t frame;
    TimeNs time_ns;
    int32_t ticks_behind;  ///< of TS.Recent, where that matters
  };
  std::vector<Kept> kept;
  uint64_t count = 0;
  TimeNs first_ns = 0, last_ns = 0;

  void add(uint64_t frame, TimeNs time, int32_t ticks_behind = 0) {
    const bool first = count++ == 0;
    first_ns = first ? time : std::min(first_ns, time);
    last_ns = first ? time : std::max(last_ns, time);
    // What is decided later may come before what was sure at once.
    kept.insert(std::ranges::upper_bound(kept, frame, {}, &Kept::frame), {frame, time, ticks_behind});
    if (kept.size() > kKept) kept.pop_back();
  }
  /// `frame` is none of them after all.
  void remove(uint64_t frame) {
    std::erase_if(kept, [frame](const Kept& k) { return k.frame == frame; });
    if (--count == 0)
      *this = {};
    else
      first_ns = kept.front().time_ns;
  }
  /// The first between these two moments; null: none that is kept.
  const Kept* first_within(TimeNs from, TimeNs to) const {
    const auto at = std::ranges::find_if(kept, [=](const Kept& k) { return k.time_ns >= from && k.time_ns <= to; });
    return at == kept.end() ? nullptr : &*at;
  }
  /// Was one of them between? Of those that are not kept only the first and the last moment are known.
  bool any_within(TimeNs from, TimeNs to) const {
    return first_within(from, to) || (count > kept.size() && last_ns >= from && kept.back().time_ns <= to);
  }
  uint64_t first_frame() const { return kept.front().frame; }
  int32_t first_ticks_behind() const { return kept.front().ticks_behind; }
  void add(const FrameList& others) {
    const uint64_t sum = count + others.count;
    for (const Kept& k : others.kept) add(k.frame, k.time_ns, k.ticks_behind);
    count = sum;
    if (others) last_ns = std::max(last_ns, others.last_ns);
  }
  explicit operator bool() const { return count != 0; }
};

struct DirectionTrouble;

/// What a receiver needs of a segment. If it is nothing, its discard does no harm.
struct Needed {
  bool data = false;    ///< that it has not got
  bool ack = false;     ///< of new data
  bool window = false;  ///< the news that it is open
  bool answer = false;  ///< to a probe: the other end is there
  bool probe = false;   ///< the second in a row that nobody has answered: who asks gives up
  explicit operator bool() const { return data || ack || window || answer || probe; }
};

/// The first segment that timestamps cost.
struct FirstLoss {
  enum class Why : uint8_t {
    old_tsval,        ///< PAWS
    echo_of_request,  ///< TSecr is of none of the receiver's SYN-ACKs
    echo_of_syn,      ///< TSecr is of none of the receiver's SYNs
    no_tsopt,         ///< RFC 7323 section 3.2
  };
  Why why = Why::old_tsval;
  TimeNs stored_ns = 0;  ///< when the TS.Recent that refused it was stored
  bool overtaken = false;  ///< the capture has shown that TS.Recent, and a segment that was sent later
  const ReceiverProfile* by = nullptr;
};

/// A verdict that the receiver's next segments will confirm or refute.
struct OpenVerdict {
  uint64_t frame = 0;
  TimeNs time_ns = 0;
  SeqNum seq, end_seq;
  TsVal tsval;
  Verdict verdict = Verdict::drop;
  Reason reason = Reason::paws;
  bool answered = false;  ///< the receiver is expected to send an ACK for it
  bool answer_came = false;  ///< the one for data: others answer other segments
  std::optional<Reason> answered_refusal = {};  ///< or it is if it was refused for this reason
  FrameList DirectionTrouble::*list = nullptr;  ///< where it is counted among drops
  uint32_t sent = 0;     ///< segments of its sender up to this one
  std::array<TsVal, 4> later{};  ///< TSvals of those that came after it, as far as there is room
  uint8_t later_count = 0;       ///< of all, saturating
  bool repeated = false;  ///< data of it were sent again
  bool first_elsewhere = false; ///< its first byte came in another segment that the receiver may have taken
  bool last_elsewhere = false;  ///< so did its last
  bool asked = false;     ///< the first echo after it has been weighed
  bool rcv_doubtful = false;  ///< RCV.NXT was in doubt as well
  bool window_doubtful = false;  ///< and whether it would update the receiver's window
  bool knocks = false;  ///< a SYN of another connection: no ACK of this one covers it
  bool perhaps_request = false;   ///< what it echoes a request would refuse, which the receiver may have had still
  Needed needed = {};     ///< by its receiver
  bool ts_recent_shown = false;  ///< the receiver's own echo has shown the TS.Recent that refused it, or a later one
  PawsState state;        ///< the likeliest, and the segment: to ask other profiles
  PawsSegment segment;
  Evidence evidence = Evidence::predicted;
  std::array<uint64_t, 4> evidence_frames{};

  void followed_by(TsVal value) {
    if (later_count < later.size()) later[later_count] = value;
    if (later_count < UINT8_MAX) ++later_count;
  }
  /// Is one of the data from `from` up to `to` among its own?
  bool overlaps(SeqNum from, SeqNum to) const { return before(from, end_seq) && after(to, seq); }
  /// The receiver may have the data from `from` up to `to` by another segment.
  void may_have(SeqNum from, SeqNum to) {
    first_elsewhere = first_elsewhere || (!before(seq, from) && before(seq, to));
    last_elsewhere = last_elsewhere || (after(end_seq, from) && !after(end_seq, to));
  }
  /// If not, one of its bytes came in it alone: who acknowledges them all has taken it.
  bool elsewhere() const { return first_elsewhere && last_elsewhere; }
  /// May TS.Recent have become this by what came after the segment?
  bool later_holds(TsVal value) const {
    return later_count > later.size() || std::find(later.begin(), later.begin() + later_count, value) !=
                                             later.begin() + later_count;
  }
};

/// A receiver before the segment that tells of it.
struct ReceiverBefore {
  bool repeats_ack = false;    ///< the segment is a pure ACK that acknowledges nothing new
  bool echo_expected = false;  ///< its TSecr is what TS.Recent may have been
  SeqNum rcv_nxt;              ///< how far the accepted segments reach
  SeqNum right_edge;           ///< of its window, as offered so far
};

/// The end of the last data that wait for what comes before them.
struct SackEdge {
  SeqNum right;
  bool perhaps_more = false;  ///< there are as many blocks as fit into the options
};

/// A TSval that does not fit its sender's clock, until the next segments tell a step from an outlier.
struct PendingStep {
  uint64_t frame = 0;
  TimeNs time_ns = 0;
  TsVal tsval;
  uint32_t segments = 0;  ///< that agree with it
  bool certain = false;   ///< carried new data or a new ACK, so it is not an old packet out of order
};

/// One segment ahead of its sender's clock, which went on as before; but TS.Recent had gone with it.
struct LoneJump {
  uint64_t frame = 0;
  TimeNs time_ns = 0;
  TsVal tsval;
  int64_t ticks = 0;
};

/// A SYN inside of a live connection: a new one begins if its SYN-ACK follows.
struct Knock {
  unsigned from = 0;  ///< index of its sender in Flow::host
  uint64_t frame = 0;
  TimeNs time_ns = 0;
  SeqNum isn, end;
  TsVal tsval;
  TsOption ts = TsOption::absent;
  bool scale_known = false;
  uint8_t window_scale = 0, ttl = 0;
  uint16_t mac = 0;  ///< folded
};

/// The last TSvals that were off their sender's clock for one segment each.
class Outliers {
 public:
  void add(TsVal tsval) { values_[count_++ % values_.size()] = tsval; }
  bool hold(TsVal tsval) const {
    const auto end = values_.begin() + std::min<size_t>(count_, values_.size());
    return std::find(values_.begin(), end, tsval) != end;
  }

 private:
  std::array<TsVal, 8> values_{};
  uint32_t count_ = 0;
};

/// A stretch of the sender's life with one clock.
struct ClockEpoch {
  ClockReport report;
  uint64_t last_frame = 0;
  TimeNs end_ns = 0;  ///< when the next one began
  TsVal first, last;  ///< that it said
  bool said(TsVal tsval) const { return !before(tsval, first) && !after(tsval, last); }
};

/// A clock that is further behind than queues explain, until it shows whether it stood still or runs slower now.
struct Lag {
  uint64_t frame = 0;  ///< where it was behind first; it has been since
  TimeNs time_ns = 0;
  TsVal tsval;
  uint32_t sent = 0;      ///< Host::segments at the last look
  uint32_t segments = 0;  ///< of the part that is measured now
  TimeNs part_ns = 0;     ///< when that began
  TsVal part_tsval;
  double hz = 0;  ///< the part before; 0: no rate in use
};

/// A clock that may have stood still: it is behind, and either that or a queue explains it.
struct PendingPause {
  uint64_t frame = 0;  ///< where it was behind first
  TimeNs time_ns = 0;
  int64_t behind_ns = 0;  ///< there
  TsVal tsval;            ///< there
  TsVal last_tsval;       ///< before that
  TimeNs last_ns = 0;
  uint32_t segments = 0;  ///< since
  bool found = false;     ///< no queue explains it; whether the clock goes on at its rate is to be seen
};

enum class StallCause : uint8_t { paws, zero_window, no_answer, loss, refused, refused_sequence, reset, icmp };
std::string_view to_string(StallCause cause);

/// One direction without progress.
struct Stall {
  StallCause cause = StallCause::loss;
  std::optional<StallCause> cause_before = {};  ///< until a segment that matters was discarded for its timestamps
  uint64_t frame = 0;  ///< where it shows first: what held it up, or the first copy of what had been sent before
  TimeNs start_ns = 0;
  TimeNs again_ns = 0;    ///< the first retransmission, or since then the first that the capture shows of the data
  TimeNs end_ns = 0;      ///< last moment of it that the capture shows
  bool over = false;      ///< progress was seen again
  uint8_t new_segments = 0;     ///< with data that were not sent before
  bool answers_unseen = false;  ///< its sender was answered, and the capture does not hold that
  uint64_t segments = 0;  ///< retransmissions or probes during it
  std::optional<IcmpError> icmp = {};  ///< if that is the cause
  MacAddress sent_to = 0;  ///< where its last segment went on the link, unless the other end sends from there
  uint64_t arrived = 0;   ///< at another point of the capture than the first, of these and of what was under way
  bool last_point_known = false;  ///< where its sender's segments were seen last before
  bool copy_open = false;       ///< its sender's last segment was a copy of what the receiver waits for
  uint8_t answered_copies = 0;  ///< of those, with the ACK that it had sent before
  bool misplaced[2] = {false, false};  ///< [i]: host[i] was refused meanwhile, for its numbers
  bool lost_within() const { return last_point_known && segments >= 2 && arrived == 0; }
};

/// What was sent again and is not acknowledged yet. Mostly it will be before that is a trouble.
struct Resent {
  std::optional<SeqNum> una;  ///< its sender's, if known: once that has moved it is over
  uint64_t frame = 0;        ///< of the first copy
  TimeNs since_ns = 0;       ///< when the data were sent first, or others before them acknowledged
  TimeNs again_ns = 0;       ///< when that copy was
  bool data = false;         ///< not a FIN alone
  bool shown_first = false;  ///< the capture lacks what came before that copy
};

/// About the segments of one sender, and the receiver at the other end.
struct DirectionTrouble {
  std::array<uint32_t, kReasonCount> reasons{};  ///< all but newer and equal
  FrameList paws_drops;                          ///< with data, FIN or SYN
  FrameList stale_acks;                          ///< without
  FrameList stale_copies;                        ///< with data that the receiver had already got
  FrameList taken_all_the_same;                  ///< by the model they were paws_drops, but their receiver shows otherwise
  FrameList undecided;                           ///< the capture does not show whether PAWS discarded them
  FrameList missing_tsopt;
  uint64_t missing_tsopt_data = 0;  ///< of those, the ones that are not keepalives
  FrameList malformed_tsopt;
  FrameList unnegotiated_tsopt;
  FrameList zero_echo;      ///< TSecr 0 in mid-connection
  bool zero_echo_open = false;  ///< no other echo has come since
  uint8_t zero_echo_runs = 0;   ///< of them, with other echoes in between and no other sign of a move; 2: or more
  /// Its sender, or who speaks for it, leaves TSecr out at times. A restored socket does not: once it has a TS.Recent it
  /// keeps it.
  bool leaves_out_echo() const { return zero_echo_runs >= 2; }
  FrameList unseen_echo;    ///< TSecr that the peer never sent
  /// The last of them, the ACK that it came with, and its peer's clock then.
  struct StrangeEcho {
    TsVal tsecr;
    SeqNum ack;
    TsVal peer_clock;
  };
  std::optional<StrangeEcho> strange_echo;
  std::optional<SeqNum> unseen_got;   ///< its receiver has acknowledged this, more than was sent in sight
  std::optional<SeqNum> unseen_sent;  ///< and says to have sent that, more than is in sight
  std::optional<SeqNum> strange_ack;  ///< of what its receiver has not sent in sight
  FrameList other_answers;  ///< SYN-ACKs of another host with the same address
  std::optional<SeqNum> other_isn;  ///< of a SYN-ACK, until the client takes that or the other one
  FrameList refused_reuse;  ///< SYN of a new connection with an old TSval
  uint32_t confirmed = 0, predicted = 0, contradicted = 0;
  uint32_t contradicted_drops = 0;  ///< of `contradicted`; the others had been accepted
  const ReceiverProfile* fitting_profile = nullptr;  ///< what the contradictions speak for
  TsRecentCheck misses;                              ///< compared, equal and exact are in Host
  std::vector<OpenVerdict> open;
  std::vector<ClockEpoch> epochs;  ///< before the current one
  std::vector<ClockStep> steps;
  std::optional<PendingStep> pending_step;
  Outliers outliers;
  std::optional<LoneJump> lone_jump;
  std::optional<Lag> lag;
  std::optional<PendingPause> pause;
  std::vector<Stall> stalls;
  FirstLoss first_loss;  ///< if there are paws_drops
  /// The last segment of which nothing shows yet whether it was taken moved SND.UNA from `una` to `ack`.
  struct DoubtfulAck {
    SeqNum una, ack;
    SeqNum seq, end;  ///< of its data
  };
  std::optional<DoubtfulAck> doubtful_ack;
  /// A RST of which nothing shows yet whether it was taken.
  struct DoubtfulReset {
    uint64_t frame;
    TimeNs time_ns;
  };
  std::optional<DoubtfulReset> doubtful_reset;
  std::optional<SackEdge> sack_edge;  ///< of what its receiver holds out of order, as it last told
  std::optional<TimeNs> answer_owed;  ///< its receiver refused one then, but not by timestamps, and answers
  std::optional<TsVal> request_ack;      ///< the receiver's last SYN-ACK had this TSval, and ACKs came since
  std::optional<SeqNum> offered_edge;    ///< the receiver has taken back its window: what it reached to
  std::optional<SeqNum> damaged_end;  ///< of a segment with a bad checksum that has not been sent again
  /// Since PAWS refused this segment, of its own or with the ACK or the window for them, its data make no progress.
  struct Hold {
    unsigned by;  ///< index of its sender in Flow::host
    uint64_t frame;
    TimeNs time_ns;
    bool certain = false;  ///< there are such data, or somebody asks
    bool data = false;     ///< there are: an answer to a probe helps them nothing
  };
  std::optional<Hold> hold;
  TimeNs progress_ns = INT64_MIN;  ///< when it was seen last, while anything was odd
  bool probes = false;  ///< its last segment asks whether the other end is there, or its window open
  bool stall_open = false;            ///< stalls.back() goes on
  uint32_t stalls_left_out = 0;       ///< shorter than all of stalls, which holds no more
  /// That one consists of data that were sent again, from here on, when their receiver had acknowledged them.
  std::optional<SeqNum> needless_seq;
  /// Are there data that make no progress, as far as is known now?
  bool stalls_now() const { return stall_open && !needless_seq; }
  std::optional<IcmpError> icmp;      ///< the first about its segments since it made progress
  bool zero_window_open = false;      ///< the receiver's window is closed since zero_window_ns
  TimeNs zero_window_ns = 0;
  uint64_t zero_window_frame = 0;
};

/// A replaced endpoint, as it takes shape.
struct MigrationCase {
  Migration result;
  unsigned host = 0;      ///< index in Flow::host
  uint32_t segments = 0;  ///< of the new host, so far
  bool closed = false;
  uint16_t old_mac = 0;  ///< folded
  MacAddress new_mac = 0;  ///< 0: the same, or not told
  uint8_t old_ttl = 0;
  bool id_goes_on = false;  ///< IPv4 IDs are counted on: the same socket, or virtual machine
  double doubt = 1;  ///< product of (1 - weight) over the signals

  // For the recovery: by host, how far it had sent and been acknowledged, and what had got through.
  SeqNum snd_nxt[2], acked[2];
  uint64_t delivered[2] = {0, 0};

  // For the offset: the receiver's and the old clock's last word, and the new clock's first.
  bool receiver_known = false;
  TsVal ts_recent;
  SenderClock old_clock;
  bool new_known = false;
  TsVal new_tsval;
  TimeNs new_ns = 0;
};

class Trouble {
 public:
  DirectionTrouble direction[2];  ///< [i]: what host[i] sent
  std::vector<MigrationCase> migrations;
  /// [i]: host[i] was seen with one link address or TTL, another, and the first again: at two points of one way.
  bool at_two_points[2] = {false, false};
  uint64_t reset_frame = 0;  ///< of the first RST that found data unacknowledged
  unsigned reset_from = 0;
  uint64_t reset_mac = 0;  ///< where it came from, if the connection's segments did not
  uint8_t reset_ttl = 0, ttl_before_reset = 0;
  Lacking lacking;  ///< data, at the end
  std::vector<CaptureClockStep> capture_clock_steps;  ///< at the end

  std::optional<Knock> knock;

  /// Is there something that the next segments of the flow may decide, whatever they are?
  bool has_open_questions() const {
    for (const DirectionTrouble& d : direction)
      if (!d.open.empty() || d.pending_step || d.pause || d.stall_open || d.hold || d.zero_window_open ||
          d.damaged_end || d.zero_echo_open || d.doubtful_ack || d.doubtful_reset)
        return true;
    for (const MigrationCase& m : migrations)
      if (!m.closed || !m.result.recovery_ns) return true;
    return knock.has_value();
  }

  static constexpr size_t kMaxEpochs = 16, kMaxStalls = 32, kMaxMigrations = 16;
};

}  // namespace tsaudit
