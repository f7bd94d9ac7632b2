// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse and keys as a user's, on a naive restore: what becomes of view, selection and tables.
#include <QAction>
#include <QDialog>
#include <QLineEdit>
#include <QRegularExpression>
#include <QTableView>
#include <QToolButton>
#include <cmath>

#include "actions.h"
#include "window.h"

using namespace tsaudit;
using namespace tsaudit::gui;
using namespace tsaudit::gui::test;

class InteractionTest : public DrivenWindow {
  Q_OBJECT
  TimeRange time() { return plots().view().time; }
  void settle() {
    QTest::qWait(450);  // a gesture of the wheel is over, and what was scheduled is drawn
  }

 private Q_SLOTS:
  void initTestCase() { own_settings(settings_); }
  void init() {
    window_ = std::make_unique<MainWindow>();
    QVERIFY(show(*window_, capture("naive-restore.pcap")));
  }
  void cleanup() { window_.reset(); }

  void everything_is_in_sight_first() {
    const auto& flow = *plots().flow();
    QVERIFY(time().from < flow.first_ns());
    QVERIFY(time().to > flow.last_ns());
    QCOMPARE(plots().side(), Side::client);
    QVERIFY(!plots().can_back());
  }

  void wheel_zooms_both_axes_at_the_pointer() {
    const QPoint at = middle(clock()) + QPoint(120, 30);
    const ViewTransform before = surface().transform();
    const TimeNs under = before.time_at(at.x());
    const double value = before.value_at(at.y());
    wheel(surface(), at, 3);
    settle();
    const ViewTransform after = surface().transform();
    QVERIFY(after.time.span() < before.time.span());
    QVERIFY(after.value.span() < before.value.span());
    QVERIFY(std::abs(after.x_of(under) - at.x()) < 1);
    QVERIFY(std::abs(after.y_of(value) - at.y()) < 1);
  }

  void wheel_over_an_axis_zooms_that_axis_alone() {
    const ViewTransform before = surface().transform();
    wheel(surface(), {static_cast<int>(before.left) - 30, middle(clock()).y()}, 2);
    QCOMPARE(surface().transform().time, before.time);
    QVERIFY(clock().value_range().span() < before.value.span());
    PlotPanel& last = plots().panel(PlotKind::rtt);
    const ViewTransform low = last.surface().transform();
    const ValueRange mine = clock().value_range();
    wheel(last.surface(), {middle(last).x(), static_cast<int>(low.top + low.height) + 8}, 2);
    QVERIFY(time().span() < before.time.span());
    QCOMPARE(clock().value_range(), mine);
  }

  void plots_are_linked_in_time() {
    wheel(plots().panel(PlotKind::sequence).surface(), middle(plots().panel(PlotKind::sequence)), 4);
    settle();
    for (PlotPanel* panel : plots().visible_panels()) QCOMPARE(panel->surface().transform().time, time());
  }

  void one_turn_of_the_wheel_is_one_step_back() {
    const TimeRange before = time();
    for (int i = 0; i < 5; ++i) wheel(surface(), middle(clock()), 1);
    settle();
    QVERIFY(time().span() < before.span());
    QTest::keyClick(window_.get(), Qt::Key_Left, Qt::AltModifier);
    QCOMPARE(time(), before);
    QVERIFY(!plots().can_back());
    QTest::keyClick(window_.get(), Qt::Key_Right, Qt::AltModifier);
    QVERIFY(time().span() < before.span());
  }

  void one_notch_costs_one_drawing_of_each_plot() {
    settle();
    const int before = surface().redraws();
    wheel(surface(), middle(clock()), 1);
    QTest::qWait(100);
    QCOMPARE(surface().redraws() - before, 1);
  }

  void a_new_size_costs_one_drawing_of_each_plot() {
    settle();
    QObject* plot = nullptr;
    for (QObject* child : surface().children())
      if (child->inherits("QCustomPlot")) plot = child;
    QVERIFY(plot);
    const double width = surface().transform().width;
    QSignalSpy drawn(plot, SIGNAL(afterReplot()));
    window_->resize(window_->size() + QSize(60, 0));
    QTest::qWait(100);
    QCOMPARE(drawn.count(), 1);
    QVERIFY(surface().transform().width > width);
    window_->resize(window_->size() - QSize(60, 0));
    QTest::qWait(100);
    QCOMPARE(drawn.count(), 2);
  }

