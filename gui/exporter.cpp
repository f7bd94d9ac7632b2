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
#include <cmath>
#include <cstdio>
#include <cstring>

#include "axis_text.h"
#include "plot_stack.h"
#include "qt_text.h"
#include "theme.h"
#include "tsaudit/writers.h"

namespace tsaudit::gui {
namespace {

constexpr int kDpi = 96;  ///< of all that is drawn here, so that text has the size it has on the screen
constexpr int kPngScale = 2;
constexpr int kMargin = 8;

QString translated(const char* text) { return QCoreApplication::translate("export", text); }

/// "capture.pcap: 10.0.0.1:40000 → 10.0.0.2:443": what is shown is what the left one sends.
QString heading(const PlotStack& plots, const QString& capture) {
  const FlowView& flow = *plots.flow();
  const bool client = plots.side() == Side::client;
  return QString::fromUtf8("%1: %2 \u2192 %3")
      .arg(capture, text_of(to_string(client ? flow.client() : flow.server())),
           text_of(to_string(client ? flow.server() : flow.client())));
}

/// What the values of a plot count: the axis of a clock counts from its first tick.
QString title_of(const PlotStack& plots, const PlotContent& content) {
  if (plots.absolute() || !content.has_origin) return text_of(titled(content));
  return translated("%1 [%2, counted from %3]")
      .arg(text_of(content.title), text_of(content.unit),
           text_of(grouped(std::llround(content.value_origin))));
}

QString time_title(const PlotStack& plots) {
  if (plots.absolute()) return translated("Time of day (UTC)");
  const QString from = text_of(utc_text(plots.origin()));
  return plots.baseline() ? translated("Time since %1, where the baseline is laid to it").arg(from)
                          : translated("Time since the capture's first packet, %1").arg(from);
}

/// Heading and verdict. Returns their height.
int paint_heading(const PlotStack& plots, const QString& capture, QPainter& painter, QSize size) {
  const Theme theme = Theme::of(plots.palette());
  painter.fillRect(QRect(QPoint(), size), theme.background);
  painter.setPen(theme.text);
  int y = kMargin;
  const auto write = [&](const QString& text, const QFont& font) {
    painter.setFont(font);
    const QRect room(kMargin, y, size.width() - 2 * kMargin, size.height());
    const int flags = Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap;
    QRect taken;
    painter.drawText(room, flags, text, &taken);
    y = taken.bottom() + kMargin / 2;
  };
  QFont bold = plots.font();
  bold.setBold(true);
  write(heading(plots, capture), bold);
  write(plots.verdict(), plots.font());
  return y;
}

/// The visible plots in the proportions they have on the screen.
void paint(PlotStack& plots, const QString& capture, QPainter& painter, QSize size) {
  const auto panels = plots.visible_panels();
  double y = paint_heading(plots, capture, painter, size);
  const int foot = QFontMetrics(plots.font()).height() + kMargin;
  const double left = size.height() - y - foot;
  double total = 0;
  for (const PlotPanel* panel : panels) total += std::max(panel->height(), 1);
  for (PlotPanel* panel : panels) {
    const double height = std::max(panel->height(), 1) / total * left;
    panel->paint_to(painter, QRect(0, static_cast<int>(y), size.width(), static_cast<int>(height)),
                    title_of(plots, panel->content()));
    y += height;
  }
  painter.setFont(plots.font());
  painter.setPen(Theme::of(plots.palette()).text);
  painter.drawText(QRect(0, size.height() - foot, size.width(), foot), Qt::AlignHCenter | Qt::AlignTop,
                   time_title(plots));
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

QString export_plots(PlotStack& plots, const QString& path, QSize size, const QString& capture) {
  if (plots.visible_panels().empty() || !plots.flow()) return translated("There is no plot to export.");
  const QString cannot = translated("%1 cannot be written.").arg(path);
  if (path.endsWith(".svg", Qt::CaseInsensitive)) {
    QSvgGenerator svg;
    svg.setFileName(path);
    svg.setSize(size);
    svg.setViewBox(QRect(QPoint(0, 0), size));
    svg.setResolution(kDpi);
    svg.setTitle(heading(plots, capture));
    QPainter painter;
    if (!painter.begin(&svg)) return cannot;
    paint(plots, capture, painter, size);
    return painter.end() ? QString() : cannot;
  }
  if (path.endsWith(".pdf", Qt::CaseInsensitive)) {
    QPdfWriter pdf(path);
    pdf.setResolution(kDpi);
    pdf.setPageSize(QPageSize(QSizeF(size) * 72 / kDpi, QPageSize::Point));
    pdf.setPageMargins(QMarginsF());
    pdf.setCreator("tsaudit-gui");
    pdf.setTitle(heading(plots, capture));
    QPainter painter;
    if (!painter.begin(&pdf)) return cannot;
    paint(plots, capture, painter, size);
    return painter.end() ? QString() : cannot;
  }
  if (!path.endsWith(".png", Qt::CaseInsensitive))
    return translated("Name a file that ends in .png, .svg or .pdf.");
  QImage image(size * kPngScale, QImage::Format_RGB32);
  image.setDevicePixelRatio(kPngScale);
  image.fill(Qt::white);
  QPainter painter(&image);
  painter.setRenderHint(QPainter::Antialiasing);
  paint(plots, capture, painter, size);
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
