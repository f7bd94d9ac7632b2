// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment_table.h"

#include <QCheckBox>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QVBoxLayout>

#include "list_view.h"
#include "plot_content.h"
#include "text_delegate.h"

namespace tsaudit::gui {

SegmentTable::SegmentTable(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(2);
  auto* top = new QHBoxLayout;
  top->setContentsMargins(6, 2, 6, 0);
  drops_only_ = new QCheckBox(tr("Discarded only"));
  window_ = new QLabel;
  top->addWidget(drops_only_);
  top->addStretch(1);
  top->addWidget(window_);
  layout->addLayout(top);
  table_ = new ListView(tr("Segments of the connection"));
  table_->setModel(&model_);
  table_->setItemDelegate(new TextDelegate(table_));
  const QFontMetrics metrics(table_->font());
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  table_->verticalHeader()->setDefaultSectionSize(metrics.height() + 4);
  QHeaderView* header = table_->horizontalHeader();
  header->setStretchLastSection(true);
  static const char* const kWidest[] = {"999999",         "9999.999999", "server",
                                        "4294967295",     "4294967295",  "4294967295",
                                        "-2,147,483,648", "not-tested",  "TCP_RFC7323_PAWS_ACK",
                                        "contradicted",   "4294967295",  "4294967295",
                                        "Length",         "PSH ACK"};
  static_assert(std::size(kWidest) == SegmentModel::kColumns);
  for (int i = 0; i < SegmentModel::kColumns; ++i)
    header->resizeSection(i, metrics.horizontalAdvance(QString::fromLatin1(kWidest[i])) + 8);
  layout->addWidget(table_, 1);
  connect(drops_only_, &QCheckBox::toggled, this, [this](bool only) {
    model_.set_drops_only(only);
    show_window();
    if (frame_) select_frame(frame_);
  });
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& now) {
            if (selecting_ || !now.isValid()) return;
            frame_ = model_.frame_of(now.row());
            Q_EMIT frame_selected(frame_);
          });
}

void SegmentTable::set_flow(std::shared_ptr<const FlowView> flow, TimeNs origin_ns) {
  if (!flow || flow->position_of_frame(frame_) == flow->rows().size()) frame_ = 0;
  if (flow) fit_time(flow->last_ns() - origin_ns);
  model_.set_flow(std::move(flow), origin_ns);
  show_window();
  if (frame_) select_frame(frame_);
}

/// The width is for the usual; a connection of days has longer times.
void SegmentTable::fit_time(TimeNs longest_ns) {
  const QString widest = QString::number(static_cast<double>(longest_ns) / 1e9, 'f', 6);
  const int width = QFontMetrics(table_->font()).horizontalAdvance(widest) + 8;
  QHeaderView* header = table_->horizontalHeader();
  if (header->sectionSize(SegmentModel::kTime) < width) header->resizeSection(SegmentModel::kTime, width);
}

void SegmentTable::show_window() {
  table_->set_placeholder(drops_only_->isChecked() ? tr("No segment was discarded") : QString());
  const auto number = [](size_t n) { return QString::fromStdString(grouped(n)); };
  const auto rows = static_cast<size_t>(model_.rowCount());
  window_->setText(rows == 1 && model_.size() == 1 ? tr("1 segment")
                   : rows == model_.size()         ? tr("%1 segments").arg(number(rows))
                                                   : tr("segments %1 to %2 of %3; G goes to a frame")
                                                 .arg(number(model_.first() + 1),
                                                      number(model_.first() + rows), number(model_.size())));
}

void SegmentTable::select_frame(quint64 frame) {
  selecting_ = true;
  frame_ = frame;
  const int row = model_.show_frame(frame);
  if (row >= 0) {
    const int column = std::max(0, table_->currentIndex().column());
    table_->setCurrentIndex(model_.index(row, column));
    table_->scrollTo(model_.index(row, column), QAbstractItemView::PositionAtCenter);
  } else {
    table_->setCurrentIndex({});
  }
  show_window();
  selecting_ = false;
}

}  // namespace tsaudit::gui
