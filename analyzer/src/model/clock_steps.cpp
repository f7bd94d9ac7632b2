// SPDX-License-Identifier: Apache-2.0
// Tells a clock that stepped from a packet that came out of order or was damaged: a step lasts.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "model/migration.h"
#include "model/tracker.h"
#include "tsaudit/words.h"

namespace tsaudit {
namespace {

/// Could one clock, of any rate up to 1 MHz, have made both?
bool same_clock(const PendingStep& step, const Segment& s) {
  const int32_t ticks = distance(step.tsval, s.tsval);
  const int64_t elapsed_us = (s.time_ns - step.time_ns) / 1000;
  return ticks >= 0 && ticks <= elapsed_us + elapsed_us / 8 + 50'000;
}

/// What the clock of `sender` was until it began anew with `frame`.
ClockEpoch epoch_until(const Host& sender, uint64_t frame, TimeNs time) {
  return {sender.clock.report(sender.last_ns), frame - 1, time, sender.clock.first(), sender.clock.last()};
}

/// Is it further off than any queue holds a packet?
bool is_beyond_queues(const SenderClock& clock, const PendingStep& step) {
  const double hz = clock.hz() > 0 ? clock.hz() : 1000;
  const int64_t ticks =
      clock.hz() > 0 ? clock.deviation(step.tsval, step.time_ns) : distance(clock.last(), step.tsval);
  return static_cast<double>(std::llabs(ticks)) / hz > SenderClock::kMostDelayNs / 1e9;
}

/// What did not fit the clock of `from` was one segment, late or damaged: no other host's, whatever was
/// announced.
void withdraw_move(Trouble& t, unsigned from, const PendingStep& outlier) {
  std::erase_if(t.migrations, [&](const MigrationCase& m) {
    return m.host == from && !m.closed && m.result.frame == outlier.frame &&
           only_by(m.result, "announcement");
  });
}

/// The clock runs slower since `pause`, whether on another host or not: it did not stand still.
void withdraw_pause(Trouble& t, unsigned from, const PendingPause& pause) {
  std::erase_if(t.migrations, [&](MigrationCase& m) {
    const bool rests_on_it = std::ranges::any_of(m.result.signals, [&](const MigrationSignal& signal) {
      return signal.name == "tsval-step" && signal.frame == pause.frame;
    });
    if (m.host != from || !rests_on_it) return false;
    if (!m.closed) remove_signal(m, "tsval-step", weight::kClockStopped);
    return only_by(m.result, "tsval-step");
  });
}

/// What the new clock began with, and where the old one, which the receiver had last, stood.
void begin_clock(MigrationCase& open, const PendingStep& step, const SenderClock& old_clock) {
  open.new_tsval = step.tsval;
  open.new_ns = step.time_ns;
  open.ts_recent = old_clock.last();
  open.old_clock = old_clock;
}

}  // namespace

void Tracker::odd_clock(Flow& flow, unsigned from, const Segment& s, SenderClock::Fit fit,
                        bool new_information, const Host& was, const Judgement& j) {
  Host& a = flow.host[from];
  DirectionTrouble& direction = trouble(flow).direction[from];
  auto& pending = direction.pending_step;
  const bool backward = fit == SenderClock::Fit::backward;
  if (!pending || !same_clock(*pending, s)) {
    if (pending) {
      direction.outliers.add(pending->tsval);
      withdraw_move(trouble(flow), from, *pending);
    }
    pending = PendingStep{.frame = s.frame, .time_ns = s.time_ns, .tsval = s.tsval};
    open_migration(flow, from, s, was, j);
  }
  ++pending->segments;
  // New data or a new ACK with an older TSval cannot be an old packet that was overtaken; but one such
  // segment may be damaged.
  pending->certain = pending->certain || (backward && new_information);
  const bool lasts = pending->segments >= 3 && s.time_ns - pending->time_ns >= 200 * kMillisecond;
  const bool far = pending->segments >= 2 && is_beyond_queues(a.clock, *pending);
  const bool stays_ahead = !backward && pending->segments >= 2;
  const bool certain = pending->segments >= 2 && pending->certain;
  if (!(certain || lasts || far || stays_ahead)) return;
  const PendingStep step = *pending;
  pending.reset();
  take_step(flow, from, step);
  if (s.frame != step.frame) a.clock.observe(s.tsval, s.time_ns, s.time_ns - step.time_ns);
}

void Tracker::take_step(Flow& flow, unsigned from, const PendingStep& step) {
  Host& a = flow.host[from];
  Trouble& t = trouble(flow);
  DirectionTrouble& direction = t.direction[from];
  const int64_t ticks =
      a.clock.hz() > 0 ? a.clock.deviation(step.tsval, step.time_ns) : distance(a.clock.last(), step.tsval);
  if (direction.steps.size() < Trouble::kMaxEpochs) {
    direction.steps.push_back({step.frame, ticks, distance(a.clock.last(), step.tsval)});
    direction.epochs.push_back(epoch_until(a, step.frame, step.time_ns));
  }
  for (MigrationCase& open : t.migrations) {
    if (open.closed || open.host != from) continue;
    add_signal(open, "tsval-step", weight::kClockStep, step.frame,
               fmt::format("TSval {:+} ticks against its own clock", ticks));
    // The user told of it a little early: the clock had still been the old one there.
    if (open.result.told && step.frame > open.result.frame) begin_clock(open, step, a.clock);
  }
  a.clock.start(step.tsval, step.time_ns);
}

/// The old clock goes on: what did not fit it was one segment.
void Tracker::drop_outlier(Flow& flow, unsigned from, const Judgement& j) {
  const Host& sender = flow.host[from];
  DirectionTrouble& direction = trouble(flow).direction[from];
  const auto& pending = direction.pending_step;
  if (!pending) return;
  const bool harmful = is_paws_drop(j) && j.ts_recent == pending->tsval;
  if (harmful && !direction.lone_jump && sender.clock.hz() > 0)
    direction.lone_jump = LoneJump{pending->frame, pending->time_ns, pending->tsval,
                                   sender.clock.deviation(pending->tsval, pending->time_ns)};
  direction.outliers.add(pending->tsval);
  withdraw_move(trouble(flow), from, *pending);
  direction.pending_step.reset();
}

/// True: its rate is another one from here on. It is measured over two stretches in a row: a queue that grows
/// looks like a slow clock, but hardly twice like the same one of those in use.
bool Tracker::lagging_clock(Flow& flow, unsigned from, const Segment& s) {
  constexpr int64_t kPartNs = 4 * kSecond, kNoQueueNs = 60 * kSecond;
  constexpr uint32_t kPartSegments = 8;
  Host& a = flow.host[from];
  DirectionTrouble& direction = trouble(flow).direction[from];
  auto& lag = direction.lag;
  if (!lag || a.segments != lag->sent + 1)  // it was not behind in between
    lag = Lag{.frame = s.frame,
              .time_ns = s.time_ns,
              .tsval = s.tsval,
              .part_ns = s.time_ns,
              .part_tsval = s.tsval};
  lag->sent = a.segments;
  const auto rate_since = [&](TsVal tsval, TimeNs then) {
    return distance(tsval, s.tsval) * 1e9 / static_cast<double>(s.time_ns - then);
  };
  if (++lag->segments < kPartSegments || s.time_ns - lag->part_ns < kPartNs) return false;
  if (s.time_ns - lag->time_ns > kNoQueueNs && rate_since(lag->tsval, lag->time_ns) > 0.98 * a.clock.hz()) {
    a.clock.resume(s.time_ns);
    lag.reset();
    return false;
  }
  const double before = lag->hz;
  lag->hz = SenderClock::usual_rate(rate_since(lag->part_tsval, lag->part_ns));
  lag->segments = 0;
  lag->part_ns = s.time_ns;
  lag->part_tsval = s.tsval;
  if (lag->hz == 0 || lag->hz != before || lag->hz > 0.98 * a.clock.hz()) return false;
  uint64_t frame = lag->frame;
  TimeNs began = lag->time_ns;
  // It took a while to fall behind: when a new host began within that time, with it.
  const auto behind = static_cast<int64_t>(SenderClock::kMostDelayNs / (1 - lag->hz / a.clock.hz()));
  for (const MigrationCase& m : trouble(flow).migrations) {
    if (m.host != from || m.result.time_ns + m.result.gap_ns < lag->time_ns - behind - kSecond) continue;
    frame = m.result.frame;
    began = m.result.time_ns;
  }
  if (direction.epochs.size() < Trouble::kMaxEpochs) direction.epochs.push_back(epoch_until(a, frame, began));
  a.clock.start(lag->tsval, lag->time_ns);
  a.clock.observe(s.tsval, s.time_ns, s.time_ns - lag->time_ns);
  lag.reset();
  if (direction.pause && direction.pause->found) withdraw_pause(trouble(flow), from, *direction.pause);
  direction.pause.reset();
  return true;
}

/// Behind all at once: a queue, or the clock stood still, as a virtual machine's does on its way to another
/// host. A segment was not made before what it echoes, so that it can have been held up no longer than since.
/// (The clocks of mobile devices lose some per cent while these doze: a stop is most of a silence, and does
/// not go on.)
void Tracker::paused_clock(Flow& flow, unsigned from, const Segment& s, const Host& was, const Judgement& j) {
  constexpr uint32_t kSegments = 64;
  constexpr TimeNs kLong = 10 * kSecond;
  constexpr int64_t kDrift = 2000;  // 500 ppm
  Host& a = flow.host[from];
  const Host& b = flow.host[from ^ 1];
  auto& pause = trouble(flow).direction[from].pause;
  const auto behind_since = [&](TsVal tsval, TimeNs then) {
    return s.time_ns - then - distance(tsval, s.tsval) * was.clock.period_ns();
  };
  if (!was.clock.rate_confirmed()) return pause.reset();
  // The clock went on before it stood still again, as far as a few ticks tell.
  const TimeNs ran_for = pause ? was.last_ns - pause->time_ns : 0;
  if (pause && pause->found && ran_for >= std::max<TimeNs>(5 * was.clock.period_ns(), 5 * kMillisecond) &&
      4 * distance(pause->tsval, was.clock.last()) * was.clock.period_ns() >= 3 * ran_for) {
    a.clock.resume(was.last_ns + distance(was.clock.last(), s.tsval) * was.clock.period_ns());
    pause.reset();
  }
  if (pause && pause->found) {
    const TimeNs since = s.time_ns - pause->time_ns;
    if (!s.has_ts() || since < kSecond) return;
    if (2 * behind_since(pause->tsval, pause->time_ns) <= since)
      a.clock.resume(s.time_ns);
    else
      withdraw_pause(trouble(flow), from, *pause);
    return pause.reset();
  }
  if (!pause) {
    const int64_t behind_ns = behind_since(was.clock.last(), was.last_ns);
    if (2 * behind_ns < s.time_ns - was.last_ns) return;
    pause = PendingPause{s.frame, s.time_ns, behind_ns, s.tsval, was.clock.last(), was.last_ns};
  }
  const int64_t behind_ns = behind_since(pause->last_tsval, pause->last_ns);
  const bool queue = behind_ns <= was.clock.sudden_ns();
  // It cannot have stood still for longer than nothing was heard of it.
  const int64_t silence_ns = pause->time_ns - pause->last_ns + 2 * was.clock.period_ns();
  const bool slow =
      behind_ns > std::min(pause->behind_ns + pause->behind_ns / 4 + 20 * kMillisecond, silence_ns);
  if (queue || slow || ++pause->segments > kSegments || s.time_ns - pause->time_ns > kLong)
    return pause.reset();
  const int32_t echo_ticks = distance(s.tsecr, b.clock.last());
  if (!s.has(kAck) || s.tsecr.raw == 0 || b.clock.hz() == 0 || echo_ticks < 0) return;
  const int64_t held_up_ns = s.time_ns - b.last_ns + (echo_ticks + 1) * b.clock.period_ns();  // at the most
  const int64_t unsure_ns = was.clock.sudden_ns() + (s.time_ns - pause->last_ns) / kDrift;
  if (behind_ns - held_up_ns <= unsure_ns) return;
  pause->found = true;
  const PendingPause found = *pause;
  const auto add_to = [&](MigrationCase& open) {
    add_signal(open, "tsval-step", weight::kClockStopped, found.frame,
               fmt::format("TSval -{} ticks against its own clock: it stood still for {}",
                           behind_ns / was.clock.period_ns(), duration_text(behind_ns)));
  };
  for (MigrationCase& known : trouble(flow).migrations) {
    if (known.host != from || known.result.frame < found.frame) continue;
    if (known.result.frame == found.frame && !known.closed) add_to(known);
    return;  // or it has moved again since
  }
  MigrationCase* const open = open_migration(flow, from, s, was, j);
  if (!open) return;
  if (open->result.frame == s.frame) {  // there were no other signs
    open->result.frame = found.frame;
    open->result.time_ns = found.time_ns;
    open->result.gap_ns = found.time_ns - found.last_ns;
    note_announcement(*open, s, found.last_ns);
  }
  add_to(*open);
}

/// Its IP IDs were counted on across the step, and nothing else has changed: it is the same host, whose clock
/// was set, or whose timestamps a box on the way has begun to rewrite.
void Tracker::withdraw_set_clocks(Trouble& t) {
  for (MigrationCase& m : t.migrations) {
    std::vector<ClockStep>& steps = t.direction[m.host].steps;
    const auto step = std::ranges::find(steps, m.result.frame, &ClockStep::frame);
    if (step == steps.end() || !m.id_goes_on || !only_by(m.result, "tsval-step")) continue;
    step->same_host = true;
    m.result.confidence = 0;
  }
}

void Tracker::finish_clock(const Flow& flow, unsigned from, Trouble& t) {
  DirectionTrouble& direction = t.direction[from];
  if (!direction.pending_step) return;
  const PendingStep step = *direction.pending_step;
  direction.pending_step.reset();
  // The capture ends before anything could confirm it; far off is believed, near may be reordering.
  if (is_beyond_queues(flow.host[from].clock, step)) {
    const Host& a = flow.host[from];
    const int64_t ticks =
        a.clock.hz() > 0 ? a.clock.deviation(step.tsval, step.time_ns) : distance(a.clock.last(), step.tsval);
    if (direction.steps.size() < Trouble::kMaxEpochs)
      direction.steps.push_back({step.frame, ticks, distance(a.clock.last(), step.tsval)});
  } else {
    withdraw_move(t, from, step);
  }
}

}  // namespace tsaudit
