// SPDX-License-Identifier: Apache-2.0
// Wiring only: of a decoded batch the flows are fetched into the cache, then its segments judged one by one.
#include "tsaudit/analysis.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>
#include <vector>

#include "decoded_batch.h"
#include "flow/copies.h"
#include "flow/flow_table.h"
#include "flow/scope_pairs.h"
#include "model/capture_clock.h"
#include "model/explain.h"
#include "model/flow_report.h"
#include "model/other_way.h"
#include "model/tracker.h"
#include "row_queue.h"
#include "rules/findings.h"

namespace tsaudit {
namespace {

/// A connection that both sides have closed is remembered for as long as stray segments may come (2 MSL).
constexpr TimeNs kClosedFor = 120 * kSecond;
/// Fetched into the cache before they are needed: enough to hide the memory, few enough to stay there.
constexpr size_t kFlowsAhead = 12;

uint64_t random_seed() {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) seed = 0x9e3779b97f4a7c15u;
  return seed;
}

class Pipeline {
 public:
  Pipeline(const AnalysisOptions& options, Sink& sink)
      : options_(options),
        sink_(sink),
        wants_rows_(sink.wants_segments()),
        rows_(sink),
        tracker_(options, wants_rows_ ? &rows_ : nullptr) {}

  void batch(DecodedBatch& batch) {
    if (clock_set_by_ != 0) [[unlikely]]
      set_back(batch, 0, clock_set_by_);
    int may_ask = 4;  // of a capture that is all out of order the cost stays linear
    const std::span segments(batch.segments.data(), batch.segment_count);
    for (const DecodedBatch::Packet& packet : segments) flows_.prefetch_slot(packet.hash);
    for (const Announcement& announcement : batch.announcements) tracker_.announce(announcement);
    for (size_t i = 0; i < kDecodeStatusCount; ++i) statuses_[i] += batch.statuses[i];
    const auto fetch = [&](size_t i) {
      if (i < segments.size()) guesses_[i] = flows_.prefetch_flow(segments[i].hash);
    };
    for (size_t i = 0; i < kFlowsAhead; ++i) fetch(i);
    auto icmp = batch.icmp_errors.begin();
    for (size_t i = 0; i < segments.size(); ++i) {
      for (; icmp != batch.icmp_errors.end() && icmp->place == i; ++icmp) take(icmp->error);
      fetch(i + kFlowsAhead);
      const TimeNs now = segments[i].segment.time_ns, before = std::exchange(last_ns_, now);
      if (CaptureClock::may_be_set(now - before) && before != 0 && may_ask-- > 0) [[unlikely]] {
        ask_whether_set(batch, i, now - before);
        last_ns_ = segments[i].segment.time_ns;
      }
      take(segments[i], guesses_[i]);
    }
    for (; icmp != batch.icmp_errors.end(); ++icmp) take(icmp->error);
    totals_.packets += batch.packets;
    totals_.segments += segments.size();
  }

  /// `last_frame`: of the capture, so far. Somebody looks on: what has no evidence since the last look is
  /// shown without.
  void look(uint64_t last_frame) {
    rows_.let_go(std::exchange(looked_up_to_, last_frame));
    std::vector<const Flow*> troubled;
    flows_.for_each([&](const Flow& flow) {
      if (flow.trouble != 0) troubled.push_back(&flow);
    });
    std::ranges::sort(troubled, {}, &Flow::id);
    for (const Flow* flow : troubled) sink_.flow_so_far(report_on(*flow, tracker_.so_far(*flow).get(), true));
    sink_.look_ended();
  }

  Summary finish(std::vector<CaptureInfo> captures, uint64_t stopped_at) {
    flows_.for_each([&](Flow& flow) { close(flow, false); });
    rows_.finish();
    Summary summary;
    summary.captures = std::move(captures);
    // What decoding passed over belongs to the set as a whole; it is shown with its first file.
    if (!summary.captures.empty())
      for (size_t i = static_cast<size_t>(DecodeStatus::not_ip); i < kDecodeStatusCount; ++i)
        if (statuses_[i])
          summary.captures.front().skipped[std::string(to_string(static_cast<DecodeStatus>(i)))] +=
              statuses_[i];
    if (copy_count_ != 0 && !summary.captures.empty())
      summary.captures.front().skipped[kCopies] += copy_count_;
    if (rewritten_count_ != 0 && !summary.captures.empty())
      summary.captures.front().skipped[kRewrittenCopies] += rewritten_count_;
    totals_.segments -= copy_count_ + rewritten_count_;
    summary.copy_of_frame = copy_of_frame_;
    summary.capture_clock_steps = clock_steps_;
    summary.totals = totals_;
    summary.worst = worst_;
    summary.stopped_at_frame = stopped_at;
    return summary;
  }

