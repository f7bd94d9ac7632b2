// SPDX-License-Identifier: GPL-3.0-or-later
// What each kind of plot shows of a flow, as data: curves, marks, bands. Drawing is plot_surface's business.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "flow_view.h"
#include "tsaudit/words.h"
#include "view_transform.h"

namespace tsaudit::gui {

enum class PlotKind : uint8_t {
  clock,     ///< TSval, TS.Recent, echoes
  residual,  ///< against the fitted clocks
  sequence,  ///< bytes sent and acknowledged
  rtt,
};
inline constexpr int kPlotKinds = 4;

/// A role, which the palette gives a colour.
enum class Ink : uint8_t { client, server, recent, echo, ghost, ack };

enum class Stroke : uint8_t {
  line,
  step,  ///< the value of a sample holds from the sample before on: state found by a segment
  dots,
  ghost,  ///< dashed: what would have been
};

struct Curve {
  std::string name;
  Ink ink = Ink::client;
  Stroke stroke = Stroke::line;
  const Series* series = nullptr;
  double scale = 1, offset = 0;                           ///< drawn: value * scale + offset
  TimeNs shift_ns = 0;                                    ///< drawn: time + shift
  TimeNs from_ns = INT64_MIN / 2, to_ns = INT64_MAX / 2;  ///< of the series' own time
  bool accepts_above = false;  ///< the half-space of TSvals that its holder accepts is shaded
  std::vector<uint32_t> breaks = {};  ///< samples that no line leads to from those before, in order
  std::vector<TimeRange> forgets =
      {};                      ///< of the series' own time: its holder accepts anything, no half-space
  bool compared = false;       ///< of the other capture: drawn thinner
};

struct MarkSet {
  MarkKind kind = MarkKind::paws;
  Side from = Side::client;
  const Series* series = nullptr;
  const SharedArray<uint32_t>* samples = nullptr;
  double scale = 1, offset = 0;
  TimeNs shift_ns = 0;
  size_t holder = 0;  ///< whose they are: index into PlotContent::holds
};

struct Band {
  enum class Kind : uint8_t {
    migration,
    stall,
    idle,  ///< the receiver accepts any TSval
  } kind = Kind::migration;
  TimeNs from_ns = 0, to_ns = 0;
  std::string label;   ///< a few words, drawn
  std::string detail;  ///< lines for the tooltip
};

struct PlotContent {
  PlotKind kind = PlotKind::clock;
  std::string title;        ///< "TSval of the client"
  std::string unit;         ///< "ticks"
  double value_origin = 0;  ///< what the axis counts from when it is relative
  bool has_origin = false;  ///< else the values are differences already
  std::vector<Curve> curves;
  std::vector<MarkSet> marks;
  std::vector<Band> bands;
  std::string nothing;                                 ///< said in their place where no curve has a value
  std::vector<std::shared_ptr<const FlowView>> holds;  ///< owners of the series
};

PlotContent make_content(PlotKind kind, const std::shared_ptr<const FlowView>& flow, Side side);
/// How a flow of another capture (the baseline) is laid over or under one.
struct Alignment {
  TimeNs shift_ns = 0;  ///< added to the other's times
  TimeNs zero_ns = 0;   ///< what coincides, in the time of the flow that is there already
};
/// At the cut: each one's first move; where not both moved, their first segments.
Alignment align(const FlowView& flow, const FlowView& baseline);
/// The plot of the baseline's flow alone, in the other's time.
PlotContent make_baseline_content(PlotKind kind, const std::shared_ptr<const FlowView>& baseline, Side side,
                                  const Alignment& alignment);
/// The baseline's flow over it. The two hosts' clocks have nothing to do with each other, so TSvals are laid over
/// each other where they were last before the cut.
void add_baseline(PlotContent& content, const std::shared_ptr<const FlowView>& baseline, Side side,
                  const Alignment& alignment);

/// What fits everything that is drawn within `time`; `hidden[i]`: not curve i.
ValueRange fit_values(const PlotContent& content, TimeRange time, const std::vector<bool>& hidden = {});

/// With its unit: "TSval of the client [ticks]".
std::string titled(const PlotContent& content);
std::string_view mark_name(MarkKind kind);
/// With its sign: "+1,234" or "−1,234".
std::string signed_grouped(int64_t number);

}  // namespace tsaudit::gui
