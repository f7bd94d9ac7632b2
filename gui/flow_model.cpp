// SPDX-License-Identifier: GPL-3.0-or-later
#include "flow_model.h"

#include <algorithm>
#include <climits>

#include "plot_content.h"

namespace tsaudit::gui {
namespace {

QString text_of(const std::string& text) { return QString::fromStdString(text); }

QString endpoints(const FlowEntry& flow) {
  return text_of(to_string(flow.client) + " \u2192 " + to_string(flow.server));
}

QString severity_word(const FlowEntry& flow) {
  if (!flow.ended) return FlowModel::tr("reading");
  switch (flow.worst) {
    case Severity::error:
      return FlowModel::tr("error");
    case Severity::warning:
      return FlowModel::tr("warning");
    case Severity::note:
      return FlowModel::tr("note");
    case Severity::none:
      return FlowModel::tr("healthy");
  }
  return {};
}

QVariant text(const FlowEntry& flow, int column, TimeNs start) {
  switch (column) {
    case FlowModel::kFlow:
      return endpoints(flow);
    case FlowModel::kDropped:
      return flow.dropped ? text_of(grouped(flow.dropped)) : QString();
    case FlowModel::kSegments:
      return text_of(grouped(flow.segments));
    case FlowModel::kStart:
      return QString::number(static_cast<double>(flow.first_ns - start) / 1e9, 'f', 3);
    case FlowModel::kDuration:
      return text_of(duration_text(flow.last_ns - flow.first_ns));
    default:
      return {};
  }
}

}  // namespace

void FlowModel::set_store(std::shared_ptr<const CaptureStore> store) {
  beginResetModel();
  store_ = std::move(store);
  order_.clear();
  known_ = 0;
  endResetModel();
  refresh();
}

void FlowModel::refresh() {
  if (store_) arrange();
}

void FlowModel::set_filter(const QString& text) {
  words_.clear();
  rules_ = 0;
  for (const QString& word : text.split(' ', Qt::SkipEmptyParts)) {
    if (const RuleInfo* rule = find_rule(word.toStdString()))
      rules_ |= static_cast<uint16_t>(1u << (static_cast<unsigned>(rule->id) - 1));
    else
      words_ << word;
  }
  refresh();
}

void FlowModel::set_least_severity(Severity severity) {
  least_ = severity;
  refresh();
}

void FlowModel::sort(int column, Qt::SortOrder order) {
  column_ = column;
  direction_ = order;
  refresh();
}

bool FlowModel::accepts(const FlowEntry& flow) const {
  if (flow.ended ? flow.worst < least_ : least_ > Severity::none && flow.dropped == 0) return false;
  if ((flow.rules & rules_) != rules_) return false;
  if (words_.isEmpty()) return true;
  const QString all = endpoints(flow) + ' ' + text_of(flow.summary);
  return std::all_of(words_.begin(), words_.end(),
                     [&](const QString& word) { return all.contains(word, Qt::CaseInsensitive); });
}

bool FlowModel::comes_before(const FlowEntry& a, const FlowEntry& b) const {
  const auto compare = [&](const auto& key) {
    const auto of_a = key(a), of_b = key(b);
    // Among equals the earlier flow stands first, whichever way the column is sorted.
    if (of_a == of_b) return a.id < b.id;
    return direction_ == Qt::AscendingOrder ? of_a < of_b : of_b < of_a;
  };
  switch (column_) {
    case kVerdict:
      return compare([](const FlowEntry& f) { return std::pair(f.worst, f.dropped); });
    case kFlow:
      return compare([](const FlowEntry& f) { return std::pair(f.client, f.server); });
    case kClock:
      return compare([](const FlowEntry& f) { return f.clock[0].unwrapped; });
    case kDropped:
      return compare([](const FlowEntry& f) { return f.dropped; });
    case kSegments:
      return compare([](const FlowEntry& f) { return f.segments; });
    case kStart:
      return compare([](const FlowEntry& f) { return f.first_ns; });
    default:
      return compare([](const FlowEntry& f) { return f.last_ns - f.first_ns; });
  }
}

void FlowModel::arrange() {
  if (!store_) return;
  std::vector<uint32_t> order;
  store_->all_flows([&](const auto& flows) {
    known_ = std::min<size_t>(flows.size(), INT_MAX);
    order.reserve(known_);
    for (size_t i = 0; i < known_; ++i)
      if (accepts(*flows[i])) order.push_back(static_cast<uint32_t>(i + 1));
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return comes_before(*flows[a - 1], *flows[b - 1]); });
  });
  if (order == order_) {
    if (!order_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
    return;
  }
  // Selections stay with their flows.
  Q_EMIT layoutAboutToBeChanged();
  const QModelIndexList before = persistentIndexList();
  std::vector<quint64> ids;
  for (const QModelIndex& each : before) ids.push_back(id_of(each.row()));
  order_ = std::move(order);
  QModelIndexList after;
  for (qsizetype i = 0; i < before.size(); ++i) {
    const int row = row_of(ids[static_cast<size_t>(i)]);
    after << (row < 0 ? QModelIndex() : index(row, before[i].column()));
  }
  changePersistentIndexList(before, after);
  Q_EMIT layoutChanged();
}

int FlowModel::row_of(quint64 id) const {
  const auto at = std::find(order_.begin(), order_.end(), id);
  return at == order_.end() ? -1 : static_cast<int>(at - order_.begin());
}

int FlowModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(order_.size());
}
int FlowModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumns; }

QVariant FlowModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const TimeNs start = role == Qt::DisplayRole ? store_->start_ns() : 0;
  return store_->flow_at(id_of(index.row()), [&](const FlowEntry& flow) -> QVariant {
    switch (role) {
      case Qt::DisplayRole:
        return text(flow, index.column(), start);
      case Qt::ToolTipRole:
        return endpoints(flow) + "\n" + (flow.ended ? text_of(flow.summary) : tr("still being read"));
      case Qt::AccessibleTextRole:
        return index.column() == kVerdict ? QVariant(severity_word(flow)) : text(flow, index.column(), start);
      case Qt::TextAlignmentRole:
        return index.column() >= kDropped ? QVariant(Qt::AlignRight | Qt::AlignVCenter) : QVariant();
      case kIdRole:
        return static_cast<quint64>(flow.id);
      default:
        return {};
    }
  });
}

QVariant FlowModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  static const char* const kNames[] = {"",
                                       QT_TR_NOOP("Connection"),
                                       QT_TR_NOOP("TSval"),
                                       QT_TR_NOOP("Lost"),
                                       QT_TR_NOOP("Segments"),
                                       QT_TR_NOOP("Start [s]"),
                                       QT_TR_NOOP("Duration")};
  static const char* const kTips[] = {
      QT_TR_NOOP("The worst finding"),
      QT_TR_NOOP("Client and server"),
      QT_TR_NOOP("The client's timestamp clock over the life of the connection"),
      QT_TR_NOOP("Segments discarded because of their timestamps"),
      QT_TR_NOOP("All segments"),
      QT_TR_NOOP("Seconds since the start of the capture"),
      QT_TR_NOOP("From the first segment to the last")};
  if (role == Qt::DisplayRole) return tr(kNames[section]);
  if (role == Qt::ToolTipRole) return tr(kTips[section]);
  if (role == Qt::AccessibleTextRole) return section == kVerdict ? tr("Verdict") : tr(kNames[section]);
  return {};
}

}  // namespace tsaudit::gui
