// SPDX-License-Identifier: GPL-3.0-or-later
#include "wireshark.h"

#include <QProcess>
#include <QStandardPaths>
#include <QStringList>

namespace tsaudit::gui {

QString display_filter(const FlowView& flow) {
  const auto end = [](const Endpoint& e) {
    return QString("%1.addr == %2 && tcp.port == %3")
        .arg(e.address.v6 ? "ipv6" : "ip", QString::fromStdString(to_string(e.address)))
        .arg(e.port);
  };
  return end(flow.client()) + " && " + end(flow.server());
}

QString dropped_filter(const FlowView& flow, size_t most) {
  QStringList frames;
  for (size_t i = 0; i < flow.rows().size() && static_cast<size_t>(frames.size()) < most; ++i)
    if (static_cast<Verdict>(flow.row(i).verdict) == Verdict::drop)
      frames << QString::number(flow.row(i).frame);
  return frames.isEmpty() ? display_filter(flow) : QString("frame.number in {%1}").arg(frames.join(", "));
}

bool wireshark_installed() { return !QStandardPaths::findExecutable("wireshark").isEmpty(); }

bool open_in_wireshark(const QString& capture, quint64 frame) {
  QStringList arguments{"-r", capture};
  if (frame) arguments << "-g" << QString::number(frame);
  return QProcess::startDetached(QStandardPaths::findExecutable("wireshark"), arguments);
}

}  // namespace tsaudit::gui
