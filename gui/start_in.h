// SPDX-License-Identifier: GPL-3.0-or-later
// Work in other threads, which may be more than there is memory for.
#pragma once

#include <QObject>
#include <QString>
#include <QThreadPool>
#include <exception>
#include <new>
#include <utility>

namespace tsaudit::gui {

/// Does `work` in a thread of the pool. What it throws ends it alone: `failed(why)` is called in the thread of `owner`.
template <class Work, class Failed>
void start_in(QThreadPool& pool, QObject* owner, Work work, Failed failed) {
  pool.start([owner, work = std::move(work), failed = std::move(failed)]() mutable {
    const auto tell = [&](const QString& why) {
      QMetaObject::invokeMethod(owner, [failed = std::move(failed), why] { failed(why); });
    };
    try {
      work();
    } catch (const std::bad_alloc&) {
      tell(QObject::tr("Not enough memory for this capture"));
    } catch (const std::exception& error) {
      tell(QString::fromUtf8(error.what()));
    }
  });
}

}  // namespace tsaudit::gui
