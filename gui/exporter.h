// SPDX-License-Identifier: GPL-3.0-or-later
// Plots as files, and the segments in sight as CSV.
#pragma once

#include <QSize>
#include <QString>

#include "view_transform.h"

namespace tsaudit::gui {

class FlowView;
class PlotStack;

/// By the name's ending: .png, .svg or .pdf. The picture says by itself what it is: `capture` and connection,
/// the verdict, what the axes count, all names. Returns an error in words, empty: done.
QString export_plots(PlotStack& plots, const QString& path, QSize size, const QString& capture);
/// The columns of `tsaudit segments --format csv`, of one flow within `time`.
QString export_csv(const FlowView& flow, TimeRange time, const QString& path);

}  // namespace tsaudit::gui
