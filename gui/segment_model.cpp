// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment_model.h"

#include <QColor>
#include <QGuiApplication>
#include <QPalette>
#include <algorithm>

#include "plot_content.h"
#include "qt_text.h"
#include "segment_text.h"
#include "theme.h"

namespace tsaudit::gui {
namespace {

QString cell(const LogRow& row, int column, TimeNs origin) {
  switch (column) {
    case SegmentModel::kFrame:
      return QString::number(row.frame);
    case SegmentModel::kTime:
      return QString::number(static_cast<double>(row.time_ns - origin) / 1e9, 'f', 6);
    case SegmentModel::kFrom:
      return text_of(to_string(row.side()));
    case SegmentModel::kFlags:
      return text_of(flags_text(row.flags));
    case SegmentModel::kSeq:
      return QString::number(row.seq);
    case SegmentModel::kAck:
      return QString::number(row.ack);
    case SegmentModel::kLength:
      return QString::number(row.length);
    case SegmentModel::kTsVal:
      return row.has_ts ? QString::number(row.tsval) : QString();
    case SegmentModel::kTsEcr:
      return row.has_ts ? QString::number(row.tsecr) : QString();
    case SegmentModel::kTsRecent:
      return row.ts_recent_known ? QString::number(row.ts_recent) : QString();
    case SegmentModel::kDelta:
      return row.has_ts && row.ts_recent_known ? text_of(signed_grouped(row.delta())) : QString();
    case SegmentModel::kVerdict:
      return text_of(to_string(static_cast<Verdict>(row.verdict)));
    case SegmentModel::kReason:
      return text_of(to_string(static_cast<Reason>(row.reason)));
    case SegmentModel::kEvidence:
      return text_of(evidence_text(row));
    default:
      return {};
  }
}

}  // namespace

void SegmentModel::set_flow(std::shared_ptr<const FlowView> flow, TimeNs origin_ns) {
  beginResetModel();
  const bool same = flow_ && flow && flow_->id() == flow->id() && &flow_->store() == &flow->store();
  flow_ = std::move(flow);
  origin_ns_ = origin_ns;
  find_drops();
  if (!same || first_ >= size()) first_ = 0;
  endResetModel();
}

void SegmentModel::set_drops_only(bool only) {
  beginResetModel();
  drops_only_ = only;
  first_ = 0;
  find_drops();
  endResetModel();
}

void SegmentModel::find_drops() {
  drops_.clear();
  if (!flow_ || !drops_only_) return;
  for (size_t i = 0; i < flow_->rows().size(); ++i)
    if (static_cast<Verdict>(flow_->row(i).verdict) == Verdict::drop)
      drops_.push_back(static_cast<uint32_t>(i));
}

const LogRow& SegmentModel::row(int row) const {
  const size_t at = first_ + static_cast<size_t>(row);
  return flow_->row(drops_only_ ? drops_[at] : at);
}

quint64 SegmentModel::frame_of(int at) const { return at >= 0 && at < rowCount() ? row(at).frame : 0; }

int SegmentModel::show_frame(quint64 frame) {
  if (!flow_) return -1;
  size_t position = flow_->position_of_frame(frame);
  if (position == flow_->rows().size()) return -1;
  if (drops_only_) {
    const auto at = std::lower_bound(drops_.begin(), drops_.end(), position);
    if (at == drops_.end() || *at != position) return -1;
    position = static_cast<size_t>(at - drops_.begin());
  }
  if (position < first_ || position >= first_ + kWindow) {
    beginResetModel();
    first_ = position < kWindow / 2 ? 0 : position - kWindow / 2;
    endResetModel();
  }
  return static_cast<int>(position - first_);
}

int SegmentModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(std::min(size() - std::min(first_, size()), kWindow));
}
int SegmentModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumns; }

QVariant SegmentModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const LogRow& at = row(index.row());
  if (role == Qt::DisplayRole) return cell(at, index.column(), origin_ns_);
  if (role == Qt::TextAlignmentRole) {
    const int column = index.column();
    const bool words =
        column == kFrom || column == kFlags || column == kVerdict || column == kReason || column == kEvidence;
    return QVariant((words ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  }
  if (role == Qt::ForegroundRole) {
    if (const auto mark = mark_of(at)) return Theme::of(QGuiApplication::palette()).mark(*mark);
  }
  return {};
}

QVariant SegmentModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  static const char* const kNames[] = {"Frame",     "Time [s]",     "From",    "TSval",  "TSecr",
                                       "TS.Recent", "\u0394 ticks", "Verdict", "Reason", "Evidence",
                                       "SEG.SEQ",   "SEG.ACK",      "Length",  "Flags"};
  static_assert(std::size(kNames) == kColumns);
  return QString::fromUtf8(kNames[section]);
}

}  // namespace tsaudit::gui
