// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare_model.h"

#include <algorithm>
#include <array>
#include <climits>
#include <numeric>

#include "plot_content.h"
#include "qt_text.h"

namespace tsaudit::gui {
namespace {

/// How many findings came, grew, went.
struct Changes {
  int fresh = 0, grown = 0, fixed = 0;
  explicit Changes(const FlowDelta& delta) {
    for (const Finding& finding : delta.findings) {
      if (finding.rule == RuleId::worse_than_baseline) continue;  // it is about the numbers
      fresh += finding.baseline_state == BaselineState::fresh;
      grown += finding.baseline_state == BaselineState::worse;
      fixed += finding.baseline_state == BaselineState::fixed;
    }
  }
  QString text() const {
    QStringList words;
    if (fresh) words << CompareModel::tr("%1 new").arg(fresh);
    if (grown) words << CompareModel::tr("%1 worse").arg(grown);
    if (fixed) words << CompareModel::tr("%1 fixed").arg(fixed);
    return words.join(", ");
  }
  std::array<int, 3> key() const { return {fresh, grown, fixed}; }
};

/// Who they are in both captures: the client's port is another one each time, and is in the tooltip.
QString connection(const FlowDelta& delta) {
  return text_of(to_string(delta.shown().role.client) + " \u2192 " + to_string(delta.shown().role.server));
}

QString endpoints(const FlowDelta& delta) {
  return text_of(to_string(delta.shown().client) + " \u2192 " + to_string(delta.shown().role.server));
}

}  // namespace

void CompareModel::set_comparison(std::shared_ptr<const Comparison> comparison) {
  beginResetModel();
  comparison_ = std::move(comparison);
  order_.resize(comparison_ ? std::min<size_t>(comparison_->flows.size(), INT_MAX) : 0);
  std::iota(order_.begin(), order_.end(), size_t{0});
  endResetModel();
  sort(kVerdict, Qt::AscendingOrder);
}

void CompareModel::sort(int column, Qt::SortOrder direction) {
  if (!comparison_) return;
  const auto arrange = [&](const auto& key) {
    std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
      const auto of_a = key(comparison_->flows[a]), of_b = key(comparison_->flows[b]);
      return direction == Qt::AscendingOrder ? of_a < of_b : of_b < of_a;
    });
  };
  Q_EMIT layoutAboutToBeChanged();
  const QModelIndexList before = persistentIndexList();
  std::vector<const FlowDelta*> held;
  for (const QModelIndex& each : before) held.push_back(&at(each.row()));
  std::iota(order_.begin(), order_.end(), size_t{0});
  if (column == kVerdict)
    arrange([](const FlowDelta& d) { return std::pair(d.verdict, -static_cast<int>(d.worst)); });
  else if (column == kFlow)
    arrange([](const FlowDelta& d) { return std::pair(d.shown().client, d.shown().role.server); });
  else
    arrange([](const FlowDelta& d) { return Changes(d).key(); });
  QModelIndexList after;
  for (qsizetype i = 0; i < before.size(); ++i)
    after << index(row_of(held[static_cast<size_t>(i)]), before[i].column());
  changePersistentIndexList(before, after);
  Q_EMIT layoutChanged();
}

int CompareModel::row_of(const FlowDelta* delta) const {
  const auto at = std::find_if(order_.begin(), order_.end(),
                               [&](size_t index) { return &comparison_->flows[index] == delta; });
  return at == order_.end() ? -1 : static_cast<int>(at - order_.begin());
}

int CompareModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(order_.size());
}
int CompareModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumns; }

QVariant CompareModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const FlowDelta& delta = at(index.row());
  switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
      if (index.column() == kVerdict) return text_of(to_string(delta.verdict));
      return index.column() == kFlow ? connection(delta) : Changes(delta).text();
    case Qt::ToolTipRole:
      return endpoints(delta);
    case kSeverityRole:
      return static_cast<int>(delta.worst);
    default:
      return {};
  }
}

QVariant CompareModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  static const char* const kNames[] = {QT_TR_NOOP("Verdict"), QT_TR_NOOP("Connection"),
                                       QT_TR_NOOP("Findings")};
  static const char* const kTips[] = {
      QT_TR_NOOP("How the connection does beside the one of the baseline that plays the same part"),
      QT_TR_NOOP("Client and server"),
      QT_TR_NOOP("What is new, worse, or no more there than in the baseline")};
  if (role == Qt::DisplayRole) return tr(kNames[section]);
  if (role == Qt::ToolTipRole) return tr(kTips[section]);
  return {};
}

}  // namespace tsaudit::gui
