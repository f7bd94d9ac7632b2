// SPDX-License-Identifier: GPL-3.0-or-later
// Two captures beside each other: who belongs to whom, where they coincide, and what is shown of it.
#include <QAbstractItemModelTester>
#include <QDropEvent>
#include <QMessageBox>
#include <QMimeData>
#include <QDragEnterEvent>
#include <QTableView>
#include <QToolButton>

#include "compare_panel.h"
#include "comparer.h"
#include "window.h"

using namespace tsaudit;
using namespace tsaudit::gui;
using namespace tsaudit::gui::test;

class CompareTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;

  static bool settled(MainWindow& window) {
    return QTest::qWaitFor([&] { return window.comparer().active() && window.comparer().settled(); }, 20'000);
  }
  static bool compare(MainWindow& window, const char* candidate, const char* baseline) {
    if (!show(window, capture(candidate))) return false;
    window.compare_with({capture(baseline)});
    return settled(window);
  }
  static QString cell(MainWindow& window, int row, int column) {
    return window.comparison().model().index(row, column).data().toString();
  }
  static const Curve* curve(PlotPanel& panel, const std::string& name) {
    for (const Curve& each : panel.content().curves)
      if (each.name == name) return &each;
    return nullptr;
  }
  static std::vector<TimeNs> moves(PlotPanel& panel) {
    std::vector<TimeNs> times;
    for (const Band& band : panel.content().bands)
      if (band.kind == Band::Kind::migration) times.push_back(band.to_ns);
    return times;
  }

 private Q_SLOTS:
  void init() {
    own_settings(folder_);
    QSettings().clear();
  }

  void the_answer_is_that_of_the_command_line() {
    MainWindow window;
    QVERIFY(compare(window, "naive-restore.pcap", "healthy.pcap"));
    QVERIFY(window.comparison().isVisible());
    QVERIFY(window.comparison().answer().contains("Worse than the baseline: 1 flow worse."));
    QVERIFY(window.comparison().answer().contains("healthy.pcap"));
    QCOMPARE(window.comparison().model().rowCount(), 1);
    QCOMPARE(cell(window, 0, CompareModel::kVerdict), QString("worse"));
    QCOMPARE(cell(window, 0, CompareModel::kFindings), QString("4 new, 1 worse"));
    const QString text = window.comparison().text();
    QVERIFY(text.contains("TS001"));
    QVERIFY(text.contains("dropped segments"));
  }

  void the_cuts_coincide_at_time_zero() {
    MainWindow window;
    QVERIFY(compare(window, "naive-restore.pcap", "healthy.pcap"));
    PlotPanel& clock = window.plots().panel(PlotKind::clock);
    const auto cuts = moves(clock);
    QCOMPARE(cuts.size(), 2u);
    QCOMPARE(cuts[0], cuts[1]);
    QVERIFY(window.plots().view().time.from < cuts[0] && cuts[0] < window.plots().view().time.to);
    // What the readout says of the segment there counts from the cut, as the axis does.
    window.plots().select_frame(18);
    QVERIFY2(window.plots().readout().contains("0.000000"), qPrintable(window.plots().readout()));
  }

  void the_baseline_is_drawn_over_or_under() {
    MainWindow window;
    QVERIFY(compare(window, "naive-restore.pcap", "healthy.pcap"));
    PlotPanel& clock = window.plots().panel(PlotKind::clock);
    PlotPanel& below = window.plots().baseline_panel(PlotKind::clock);
    QVERIFY(curve(clock, "baseline: TSval"));
    QVERIFY(below.isHidden());
    window.plots().setFocus();
    QTest::keyClick(&window.plots(), Qt::Key_S);
    QVERIFY(window.plots().stacked());
    QVERIFY(!curve(clock, "baseline: TSval"));
    QVERIFY(below.isVisible());
    QVERIFY(curve(below, "baseline: TSval"));
    QCOMPARE(below.surface().transform().time, clock.surface().transform().time);
    QCOMPARE(moves(below), moves(clock));
    // The wheel over the values of one of them moves that one alone; over the plot, the time of both.
    QTest::qWait(50);
    const ValueRange values = clock.value_range(), under = below.value_range();
    wheel(below.surface(), {PlotSurface::left_margin() / 2, middle(below).y()}, 3);
    QCOMPARE(clock.value_range().span(), values.span());
    QVERIFY(below.value_range().span() < under.span());
    const TimeRange time = clock.surface().transform().time;
    wheel(below.surface(), middle(below), 3);
    QVERIFY(clock.surface().transform().time.span() < time.span());
    QCOMPARE(below.surface().transform().time, clock.surface().transform().time);
    QTest::keyClick(&window.plots(), Qt::Key_S);
    QVERIFY(below.isHidden());
    QVERIFY(curve(clock, "baseline: TSval"));
  }

  void a_click_at_a_mark_of_the_baseline_selects_a_segment_that_is_open() {
    MainWindow window;  // the other way round: the discards are the baseline's
    QVERIFY(compare(window, "healthy.pcap", "naive-restore.pcap"));
    PlotPanel& clock = window.plots().panel(PlotKind::clock);
    clock.surface().replot_now();
    QSignalSpy clicked(&window.plots(), &PlotStack::frame_clicked);
    for (const MarkCluster& mark : clock.surface().clusters()) {
      if (mark.holder == 0) continue;
      QTest::mouseClick(&clock.surface(), Qt::LeftButton, {},
                        QPoint(static_cast<int>(mark.x), static_cast<int>(mark.y)));
    }
    QVERIFY(!clicked.isEmpty());
    for (const auto& arguments : clicked) {
      const auto frame = arguments[0].toULongLong();
      QVERIFY(window.plots().flow()->position_of_frame(frame) < window.plots().flow()->rows().size());
    }
  }

  void what_has_no_partner_is_said_so() {
    MainWindow window;
    QVERIFY(compare(window, "naive-restore.pcap", "criu/plain.pcapng"));
    QVERIFY(!window.plots().baseline());
    QStringList verdicts;
    for (int row = 0; row < window.comparison().model().rowCount(); ++row)
      verdicts << cell(window, row, CompareModel::kVerdict);
    QVERIFY(verdicts.contains("missing"));
    QVERIFY(verdicts.contains("added"));
    window.comparison().table()->selectRow(static_cast<int>(verdicts.indexOf("missing")));
    QVERIFY(window.comparison().text().startsWith("missing"));
  }

  void the_table_leads_to_the_connection() {
    MainWindow window;
    QVERIFY(compare(window, "criu/lost.pcapng", "criu/plain.pcapng"));
    CompareModel& model = window.comparison().model();
    QVERIFY(model.rowCount() >= 2);
    for (int row = 0; row < model.rowCount(); ++row) {
      if (!model.at(row).candidate || !model.at(row).baseline) continue;
      const quint64 wanted = model.at(row).candidate->role.order;
      window.comparison().table()->selectRow(row);
      QVERIFY(QTest::qWaitFor([&] { return window.plots().flow()->id() == wanted && window.comparer().settled(); }));
      QVERIFY(window.plots().baseline());
      QCOMPARE(window.plots().baseline()->id(), model.at(row).baseline->role.order);
    }
  }

  void it_ends_by_its_button() {
    MainWindow window;
    QVERIFY(compare(window, "naive-restore.pcap", "healthy.pcap"));
    auto* end = window.findChild<QToolButton*>("end_comparison");
    QVERIFY(end);
    QTest::mouseClick(end, Qt::LeftButton);
    QVERIFY(window.comparison().isHidden());
    QVERIFY(!curve(window.plots().panel(PlotKind::clock), "baseline: TSval"));
    QVERIFY(window.comparison().text().isEmpty());
  }

  void it_ends_with_the_capture_and_goes_on_with_another_receiver() {
    MainWindow window;
    QVERIFY(compare(window, "naive-restore.pcap", "healthy.pcap"));
    const auto before = window.comparer().comparison();
    window.set_profile("linux-5.10");
    QVERIFY(settled(window));
    QVERIFY(window.comparer().comparison() != before);
    QVERIFY(window.plots().baseline());
    window.open({capture("loss.pcap")});
    QVERIFY(!window.comparer().active());
  }

  void a_baseline_that_cannot_be_read_is_named() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    window.compare_with({"/nonexistent/base.pcap"});
    QVERIFY(QTest::qWaitFor([&] { return window.findChild<QMessageBox*>() != nullptr; }));
    QVERIFY(window.findChild<QMessageBox*>()->text().contains("base.pcap"));
    QVERIFY(!window.comparer().active());
    QVERIFY(window.plots().flow());
  }

  void a_drop_with_control_compares() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(capture("healthy.pcap"))});
    QDragEnterEvent enter(QPoint(400, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::ControlModifier);
    QApplication::sendEvent(&window, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop(QPointF(400, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::ControlModifier);
    QApplication::sendEvent(&window, &drop);
    QVERIFY(settled(window));
    QVERIFY(window.document().title().contains("naive-restore"));
    QCOMPARE(window.comparer().title(), QString("healthy.pcap"));
  }

  void the_session_remembers_it() {
    {
      MainWindow window;
      QVERIFY(compare(window, "naive-restore.pcap", "healthy.pcap"));
      window.close();
    }
    MainWindow window;
    window.show();
    window.restore_session();
    QVERIFY(settled(window));
    QCOMPARE(window.comparer().title(), QString("healthy.pcap"));
  }

  void the_model_keeps_what_is_selected_while_it_sorts() {
    MainWindow window;
    QVERIFY(compare(window, "criu/lost.pcapng", "criu/plain.pcapng"));
    CompareModel& model = window.comparison().model();
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const QPersistentModelIndex held(model.index(0, CompareModel::kFlow));
    const QString name = held.data().toString();
    for (int column = 0; column < CompareModel::kColumns; ++column)
      for (const auto order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
        model.sort(column, order);
        QCOMPARE(held.data().toString(), name);
      }
    model.sort(CompareModel::kFlow, Qt::AscendingOrder);
    for (int row = 1; row < model.rowCount(); ++row)
      QVERIFY(model.at(row - 1).shown().client <= model.at(row).shown().client);
  }
};

QTEST_MAIN(CompareTest)
#include "compare_test.moc"