  void a_drag_zooms_to_the_box() {
    const ViewTransform view = surface().transform();
    const QPoint from = middle(clock()) - QPoint(200, 60), to = middle(clock()) + QPoint(100, 40);
    drag(surface(), from, to);
    QCOMPARE(time().from, view.time_at(from.x()));
    QCOMPARE(time().to, view.time_at(to.x()));
    QVERIFY(std::abs(clock().value_range().to - view.value_at(from.y())) < 1);
    QVERIFY(std::abs(clock().value_range().from - view.value_at(to.y())) < 1);
  }

  void a_flat_drag_zooms_time_alone_and_a_tremble_nothing() {
    const ViewTransform view = surface().transform();
    drag(surface(), middle(clock()), middle(clock()) + QPoint(150, 2));
    QCOMPARE(time().from, view.time_at(middle(clock()).x()));
    QVERIFY(plots().view().values.empty());
    plots().home();
    const TimeRange all = time();
    drag(surface(), middle(clock()), middle(clock()) + QPoint(2, 1));
    QCOMPARE(time(), all);
  }

  void the_middle_button_pans() {
    const TimeRange before = time();
    const ViewTransform view = surface().transform();
    drag(surface(), middle(clock()), middle(clock()) - QPoint(100, 0), Qt::MiddleButton);
    QCOMPARE(time().span(), before.span());
    const double moved = static_cast<double>(time().from - before.from) / static_cast<double>(before.span());
    QVERIFY(std::abs(moved - 100 / view.width) < 1e-6);
  }

  void home_shows_everything_again() {
    const TimeRange all = time();
    wheel(surface(), middle(clock()), 5);
    settle();
    key(Qt::Key_Home);
    QCOMPARE(time(), all);
    QVERIFY(plots().view().values.empty());
  }

  void keys_zoom_and_pan() {
    const TimeRange all = time();
    key(Qt::Key_Plus);
    QVERIFY(time().span() < all.span());
    const TimeRange zoomed = time();
    key(Qt::Key_Right);
    QVERIFY(time().from > zoomed.from);
    QCOMPARE(time().span(), zoomed.span());
    key(Qt::Key_Minus);
    QVERIFY(time().span() > zoomed.span());
    const ValueRange values = clock().value_range();
    key(Qt::Key_Y);
    QVERIFY(clock().value_range().span() < values.span());
  }

  void a_click_on_a_mark_selects_its_segment_everywhere() {
    QSignalSpy explained(&window_->document(), &Document::explained);
    const auto& clusters = surface().clusters();
    const auto mark = std::find_if(clusters.begin(), clusters.end(), [](const MarkCluster& c) {
      return c.kind == MarkKind::paws && c.count == 1;
    });
    QVERIFY(mark != clusters.end());
    const quint64 frame = plots().flow()->store().row(mark->row).frame;
    QTest::mouseClick(&surface(), Qt::LeftButton, Qt::NoModifier,
                      QPoint(static_cast<int>(mark->x) + 2, static_cast<int>(mark->y) - 2));
    QCOMPARE(window_->segments().selected_frame(), frame);
    QVERIFY(plots().readout().contains(QString("frame %1 ").arg(frame)) || !plots().readout().isEmpty());
    QVERIFY(explained.wait(5000));
    QVERIFY(window_->explanation().explanation().contains("TCP_RFC7323_PAWS"));
  }

  void a_row_of_the_table_selects_in_the_plots() {
    QTableView* table = window_->segments().table();
    const int row = window_->segments().model().show_frame(22);
    QTest::mouseClick(table->viewport(), Qt::LeftButton, Qt::NoModifier,
                      table->visualRect(table->model()->index(row, 1)).center());
    if (window_->segments().selected_frame() != 22) {  // it was out of sight
      table->scrollTo(table->model()->index(row, 0));
      QTest::mouseClick(table->viewport(), Qt::LeftButton, Qt::NoModifier,
                        table->visualRect(table->model()->index(row, 1)).center());
    }
    QCOMPARE(window_->segments().selected_frame(), 22u);
    QVERIFY(plots().readout().startsWith("frame 22 "));
  }

  void the_crosshair_reads_the_segment_under_it() {
    const auto& flow = *plots().flow();
    const LogRow& row = flow.row(flow.position_of_frame(18));
    const QPoint at(static_cast<int>(surface().transform().x_of(row.time_ns)), middle(clock()).y());
    QTest::mouseMove(&surface(), at + QPoint(300, 0));
    QTest::mouseMove(&surface(), at + QPoint(320, 0));
    QTest::qWait(30);
    const QString text = plots().readout();
    for (const char* part : {"frame ", "TSval ", "TSecr ", "TS.Recent ", "\u0394 "})
      QVERIFY2(text.contains(QString::fromUtf8(part)), qPrintable(text));
    const auto verdict = text.indexOf(QRegularExpression("(accept|drop|unknown) "));
    QVERIFY2(verdict > 0 && verdict < text.indexOf("TSval "), qPrintable(text));
    QVERIFY(plots().crosshair_shown());
    key(Qt::Key_Space);
    QVERIFY(!plots().crosshair_shown());
  }

