// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporter.h"

#include <QCoreApplication>
#include <QFile>
#include <QImage>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "plot_stack.h"
#include "tsaudit/writers.h"

namespace tsaudit::gui {
namespace {

constexpr int kDpi = 96;  ///< of all that is drawn here, so that text has the size it has on the screen
constexpr int kPngScale = 2;

QString translated(const char* text) { return QCoreApplication::translate("export", text); }

/// The visible plots in the proportions they have on the screen.
void paint(PlotStack& plots, QPainter& painter, QSize size) {
  const auto panels = plots.visible_panels();
  double total = 0;
  for (const PlotPanel* panel : panels) total += std::max(panel->height(), 1);
  double y = 0;
  for (PlotPanel* panel : panels) {
    const double height = std::max(panel->height(), 1) / total * size.height();
    panel->paint_to(painter, QRect(0, static_cast<int>(y), size.width(), static_cast<int>(height)));
    y += height;
  }
}

SegmentRow unpacked(const FlowView& flow, const LogRow& row) {
  SegmentRow out{.frame = row.frame,
                 .time_ns = row.time_ns,
                 .flow = row.flow,
                 .from = row.side(),
                 .seq = {row.seq},
                 .ack = {row.ack},
                 .length = row.length,
                 .flags = row.flags,
                 .has_ts = row.has_ts != 0,
                 .tsval = {row.tsval},
                 .tsecr = {row.tsecr},
                 .verdict = static_cast<Verdict>(row.verdict),
                 .reason = static_cast<Reason>(row.reason),
                 .ts_recent_known = row.ts_recent_known != 0,
                 .ts_recent = {row.ts_recent}};
  if (out.has_ts && out.ts_recent_known) out.delta = row.delta();
  out.evidence = static_cast<Evidence>(row.evidence);
  out.evidence_frames = flow.store().evidence_frames(row.frame);
  return out;
}

}  // namespace

QString export_plots(PlotStack& plots, const QString& path, QSize size) {
  if (plots.visible_panels().empty() || !plots.flow()) return translated("There is no plot to export.");
  const QString cannot = translated("%1 cannot be written.").arg(path);
  if (path.endsWith(".svg", Qt::CaseInsensitive)) {
    QSvgGenerator svg;
    svg.setFileName(path);
    svg.setSize(size);
    svg.setViewBox(QRect(QPoint(0, 0), size));
    svg.setResolution(kDpi);
    svg.setTitle("tsaudit");
    QPainter painter;
    if (!painter.begin(&svg)) return cannot;
    paint(plots, painter, size);
    return painter.end() ? QString() : cannot;
  }
  if (path.endsWith(".pdf", Qt::CaseInsensitive)) {
    QPdfWriter pdf(path);
    pdf.setResolution(kDpi);
    pdf.setPageSize(QPageSize(QSizeF(size) * 72 / kDpi, QPageSize::Point));
    pdf.setPageMargins(QMarginsF());
    pdf.setCreator("tsaudit-gui");
    QPainter painter;
    if (!painter.begin(&pdf)) return cannot;
    paint(plots, painter, size);
    return painter.end() ? QString() : cannot;
  }
  if (!path.endsWith(".png", Qt::CaseInsensitive))
    return translated("Name a file that ends in .png, .svg or .pdf.");
  QImage image(size * kPngScale, QImage::Format_RGB32);
  image.setDevicePixelRatio(kPngScale);
  image.fill(Qt::white);
  QPainter painter(&image);
  painter.setRenderHint(QPainter::Antialiasing);
  paint(plots, painter, size);
  painter.end();
  return image.save(path) ? QString() : cannot;
}

QString export_csv(const FlowView& flow, TimeRange time, const QString& path) {
  std::FILE* file = std::fopen(QFile::encodeName(path).constData(), "wb");
  const auto why = [&] { return QString("%1: %2").arg(path, QString::fromLocal8Bit(std::strerror(errno))); };
  if (!file) return why();
  const auto writer = make_segment_writer(ReportFormat::csv, file, {});
  for (size_t i = 0; i < flow.rows().size(); ++i) {
    const LogRow& row = flow.row(i);
    if (row.time_ns >= time.from && row.time_ns <= time.to) writer->segment(unpacked(flow, row));
  }
  writer->finish();
  const bool failed = std::ferror(file) != 0;
  return std::fclose(file) != 0 || failed ? why() : QString();
}

}  // namespace tsaudit::gui
