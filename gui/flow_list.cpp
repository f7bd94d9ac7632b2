// SPDX-License-Identifier: GPL-3.0-or-later
#include "flow_list.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QScrollBar>
#include <QVBoxLayout>
#include <algorithm>
#include <span>

#include "list_view.h"
#include "plot_content.h"
#include "qt_text.h"
#include "text_delegate.h"
#include "theme.h"

namespace tsaudit::gui {
namespace {

constexpr int kFlowWidth = 242;  ///< two IPv4 addresses with their ports
constexpr int kScrollBar = 22;   ///< and the frame
constexpr size_t kMovesShown = 3;

/// Badge and sparkline.
class FlowDelegate : public TextDelegate {
 public:
  FlowDelegate(const FlowModel& model, QObject* parent) : TextDelegate(parent), model_(model) {}

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    TextDelegate::paint(painter, option, index);
    if (index.column() != FlowModel::kVerdict && index.column() != FlowModel::kClock) return;
    const Theme theme = Theme::of(option.palette);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool selected = option.state & QStyle::State_Selected;
    model_.store()->flow_at(model_.id_of(index.row()), [&](const FlowEntry& flow) {
      if (index.column() == FlowModel::kVerdict)
        badge(*painter, option.rect, theme, flow);
      else
        sparkline(*painter, option.rect.adjusted(4, 4, -4, -4), *model_.store(), flow,
                  selected ? option.palette.color(QPalette::HighlightedText)
                           : theme.ink(flow.clock_of == Side::client ? Ink::client : Ink::server));
    });
    painter->restore();
  }

 private:
  /// A shape for each verdict, so that colour is not needed: cross, triangle, i, tick; a ring while reading.
  static void badge(QPainter& painter, const QRect& rect, const Theme& theme, const FlowEntry& flow) {
    const QPointF c = QRectF(rect).center();
    const bool bad = !flow.judged() && flow.dropped() > 0;
    const Severity severity = bad ? Severity::error : flow.worst;
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.severity(severity));
    const QPen white(theme.dark ? QColor(0x10, 0x10, 0x12) : Qt::white, 1.8);
    if (!flow.judged() && !bad) {
      painter.setBrush(Qt::NoBrush);
      painter.setPen(QPen(theme.faint_text, 1.5));
      painter.drawEllipse(c, 5, 5);
    } else if (severity == Severity::warning) {
      painter.drawPolygon(QPolygonF({{c.x(), c.y() - 7}, {c.x() + 7, c.y() + 6}, {c.x() - 7, c.y() + 6}}));
      painter.setPen(white);
      painter.drawLine(c + QPointF(0, -2), c + QPointF(0, 2));
      painter.drawPoint(c + QPointF(0, 4.4));
    } else {
      painter.drawEllipse(c, 7, 7);
      painter.setPen(white);
      if (severity == Severity::error) {
        painter.drawLine(c + QPointF(-3, -3), c + QPointF(3, 3));
        painter.drawLine(c + QPointF(-3, 3), c + QPointF(3, -3));
      } else if (severity == Severity::note) {
        painter.drawLine(c + QPointF(0, -0.5), c + QPointF(0, 4));
        painter.drawPoint(c + QPointF(0, -3.6));
      } else {
        painter.drawPolyline(QPolygonF({c + QPointF(-3.2, 0), c + QPointF(-1, 2.8), c + QPointF(3.5, -2.8)}));
      }
    }
  }

  static void sparkline(QPainter& painter, const QRectF& rect, const CaptureStore& store,
                        const FlowEntry& flow, const QColor& color) {
    auto samples = store.clock_line(flow, flow.clock_of);
    if (samples.size() < 2) {
      auto other = store.clock_line(flow, tsaudit::other(flow.clock_of));
      if (other.size() > 1) samples = std::move(other);
    }
    if (samples.empty()) return;
    double low = 0, high = 0;
    for (const auto& sample : samples) {
      low = std::min(low, sample.ticks);
      high = std::max(high, sample.ticks);
    }
    const double seconds = std::max(samples.back().seconds, 1e-9), span = std::max(high - low, 1.0);
    QPolygonF line;
    for (const auto& sample : samples)
      line << QPointF(rect.left() + sample.seconds / seconds * rect.width(),
                      rect.bottom() - (sample.ticks - low) / span * rect.height());
    painter.setPen(QPen(color, 1.4));
    painter.drawPolyline(line);
  }

