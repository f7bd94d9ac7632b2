// SPDX-License-Identifier: Apache-2.0
// What an analysis says: flows, migrations, findings, totals. Formats are made of these and of nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tsaudit/capture.h"
#include "tsaudit/profile.h"
#include "tsaudit/rule_table.h"
#include "tsaudit/types.h"
#include "tsaudit/verdict.h"

namespace tsaudit {

/// Which end of a flow. The client sent the SYN (or, without one, is guessed by port and first packet).
enum class Side : uint8_t { client = 0, server = 1 };
constexpr Side other(Side side) { return side == Side::client ? Side::server : Side::client; }
std::string_view to_string(Side side);

enum class Negotiated : uint8_t { unknown, no, yes };
std::string_view to_string(Negotiated negotiated);

/// Where the capture was taken, seen from the receiver of a direction.
enum class Vantage : uint8_t {
  unknown,
  at_receiver,   ///< what the capture shows, the receiver got, in that order
  at_sender,     ///< segments may be lost or reordered after the capture point
  in_middle,
  one_sided,     ///< the receiver's own segments are not in the capture
};
std::string_view to_string(Vantage vantage);

struct ClockStep {
  uint64_t frame = 0;      ///< first segment with the new clock
  int64_t ticks = 0;       ///< TSval minus what the sender's own clock would have said
  int64_t from_last = 0;   ///< TSval minus the newest one before it: negative if PAWS may mind
  bool same_host = false;  ///< its IP IDs go on, and nothing but its clock has changed
};

/// The timestamp clock of one sender, fitted.
struct ClockReport {
  double hz = 0;                 ///< ticks a second; 0: unknown
  double nominal_hz = 0;         ///< 100, 250, 300, 1000 or 1000000 when `hz` fits one of them, else 0
  double ppm = 0;                ///< of hz against nominal_hz
  double confidence = 0;         ///< 0..1
  std::vector<ClockStep> steps;
};

/// The tool's own measure of how right it is: modelled TS.Recent against the TSecr on the wire.
struct TsRecentCheck {
  uint64_t compared = 0;   ///< reverse segments for which the model had a prediction
  uint64_t equal = 0;      ///< TSecr is a value that TS.Recent could hold
  uint64_t exact = 0;      ///< of `equal`: only one value was possible
  // Every miss has a cause.
  uint64_t missed_loss = 0;       ///< not among `compared`: echo of a TSval that the capture does not have, or from before its begin
  uint64_t missed_reorder = 0;    ///< the capture's order is not the receiver's
  uint64_t missed_refused = 0;    ///< the receiver dropped what the model accepted
  uint64_t missed_restored = 0;   ///< the receiver lost TS.Recent (TSecr 0)
};

/// One direction: the segments that `from` sent, judged as the other side's receiver judges them.
struct DirectionReport {
  Side from = Side::client;
  const ReceiverProfile* receiver_profile = nullptr;
  bool profile_proven = false;   ///< chosen by evidence (or by the user), not by default
  Vantage vantage = Vantage::unknown;
  uint64_t segments = 0;
  uint64_t ts_segments = 0;
  uint64_t payload_bytes = 0;    ///< retransmissions counted again
  uint64_t delivered_bytes = 0;  ///< payload that the other side acknowledged, each byte once
  uint8_t first_payload_bits = 0;   ///< std::bit_width() of the first payload's length; 0: no payload
  uint64_t retransmissions = 0;  ///< of data: no SYN and no FIN alone
  std::array<uint64_t, kReasonCount> reasons{};       ///< segments per reason
  std::array<uint64_t, 4> verdicts{};                 ///< by Verdict
  uint64_t confirmed = 0, predicted = 0, contradicted = 0;   ///< drops by timestamps, by evidence
  /// Ticks that its TSval lacked when timestamps cost it the first segment, and no migration in the capture tells more.
  std::optional<int64_t> offset_min;
  ClockReport clock;
  TsRecentCheck check;
};

/// One observation that speaks for a replaced endpoint.
struct MigrationSignal {
  std::string name;      ///< "tsval-step", "tick-rate", "repair-probe", "tsecr-zero", "mac", "ttl", "ip-id", "flow-label", "gap", "announcement", "told"
  uint64_t frame = 0;
  std::string detail;
};

/// Ticks to add to the migrated endpoint's TSval (signed view of a number mod 2^32).
struct OffsetAdvice {
  int64_t min = 0;         ///< smallest that loses no segment
  int64_t suggested = 0;   ///< its old clock, continued through the gap
  int64_t max = 0;         ///< largest that is still ahead of TS.Recent (forward half)
  /// Without one, segments are lost. (A tick is forgiven: TCP_PAWS_WINDOW, include/net/tcp.h.)
  bool needed() const { return min > 1; }
};

struct Migration {
  uint64_t frame = 0;             ///< first segment of the new host
  TimeNs time_ns = 0;
  Side endpoint = Side::client;
  double confidence = 0;          ///< 0..1
  bool told = false;              ///< by --cut
  std::vector<MigrationSignal> signals;
  std::optional<int64_t> tsval_step;      ///< ticks against its own clock; absent: not measurable
  int64_t gap_ns = 0;                     ///< silence of the endpoint before `frame`
  std::optional<OffsetAdvice> offset;     ///< absent: no timestamps to judge by
  std::optional<uint32_t> timestamp_sockopt;  ///< value for setsockopt(TCP_TIMESTAMP) that continues the old clock at `frame`
  double hz_before = 0, hz_after = 0;     ///< 0: unknown
  std::optional<int64_t> recovery_ns;     ///< from `frame` to the first new data that got through; absent: never seen
  std::array<uint64_t, 2> delivered_bytes{};   ///< before `frame`, from the client and from the server
};

/// "was replaced", or "seems to have been replaced" where its clock alone says so: a box on the way that
/// rewrites timestamps may be what changed.
const char* was_replaced(const Migration& migration);

/// How a finding stands against an earlier analysis, or against a file of known findings.
enum class BaselineState : uint8_t {
  none,       ///< not compared
  fresh,      ///< not there before
  unchanged,
  worse,      ///< was there, and milder
  fixed,      ///< is there no more
};
std::string_view to_string(BaselineState state);

struct Finding {
  RuleId rule{};
  Severity severity{};
  uint64_t flow = 0;
  std::optional<Side> from;               ///< direction; absent: the whole flow
  std::vector<uint64_t> frames;           ///< at most kMaxFrames, in order
  uint64_t frame_count = 0;               ///< all of them
  TimeNs time_ns = 0;                     ///< of the first frame
  Evidence evidence = Evidence::none;
  std::string message;                    ///< one sentence, without flow or direction
  std::string fingerprint;                ///< rule + role + direction + ordinal; free of ports, frames and TSvals
  std::string advice;                     ///< what to do; may be empty
  std::optional<int64_t>
      offset;  ///< ticks on TSval that would have prevented it (TS001); absent: none is known
  int64_t duration_ns = 0;                ///< of a stall, from time_ns on (see is_stall()); 0: not a matter of time
  BaselineState baseline_state = BaselineState::none;
  std::string suppressed;                 ///< why it does not count at the gate; empty: it counts
  static constexpr size_t kMaxFrames = 32;
};

/// No progress, and the capture does not tell why (TS016).
inline bool is_undecided_stall(const Finding& finding) {
  return finding.rule == RuleId::capture_incomplete && finding.duration_ns > 0;
}
/// No progress, or an end: by timestamps (TS002), by something else (TS014), or the capture does not tell.
inline bool is_stall(const Finding& finding) {
  return finding.rule == RuleId::paws_stall || finding.rule == RuleId::not_timestamps || is_undecided_stall(finding);
}

/// How long it lasted, ns, what those findings say that `counts` picks. Both directions of a connection stand
/// still together as a rule: what overlaps counts once.
int64_t stalled_ns(std::span<const Finding> findings, bool (*counts)(const Finding&));

struct FlowReport {
  uint64_t id = 0;               ///< 1-based, by first frame
  Endpoint client, server;
  bool roles_guessed = false;    ///< no SYN was seen
  uint32_t scope = 0;            ///< see Segment::scope
  Negotiated timestamps = Negotiated::unknown;
  bool options_cut = false;      ///< the snapshot length cut TCP options off, TSopt perhaps among them
  uint64_t first_frame = 0, last_frame = 0;
  TimeNs first_ns = 0, last_ns = 0;
  bool evicted = false;          ///< forgotten before its end because of the limit on live flows
  bool so_far = false;           ///< it goes on: see Sink::flow_so_far()
  std::string summary;           ///< one sentence
  Severity worst = Severity::none;         ///< of the findings that count
  std::array<DirectionReport, 2> directions;     ///< [0] from the client, [1] from the server
  std::vector<Migration> migrations;
  std::vector<Finding> findings;
};

/// One segment, for `tsaudit segments` and plots.
struct SegmentRow {
  uint64_t frame = 0;
  TimeNs time_ns = 0;
  uint64_t flow = 0;
  Side from = Side::client;
  SeqNum seq, ack;
  uint32_t length = 0;           ///< payload bytes
  uint8_t flags = 0;
  bool has_ts = false;
  TsVal tsval, tsecr;
  Verdict verdict = Verdict::not_tested;
  Reason reason = Reason::no_tsopt;
  bool ts_recent_known = false;
  TsVal ts_recent;               ///< before the segment; the likeliest value where several are possible
  int32_t delta = 0;             ///< TSval - TS.Recent, ticks
  Evidence evidence = Evidence::none;
  std::array<uint64_t, 4> evidence_frames{};  ///< 0: unused
};

/// A receiver's state as `tsaudit explain CAPTURE --frame N` shows it.
struct ReceiverSnapshot {
  bool known = false;                     ///< TS.Recent
  std::vector<TsVal> ts_recent;           ///< every value that it may hold, in the order in which they came
  bool ts_recent_interval = false;        ///< too many to list: also between two of them
  double age_seconds_min = 0, age_seconds_max = 0;
  std::string state;                      ///< "ESTABLISHED", ...
  SeqNum rcv_nxt, rcv_wup, snd_una, snd_wl1;
  bool sequence_known = false;
  uint64_t snd_wnd = 0;
  uint32_t rto_ms_min = 0, rto_ms_max = 0;
};

struct Explanation {
  SegmentRow row;
  Endpoint source, destination;
  const ReceiverProfile* profile = nullptr;
  ReceiverSnapshot before, after;
  std::vector<std::string> steps;         ///< the tests in the kernel's order, each with its outcome and function
};

struct Totals {
  uint64_t packets = 0, flows = 0, ts_flows = 0, segments = 0, ts_segments = 0;
  uint64_t dropped = 0, confirmed = 0, predicted = 0, contradicted = 0, unknown = 0;   ///< dropped: by timestamps
  uint64_t evicted_flows = 0;
};

/// Does a finding turn a gate red? To have seen nothing does even where no severity fails.
inline bool counts(const Finding& finding, Severity fail_on) {
  if (!finding.suppressed.empty() || finding.severity == Severity::none) return false;
  if (fail_on == Severity::none) return finding.rule == RuleId::nothing_judged;
  return finding.severity >= fail_on;
}

/// What a gate says: absent unless one was asked for.
struct GateReport {
  bool passed = false;
  Severity fail_on = Severity::error;
  uint64_t counted = 0;      ///< findings at or above `fail_on` that count, those below among them
  uint64_t suppressed = 0;   ///< findings that the policy suppresses
  uint64_t known = 0;        ///< findings that the baseline file knows
  std::string incomplete;    ///< why it cannot pass, whatever was found: not all of the input was read; empty: it was
  std::string answer;        ///< one sentence; empty: the analysis has the answer
  std::vector<Finding> findings;      ///< about the captures as a whole: their flow is 0
  std::vector<std::string> remarks;   ///< suppressions that expired or match nothing, stale lines of the baseline
};

/// The capture's own clock was set: the clocks of several hosts are off by the same time. It is no property
/// of theirs. Where that shows at once, what comes after it is told by the time before.
struct CaptureClockStep {
  uint64_t frame = 0;   ///< first that shows it
  int64_t step_ns = 0;  ///< > 0: it went ahead
  uint64_t flows = 0;   ///< that show it

  static constexpr size_t kMax = 16;  ///< that are told of one capture
};

/// The end of an analysis.
struct Summary {
  std::vector<CaptureInfo> captures;
  std::vector<CaptureClockStep> capture_clock_steps;
  Totals totals;
  Severity worst = Severity::none;
  uint64_t stopped_at_frame = 0;          ///< not 0: interrupted by the user
  uint64_t copy_of_frame =
      0;  ///< not 0: AnalysisOptions::explain_frame is a copy of this one, or one soon after
  std::optional<GateReport> gate;
};

}  // namespace tsaudit
