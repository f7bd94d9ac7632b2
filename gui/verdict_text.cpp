// SPDX-License-Identifier: GPL-3.0-or-later
#include "verdict_text.h"

#include <QCoreApplication>

#include "qt_text.h"

namespace tsaudit::gui {
namespace {

QString translated(const char* text) { return QCoreApplication::translate("verdict_text", text); }

}  // namespace

QString verdict_sentence(const FlowView& flow, const QString& stopped) {
  QString text = flow.judged() ? text_of(flow.summary()) : translated("Still reading this flow\u2026");
  if (stopped.isEmpty() || !flow.judged()) return text;
  if (flow.worst() > Severity::none)
    return text + " " + translated("The capture is incomplete: reading stopped %1.").arg(stopped);
  if (text.endsWith('.')) text.chop(1);
  return translated("%1, as far as the capture could be read: it is incomplete, reading stopped %2.")
      .arg(text, stopped);
}

}  // namespace tsaudit::gui
