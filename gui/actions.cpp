// SPDX-License-Identifier: GPL-3.0-or-later
#include "actions.h"

#include <QAction>
#include <QCoreApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QMainWindow>
#include <QMenu>
#include <QMenuBar>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace tsaudit::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("ActionTable", text); }

struct Gesture {
  const char* what;
  const char* does;
};
constexpr Gesture kGestures[] = {
    {"Wheel in a plot", "zooms at the pointer"},
    {"Wheel over an axis", "zooms that axis alone (Ctrl+wheel: the values)"},
    {"Shift+wheel", "moves in time"},
    {"Drag", "zooms to the box"},
    {"Middle-button drag", "moves the view"},
    {"Shift+drag", "measures time, ticks and rate; Esc or a click takes the measure away"},
    {"Drop of a file", "opens it; with Ctrl, compares what is open with it"},
    {"Click", "selects the segment or mark; of a mark with a count, the first segment"},
    {"Double click on a mark with a count", "zooms in to its segments"},
    {"Right click", "offers what can be done with what is there"},
    {"Click in the legend", "hides or shows; Alt+click shows one alone; right click offers both"},
};

QString plain(QString text) { return text.remove('&'); }

}  // namespace

ActionTable::ActionTable(QMainWindow* window, QWidget* plots, std::vector<ActionSpec> specs)
    : specs_(std::move(specs)) {
  for (const ActionSpec& spec : specs_) {
    QMenu*& menu = menus_[spec.menu];
    if (!menu) menu = window->menuBar()->addMenu(tr(spec.menu));
    auto* action = new QAction(tr(spec.text), window);
    action->setObjectName(spec.id);
    QList<QKeySequence> keys;
    for (const QString& key : QString::fromUtf8(spec.keys).split("; ", Qt::SkipEmptyParts))
      keys << QKeySequence(key);
    action->setShortcuts(keys);
    action->setCheckable(spec.checkable);
    if (spec.in_plots) {
      action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
      plots->addAction(action);
    }
    QObject::connect(action, &QAction::triggered, window, [run = spec.run] { run(); });
    if (spec.separator) menu->addSeparator();
    menu->addAction(action);
    actions_[spec.id] = action;
  }
}

QAction* ActionTable::action(const char* id) const { return actions_.at(id); }
QMenu* ActionTable::menu(const char* name) const { return menus_.at(name); }

QMenu* ActionTable::popup(std::initializer_list<const char*> ids, const QPoint& at, QWidget* parent) const {
  auto* menu = new QMenu(parent);
  menu->setObjectName("context_menu");
  menu->setAttribute(Qt::WA_DeleteOnClose);
  for (const char* id : ids)
    if (id)
      menu->addAction(action(id));
    else
      menu->addSeparator();
  menu->popup(at);
  return menu;
}

QString ActionTable::sheet_html() const {
  QString html = "<table cellspacing=\"0\" cellpadding=\"3\">";
  const auto heading = [&](const QString& text) {
    html += QString("<tr><td colspan=\"2\"><b>%1</b></td></tr>").arg(text.toHtmlEscaped());
  };
  const auto line = [&](const QString& keys, const QString& text) {
    html += QString("<tr><td>%1&nbsp;&nbsp;&nbsp;</td><td>%2</td></tr>")
                .arg(keys.toHtmlEscaped(), text.toHtmlEscaped());
  };
  QString menu;
  for (const ActionSpec& spec : specs_) {
    const QAction* action = actions_.at(spec.id);
    if (action->shortcuts().isEmpty()) continue;
    if (menu != spec.menu) heading(plain(tr(spec.menu)));
    menu = spec.menu;
    QStringList keys;
    for (const QKeySequence& key : action->shortcuts()) keys << key.toString(QKeySequence::NativeText);
    line(keys.join(", "), plain(action->text()) + (spec.in_plots ? tr(" (in the plots)") : QString()));
  }
  heading(tr("Mouse"));
  for (const Gesture& gesture : kGestures) line(tr(gesture.what), tr(gesture.does));
  return html + "</table>";
}

void ActionTable::show_sheet(QWidget* parent) const {
  auto* dialog = new QDialog(parent);
  dialog->setObjectName("key_sheet");
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Keys and mouse"));
  auto* layout = new QVBoxLayout(dialog);
  auto* text = new QTextBrowser;
  text->setFrameStyle(QFrame::NoFrame);
  text->setHtml(sheet_html());
  layout->addWidget(text);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
  layout->addWidget(buttons);
  dialog->resize(620, 680);
  dialog->open();
}

}  // namespace tsaudit::gui
