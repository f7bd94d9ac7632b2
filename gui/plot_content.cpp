// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot_content.h"

#include <fmt/format.h>

#include <algorithm>

#include "axis_text.h"
#include "silences.h"
#include "tsaudit/profile.h"

namespace tsaudit::gui {
namespace {

const std::string kNames[] = {"client", "server"};
const std::string& name_of(Side side) { return kNames[static_cast<size_t>(side)]; }
Ink ink_of(Side side) { return side == Side::client ? Ink::client : Ink::server; }

void add_marks(PlotContent& content, const FlowView& flow, Side side, const Series& series,
               double scale = 1) {
  const Track& track = flow.track(side);
  for (size_t kind = kMarkKinds; kind-- > 0;) {  // the gravest last: it is drawn on top
    if (track.marks[kind].empty()) continue;
    content.marks.push_back({.kind = static_cast<MarkKind>(kind),
                             .from = side,
                             .series = &series,
                             .samples = &track.marks[kind],
                             .scale = scale});
  }
}

void add_bands(PlotContent& content, const FlowView& flow) {
  if (!flow.report()) return;
  for (const Migration& migration : flow.report()->migrations) {
    Band band{.kind = Band::Kind::migration,
              .from_ns = migration.time_ns - migration.gap_ns,
              .to_ns = migration.time_ns,
              .label = fmt::format("{} moved, frame {}", name_of(migration.endpoint), migration.frame),
              .detail = {}};
    if (migration.tsval_step) band.label += fmt::format(": {} ticks", signed_grouped(*migration.tsval_step));
    band.detail = fmt::format("{}\nsilent for {}, confidence {:.0f} %", band.label,
                              duration_text(migration.gap_ns), migration.confidence * 100);
    for (const MigrationSignal& signal : migration.signals)
      band.detail += fmt::format("\n{} (frame {}): {}", signal.name, signal.frame, signal.detail);
    if (migration.offset) {
      band.detail +=
          fmt::format("\noffset that {}: {} (from {} to {}) ticks",
                      migration.offset->needed() ? "would have saved it" : "continues its old clock",
                      signed_grouped(migration.offset->suggested), signed_grouped(migration.offset->min),
                      signed_grouped(migration.offset->max));
    }
    content.bands.push_back(std::move(band));
  }
}

/// Of the data of that side; if they have none, of the other's, which wait for what this side sends.
void add_stalls(PlotContent& content, const FlowView& flow, Side side) {
  if (!flow.report()) return;
  const auto& findings = flow.report()->findings;
  const auto is_own = [&](const Finding& finding) {
    return finding.duration_ns > 0 && finding.from.value_or(side) == side;
  };
  const bool own = std::any_of(findings.begin(), findings.end(), is_own);
  for (const Finding& finding : findings) {
    if (finding.duration_ns <= 0 || is_own(finding) != own) continue;
    const std::string whose = own ? "" : name_of(*finding.from) + " ";
    content.bands.push_back({.kind = Band::Kind::stall,
                             .from_ns = finding.time_ns,
                             .to_ns = finding.time_ns + finding.duration_ns,
                             .label = whose + "stalled " + duration_text(finding.duration_ns),
                             .detail = fmt::format("{}: {}", rule_info(finding.rule).code, finding.message)});
  }
}

/// Where the receiver has been without a TSval for so long that it compares with none.
void add_idle(PlotContent& content, const FlowView& flow, Side side, Curve& recent) {
  for (const IdleSpan& idle : idle_spans(flow, side)) {
    recent.forgets.push_back(idle.time);
    const ReceiverProfile& profile = *flow.report()->directions[static_cast<size_t>(side)].receiver_profile;
    const std::string silence = duration_text(idle.silence_ns);
    content.bands.push_back(
        {.kind = Band::Kind::idle,
         .from_ns = idle.time.from,
         .to_ns = idle.time.to,
         .label = fmt::format("silent for {}: any TSval passes", silence),
         .detail = fmt::format(
             "After {} without a TSval, {} has too old a TS.Recent to compare with (RFC 7323, "
             "5.5):\nwhatever comes passes. The {} was silent for {}.",
             duration_text(profile.idle_seconds * kSecond), profile.name, name_of(side), silence)});
  }
}

/// Until when an offset given at `migration` would have applied as it is: the clock's next step.
TimeNs next_step(const FlowView& flow, Side side, const Migration& migration) {
  TimeNs until = INT64_MAX / 2;
  for (const ClockStep& step : flow.report()->directions[static_cast<size_t>(side)].clock.steps) {
    if (step.frame <= migration.frame) continue;
    const size_t at = flow.position_of_frame(step.frame);
    if (at < flow.rows().size()) until = std::min(until, flow.row(at).time_ns - 1);
  }
  return until;
}

void clock_content(PlotContent& content, const FlowView& flow, Side side) {
  const Track& track = flow.track(side);
  const Track& back = flow.track(other(side));
  content.title = "TSval of the " + name_of(side);
  content.unit = "ticks";
  content.has_origin = true;
  for (size_t i = 0; i < track.tsval.size(); ++i) {
    if (std::isnan(track.tsval.value(i))) continue;
    content.value_origin = track.tsval.value(i);
    break;
  }
  Curve recent{.name = "TS.Recent",
               .ink = Ink::recent,
               .stroke = Stroke::step,
               .series = &track.ts_recent,
               .accepts_above = true,
               .breaks = {track.unset.begin(), track.unset.end()}};
  add_idle(content, flow, side, recent);
  content.curves.push_back(std::move(recent));
  if (flow.report()) {
    for (const Migration& migration : flow.report()->migrations) {
      if (migration.endpoint != side || !migration.offset || migration.offset->suggested == 0) continue;
      content.curves.push_back({.name = "with " + signed_grouped(migration.offset->suggested),
                                .ink = Ink::ghost,
                                .stroke = Stroke::ghost,
                                .series = &track.tsval,
                                .offset = static_cast<double>(migration.offset->suggested),
                                .from_ns = migration.time_ns,
                                .to_ns = next_step(flow, side, migration)});
    }
  }
  content.curves.push_back({.name = "TSecr",
                            .ink = Ink::echo,
                            .stroke = Stroke::dots,
                            .series = &back.other_tsecr});
  content.curves.push_back(
      {.name = "TSval", .ink = ink_of(side), .series = &track.tsval, .breaks = lost_in_silence(track)});
  add_marks(content, flow, side, track.tsval);
  add_bands(content, flow);
}

void residual_content(PlotContent& content, const FlowView& flow) {
  content.title = "TSval ahead of its clock";
  content.unit = "s";
  for (const Side side : {Side::client, Side::server}) {
    const Track& track = flow.track(side);
    if (track.hz <= 0) continue;
    content.curves.push_back(
        {.name = fmt::format("{} ({}{} Hz)", name_of(side), track.hz_is_guess ? "about " : "",
                             rounded_number(track.hz, track.hz_is_guess ? 3 : 6)),
         .ink = ink_of(side),
         .series = &track.residual,
         .breaks = lost_in_silence(track)});
    add_marks(content, flow, side, track.residual);
  }
  add_bands(content, flow);
}

void sequence_content(PlotContent& content, const FlowView& flow, Side side) {
  const Track& track = flow.track(side);
  content.title = "Bytes of the " + name_of(side);
  content.unit = "B";
  content.curves.push_back({.name = "acknowledged",
                            .ink = Ink::ack,
                            .stroke = Stroke::line,
                            .series = &flow.track(other(side)).other_ack});
  content.curves.push_back({.name = "sent", .ink = ink_of(side), .series = &track.seq});
  add_marks(content, flow, side, track.seq);
  add_stalls(content, flow, side);
  add_bands(content, flow);
}

void rtt_content(PlotContent& content, const FlowView& flow) {
  content.title = "Round trip by timestamps";
  content.unit = "ms";
  for (const Side side : {Side::client, Side::server}) {
    content.curves.push_back({.name = "capture to " + name_of(other(side)) + " and back",
                              .ink = ink_of(side),
                              .stroke = Stroke::dots,
                              .series = &flow.track(other(side)).other_rtt,
                              .scale = 1e3});
  }
  add_bands(content, flow);
}

bool has_values(const Curve& curve) {
  return curve.series && !curve.series->range(INT64_MIN / 2, INT64_MAX / 2).empty();
}

std::string nothing_of(PlotKind kind, Side side) {
  switch (kind) {
    case PlotKind::clock:
      return "no timestamps from the " + name_of(side);
    case PlotKind::residual:
      return "no clock whose rate is known";
    case PlotKind::sequence:
      return "no segments from the " + name_of(side);
    case PlotKind::rtt:
      return "no timestamp that was echoed";
  }
  return "";
}

}  // namespace

PlotContent make_content(PlotKind kind, const std::shared_ptr<const FlowView>& flow, Side side) {
  PlotContent content;
  content.kind = kind;
  content.holds.push_back(flow);
  switch (kind) {
    case PlotKind::clock:
      clock_content(content, *flow, side);
      break;
    case PlotKind::residual:
      residual_content(content, *flow);
      break;
    case PlotKind::sequence:
      sequence_content(content, *flow, side);
      break;
    case PlotKind::rtt:
      rtt_content(content, *flow);
      break;
  }
  if (std::ranges::none_of(content.curves, has_values)) content.nothing = nothing_of(kind, side);
  return content;
}

Alignment align(const FlowView& flow, const FlowView& baseline) {
  const auto cut = [](const FlowView& of) -> std::optional<TimeNs> {
    if (!of.report() || of.report()->migrations.empty()) return std::nullopt;
    return of.report()->migrations.front().time_ns;
  };
  const bool both = cut(flow) && cut(baseline);
  const TimeNs here = both ? *cut(flow) : flow.first_ns(), there = both ? *cut(baseline) : baseline.first_ns();
  return {.shift_ns = here - there, .zero_ns = here};
}

PlotContent make_baseline_content(PlotKind kind, const std::shared_ptr<const FlowView>& baseline, Side side,
                                  const Alignment& alignment) {
  PlotContent content = make_content(kind, baseline, side);
  content.title = "baseline: " + content.title;
  // What would have been is asked of the flow that is looked at, not of the one that it is held against.
  std::erase_if(content.curves, [](const Curve& curve) { return curve.stroke == Stroke::ghost; });
  for (Curve& curve : content.curves) {
    curve.name = "baseline: " + curve.name;
    curve.shift_ns = alignment.shift_ns;
    curve.accepts_above = false;
    curve.compared = true;
  }
  for (MarkSet& marks : content.marks) marks.shift_ns = alignment.shift_ns;
  for (Band& band : content.bands) {
    band.from_ns += alignment.shift_ns;
    band.to_ns += alignment.shift_ns;
  }
  return content;
}

void add_baseline(PlotContent& content, const std::shared_ptr<const FlowView>& baseline, Side side,
                  const Alignment& alignment) {
  PlotContent theirs = make_baseline_content(content.kind, baseline, side, alignment);
  double offset = 0;
  if (content.kind == PlotKind::clock) {
    const auto last_before = [](const Series& tsval, TimeNs time) {
      double value = kNoValue;
      for (size_t i = tsval.lower_bound(time); i-- > 0 && std::isnan(value);) value = tsval.value(i);
      for (size_t i = 0; i < tsval.size() && std::isnan(value); ++i) value = tsval.value(i);
      return value;
    };
    const double gap = last_before(content.holds.front()->track(side).tsval, alignment.zero_ns) -
                       last_before(baseline->track(side).tsval, alignment.zero_ns - alignment.shift_ns);
    if (!std::isnan(gap)) offset = gap;
  }
  for (Curve& curve : theirs.curves) {
    if (curve.ink == Ink::recent || curve.ink == Ink::echo) continue;  // one plot is not to hold all of it twice
    curve.offset += offset;
    content.curves.push_back(std::move(curve));
  }
  for (MarkSet& marks : theirs.marks) {
    marks.offset += offset;
    marks.holder = content.holds.size();
    content.marks.push_back(marks);
  }
  for (Band& band : theirs.bands) {
    // Moves coincide, and have their words already.
    band.label = band.kind == Band::Kind::migration ? "" : "baseline: " + band.label;
    content.bands.push_back(std::move(band));
  }
  content.holds.push_back(baseline);
  if (theirs.nothing.empty()) content.nothing.clear();
}

ValueRange fit_values(const PlotContent& content, TimeRange time, const std::vector<bool>& hidden) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (size_t i = 0; i < content.curves.size(); ++i) {
    const Curve& curve = content.curves[i];
    if ((i < hidden.size() && hidden[i]) || !curve.series) continue;
    const MinMax extremes = curve.series->range(std::max(time.from - curve.shift_ns, curve.from_ns),
                                                std::min(time.to - curve.shift_ns, curve.to_ns));
    if (extremes.empty()) continue;
    low = std::min(low, extremes.min * curve.scale + curve.offset);
    high = std::max(high, extremes.max * curve.scale + curve.offset);
  }
  if (low > high) return {content.value_origin, content.value_origin + 1};
  ValueRange range = padded(ValueRange{low, high});
  // Room for what TS.Recent accepts and for the words on top of it.
  if (content.kind == PlotKind::clock) range.to += range.span() * 0.12;
  return range;
}

std::string titled(const PlotContent& content) {
  return content.unit.empty() ? content.title : fmt::format("{} [{}]", content.title, content.unit);
}

std::string_view mark_name(MarkKind kind) {
  switch (kind) {
    case MarkKind::paws:
      return "PAWS drop";
    case MarkKind::stale_ack:
      return "PAWS drop of ACK";
    case MarkKind::other:
      return "other drop";
    case MarkKind::unknown:
      return "unknown";
  }
  return "";
}

std::string signed_grouped(int64_t number) {
  return number < 0 ? "\u2212" + grouped(number).substr(1) : "+" + grouped(number);
}

}  // namespace tsaudit::gui
