// SPDX-License-Identifier: GPL-3.0-or-later
#include "live_dialog.h"

#include <net/if.h>

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>

namespace tsaudit::gui {

QStringList LiveDialog::interfaces() {
  QStringList names;
  if (struct if_nameindex* all = if_nameindex()) {
    for (struct if_nameindex* each = all; each->if_index != 0; ++each)
      names << QString::fromLocal8Bit(each->if_name);
    if_freenameindex(all);
  }
  names << "any";
  return names;
}

LiveDialog::LiveDialog(QWidget* parent) : QDialog(parent) {
  setWindowTitle(tr("Live capture"));
  auto* layout = new QFormLayout(this);
  interface_ = new QComboBox;
  interface_->setEditable(true);
  interface_->addItems(interfaces());
  filter_ = new QLineEdit("tcp");
  filter_->setAccessibleName(tr("Capture filter"));
  layout->addRow(tr("&Interface:"), interface_);
  layout->addRow(tr("&Filter (BPF):"), filter_);
  auto* hint =
      new QLabel(tr("Capturing needs the right to do so (CAP_NET_RAW). Nothing is written to disk."));
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
