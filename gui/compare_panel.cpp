// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare_panel.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QStyledItemDelegate>
#include <QTextBrowser>
#include <QToolButton>
#include <QVBoxLayout>

#include "compare_html.h"
#include "list_view.h"
#include "theme.h"

namespace tsaudit::gui {
namespace {

constexpr int kRowHeight = 24;
constexpr int kVerdictWidth = 66, kFindingsWidth = 104;
constexpr int kConnectionWidth = 186;  ///< an IPv4 address, and another one with its port

/// The word of the verdict in the colour of what is behind it.
class VerdictDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
    QStyledItemDelegate::initStyleOption(option, index);
    if (index.column() != CompareModel::kVerdict || option->state & QStyle::State_Selected) return;
    const auto severity = static_cast<Severity>(index.data(CompareModel::kSeverityRole).toInt());
    option->palette.setColor(QPalette::Text, Theme::of(option->palette).severity(severity));
    option->font.setBold(severity >= Severity::warning);
  }
};

}  // namespace

ComparePanel::ComparePanel(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(4, 2, 0, 2);
  layout->setSpacing(4);
  auto* head = new QHBoxLayout;
  answer_ = new QLabel;
  answer_->setWordWrap(true);
  answer_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  answer_->setAccessibleName(tr("Result of the comparison"));
  auto* end = new QToolButton;
  end->setObjectName("end_comparison");
  end->setText(QString::fromUtf8("\u2715"));
  end->setAutoRaise(true);
  end->setToolTip(tr("End the comparison"));
  end->setAccessibleName(tr("End the comparison"));
  connect(end, &QToolButton::clicked, this, &ComparePanel::end_wanted);
  head->addWidget(answer_, 1);
  head->addWidget(end, 0, Qt::AlignTop);
  layout->addLayout(head);

  table_ = new ListView(tr("Connections of both captures"));
  table_->setObjectName("comparison");
  table_->setModel(&model_);
  table_->setItemDelegate(new VerdictDelegate(table_));
  table_->setSortingEnabled(true);
  table_->sortByColumn(CompareModel::kVerdict, Qt::AscendingOrder);
  table_->setTextElideMode(Qt::ElideMiddle);  // the ends of a connection's name are what differs
  table_->verticalHeader()->setDefaultSectionSize(kRowHeight);
  QHeaderView* header = table_->horizontalHeader();
  header->setMinimumSectionSize(24);
  header->resizeSection(CompareModel::kVerdict, kVerdictWidth);
  header->resizeSection(CompareModel::kFindings, kFindingsWidth);
  header->setSectionResizeMode(CompareModel::kFlow, QHeaderView::Stretch);
  layout->addWidget(table_, 1);
  text_ = new QTextBrowser;
  text_->setFrameStyle(QFrame::NoFrame);
  QFont small = font();
  small.setPointSizeF(small.pointSizeF() * 0.9);
  text_->setFont(small);
  text_->setAccessibleName(tr("Comparison of the connection with the baseline"));
  text_->hide();
  layout->addWidget(text_, 2);
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& now) {
    if (now.isValid()) Q_EMIT chosen(model_.at(now.row()));
  });
}

void ComparePanel::show_comparison(const QString& baseline, std::shared_ptr<const Comparison> comparison) {
  const QString answer = comparison ? QString::fromStdString(comparison->summary.answer) : tr("Comparing\u2026");
  answer_->setText(tr("<b>Beside %1</b><br>%2").arg(baseline.toHtmlEscaped(), answer.toHtmlEscaped()));
  const QSignalBlocker quiet(table_->selectionModel());
  model_.set_comparison(std::move(comparison));
  fit_table();
}

void ComparePanel::show_delta(const FlowDelta* delta) {
  const QString html = delta ? comparison_html(*delta) : QString();
  if (html == shown_) return;  // where one has scrolled to stays in sight
  shown_ = html;
  text_->setHtml(html);
  text_->setVisible(delta != nullptr);
  fit_table();
}

/// Few connections leave their room to the words. Where there is none for all columns, the findings' is left
/// out: the words count them as well.
void ComparePanel::fit_table() {
  table_->setColumnHidden(CompareModel::kFindings, width() < kVerdictWidth + kConnectionWidth +
                                                                 kFindingsWidth + 2 * table_->frameWidth());
  const int rows = std::min(model_.rowCount(), 1000) * kRowHeight;
  const int all = table_->horizontalHeader()->sizeHint().height() + rows + 2 * table_->frameWidth() + 2;
  const int least = table_->horizontalHeader()->sizeHint().height() + 2 * kRowHeight;
  table_->setMinimumHeight(std::min(all, least));
  table_->setMaximumHeight(text_->isHidden() ? QWIDGETSIZE_MAX : all);
}

void ComparePanel::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fit_table();
}

void ComparePanel::select(const FlowDelta* delta) {
  const int row = delta ? model_.row_of(delta) : -1;
  const QSignalBlocker quiet(table_->selectionModel());
  if (row < 0)
    table_->clearSelection();
  else
    table_->selectRow(row);
  table_->viewport()->update();
}

QString ComparePanel::answer() const { return answer_->text(); }
QString ComparePanel::text() const { return text_->toPlainText(); }

}  // namespace tsaudit::gui
