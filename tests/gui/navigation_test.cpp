// SPDX-License-Identifier: GPL-3.0-or-later
// From one connection and one segment to another: what is current stays so, and can be seen.
#include <QCheckBox>
#include <QLineEdit>
#include <QMenu>
#include <QWindow>

#include "window.h"

using namespace tsaudit;
using namespace tsaudit::gui;
using namespace tsaudit::gui::test;

class NavigationTest : public DrivenWindow {
  Q_OBJECT
  ListView& list() { return *window_->flows().table(); }
  void filter(const QString& text) {
    QLineEdit* edit = window_->flows().filter_edit();
    edit->setFocus();
    edit->selectAll();
    QTest::keyClick(edit, Qt::Key_Delete);
    QTest::keyClicks(edit, text);
  }
  /// Of the row that the list shows as the current one; 0: of none.
  quint64 highlighted() {
    const QModelIndexList rows = list().selectionModel()->selectedRows(FlowModel::kFlow);
    return rows.isEmpty() ? 0 : rows.front().data(FlowModel::kIdRole).toULongLong();
  }
  bool open_three() {
    window_->open({capture("naive-restore.pcap"), capture("wrap.pcap"), capture("healthy.pcap")});
    return wait_for_flow(*window_) && window_->flows().model().rowCount() == 3;
  }
  /// Whether the main plot has it in sight.
  bool in_sight(quint64 frame) {
    const FlowView& flow = *plots().flow();
    const TimeNs when = flow.row(flow.position_of_frame(frame)).time_ns;
    const Series& tsval = flow.track(Side::client).tsval;
    const double value = tsval.value(*tsval.nearest(when));
    const ViewTransform view = clock().surface().transform();
    return view.contains(view.x_of(when), view.y_of(value));
  }

  /// By Tab, until it is there.
  bool tab_to(QWidget& widget) {
    plots().setFocus();
    for (int i = 0; i < 40 && !widget.hasFocus(); ++i)
      QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
    return widget.hasFocus();
  }

 private Q_SLOTS:
  void initTestCase() { own_settings(settings_); }
  void init() {
    window_ = std::make_unique<MainWindow>();
    QVERIFY(show(*window_, capture("naive-restore.pcap")));
  }
  void cleanup() { window_.reset(); }

  void the_shown_connection_stays_the_current_one_through_a_filter() {
    QVERIFY(open_three());
    const FlowModel& model = window_->flows().model();
    const quint64 first = model.id_of(0), second = model.id_of(1), third = model.id_of(2);
    key(Qt::Key_PageDown);
    QTRY_COMPARE(plots().flow()->id(), second);
    QCOMPARE(highlighted(), second);
    filter("zzz");
    QCOMPARE(model.rowCount(), 0);
    QCOMPARE(plots().flow()->id(), second);
    QCOMPARE(window_->flows().selected(), second);
    filter("");
    QCOMPARE(highlighted(), second);
    list().sortByColumn(FlowModel::kStart, Qt::DescendingOrder);
    list().sortByColumn(FlowModel::kVerdict, Qt::DescendingOrder);
    QCOMPARE(highlighted(), second);
    key(Qt::Key_PageDown);
    QTRY_COMPARE(plots().flow()->id(), third);
    key(Qt::Key_PageUp);
    key(Qt::Key_PageUp);
    QTRY_COMPARE(plots().flow()->id(), first);
  }

  void a_filtered_connection_can_be_gone_to() {
    QVERIFY(open_three());
    filter("zzz");
    const CaptureStore& store = *window_->document().store();
    const LogRow& row = store.row(static_cast<uint32_t>(store.segments() - 1));
    QVERIFY(plots().flow()->id() != row.flow);
    window_->go_to_frame(row.frame);
    QTRY_COMPARE(plots().flow()->id(), static_cast<uint64_t>(row.flow));
    QTRY_COMPARE(window_->segments().selected_frame(), row.frame);
    filter("");
    QCOMPARE(highlighted(), static_cast<quint64>(row.flow));
  }

  void an_empty_list_says_why() {
    filter("zzz");
    QCOMPARE(list().placeholder(), QString("No connection matches 'zzz'"));
    const QImage picture = list().viewport()->grab().toImage();
    const QRgb empty = picture.pixel(2, 2);
    int ink = 0;
    for (int y = 0; y < std::min(60, picture.height()); ++y)
      for (int x = 0; x < picture.width(); ++x) ink += picture.pixel(x, y) != empty;
    QVERIFY2(ink > 100, qPrintable(QString::number(ink)));
  }