  void d_turns_the_direction_and_keeps_the_time() {
    wheel(surface(), middle(clock()), 2);
    settle();
    const TimeRange before = time();
    QVERIFY(QString::fromStdString(clock().content().title).contains("client"));
    key(Qt::Key_D);
    QCOMPARE(plots().side(), Side::server);
    QVERIFY(QString::fromStdString(clock().content().title).contains("server"));
    QCOMPARE(time(), before);
    key(Qt::Key_D);
    QCOMPARE(plots().side(), Side::client);
  }

  void t_turns_between_relative_and_absolute() {
    QVERIFY(!plots().absolute());
    key(Qt::Key_T);
    QVERIFY(plots().absolute());
  }

  void g_goes_to_a_frame() {
    key(Qt::Key_G);
    auto* dialog = window_->findChild<QDialog*>("go_to_frame");
    QVERIFY(dialog);
    QTest::keyClicks(dialog->focusWidget(), "25");
    QTest::keyClick(dialog->focusWidget(), Qt::Key_Return);
    QTRY_COMPARE(window_->segments().selected_frame(), 25u);
  }

  void n_walks_through_the_discarded() {
    key(Qt::Key_N);
    QCOMPARE(window_->segments().selected_frame(), 18u);
    key(Qt::Key_N);
    QCOMPARE(window_->segments().selected_frame(), 19u);
    key(Qt::Key_N, Qt::ShiftModifier);
    QCOMPARE(window_->segments().selected_frame(), 18u);
  }

  void the_legend_hides_and_solos() {
    QToolButton* tsval = nullptr;
    for (QToolButton* button : clock().findChildren<QToolButton*>())
      if (button->text() == "TSval") tsval = button;
    QVERIFY(tsval);
    const double span = clock().value_range().span();
    QTest::mouseClick(tsval, Qt::LeftButton);
    QVERIFY(clock().value_range().span() < span / 10);  // what is hidden takes no room
    QTest::mouseClick(tsval, Qt::LeftButton);
    QCOMPARE(clock().value_range().span(), span);
    QTest::mouseClick(tsval, Qt::LeftButton, Qt::AltModifier);
    const auto& hidden = clock().hidden();
    QCOMPARE(std::count(hidden.begin(), hidden.end(), false), 1);
    QVERIFY(clock().marks_hidden());
    QTest::mouseClick(tsval, Qt::LeftButton, Qt::AltModifier);
    QCOMPARE(std::count(hidden.begin(), hidden.end(), true), 0);
  }

  void shift_drag_measures_and_leaves_the_view() {
    const TimeRange before = time();
    // From the last segment before the jump to the first after it.
    const FlowView& flow = *plots().flow();
    const auto point = [&](quint64 frame) {
      const TimeNs when = flow.row(flow.position_of_frame(frame)).time_ns;
      const Series& tsval = flow.track(Side::client).tsval;
      return pixel(clock(), when, tsval.value(*tsval.nearest(when)));
    };
    drag(surface(), point(12), point(18), Qt::LeftButton, Qt::ShiftModifier);
    static const QRegularExpression form(
        "^\u0394T ([\\d.]+) ms   \u0394TSval \u2212([\\d,]+)   \u2212(\\d{1,3}(,\\d{3})*(\\.\\d+)?) Hz$");
    const auto match = form.match(clock().overlay().ruler_text);
    QVERIFY2(match.hasMatch(), qPrintable(clock().overlay().ruler_text));
    const ViewTransform view = surface().transform();
    const double tick = view.value.span() / view.height;
    const double ms = static_cast<double>(view.time.span()) / view.width / 1e6;
    QVERIFY(std::abs(match.captured(2).remove(',').toDouble() - 1'000'001) < 2 * tick);
    QVERIFY(std::abs(match.captured(1).toDouble() - 32) < 2 * ms);
    QCOMPARE(time(), before);
    drag(surface(), middle(clock()), middle(clock()) + QPoint(120, -40), Qt::LeftButton, Qt::ShiftModifier);
    QCOMPARE(time(), before);
    QCOMPARE(window_->segments().selected_frame(), 0u);
    QTest::mouseClick(&surface(), Qt::LeftButton, Qt::NoModifier,
                      QPoint(static_cast<int>(view.left) + 300, 60));
    QVERIFY(!clock().overlay().ruler);
  }

