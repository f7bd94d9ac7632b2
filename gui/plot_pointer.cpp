// SPDX-License-Identifier: GPL-3.0-or-later
// What the pointer is on, in the plots of a flow: the crosshair, the segment that is selected, the line that
// reads it.
#include <cmath>

#include "elided_label.h"
#include "plot_stack.h"
#include "segment_text.h"

namespace tsaudit::gui {

std::optional<size_t> PlotStack::segment_near(PlotPanel* panel, TimeNs time, double value) const {
  // A mark that the pointer is on wins; else the nearest segment of the direction shown.
  if (is_below(panel)) return std::nullopt;  // segments of the other capture
  const ViewTransform transform = panel->surface().transform();
  const MarkCluster* mark = panel->cluster_at({transform.x_of(time), transform.y_of(value)});
  if (mark && mark->holder == 0 && mark->row < flow_->store().segments()) {
    const size_t at = flow_->position_of_frame(flow_->store().row(mark->row).frame);
    if (at < flow_->rows().size()) return at;
  }
  const bool both = panel->kind() == PlotKind::residual || panel->kind() == PlotKind::rtt;
  return flow_->nearest(time, both ? std::nullopt : std::optional(side_));
}

void PlotStack::hover(PlotPanel* panel, TimeNs time, double value) {
  hovered_ = panel;
  hover_time_ = time;
  hover_value_ = value;
  apply_overlays();
}

void PlotStack::end_hover() {
  held_ = false;
  hovered_ = nullptr;
  apply_overlays();
}

void PlotStack::click(PlotPanel* panel, TimeNs time, double value) {
  if (!flow_) return;
  const auto at = segment_near(panel, time, value);
  if (!at) return;
  selected_frame_ = flow_->row(*at).frame;
  apply_overlays();
  Q_EMIT frame_clicked(selected_frame_);
}

/// Into a cluster, as far as it takes for its marks to stand apart.
void PlotStack::double_click(PlotPanel* panel, TimeNs time, double value) {
  if (!flow_ || !has_view()) return;
  const ViewTransform transform = panel->surface().transform();
  const MarkCluster* mark = panel->cluster_at({transform.x_of(time), transform.y_of(value)});
  if (!mark || mark->count < 2) return;
  const FlowView& whose = *panel->content().holds[mark->holder];
  const TimeNs shift = mark->holder != 0 || is_below(panel) ? alignment_.shift_ns : 0;
  const TimeRange span{whose.store().row(mark->row).time_ns + shift,
                       whose.store().row(mark->last_row).time_ns + shift};
  const TimeNs room = std::max<TimeNs>(span.span() / 10, kMinSpanNs);
  ViewState next = view();
  next.time = {span.from - room, span.to + room};
  next.values.clear();
  change(next, false);
}

void PlotStack::select_frame(quint64 frame) {
  selected_frame_ = frame;
  if (!flow_ || !has_view()) return;
  const size_t at = flow_->position_of_frame(frame);
  if (at < flow_->rows().size()) {
    const TimeNs time = flow_->row(at).time_ns;
    ViewState next = view();
    if (time < next.time.from || time > next.time.to) {
      next.time.from = time - next.time.span() / 2;
      next.time.to = next.time.from + view().time.span();
    }
    // Where nobody has zoomed the values, they are what fits.
    for (const PlotPanel* panel : visible_panels()) {
      const auto own = next.values.find(key(panel));
      if (own == next.values.end()) continue;
      ValueRange& range = own->second;
      const double value = value_on(*panel, at);
      if (value < range.from || value > range.to)
        range = pan(range, (value - range.from) / range.span() - 0.5);
    }
    change(next, false);
  }
  apply_overlays();
}

double PlotStack::value_on(const PlotPanel& panel, size_t at) const {
  const Side from = flow_->row(at).side();
  const Track& track = flow_->track(from);
  const uint32_t row = flow_->rows()[at];
  const auto sample =
      static_cast<size_t>(std::lower_bound(track.rows.begin(), track.rows.end(), row) - track.rows.begin());
  if (is_below(&panel) || sample >= track.rows.size() || track.rows[sample] != row) return kNoValue;
  if (panel.kind() == PlotKind::residual) return track.residual.value(sample);
  if (from != side_) return kNoValue;
  if (panel.kind() == PlotKind::clock) return track.tsval.value(sample);
  return panel.kind() == PlotKind::sequence ? track.seq.value(sample) : kNoValue;
}

void PlotStack::apply_overlays() {
  if (!flow_) return;
  std::optional<size_t> near;
  if (hovered_) near = segment_near(hovered_, hover_time_, hover_value_);
  const size_t selected = selected_frame_ ? flow_->position_of_frame(selected_frame_) : flow_->rows().size();
  for (PlotPanel* panel : visible_panels()) {
    PlotOverlay overlay;
    if (hovered_ && crosshair_) {
      overlay.crosshair = hover_time_;
      if (panel == hovered_) overlay.crosshair_value = hover_value_;
    }
    if (selected < flow_->rows().size() && !is_below(panel)) {
      overlay.selected = std::pair(flow_->row(selected).time_ns, value_on(*panel, selected));
    }
    panel->set_overlay(overlay);
  }
  const std::optional<size_t> shown =
      near ? near : (selected < flow_->rows().size() ? std::optional(selected) : std::nullopt);
  readout_->set_full_text(
      shown ? QString::fromStdString(segment_line(flow_->row(*shown), origin()))
            : tr("Move over a plot to read values, click to select a segment, drag to zoom"));
}

QString PlotStack::readout() const { return readout_->full_text(); }

/// What was measured is in numbers of the flow and the side that were on show.
void PlotStack::end_measurements() {
  for (const auto* panels : {&panels_, &below_})
    for (PlotPanel* panel : *panels) panel->end_measurement();
}

}  // namespace tsaudit::gui