  uint64_t seed() const { return seed_; }

 private:
  void take(const DecodedBatch::Packet& decoded, Flow* guess) {
    const Segment& s = decoded.segment;
    const unsigned from = decoded.from_low ? 0 : 1;
    if (tracker_.troubled() > max_troubled_) [[unlikely]] {
      drop_over(s.time_ns);
      if (tracker_.troubled() > max_troubled_ * 7 / 8)
        drop_longest_idle([](const Flow& flow) { return flow.trouble != 0; });
    }
    if (s.point != 0 || tracker_.saw_two_points()) [[unlikely]] {
      const FlowKey key = decoded.key.in_scope(0);  // whatever scope a point of the capture sees it in
      if (const uint64_t first = copies_.first_frame_of(s, key.hash(seed_), decoded.from_low))
        return skip_copy(decoded, first, guess);
      if (const auto first = copies_.rewritten(s, key.hash(0), decoded.from_low))
        return skip_rewritten(decoded, *first, guess);
    }
    Flow* flow = flows_.find(decoded.key, decoded.hash, decoded.from_low, guess);
    std::optional<Knock> knock;
    if (flow && (s.has(kSyn) || flow->trouble != 0) && tracker_.starts_new_connection(*flow, from, s)) {
      knock = tracker_.knock_before(*flow, from, s);
      if (knock) tracker_.take_knock(*flow, *knock, s);
      close(*flow, false);
      flows_.erase(*flow, flow->key.hash(seed_));
      flow = nullptr;
    }
    if (!flow) flow = other_half(decoded);
    if (!flow) {
      make_room(s.time_ns);
      flow = &flows_.insert(decoded.key, decoded.hash);
      flow->id = ++last_id_;
      scopes_.seen(s.scope);
      sink_.flow_opened(flow->id, {s.src, s.sport}, {s.dst, s.dport});
      if (knock) tracker_.begin_with(*flow, *knock);
    }
    totals_.ts_segments += s.has_ts();
    if (const int32_t ticks = tracker_.rewritten_by(*flow, from, s); ticks != 0) [[unlikely]] {
      Segment received = s;
      received.tsval = s.tsval + static_cast<uint32_t>(ticks);
      return judge(*flow, from, received);
    }
    judge(*flow, from, s);
  }

  void judge(Flow& flow, unsigned from, const Segment& s) {
    if (s.frame == options_.explain_frame) [[unlikely]]
      return explain(flow, from, s);
    const Judgement j = tracker_.process(flow, from, s);
    if (wants_rows_) rows_.push(row_of(flow, from, s, j));
  }

  void take(const IcmpError& error) {
    bool from_low = false;
    const FlowKey key = FlowKey::of(error, from_low);
    Flow* flow = flows_.find(key, key.hash(seed_), from_low);
    if (!flow || !tracker_.told_by_icmp(*flow, from_low ? 0 : 1, error))
      ++statuses_[static_cast<size_t>(DecodeStatus::not_tcp)];
  }

  /// Was the capture's clock set before segment `i`? Then all from there on is told by the time before.
  void ask_whether_set(DecodedBatch& batch, size_t i, TimeNs step) {
    CaptureClock clock;
    std::set<uint32_t> heard, renewed;  // flows; whether a clock goes on in the next connection, nobody knows
    for (size_t k = i; k < batch.segment_count; ++k) {
      const DecodedBatch::Packet& packet = batch.segments[k];
      const Flow* flow = flows_.find(packet.key, packet.hash, packet.from_low);
      if (!flow) continue;
      if (packet.segment.has(kSyn)) renewed.insert(flow->id);
      if (renewed.contains(flow->id)) continue;
      if (clock.hear(flow->host[packet.from_low ? 0 : 1], packet.segment)) heard.insert(flow->id);
    }
    const int64_t ns = clock.set_by(step);
    if (ns == 0) return;
    clock_set_by_ += ns;
    note({batch.segments[i].segment.frame, ns, heard.size()});
    set_back(batch, i, ns);
  }
  static void set_back(DecodedBatch& batch, size_t from, int64_t ns) {
    for (size_t i = from; i < batch.segment_count; ++i) batch.segments[i].segment.time_ns -= ns;
    for (DecodedBatch::PlacedIcmpError& icmp : batch.icmp_errors)
      if (icmp.place >= from) icmp.error.time_ns -= ns;
    if (from == 0)
      for (Announcement& announcement : batch.announcements) announcement.time_ns -= ns;
  }

  void skip_copy(const DecodedBatch::Packet& decoded, uint64_t first, Flow* guess) {
    ++copy_count_;
    if (decoded.segment.frame == options_.explain_frame) copy_of_frame_ = first;
    if (Flow* flow = flows_.find(decoded.key, decoded.hash, decoded.from_low, guess))
      tracker_.shown_again(*flow, decoded.from_low ? 0 : 1, decoded.segment);
  }