  void a_measurement_stays_with_its_data() {
    const QPoint from = middle(clock()) - QPoint(100, 20), to = middle(clock()) + QPoint(60, 30);
    const auto measure = [&] { drag(surface(), from, to, Qt::LeftButton, Qt::ShiftModifier); };
    measure();
    QVERIFY(clock().overlay().ruler);
    const Ruler ruler = *clock().overlay().ruler;
    const QString text = clock().overlay().ruler_text;
    wheel(surface(), middle(clock()), 2);
    settle();
    key(Qt::Key_Right);
    QVERIFY(clock().overlay().ruler);
    QCOMPARE(clock().overlay().ruler->from_ns, ruler.from_ns);
    QCOMPARE(clock().overlay().ruler->to, ruler.to);
    QCOMPARE(clock().overlay().ruler_text, text);
    // Its end is drawn where its time and value are now.
    QTest::qWait(30);
    const ViewTransform view = surface().transform();
    const QPoint end = pixel(clock(), ruler.to_ns, ruler.to);
    QVERIFY((end - to).manhattanLength() > 20);
    QVERIFY(view.contains(end.x(), end.y()));
    QTest::mouseMove(&surface(), QPoint(static_cast<int>(view.left) + 5, 20));
    const QColor there = surface().grab().toImage().pixelColor(end);
    const QColor ink = Theme::of(window_->palette()).text;
    QVERIFY2(std::abs(there.lightness() - ink.lightness()) < 40, qPrintable(there.name()));
  }

  void a_measurement_goes_with_the_direction_the_connection_and_esc() {
    const auto measure = [&] {
      drag(surface(), middle(clock()) - QPoint(100, 20), middle(clock()) + QPoint(60, 30), Qt::LeftButton,
           Qt::ShiftModifier);
      return clock().overlay().ruler.has_value();
    };
    QVERIFY(measure());
    key(Qt::Key_D);
    QVERIFY(!clock().overlay().ruler);
    QVERIFY(measure());
    key(Qt::Key_Escape);
    QVERIFY(!clock().overlay().ruler);
    QVERIFY(measure());
    window_->open({capture("wrap.pcap")});
    QVERIFY(wait_for_flow(*window_));
    QVERIFY(!clock().overlay().ruler);
  }

  void page_keys_walk_through_the_connections() {
    window_->open({capture("naive-restore.pcap"), capture("wrap.pcap")});
    QVERIFY(wait_for_flow(*window_));
    const quint64 worst = plots().flow()->id();
    key(Qt::Key_PageDown);
    QTRY_VERIFY(plots().flow()->id() != worst);
    key(Qt::Key_PageDown);  // there is no third
    key(Qt::Key_PageUp);
    QTRY_COMPARE(plots().flow()->id(), worst);
  }

  void numbers_show_and_hide_plots() {
    QVERIFY(!plots().panel(PlotKind::rtt).isHidden());
    key(Qt::Key_4);
    QVERIFY(plots().panel(PlotKind::rtt).isHidden());
    QCOMPARE(plots().visible_panels().size(), 3u);
    key(Qt::Key_4);
    QVERIFY(!plots().panel(PlotKind::rtt).isHidden());
  }

  void letters_typed_into_the_filter_are_text() {
    QTest::keyClick(window_.get(), Qt::Key_F, Qt::ControlModifier);
    QTest::keyClicks(window_->flows().filter_edit(), "dgt");
    QCOMPARE(window_->flows().filter_edit()->text(), QString("dgt"));
    QCOMPARE(plots().side(), Side::client);
    QCOMPARE(window_->flows().model().rowCount(), 0);
  }

  void f1_names_every_key() {
    QTest::keyClick(window_.get(), Qt::Key_F1);
    QVERIFY(window_->findChild<QDialog*>("key_sheet"));
    const QString sheet = window_->actions().sheet_html();
    for (const QAction* action : window_->findChildren<QAction*>()) {
      if (action->objectName().isEmpty() || action->shortcuts().isEmpty()) continue;
      QVERIFY2(sheet.contains(QString(action->text()).remove('&').toHtmlEscaped()),
               qPrintable(action->text()));
    }
  }

  void keys_are_not_ambiguous() {
    QSet<QString> seen;
    for (const QAction* action : window_->findChildren<QAction*>())
      for (const QKeySequence& keys : action->shortcuts()) {
        QVERIFY2(!seen.contains(keys.toString()), qPrintable(keys.toString()));
        seen << keys.toString();
      }
    QVERIFY(seen.size() > 20);
  }
};

QTEST_MAIN(InteractionTest)
#include "interaction_test.moc"
