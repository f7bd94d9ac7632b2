// SPDX-License-Identifier: GPL-3.0-or-later
// What is remembered from one run to the next.
#pragma once

#include <QByteArray>
#include <QStringList>

namespace tsaudit::gui {

struct Session {
  QStringList paths, baseline;  ///< baseline: what they are compared with
  quint64 flow = 0;
  qint64 from_ns = 0, to_ns = 0;  ///< the view's time; equal: everything
  QString profile = "auto";
};

class Settings {
 public:
  static constexpr int kRecent = 12;
  QStringList recent() const;
  void add_recent(const QString& path);
  void clear_recent();
  QByteArray bytes(const QString& key) const;
  void set_bytes(const QString& key, const QByteArray& value);
  QString text(const QString& key, const QString& otherwise) const;
  void set_text(const QString& key, const QString& value);
  Session session() const;
  void set_session(const Session& session);
};

}  // namespace tsaudit::gui
