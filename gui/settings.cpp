// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings.h"

#include <QFileInfo>
#include <QSettings>

namespace tsaudit::gui {

QStringList Settings::recent() const { return QSettings().value("recent").toStringList(); }

void Settings::add_recent(const QString& path) {
  QStringList all = recent();
  const QString absolute = QFileInfo(path).absoluteFilePath();
  all.removeAll(absolute);
  all.prepend(absolute);
  QSettings().setValue("recent", all.mid(0, kRecent));
}

void Settings::clear_recent() { QSettings().remove("recent"); }

QByteArray Settings::bytes(const QString& key) const { return QSettings().value(key).toByteArray(); }
void Settings::set_bytes(const QString& key, const QByteArray& value) { QSettings().setValue(key, value); }
QString Settings::text(const QString& key, const QString& otherwise) const {
  return QSettings().value(key, otherwise).toString();
}
void Settings::set_text(const QString& key, const QString& value) { QSettings().setValue(key, value); }

Session Settings::session() const {
  QSettings settings;
  settings.beginGroup("session");
  return {.paths = settings.value("paths").toStringList(),
          .baseline = settings.value("baseline").toStringList(),
          .flow = settings.value("flow").toULongLong(),
          .from_ns = settings.value("from_ns").toLongLong(),
          .to_ns = settings.value("to_ns").toLongLong(),
          .profile = settings.value("profile", "auto").toString()};
}

void Settings::set_session(const Session& session) {
  QSettings settings;
  settings.beginGroup("session");
  settings.setValue("paths", session.paths);
  settings.setValue("baseline", session.baseline);
  settings.setValue("flow", session.flow);
  settings.setValue("from_ns", session.from_ns);
  settings.setValue("to_ns", session.to_ns);
  settings.setValue("profile", session.profile);
}

}  // namespace tsaudit::gui
