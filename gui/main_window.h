// SPDX-License-Identifier: GPL-3.0-or-later
// Wiring: the document's signals to the panels, the panels' to the document. Nothing is computed here.
#pragma once

#include <QMainWindow>
#include <memory>

#include "document.h"
#include "settings.h"

class QComboBox;
class QLabel;
class QMenu;
class QProgressBar;
class QPushButton;
class QSplitter;

namespace tsaudit::gui {

class ActionTable;
class Comparer;
class ComparePanel;
class ExplainPanel;
class FlowList;
class PlotStack;
class SegmentTable;

class MainWindow : public QMainWindow {
  Q_OBJECT

 public:
  explicit MainWindow(QWidget* parent = nullptr);
  ~MainWindow() override;

  Document& document() { return *document_; }
  FlowList& flows() { return *flows_; }
  PlotStack& plots() { return *plots_; }
  SegmentTable& segments() { return *segments_; }
  ExplainPanel& explanation() { return *explain_; }
  Comparer& comparer() { return *comparer_; }
  ComparePanel& comparison() { return *compare_; }
  const ActionTable& actions() const { return *actions_; }

  void open(const QStringList& paths);
  /// Holds what is open against another capture.
  void compare_with(const QStringList& baseline);
  /// Once the capture is there: this flow and this frame; 0: the worst, none.
  void want(quint64 flow, quint64 frame);
  bool wants_frame() const { return wanted_frame_ != 0; }  ///< it is not shown yet
  void want_view(qint64 from_ns, qint64 to_ns);
  void restore_session();
  void set_profile(const QString& name);
  void go_to_frame(quint64 frame);

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void build_panels();
  void build_actions();
  void build_toolbar();
  void build_status();
  void connect_document();
  void connect_panels();
  void connect_context_menus();
  void connect_comparison();
  void comparison_changed();
  void comparison_chosen(const FlowDelta& delta);
  void choose_baseline();
  QStringList ask_for_captures(const QString& title);
  void choose_files();
  void choose_live();
  bool save_recording();
  bool may_forget_recording();
  void tell_written(const QString& path, const QString& error);
  void choose_export();
  void choose_csv();
  void ask_frame();
  void to_wireshark();
  void about();
  void focus_filter();
  quint64 selected_frame() const;
  void next_dropped(int direction);
  void select_frame(quint64 frame);
  void document_opened();
  void document_updated();
  void document_finished();
  void document_failed(const QString& message);
  void show_flow(const std::shared_ptr<const FlowView>& flow);
  void update_actions();
  void update_recent();
  void complain(const QString& text);

  Settings settings_;
  Document* document_ = nullptr;
  FlowList* flows_ = nullptr;
  PlotStack* plots_ = nullptr;
  SegmentTable* segments_ = nullptr;
  ExplainPanel* explain_ = nullptr;
  Comparer* comparer_ = nullptr;
  ComparePanel* compare_ = nullptr;
  QSplitter *left_ = nullptr, *across_ = nullptr, *down_ = nullptr, *bottom_ = nullptr;
  QComboBox* profile_ = nullptr;
  QLabel* status_ = nullptr;
  QProgressBar* progress_ = nullptr;
  QPushButton* stop_ = nullptr;
  std::unique_ptr<ActionTable> actions_;
  QMenu* recent_ = nullptr;
  quint64 wanted_flow_ = 0, wanted_frame_ = 0;
  qint64 wanted_from_ns_ = 0, wanted_to_ns_ = 0;
};

}  // namespace tsaudit::gui