  const FlowModel& model_;
};

}  // namespace

FlowList::FlowList(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(4, 4, 0, 0);
  layout->setSpacing(4);
  auto* row = new QHBoxLayout;
  filter_edit_ = new QLineEdit;
  filter_edit_->setPlaceholderText(tr("Filter: address, word, TS002\u2026"));
  filter_edit_->setClearButtonEnabled(true);
  filter_edit_->setAccessibleName(tr("Filter of connections"));
  severity_ = new QComboBox;
  severity_->addItem(tr("All"), static_cast<int>(Severity::none));
  severity_->addItem(tr("Notes"), static_cast<int>(Severity::note));
  severity_->addItem(tr("Warnings"), static_cast<int>(Severity::warning));
  severity_->addItem(tr("Errors"), static_cast<int>(Severity::error));
  severity_->setToolTip(tr("Only connections with a finding of at least this severity"));
  severity_->setAccessibleName(tr("Least severity"));
  row->addWidget(filter_edit_, 1);
  row->addWidget(severity_);
  layout->addLayout(row);

  table_ = new ListView(tr("Connections"));
  table_->setModel(&model_);
  table_->setItemDelegate(new FlowDelegate(model_, table_));
  table_->setTextElideMode(Qt::ElideMiddle);  // where the addresses do not fit, the ports do
  table_->setSortingEnabled(true);
  table_->sortByColumn(FlowModel::kVerdict, Qt::DescendingOrder);
  table_->verticalHeader()->setDefaultSectionSize(24);
  QHeaderView* header = table_->horizontalHeader();
  header->setMinimumSectionSize(24);
  header->resizeSection(FlowModel::kVerdict, 26);
  header->resizeSection(FlowModel::kFlow, kFlowWidth);
  header->resizeSection(FlowModel::kClock, 44);
  header->resizeSection(FlowModel::kDropped, header->fontMetrics().horizontalAdvance(tr("Discarded")) + 16);
  header->resizeSection(FlowModel::kSegments, 72);
  header->resizeSection(FlowModel::kStart, 80);
  header->resizeSection(FlowModel::kDuration, 80);
  header->setSectionResizeMode(FlowModel::kVerdict, QHeaderView::Fixed);
  layout->addWidget(table_, 1);
  moves_ = new QLabel;
  moves_->setWordWrap(true);
  moves_->setContentsMargins(2, 0, 2, 0);
  moves_->setTextInteractionFlags(Qt::TextBrowserInteraction);
  moves_->setAccessibleName(tr("Hosts that moved"));
  moves_->hide();
  layout->addWidget(moves_);
  count_ = new QLabel;
  count_->setContentsMargins(2, 0, 2, 2);
  layout->addWidget(count_);

  connect(moves_, &QLabel::linkActivated, filter_edit_, &QLineEdit::setText);
  connect(filter_edit_, &QLineEdit::textChanged, this, [this](const QString& text) {
    model_.set_filter(text);
    rearranged();
  });
  connect(severity_, &QComboBox::currentIndexChanged, this, [this] {
    model_.set_least_severity(static_cast<Severity>(severity_->currentData().toInt()));
    rearranged();
  });
  connect(header, &QHeaderView::sortIndicatorChanged, this, &FlowList::rearranged);
  connect(&model_, &FlowModel::arranged, this, [this] {
    show_count();
    fulfil();
    restore(std::exchange(follow_, false));
  });
  connect(&model_, &FlowModel::failed, this, &FlowList::failed);
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& now) {
            if (now.isValid()) choose(model_.id_of(now.row()));
          });
}

