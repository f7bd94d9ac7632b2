// SPDX-License-Identifier: GPL-3.0-or-later
#include "comparer.h"

namespace tsaudit::gui {

Comparer::Comparer(Document& candidate, QObject* parent) : QObject(parent), candidate_(candidate) {
  connect(&candidate_, &Document::opened, this, &Comparer::candidate_opened);
  connect(&candidate_, &Document::compared, this, [this](const std::shared_ptr<const Comparison>& comparison) {
    if (!active()) return;
    comparison_ = comparison;
    Q_EMIT changed();
    look_for_partner();
  });
  connect(&candidate_, &Document::comparison_failed, this, [this](const QString& message) {
    end();
    Q_EMIT failed(message);
  });
  connect(&candidate_, &Document::flow_ready, this, [this](const std::shared_ptr<const FlowView>& flow) {
    if (flow_ == flow->id() && shown_) return;  // more of the same
    flow_ = flow->id();
    look_for_partner();
  });
  connect(&baseline_, &Document::finished, this, &Comparer::look_for_partner);
  connect(&baseline_, &Document::flow_ready, this, [this](const std::shared_ptr<const FlowView>& flow) {
    if (flow->id() != partner_ || baseline_.state() == Document::State::loading) return;
    shown_ = true;
    Q_EMIT partner_ready(flow);
  });
}

void Comparer::start(const QStringList& baseline) {
  paths_ = baseline;
  candidate_paths_ = candidate_.paths();
  comparison_.reset();
  shown_ = false;
  partner_ = 0;
  baseline_.set_profile(candidate_.profile());
  baseline_.open(baseline);
  candidate_.request_comparison(baseline);
  Q_EMIT changed();
}

void Comparer::end() {
  if (!active()) return;
  paths_.clear();
  comparison_.reset();
  partner_ = 0;
  baseline_.close();
  Q_EMIT changed();
  Q_EMIT partner_ready(nullptr);
}

void Comparer::candidate_opened() {
  flow_ = 0;
  if (!active()) return;
  if (candidate_.paths() == candidate_paths_)
    start(QStringList(paths_));  // with another receiver, for example
  else
    end();
}

const FlowDelta* Comparer::delta() const {
  return comparison_ && flow_ ? comparison_->of_candidate(flow_) : nullptr;
}

void Comparer::look_for_partner() {
  if (!comparison_ || !flow_ || baseline_.state() == Document::State::loading) return;
  const FlowDelta* const pair = delta();
  partner_ = pair && pair->baseline ? pair->baseline->role.order : 0;
  shown_ = partner_ == 0;
  if (partner_)
    baseline_.request_flow(partner_);
  else
    Q_EMIT partner_ready(nullptr);
}

bool Comparer::settled() const { return !active() || (comparison_ && shown_); }

}  // namespace tsaudit::gui