  void what_is_gone_to_comes_into_sight_in_time_and_value() {
    // Close to the clock before the move, which takes TSval back by a million ticks.
    const FlowView& flow = *plots().flow();
    const TimeNs before = flow.row(flow.position_of_frame(9)).time_ns;
    const double value = flow.track(Side::client).tsval.value(0);
    plots().set_view({{before - 50 * kMillisecond, before + 50 * kMillisecond},
                      {{static_cast<int>(PlotKind::clock), {value - 5'000, value + 5'000}}}});
    key(Qt::Key_N);
    QCOMPARE(window_->segments().selected_frame(), 18u);
    QVERIFY(in_sight(18));
    QVERIFY(std::abs(clock().value_range().span() - 10'000) < 1e-3);
    QCOMPARE(plots().view().time.span(), 100 * kMillisecond);
    plots().back();
    QVERIFY(!in_sight(18));
    window_->go_to_frame(22);
    QVERIFY(in_sight(22));
  }

  void where_the_values_fit_they_go_on_to() {
    const FlowView& flow = *plots().flow();
    const TimeNs before = flow.row(flow.position_of_frame(9)).time_ns;
    plots().set_view({{before - 50 * kMillisecond, before + 50 * kMillisecond}, {}});
    key(Qt::Key_N);
    QVERIFY(in_sight(18));
    QVERIFY(plots().view().values.empty());
  }

  void tab_chooses_nothing() {
    SegmentTable& segments = window_->segments();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    QVERIFY(tab_to(*segments.table()));
    QCOMPARE(segments.selected_frame(), 0u);
    QVERIFY(!segments.table()->currentIndex().isValid());
    QTest::keyClick(segments.table(), Qt::Key_Down);
    QCOMPARE(segments.selected_frame(), 1u);
    window_->go_to_frame(3);  // which was not discarded
    segments.findChild<QCheckBox*>()->setChecked(true);
    QVERIFY(tab_to(*segments.table()));
    QCOMPARE(segments.selected_frame(), 3u);
    segments.findChild<QCheckBox*>()->setChecked(false);
    QCOMPARE(segments.model().frame_of(segments.table()->currentIndex().row()), 3u);
    const quint64 flow = plots().flow()->id();
    filter("zzz");
    QVERIFY(tab_to(list()));
    QCOMPARE(window_->flows().selected(), flow);
  }

  void what_has_the_focus_has_a_frame() {
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    const QColor color = window_->palette().color(QPalette::Highlight);
    const auto framed = [&](QWidget& widget) {
      const QImage picture = widget.grab().toImage();
      return picture.pixelColor(0, picture.height() / 2) == color &&
             picture.pixelColor(picture.width() / 2, 1) == color;
    };
    QWidget* const all[] = {&plots(), &list(), window_->segments().table()};
    for (QWidget* focused : all) {
      focused->setFocus();
      QVERIFY(focused->hasFocus());
      for (QWidget* each : all) QCOMPARE(framed(*each), each == focused);
    }
    clock().surface().setFocus();
    QVERIFY(framed(plots()));
  }

  void a_right_click_offers_what_can_be_done_there_data() {
    QTest::addColumn<QString>("where");
    QTest::addColumn<QStringList>("offers");
    QTest::newRow("plot") << "plot"
                          << QStringList{"zoom-in", "home", "direction", "next-dropped", "go", "export"};
    QTest::newRow("list") << "list" << QStringList{"copy-filter", "wireshark", "next-flow"};
    QTest::newRow("table") << "table" << QStringList{"wireshark", "copy-filter", "next-dropped", "go", "csv"};
  }
  void a_right_click_offers_what_can_be_done_there() {
    QFETCH(QString, where);
    QFETCH(QStringList, offers);
    QWidget* on = where == "plot"   ? static_cast<QWidget*>(&clock().surface())
                  : where == "list" ? list().viewport()
                                    : window_->segments().table()->viewport();
    const QPoint at = where == "plot" ? middle(clock()) : QPoint(40, 8);
    QTest::mouseClick(window_->windowHandle(), Qt::RightButton, Qt::NoModifier, on->mapTo(window_.get(), at));
    QMenu* menu = window_->findChild<QMenu*>("context_menu");
    QVERIFY(menu && menu->isVisible());
    QStringList names;
    for (const QAction* action : menu->actions()) names << action->objectName();
    for (const QString& offer : offers) QVERIFY2(names.contains(offer), qPrintable(offer));
    if (where == "table") QCOMPARE(window_->segments().selected_frame(), 1u);
    menu->close();
  }

  void what_a_plot_offers_is_done_at_the_pointer() {
    PlotPanel& bytes = plots().panel(PlotKind::sequence);
    const QPoint at = middle(bytes) + QPoint(150, 10);
    const TimeNs under = bytes.surface().transform().time_at(at.x());
    QTest::mouseMove(&bytes.surface(), at - QPoint(5, 0));
    QTest::mouseMove(&bytes.surface(), at);
    QTest::mouseClick(window_->windowHandle(), Qt::RightButton, Qt::NoModifier,
                      bytes.surface().mapTo(window_.get(), at));
    QMenu* menu = window_->findChild<QMenu*>("context_menu");
    QVERIFY(menu && menu->isVisible());
    QEvent left(QEvent::Leave);
    QApplication::sendEvent(&bytes.surface(), &left);
    QTest::mouseClick(menu, Qt::LeftButton, Qt::NoModifier,
                      menu->actionGeometry(menu->actions().front()).center());
    QTest::qWait(50);
    QCOMPARE(plots().view().values.count(static_cast<int>(PlotKind::sequence)), 1u);
    const double x = bytes.surface().transform().x_of(under);
    QVERIFY2(std::abs(x - at.x()) < 1, qPrintable(QString("%1, %2").arg(x).arg(at.x())));
    QVERIFY(!bytes.overlay().crosshair);
  }
};

QTEST_MAIN(NavigationTest)
#include "navigation_test.moc"
