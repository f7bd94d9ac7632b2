// SPDX-License-Identifier: GPL-3.0-or-later
#include "live_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>

#include "document.h"

namespace tsaudit::gui {

LiveDialog::LiveDialog(QWidget* parent) : QDialog(parent) {
  setWindowTitle(tr("Live capture"));
  auto* layout = new QFormLayout(this);
  interface_ = new QComboBox;
  interface_->setEditable(true);
  interface_->addItems(Document::interfaces());
  filter_ = new QLineEdit;
  filter_->setPlaceholderText(tr("everything, or for example: host 10.0.0.2"));
  filter_->setMinimumWidth(filter_->fontMetrics().horizontalAdvance(filter_->placeholderText()) * 5 / 4);
  filter_->setAccessibleName(tr("Capture filter"));
  layout->addRow(tr("&Interface:"), interface_);
  layout->addRow(tr("&Filter (BPF):"), filter_);
  auto* hint = new QLabel(
      tr("Capturing needs the right to do so (CAP_NET_RAW). The packets are kept in a temporary file, until "
         "they are saved or another capture is opened."));
  hint->setWordWrap(true);
  layout->addRow(hint);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel);
  layout->addRow(buttons);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(buttons, &QDialogButtonBox::accepted, this, [this] {
    Q_EMIT chosen(interface_->currentText(), filter_->text());
    accept();
  });
}

}  // namespace tsaudit::gui
