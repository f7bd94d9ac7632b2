// SPDX-License-Identifier: GPL-3.0-or-later
// Finds, for the connection that is looked at, its partner in a second capture: the baseline. What belongs together is
// the library's answer; the baseline has a document of its own.
#pragma once

#include <QObject>
#include <QStringList>
#include <memory>

#include "document.h"

namespace tsaudit::gui {

class Comparer : public QObject {
  Q_OBJECT

 public:
  /// Ends with the capture that `candidate` has open, and goes on when that is read again.
  explicit Comparer(Document& candidate, QObject* parent = nullptr);

  void start(const QStringList& baseline);
  void end();
  bool active() const { return !paths_.isEmpty(); }
  const QStringList& paths() const { return paths_; }
  QString title() const { return baseline_.title(); }
  /// nullptr until it is there.
  const std::shared_ptr<const Comparison>& comparison() const { return comparison_; }
  /// Of the connection that is looked at; nullptr: none, or not known yet.
  const FlowDelta* delta() const;
  /// Nothing more is to come for the connection that is looked at.
  bool settled() const;

 Q_SIGNALS:
  void changed();                                                    ///< began, has its result, ended
  void partner_ready(std::shared_ptr<const tsaudit::gui::FlowView>);  ///< nullptr: it has none
  void failed(const QString& message);

 private:
  void candidate_opened();
  void look_for_partner();

  Document& candidate_;
  Document baseline_;
  QStringList paths_, candidate_paths_;
  std::shared_ptr<const Comparison> comparison_;
  quint64 flow_ = 0;     ///< of the candidate
  quint64 partner_ = 0;  ///< of the baseline; 0: none
  bool shown_ = false;   ///< the partner has been told, from a baseline that was read whole
};

}  // namespace tsaudit::gui
