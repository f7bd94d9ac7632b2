// SPDX-License-Identifier: GPL-3.0-or-later
#include "main_window.h"

#include <QCloseEvent>
#include <QComboBox>
#include <QFileInfo>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QStatusBar>
#include <QToolBar>

#include "actions.h"
#include "compare_panel.h"
#include "comparer.h"
#include "explain_panel.h"
#include "flow_list.h"
#include "plot_stack.h"
#include "segment_table.h"

namespace tsaudit::gui {
namespace {

constexpr std::pair<const char*, PlotKind> kPanelActions[] = {{"panel-clock", PlotKind::clock},
                                                              {"panel-residual", PlotKind::residual},
                                                              {"panel-sequence", PlotKind::sequence},
                                                              {"panel-rtt", PlotKind::rtt}};

}  // namespace

MainWindow::MainWindow(QWidget* parent) : QMainWindow(parent), document_(new Document(this)) {
  comparer_ = new Comparer(*document_, this);
  setAcceptDrops(true);
  build_panels();
  build_actions();
  build_toolbar();
  build_status();
  connect_document();
  connect_panels();
  connect_context_menus();
  connect_comparison();
  resize(1280, 800);
  restoreGeometry(settings_.bytes("geometry"));
  across_->restoreState(settings_.bytes("across"));
  down_->restoreState(settings_.bytes("down"));
  bottom_->restoreState(settings_.bytes("bottom"));
  document_opened();
}

MainWindow::~MainWindow() = default;

void MainWindow::build_panels() {
  flows_ = new FlowList;
  plots_ = new PlotStack;
  segments_ = new SegmentTable;
  explain_ = new ExplainPanel;
  compare_ = new ComparePanel;
  compare_->hide();
  left_ = new QSplitter(Qt::Vertical);
  left_->addWidget(flows_);
  left_->addWidget(compare_);
  left_->setSizes({400, 300});
  bottom_ = new QSplitter(Qt::Horizontal);
  bottom_->addWidget(segments_);
  bottom_->addWidget(explain_);
  bottom_->setSizes({640, 226});
  down_ = new QSplitter(Qt::Vertical);
  down_->addWidget(plots_);
  down_->addWidget(bottom_);
  down_->setStretchFactor(0, 3);
  down_->setStretchFactor(1, 1);
  down_->setSizes({548, 192});
  across_ = new QSplitter(Qt::Horizontal);
  across_->addWidget(left_);
  across_->addWidget(down_);
  across_->setSizes({414, 866});
  for (QSplitter* splitter : {left_, across_, down_, bottom_}) splitter->setChildrenCollapsible(false);
  setCentralWidget(across_);
  plots_->setFocusPolicy(Qt::StrongFocus);
  plots_->setFocus();
}

void MainWindow::build_toolbar() {
  QToolBar* bar = addToolBar(tr("Tools"));
  bar->setObjectName("tools");
  bar->setMovable(false);
  bar->setToolButtonStyle(Qt::ToolButtonTextOnly);
  for (const char* id : {"open", "back", "forward", "home", "direction", "next-dropped"})
    bar->addAction(actions_->action(id));
  auto* spring = new QWidget;
  spring->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  bar->addWidget(spring);
  auto* label = new QLabel(tr("&Receiver: "));
  profile_ = new QComboBox;
  profile_->setObjectName("receiver");
  profile_->addItems(Document::profiles());
  profile_->setToolTip(
      tr("The kernel that is assumed to have received; auto takes what the evidence supports"));
  profile_->setAccessibleName(tr("Receiver profile"));
  label->setBuddy(profile_);
  bar->addWidget(label);
  bar->addWidget(profile_);
  connect(profile_, &QComboBox::textActivated, document_, &Document::set_profile);
}

void MainWindow::build_status() {
  status_ = new QLabel;
  status_->setObjectName("status");
  status_->setMinimumWidth(10);
  progress_ = new QProgressBar;
  progress_->setFixedWidth(200);
  progress_->setAccessibleName(tr("Reading"));
  stop_ = new QPushButton(tr("Stop"));
  stop_->setObjectName("stop_reading");
  stop_->setToolTip(tr("Stop reading and keep what has come (Esc)"));
  connect(stop_, &QPushButton::clicked, document_, &Document::cancel);
  statusBar()->addWidget(status_, 1);
  statusBar()->addPermanentWidget(progress_);
  statusBar()->addPermanentWidget(stop_);
  progress_->hide();
  stop_->hide();
}

void MainWindow::connect_document() {
  connect(document_, &Document::opened, this, &MainWindow::document_opened);
  connect(document_, &Document::saved, this, &MainWindow::tell_written);
  connect(document_, &Document::updated, this, &MainWindow::document_updated);
  connect(document_, &Document::finished, this, &MainWindow::document_finished);
  connect(document_, &Document::failed, this, &MainWindow::document_failed);
  connect(document_, &Document::flow_ready, this, &MainWindow::show_flow);
  connect(document_, &Document::explained, explain_, &ExplainPanel::show_explanation);
  connect(document_, &Document::progressed, this, [this](double fraction, quint64) {
    progress_->setRange(0, fraction < 0 ? 0 : 1000);
    if (fraction >= 0) progress_->setValue(static_cast<int>(fraction * 1000));
  });
}

void MainWindow::connect_panels() {
  connect(flows_, &FlowList::flow_selected, document_, &Document::request_flow);
  connect(flows_, &FlowList::failed, document_, &Document::tell_once);
  connect(plots_, &PlotStack::frame_clicked, this, [this](quint64 frame) {
    segments_->select_frame(frame);
    select_frame(frame);
  });
  connect(plots_, &PlotStack::view_changed, this, &MainWindow::update_actions);
  connect(segments_, &SegmentTable::frame_selected, this, [this](quint64 frame) {
    plots_->select_frame(frame);
    select_frame(frame);
  });
  connect(explain_, &ExplainPanel::frame_wanted, this, &MainWindow::go_to_frame);
}

void MainWindow::open(const QStringList& paths) {
  if (paths.isEmpty() || !may_forget_recording()) return;
  wanted_flow_ = wanted_frame_ = 0;
  wanted_from_ns_ = wanted_to_ns_ = 0;
  document_->open(paths);
  // Beside the reading, which has begun.
  for (const QString& path : paths)
    if (path != "-") settings_.add_recent(path);
  update_recent();
}

void MainWindow::want(quint64 flow, quint64 frame) {
  wanted_flow_ = flow;
  wanted_frame_ = frame;
}

void MainWindow::want_view(qint64 from_ns, qint64 to_ns) {
  wanted_from_ns_ = from_ns;
  wanted_to_ns_ = to_ns;
}

void MainWindow::document_opened() {
  flows_->set_store(document_->store());
  segments_->set_flow(nullptr, 0);
  explain_->clear_flow();
  const bool empty = document_->state() == Document::State::empty;
  plots_->clear(empty ? tr("Drop a capture here, or open one with Ctrl+O.") : tr("Reading\u2026"));
  plots_->set_stopped({});
  setWindowTitle(empty ? tr("tsaudit") : tr("%1 \u2013 tsaudit").arg(document_->title()));
  progress_->setVisible(!empty);
  progress_->setRange(0, 0);
  stop_->setVisible(!empty);
  status_->setText({});
  update_actions();
}

void MainWindow::document_updated() {
  if (document_->state() == Document::State::loading)
    flows_->refresh();
  else
    flows_->model().refresh_now();  // the last order that there will be
  status_->setText(document_->summary_text());
  if (flows_->selected() || document_->requested_flow()) return;
  if (wanted_flow_)
    flows_->select(wanted_flow_);
  else
    flows_->select_worst();
}

void MainWindow::document_finished() {
  progress_->hide();
  stop_->hide();
  status_->setText(document_->summary_text());
  status_->setToolTip(status_->text());
  plots_->set_stopped(document_->stopped_by_damage());
  const CaptureStore& store = *document_->store();
  flows_->show_moves(store.moves());
  if (wanted_flow_ > store.flows())
    complain(tr("There is no connection %1 in this capture.").arg(std::exchange(wanted_flow_, 0)));
  if (wanted_frame_ && store.find_frame(wanted_frame_) == store.segments())
    complain(tr("Frame %1 is no TCP segment of this capture.").arg(std::exchange(wanted_frame_, 0)));
  // While reading nobody could know which flow is the worst; unless the user has chosen one, it is shown now.
  if (wanted_frame_)
    go_to_frame(wanted_frame_);
  else if (wanted_flow_ == 0 && selected_frame() == 0 && plots_->view_untouched())
    flows_->select_worst();
  if (store.flows() == 0) plots_->clear(tr("There is no TCP segment in this capture."));
  update_actions();
}

void MainWindow::document_failed(const QString& message) { complain(message); }

void MainWindow::complain(const QString& text) {
  auto* box = new QMessageBox(QMessageBox::Warning, tr("tsaudit"), text, QMessageBox::Ok, this);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->open();  // does not block: what could be read is behind it
}

void MainWindow::show_flow(const std::shared_ptr<const FlowView>& flow) {
  plots_->set_capture_start(document_->store()->start_ns());
  const bool another = !plots_->flow() || plots_->flow()->id() != flow->id();
  plots_->show_flow(flow);
  segments_->set_flow(flow, document_->store()->start_ns());
  explain_->show_flow(*flow, plots_->verdict());
  if (another) explain_->setCurrentIndex(0);
  if (wanted_frame_ && flow->position_of_frame(wanted_frame_) < flow->rows().size()) {
    const quint64 frame = std::exchange(wanted_frame_, 0);
    plots_->select_frame(frame);
    segments_->select_frame(frame);
    select_frame(frame);
  }
  if (wanted_to_ns_ > wanted_from_ns_ && document_->state() != Document::State::loading) {
    plots_->set_view({{wanted_from_ns_, wanted_to_ns_}, {}});
    wanted_from_ns_ = wanted_to_ns_ = 0;
  }
  update_actions();
}

void MainWindow::select_frame(quint64 frame) {
  explain_->expect(frame);
  document_->request_explanation(frame);
  update_actions();
}

void MainWindow::go_to_frame(quint64 frame) {
  const auto store = document_->store();
  if (!store) return;
  const size_t at = store->find_frame(frame);
  if (at == store->segments()) {
    statusBar()->showMessage(tr("Frame %1 is no TCP segment").arg(frame), 5000);
    return;
  }
  wanted_frame_ = frame;
  if (plots_->flow() && plots_->flow()->id() == store->row(at).flow)
    show_flow(plots_->flow());
  else
    flows_->select(store->row(at).flow);
}

void MainWindow::next_dropped(int direction) {
  const auto& flow = plots_->flow();
  if (!flow) return;
  const auto size = static_cast<ptrdiff_t>(flow->rows().size());
  const quint64 now = segments_->selected_frame();
  ptrdiff_t at = now ? static_cast<ptrdiff_t>(flow->position_of_frame(now)) : (direction > 0 ? -1 : size);
  for (at += direction; at >= 0 && at < size; at += direction) {
    const LogRow& row = flow->row(static_cast<size_t>(at));
    if (static_cast<Verdict>(row.verdict) == Verdict::drop) return go_to_frame(row.frame);
  }
  statusBar()->showMessage(tr("No further discarded segment"), 4000);
}

quint64 MainWindow::selected_frame() const { return segments_->selected_frame(); }

void MainWindow::focus_filter() {
  flows_->filter_edit()->setFocus();
  flows_->filter_edit()->selectAll();
}

void MainWindow::update_actions() {
  if (!actions_) return;
  const bool flow = plots_->flow() != nullptr;
  const bool comparing = comparer_->active();
  const bool loading = document_->state() == Document::State::loading;
  actions_->action("back")->setEnabled(flow && plots_->can_back());
  actions_->action("forward")->setEnabled(flow && plots_->can_forward());
  for (const char* id : {"home", "direction", "next-dropped", "previous-dropped", "go", "export", "csv",
                         "copy-filter", "copy-dropped", "zoom-in", "zoom-out"})
    actions_->action(id)->setEnabled(flow);
  for (const auto& [id, kind] : kPanelActions)
    actions_->action(id)->setChecked(!plots_->panel(kind).isHidden());
  actions_->action("stop")->setEnabled(loading);
  actions_->action("save")->setEnabled(document_->is_temporary());
  actions_->action("compare")->setEnabled(!document_->is_live() && !document_->paths().isEmpty());
  actions_->action("end-compare")->setEnabled(comparing);
  actions_->action("stack")->setEnabled(comparing);
  actions_->action("reload")->setEnabled(!document_->is_live() && !document_->paths().isEmpty());
  actions_->action("wireshark")->setEnabled(flow && document_->paths().size() == 1);
}

void MainWindow::update_recent() {
  QMenu* menu = recent_;
  menu->clear();
  for (const QString& path : settings_.recent()) {
    QAction* action = menu->addAction(QFileInfo(path).fileName());
    action->setToolTip(path);
    connect(action, &QAction::triggered, this, [this, path] { open({path}); });
  }
  menu->setToolTipsVisible(true);
  menu->addSeparator();
  connect(menu->addAction(tr("Clear")), &QAction::triggered, this, [this] {
    settings_.clear_recent();
    update_recent();
  });
}

void MainWindow::restore_session() {
  const Session session = settings_.session();
  if (session.paths.isEmpty()) return;
  for (const QString& path : session.paths)
    if (!QFileInfo::exists(path)) return;
  set_profile(session.profile);
  open(session.paths);
  want(session.flow, 0);
  want_view(session.from_ns, session.to_ns);
  const auto exists = [](const QString& path) { return QFileInfo::exists(path); };
  if (std::all_of(session.baseline.begin(), session.baseline.end(), exists)) compare_with(session.baseline);
}

void MainWindow::set_profile(const QString& name) {
  profile_->setCurrentText(name);
  document_->set_profile(name);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (!may_forget_recording()) return event->ignore();
  settings_.set_bytes("geometry", saveGeometry());
  settings_.set_bytes("across", across_->saveState());
  settings_.set_bytes("down", down_->saveState());
  settings_.set_bytes("bottom", bottom_->saveState());
  Session session;
  if (!document_->is_temporary()) session.paths = document_->paths();
  session.baseline = comparer_->paths();
  for (QStringList* paths : {&session.paths, &session.baseline})
    for (QString& path : *paths) path = QFileInfo(path).absoluteFilePath();
  session.flow = flows_->selected();
  session.profile = document_->profile();
  if (plots_->has_view()) {
    session.from_ns = plots_->view().time.from;
    session.to_ns = plots_->view().time.to;
  }
  settings_.set_session(session);
  event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  QStringList paths;
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) paths << url.toLocalFile();
  event->acceptProposedAction();
  const bool beside = event->modifiers() & Qt::ControlModifier && actions_->action("compare")->isEnabled();
  beside ? compare_with(paths) : open(paths);
}

}  // namespace tsaudit::gui
