// SPDX-License-Identifier: GPL-3.0-or-later
#include "flow_model.h"

#include <QElapsedTimer>
#include <algorithm>

#include "plot_content.h"
#include "qt_text.h"
#include "start_in.h"

namespace tsaudit::gui {
namespace {

constexpr int kShareOfReading =
    4;  ///< a capture is being read: to put its flows in order may take a fifth of the time

QString severity_word(const FlowEntry& flow) {
  if (!flow.judged()) return FlowModel::tr("reading");
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

QVariant text(const CaptureStore& store, const FlowEntry& flow, int column) {
  switch (column) {
    case FlowModel::kFlow:
      return addresses_text(flow);
    case FlowModel::kDropped:
      return flow.dropped() ? text_of(grouped(flow.dropped())) : QString();
    case FlowModel::kSegments:
      return text_of(grouped(flow.segments()));
    case FlowModel::kStart:
      return QString::number(static_cast<double>(store.time_ns(flow.first_row) - store.start_ns()) / 1e9, 'f',
                             3);
    case FlowModel::kDuration:
      return text_of(duration_text(store.time_ns(flow.last_row()) - store.time_ns(flow.first_row)));
    default:
      return {};
  }
}

}  // namespace

FlowModel::FlowModel(QObject* parent) : QAbstractTableModel(parent) {
  pool_.setMaxThreadCount(1);
  pause_.setSingleShot(true);
  connect(&pause_, &QTimer::timeout, this, [this] {
    if (behind_) refresh_now();
  });
}

FlowModel::~FlowModel() {
  if (stop_) *stop_ = true;
  pool_.waitForDone();
}

void FlowModel::set_store(std::shared_ptr<const CaptureStore> store) {
  beginResetModel();
  store_ = std::move(store);
  order_.clear();
  known_ = 0;
  endResetModel();
  refresh_now();
}

void FlowModel::refresh() {
  behind_ = running_ || pause_.isActive();
  if (!behind_) refresh_now();
}

void FlowModel::set_filter(const QString& text) {
  query_.words.clear();
  query_.rules = 0;
  for (const QString& word : text.split(' ', Qt::SkipEmptyParts)) {
    if (const RuleInfo* rule = find_rule(word.toStdString()))
      query_.rules |= static_cast<uint16_t>(1u << (static_cast<unsigned>(rule->id) - 1));
    else
      query_.words << word;
  }
  refresh_now();
}

void FlowModel::set_least_severity(Severity severity) {
  query_.least = severity;
  refresh_now();
}

void FlowModel::sort(int column, Qt::SortOrder order) {
  query_.key = static_cast<FlowQuery::Key>(column);
  query_.descending = order == Qt::DescendingOrder;
  refresh_now();
}

void FlowModel::refresh_now() {
  behind_ = running_ = false;
  pause_.stop();
  if (stop_) *stop_ = true;  // what still runs is for nobody
  if (!store_) return;
  stop_ = std::make_shared<std::atomic<bool>>(false);
  if (store_->flows() <= kAtOnce) return show(order_flows(*store_, query_, *stop_));
  running_ = true;
  const auto put_in_order = [this, store = store_, query = query_, stop = stop_] {
    QElapsedTimer timer;
    timer.start();
    auto order = order_flows(*store, query, *stop);
    const auto done = [this, order = std::move(order), stop, cost = timer.elapsed()]() mutable {
      if (*stop) return;
      running_ = false;
      pause_.start(static_cast<int>(cost) * kShareOfReading);
      show(std::move(order));
    };
    QMetaObject::invokeMethod(this, std::move(done));
  };
  start_in(pool_, this, put_in_order, [this, stop = stop_](const QString& why) {
    if (*stop) return;
    running_ = false;
    Q_EMIT arranged();
    Q_EMIT failed(tr("%1: the connections stay in the order that they had").arg(why));
  });
}

void FlowModel::show(std::vector<uint32_t>&& order) {
  known_ = store_->flows();
  if (order == order_) {
    if (!order_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
    return Q_EMIT arranged();
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
  Q_EMIT arranged();
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
  return store_->flow_at(id_of(index.row()), [&](const FlowEntry& flow) -> QVariant {
    switch (role) {
      case Qt::DisplayRole:
        return text(*store_, flow, index.column());
      case Qt::ToolTipRole:
        return addresses_text(flow) + "\n" +
               (flow.judged() ? text_of(*flow.summary) : tr("still being read"));
      case Qt::AccessibleTextRole:
        return index.column() == kVerdict ? QVariant(severity_word(flow))
                                          : text(*store_, flow, index.column());
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
                                       QT_TR_NOOP("Discarded"),
                                       QT_TR_NOOP("Segments"),
                                       QT_TR_NOOP("Start [s]"),
                                       QT_TR_NOOP("Duration")};
  static const char* const kTips[] = {
      QT_TR_NOOP("The worst finding"),
      QT_TR_NOOP("Client and server"),
      QT_TR_NOOP(
          "The timestamp clock of the side that moved, or else the client, over the life of the connection"),
      QT_TR_NOOP("Segments discarded by timestamps; those discarded for another reason are not counted"),
      QT_TR_NOOP("All segments"),
      QT_TR_NOOP("Seconds since the start of the capture"),
      QT_TR_NOOP("From the first segment to the last")};
  if (role == Qt::DisplayRole) return tr(kNames[section]);
  if (role == Qt::ToolTipRole) return tr(kTips[section]);
  if (role == Qt::AccessibleTextRole) return section == kVerdict ? tr("Verdict") : tr(kNames[section]);
  return {};
}

}  // namespace tsaudit::gui