  void skip_rewritten(const DecodedBatch::Packet& decoded, const Copies::Rewritten& first, Flow* guess) {
    ++rewritten_count_;
    if (decoded.segment.frame == options_.explain_frame) copy_of_frame_ = first.frame;
    if (Flow* flow = flows_.find(decoded.key, decoded.hash, decoded.from_low, guess))
      tracker_.shown_rewritten(*flow, decoded.from_low ? 0 : 1, decoded.segment, first.tsval);
  }

  /// The connection of which `decoded` is the first segment from its side, when that side has a scope of its
  /// own.
  Flow* other_half(const DecodedBatch::Packet& decoded) {
    const Segment& s = decoded.segment;
    Flow* found = nullptr;
    scopes_.other_than(s.scope, [&](uint32_t scope) {
      const FlowKey key = decoded.key.in_scope(scope);
      const uint32_t hash = key.hash(seed_);
      Flow* flow = flows_.find(key, hash, decoded.from_low);
      if (!flow || flow->ways != 0 || !answers(*flow, decoded.from_low ? 0 : 1, s)) return false;
      flows_.alias(*flow, decoded.key, decoded.hash, decoded.from_low, hash);
      scopes_.paired(s.scope, scope);
      found = flow;
      return true;
    });
    return found;
  }

  static SegmentRow row_of(const Flow& flow, unsigned from, const Segment& s, const Judgement& j) {
    SegmentRow row{.frame = s.frame,
                   .time_ns = s.time_ns,
                   .flow = flow.id,
                   .from = side_of(flow, from),
                   .seq = s.seq,
                   .ack = s.ack,
                   .length = s.payload,
                   .flags = s.flags,
                   .has_ts = s.has_ts(),
                   .tsval = s.tsval,
                   .tsecr = s.tsecr,
                   .verdict = j.verdict,
                   .reason = j.reason,
                   .ts_recent_known = j.known,
                   .ts_recent = j.ts_recent};
    if (j.known && s.has_ts()) row.delta = distance(j.ts_recent, s.tsval);
    if (j.verdict == Verdict::drop) row.evidence = Evidence::predicted;
    return row;
  }

  void explain(Flow& flow, unsigned from, const Segment& s) {
    const Flow before = flow;
    const Judgement j = tracker_.process(flow, from, s);
    Explanation explanation;
    explanation.row = row_of(flow, from, s, j);
    explanation.source = {s.src, s.sport};
    explanation.destination = {s.dst, s.dport};
    explanation.profile = &tracker_.profile_for(flow, from ^ 1);
    explanation.before = snapshot(before, before.host[from ^ 1], s.time_ns);
    explanation.after = snapshot(flow, flow.host[from ^ 1], s.time_ns);
    explanation.steps =
        explain_steps(*explanation.profile, before, before.host[from ^ 1], before.host[from], s, j);
    sink_.explanation(explanation);
    if (wants_rows_) rows_.push(explanation.row);
  }

  FlowReport report_on(const Flow& flow, const Trouble* trouble, bool so_far) const {
    FlowReport report = report_flow(tracker_, flow, trouble);
    report.so_far = so_far;
    apply_rules(report, flow, trouble);
    return report;
  }

  void close(Flow& flow, bool evicted) {
    const std::unique_ptr<Trouble> trouble = tracker_.finish(flow);
    FlowReport report = report_on(flow, trouble.get(), false);
    report.evicted = evicted;
    ++totals_.flows;
    totals_.ts_flows += report.timestamps == Negotiated::yes;
    totals_.evicted_flows += evicted;
    for (const DirectionReport& direction : report.directions) {
      for (size_t i = 0; i < kReasonCount; ++i)
        if (is_paws(static_cast<Reason>(i))) totals_.dropped += direction.reasons[i];
      totals_.confirmed += direction.confirmed;
      totals_.predicted += direction.predicted;
      totals_.contradicted += direction.contradicted;
      totals_.unknown += direction.verdicts[static_cast<size_t>(Verdict::unknown)];
    }
    worst_ = std::max(worst_, report.worst);
    if (trouble)
      for (const CaptureClockStep& step : trouble->capture_clock_steps) note(step);
    sink_.flow(std::move(report));
  }

  /// Another connection tells of the same one if it is as large.
  void note(const CaptureClockStep& step) {
    const auto known = std::find_if(
        clock_steps_.begin(), clock_steps_.end(),
        [&](const CaptureClockStep& other) { return std::llabs(other.step_ns - step.step_ns) <= kSecond; });
    if (known == clock_steps_.end()) {
      if (clock_steps_.size() < CaptureClockStep::kMax) clock_steps_.push_back(step);
      return;
    }
    known->frame = std::min(known->frame, step.frame);
    known->flows += step.flows;
  }