/// Room that the other columns leave is for the addresses.
void FlowList::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  QHeaderView* header = table_->horizontalHeader();
  const int others = header->length() - header->sectionSize(FlowModel::kFlow);
  header->resizeSection(FlowModel::kFlow, std::max(kFlowWidth, width() - others - kScrollBar));
}

void FlowList::set_store(std::shared_ptr<const CaptureStore> store) {
  wish_ = kNothing;
  selected_ = 0;
  show_moves({});
  model_.set_store(std::move(store));
  show_count();
}

void FlowList::show_moves(const std::vector<HostMove>& moves) {
  QStringList lines;
  for (const HostMove& move : std::span(moves).first(std::min(moves.size(), kMovesShown))) {
    const QString host = text_of(to_string(move.host));
    lines << tr("<b><a href=\"%1\">%1</a></b> moved with %2 connections. %3")
                 .arg(host, text_of(grouped(move.flows)), text_of(what_came_of(move)));
  }
  if (moves.size() > kMovesShown) lines << text_of(counted(moves.size() - kMovesShown, "more move"));
  moves_->setText(lines.join("<br>"));
  moves_->setVisible(!lines.isEmpty());
}

void FlowList::refresh() { model_.refresh(); }

void FlowList::show_count() {
  const auto number = [](int n) { return QString::fromStdString(grouped(n)); };
  const int all = model_.all_rows(), shown = model_.rowCount();
  const QString noun = all == 1 ? tr("connection") : tr("connections");
  count_->setText(shown == all ? number(all) + " " + noun
                               : tr("%1 of %2 %3").arg(number(shown), number(all), noun));
  const QString words = filter_edit_->text().simplified();
  table_->set_placeholder(all == 0          ? QString()
                          : words.isEmpty() ? tr("No connection has a finding that severe")
                                            : tr("No connection matches '%1'").arg(words));
}

void FlowList::select(quint64 id) {
  wish_ = id;
  if (model_.row_of(id) >= 0 || !model_.arranging()) fulfil();
}

void FlowList::select_worst() {
  wish_ = kWorst;
  if (!model_.arranging()) fulfil();
}

void FlowList::choose(quint64 id) {
  if (std::exchange(selected_, id) != id) Q_EMIT flow_selected(id);
}

void FlowList::fulfil() {
  const quint64 wish = std::exchange(wish_, kNothing);
  if (wish == kNothing) return;
  const int row = wish == kWorst ? 0 : model_.row_of(wish);
  if (row >= 0 && row < model_.rowCount()) {
    make_current(row);
    scroll_to_current();
  } else if (wish <= static_cast<quint64>(model_.all_rows())) {
    choose(wish);  // the filter hides its row and not the flow
    restore(false);
  }
}

/// The view forgets a row that a filter takes away; the plots go on showing its flow, and when the row comes
/// back it is the current one again.
void FlowList::restore(bool scroll) {
  const int row = selected_ ? model_.row_of(selected_) : -1;
  if (row < 0)
    table_->setCurrentIndex({});
  else if (row != table_->currentIndex().row())
    make_current(row);
  if (scroll && row >= 0) scroll_to_current();
}

/// By the user, who wants to see what became of the row; while a capture is read the list stays where it is.
void FlowList::rearranged() {
  if (model_.arranging())
    follow_ = true;
  else
    restore(true);
}

void FlowList::step(int rows) {
  const int from = selected_ ? model_.row_of(selected_) : -1;
  const int row = from < 0 ? 0 : from + rows;
  if (row >= 0 && row < model_.rowCount()) make_current(row);
}

/// A row is chosen, and no column: where there is no room for all of them, the verdict's stays in sight.
void FlowList::make_current(int row) {
  const int across = table_->horizontalScrollBar()->value();
  table_->setCurrentIndex(model_.index(row, FlowModel::kFlow));
  table_->horizontalScrollBar()->setValue(across);
}

void FlowList::scroll_to_current() {
  const int across = table_->horizontalScrollBar()->value();
  table_->scrollTo(table_->currentIndex());
  table_->horizontalScrollBar()->setValue(across);
}

}  // namespace tsaudit::gui
