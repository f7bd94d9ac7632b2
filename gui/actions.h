// SPDX-License-Identifier: GPL-3.0-or-later
// All that can be done with the window, in one table: menus, those of a right click among them, shortcuts and
// the F1 sheet are made of it.
#pragma once

#include <QKeySequence>
#include <QList>
#include <QString>
#include <functional>
#include <initializer_list>
#include <map>
#include <vector>

class QAction;
class QMainWindow;
class QMenu;
class QPoint;
class QWidget;

namespace tsaudit::gui {

struct ActionSpec {
  const char* id;
  const char* menu;  ///< "&File"; "-" before the id's text makes a separator first
  const char* text;
  const char* keys;  ///< "Ctrl+O; O", empty: none
  std::function<void()> run;
  bool in_plots = false;  ///< its keys work while a plot has the focus: elsewhere they mean something else
  bool checkable = false;
  bool separator = false;  ///< a line above it
};

class ActionTable {
 public:
  /// Menus in the order in which the table first names them.
  ActionTable(QMainWindow* window, QWidget* plots, std::vector<ActionSpec> specs);
  QAction* action(const char* id) const;
  QMenu* menu(const char* name) const;
  /// At a point of the screen, until something is chosen; nullptr among the ids: a line.
  QMenu* popup(std::initializer_list<const char*> ids, const QPoint& at, QWidget* parent) const;
  /// The keys as a table, by menu, and what the mouse does.
  QString sheet_html() const;
  void show_sheet(QWidget* parent) const;

 private:
  std::vector<ActionSpec> specs_;
  std::map<QString, QAction*> actions_;
  std::map<QString, QMenu*> menus_;
};

}  // namespace tsaudit::gui