  /// Forgets what is over, and beyond the limit what has been silent for longest. The work is spread over the
  /// insertions since the last time, so a flow costs the same however many there are.
  void make_room(TimeNs now) {
    if (flows_.size() < sweep_at_ && flows_.size() < options_.max_flows) return;
    drop_over(now);
    if (flows_.size() >= options_.max_flows) drop_longest_idle([](const Flow&) { return true; });
    // What comes until then goes into places that a peak has left, if that is what makes a sweep dear.
    sweep_at_ = std::max({kFirstSweep, flows_.size() * 2, flows_.size() + flows_.places() / 8});
  }

  static bool is_over(const Flow& flow) {
    return flow.reset || (flow.host[0].fin_sent && flow.host[1].fin_sent);
  }

  void drop_over(TimeNs now) {
    std::vector<Flow*> over;
    flows_.for_each([&](Flow& flow) {
      if (is_over(flow) && now - flow.last_ns() > kClosedFor) over.push_back(&flow);
    });
    drop(over, false);
  }

  /// An eighth of those that `is_one` takes for such.
  void drop_longest_idle(auto&& is_one) {
    std::vector<Flow*> over;
    flows_.for_each([&](Flow& flow) {
      if (is_one(flow)) over.push_back(&flow);
    });
    std::sort(over.begin(), over.end(), [](const Flow* x, const Flow* y) {
      return x->last_ns() != y->last_ns() ? x->last_ns() < y->last_ns() : x->id < y->id;
    });
    over.resize(std::max<size_t>(over.size() / 8, 1));
    drop(over, true);
  }

  void drop(std::vector<Flow*>& over, bool evicted) {
    std::sort(over.begin(), over.end(), [](const Flow* x, const Flow* y) { return x->id < y->id; });
    for (Flow* flow : over) {
      close(*flow, evicted && !is_over(*flow));
      flows_.erase(*flow, flow->key.hash(seed_));
    }
  }

  static constexpr size_t kFirstSweep = 4096;

  const AnalysisOptions& options_;
  const size_t max_troubled_ = options_.max_troubled_flows();
  Sink& sink_;
  const bool wants_rows_;
  RowQueue rows_;
  Tracker tracker_;
  const uint64_t seed_ = random_seed();
  FlowTable<Flow> flows_;
  ScopePairs scopes_;
  Copies copies_;
  uint64_t looked_up_to_ = 0;  ///< frame
  uint64_t copy_count_ = 0, rewritten_count_ = 0, copy_of_frame_ = 0;
  std::array<Flow*, PacketSource::kMaxBatch>
      guesses_;  ///< the flow that each segment of a batch seems to belong to
  std::array<uint64_t, kDecodeStatusCount> statuses_{};
  uint32_t last_id_ = 0;
  size_t sweep_at_ = kFirstSweep;
  std::vector<CaptureClockStep> clock_steps_;
  TimeNs last_ns_ = 0;        ///< of the last segment
  int64_t clock_set_by_ = 0;  ///< since the capture began
  Totals totals_;
  Severity worst_ = Severity::none;
};

/// When to look at open connections: as often as asked for, and for a tenth of the time at most.
class Looks {
 public:
  explicit Looks(TimeNs every) : every_(every) { wait(); }
  bool are_due() {
    if (every_ == std::chrono::nanoseconds::zero()) return false;
    began_ = Clock::now();
    return began_ >= next_;
  }
  void wait() {
    const auto now = Clock::now();
    next_ = std::max(began_ + every_, now + 9 * (now - began_));
  }

 private:
  using Clock = std::chrono::steady_clock;
  const std::chrono::nanoseconds every_;
  Clock::time_point began_ = Clock::now(), next_;
};

}  // namespace

Summary analyze(PacketSource& source, const AnalysisOptions& options, Sink& sink,
                const std::function<void(const Progress&)>& progress, const std::atomic<bool>* stop) {
  const auto pipeline = std::make_unique<Pipeline>(options, sink);
  DecodeStage stage(source, pipeline->seed());
  const auto batch = std::make_unique<DecodedBatch>();
  Looks looks(options.look_every);
  uint64_t stopped_at = 0, last_frame = 0;
  for (;;) {
    if (stop && stop->load(std::memory_order_relaxed)) {
      stopped_at = last_frame;
      break;
    }
    stage.next(*batch);
    if (batch->end) break;
    if (batch->packets != 0) {
      pipeline->batch(*batch);
      last_frame = batch->last_frame;
    }
    if (progress && batch->progress) progress(*batch->progress);
    if (looks.are_due()) {
      pipeline->look(last_frame);
      looks.wait();
    }
  }
  return pipeline->finish(source.captures(), stopped_at);
}

}  // namespace tsaudit
