// SPDX-License-Identifier: GPL-3.0-or-later
// What a user makes out: legends, counts, small windows, exported pictures.
#include <QAction>
#include <QContextMenuEvent>
#include <QFile>
#include <QHeaderView>
#include <QImage>
#include <QMenu>
#include <QRegularExpression>
#include <QScrollBar>
#include <QTableView>
#include <QTextBrowser>
#include <QToolButton>
#include <algorithm>

#include "actions.h"
#include "compare_panel.h"
#include "comparer.h"
#include "exporter.h"
#include "legend.h"
#include "window.h"

using namespace tsaudit;
using namespace tsaudit::gui;
using namespace tsaudit::gui::test;

class LooksTest : public DrivenWindow {
  Q_OBJECT

  QToolButton* button(PlotPanel& panel, const QString& name) {
    for (QToolButton* each : panel.findChildren<QToolButton*>())
      if (each->text() == name) return each;
    return nullptr;
  }
  /// Right click, and the entry that begins so.
  bool choose(QWidget* on, const QString& entry,
              QContextMenuEvent::Reason reason = QContextMenuEvent::Mouse) {
    const QPoint at = on->rect().center();
    QContextMenuEvent event(reason, at, on->mapToGlobal(at));
    QApplication::sendEvent(on, &event);
    auto* menu = window_->findChild<QMenu*>("legend_menu");
    if (!menu) return false;
    bool found = false;
    for (QAction* action : menu->actions()) {
      if (!action->text().remove('&').startsWith(entry) || !action->isEnabled()) continue;
      found = true;
      action->trigger();
      break;
    }
    menu->close();
    QTest::qWait(20);  // deferred deletion
    QApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    return found;
  }
  static int shown(PlotPanel& panel) {
    const auto& hidden = panel.hidden();
    return static_cast<int>(std::count(hidden.begin(), hidden.end(), false)) + (panel.marks_hidden() ? 0 : 1);
  }
  /// A cluster of the clock's plot whose count stands somewhere.
  const MarkCluster* counted() {
    const auto& clusters = surface().clusters();
    const auto at = std::find_if(clusters.begin(), clusters.end(),
                                 [](const MarkCluster& c) { return !c.count_at.isEmpty(); });
    return at == clusters.end() ? nullptr : &*at;
  }

 private Q_SLOTS:
  void initTestCase() { own_settings(settings_); }
  void init() {
    QSettings().clear();
    window_ = std::make_unique<MainWindow>();
  }
  void cleanup() { window_.reset(); }

  void the_legend_has_a_menu() {
    QVERIFY(show(*window_, capture("naive-restore.pcap")));
    QToolButton* tsval = button(clock(), "TSval");
    QVERIFY(tsval);
    const int all = shown(clock());
    const double span = clock().value_range().span();
    QVERIFY(choose(tsval, "Hide TSval"));
    QCOMPARE(shown(clock()), all - 1);
    QVERIFY(clock().value_range().span() < span / 10);
    QVERIFY(choose(tsval, "Show TSval"));
    QCOMPARE(clock().value_range().span(), span);
    QVERIFY(choose(tsval, "Show TSval alone"));
    QCOMPARE(shown(clock()), 1);
    QVERIFY(!choose(tsval, "Show TSval alone"));  // it is
    QVERIFY(choose(tsval, "Show all", QContextMenuEvent::Keyboard));
    QCOMPARE(shown(clock()), all);
    QVERIFY(choose(button(clock(), "PAWS drop"), "Hide discarded segments"));
    QVERIFY(clock().marks_hidden());
    // Where no button is, the names can still be chosen.
    QVERIFY(choose(&clock().legend(), "discarded segments"));
    QVERIFY(!clock().marks_hidden());
    QVERIFY(!window_->findChild<QMenu*>("context_menu"));  // of the plots
  }

  void a_count_leads_to_its_segments() {
    QVERIFY(show(*window_, capture("reordering.pcap")));
    clock().surface().replot_now();
    const MarkCluster* found = counted();
    QVERIFY(found);
    const MarkCluster cluster = *found;
    const CaptureStore& store = *window_->document().store();
    const quint64 first = store.row(cluster.row).frame, last = store.row(cluster.last_row).frame;
    QVERIFY(last > first);
    QVERIFY(surface().rect().contains(cluster.count_at.toRect()));
    const QPoint at = cluster.count_at.center().toPoint();
    QTest::mouseClick(&surface(), Qt::LeftButton, {}, at);
    QCOMPARE(window_->segments().selected_frame(), first);
    QTest::mouseDClick(&surface(), Qt::LeftButton, {}, at);
    const TimeRange now = plots().view().time;
    const TimeNs from = store.row(cluster.row).time_ns, to = store.row(cluster.last_row).time_ns;
    QVERIFY(now.from < from && to < now.to);
    QVERIFY(now.span() < (to - from) * 2 + 1000);
    QVERIFY(plots().can_back());
    surface().replot_now();
    QVERIFY(surface().clusters().size() > 1);
    plots().back();
    QVERIFY(plots().view().time.span() > now.span());
  }

  void plots_that_cannot_be_read_give_way() {
    QVERIFY(show(*window_, capture("naive-restore.pcap"), {800, 600}));
    window_->resize(800, 600);
    QTRY_COMPARE(window_->size(), QSize(800, 600));
    QTRY_VERIFY(!plots().visible_panels().empty() && plots().visible_panels().size() < 4);
    QCOMPARE(plots().visible_panels().front()->kind(), PlotKind::clock);
    const auto is_whole = [&](PlotPanel* panel) {
      const QRect inside(panel->mapTo(&plots(), QPoint()), panel->size());
      return plots().rect().contains(inside) &&
             panel->rect().contains(panel->surface().geometry());  // its lowest labels as well
    };
    QTRY_VERIFY(std::ranges::all_of(plots().visible_panels(), is_whole));
    // What is asked for is shown, in the place of another.
    QVERIFY(plots().panel(PlotKind::rtt).isHidden());
    QVERIFY(!window_->actions().action("panel-rtt")->isChecked());
    key(Qt::Key_4);
    QVERIFY(plots().panel(PlotKind::rtt).isVisible());
    QVERIFY(window_->actions().action("panel-rtt")->isChecked());
    window_->resize(1280, 900);
    QTRY_COMPARE(plots().visible_panels().size(), 4u);
    QVERIFY(window_->actions().action("panel-residual")->isChecked());
  }

  /// With a bar to scroll a long list, too.
  void the_list_has_room_for_addresses_and_what_was_discarded() {
    QVERIFY(show(*window_, capture("naive-restore.pcap"), {1280, 800}));
    QTableView* table = window_->flows().table();
    const QString longest = QString::fromUtf8("10.0.3.139:33675 \u2192 198.51.100.1:443");
    QVERIFY(table->fontMetrics().horizontalAdvance(longest) + 6 <= table->columnWidth(FlowModel::kFlow));
    const int right =
        table->columnViewportPosition(FlowModel::kDropped) + table->columnWidth(FlowModel::kDropped);
    QVERIFY(right <= table->viewport()->width() - table->verticalScrollBar()->sizeHint().width());
  }

  void a_small_window_shows_the_list_from_its_first_column() {
    QVERIFY(show(*window_, capture("naive-restore.pcap"), {800, 600}));
    window_->flows().step(0);
    QTest::qWait(20);  // whatever scrolls has done so
    QCOMPARE(window_->flows().table()->horizontalScrollBar()->value(), 0);
  }

  void a_comparison_can_be_read_in_a_small_window() {
    for (const QSize size : {QSize(800, 600), QSize(1280, 800)}) {
      MainWindow window;
      QVERIFY(show(window, capture("naive-restore.pcap"), size));
      window.compare_with({capture("healthy.pcap")});
      QVERIFY(
          QTest::qWaitFor([&] { return window.comparer().active() && window.comparer().settled(); }, 20'000));
      auto* text = window.comparison().findChild<QTextBrowser*>();
      QVERIFY(text);
      QTRY_VERIFY(text->isVisible());
      QTRY_VERIFY2(text->height() > 100, qPrintable(QString::number(text->height())));
      QTRY_COMPARE(text->horizontalScrollBar()->maximum(), 0);  // nothing is cut at the right
      QVERIFY(window.comparison().text().contains("goodput before"));
      QTableView* table = window.comparison().table();
      QTRY_COMPARE(table->horizontalScrollBar()->maximum(), 0);
      const QString connection = window.comparison().model().index(0, CompareModel::kFlow).data().toString();
      const int room = table->columnWidth(CompareModel::kFlow);
      if (size.width() >= 1280) QVERIFY(table->fontMetrics().horizontalAdvance(connection) + 6 <= room);
      QTRY_VERIFY(table->height() < 120);  // one row; the rest is for the words
      QCOMPARE(window.explanation().currentIndex(), 0);
    }
  }

  void an_export_says_what_it_is() {
    QVERIFY(show(*window_, capture("forward-and-back.pcap"), {800, 600}));
    const QString path = settings_.filePath("plots.svg");
    QCOMPARE(export_plots(plots(), path, {900, 700}, "forward-and-back.pcap"), QString());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QString svg = QString::fromUtf8(file.readAll());
    QString words;  // a line may be cut into pieces
    static const QRegularExpression text("<text[^>]*>([^<]*)</text>");
    for (auto each = text.globalMatch(svg); each.hasNext();) words += each.next().captured(1) + " ";
    for (const char* part :
         {"forward-and-back.pcap: 10.77.0.2:40000 \u2192 10.77.0.1:50000", "ticks, counted from",
          "Time since the capture", "UTC", "PAWS drop", "TS.Recent", "with \u2212999,999,969", "TSecr"})
      QVERIFY2(words.contains(QString::fromUtf8(part)),
               qPrintable(QString::fromUtf8(part) + " not in " + words));
    QVERIFY(svg.contains("<title>forward-and-back.pcap: "));
    // The names are all in the picture, on as many lines as it takes.
    const Legend& legend = plots().panel(PlotKind::clock).legend();
    const int one = legend.paint_to(nullptr, QRect(0, 0, 2000, 400), "TSval");
    QVERIFY(legend.paint_to(nullptr, QRect(0, 0, 300, 400), "TSval") > one);
  }

  /// SVG as Qt writes it has no clipping: what is out of sight must not be in the file.
  void an_export_of_a_part_does_not_leave_its_plot() {
    QVERIFY(show(*window_, capture("naive-restore.pcap")));
    const ViewTransform view = surface().transform();
    drag(surface(),
         pixel(clock(), view.time.from + view.time.span() / 10, view.value.from + view.value.span() * 0.3),
         pixel(clock(), view.time.from + view.time.span() / 2, view.value.from + view.value.span() * 0.6));
    QVERIFY(plots().can_back());
    for (const PlotKind kind : {PlotKind::residual, PlotKind::sequence, PlotKind::rtt})
      plots().set_panel_visible(kind, false);
    const QString path = settings_.filePath("part.svg");
    QCOMPARE(export_plots(plots(), path, {900, 700}, "naive-restore.pcap"), QString());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QString svg = QString::fromUtf8(file.readAll());
    static const QRegularExpression drawn("(?:points| d)=\"([^\"]*)\""), number("(-?[\\d.]+),(-?[\\d.]+)");
    int points = 0;
    for (auto each = drawn.globalMatch(svg); each.hasNext();) {
      for (auto at = number.globalMatch(each.next().captured(1)); at.hasNext(); ++points) {
        const auto point = at.next();
        const double x = point.captured(1).toDouble(), y = point.captured(2).toDouble();
        QVERIFY2(x > -20 && x < 901 && y > -20 && y < 701, qPrintable(point.captured(0)));
      }
    }
    QVERIFY(points > 20);
    // And the window's own plot is as it was.
    QCOMPARE(surface().transform().width, view.width);
  }

  void times_of_a_long_connection_are_not_cut() {
    QVERIFY(show(*window_, capture("idle-24days.pcap")));
    PlotSurface& last_plot = plots().visible_panels().back()->surface();
    const auto labels_apart = [&] {
      last_plot.replot_now();
      const auto labels = last_plot.time_labels();
      for (size_t i = 1; i < labels.size(); ++i) {
        const double width = QFontMetricsF(last_plot.font()).horizontalAdvance(labels[i].second);
        if (labels[i].first - labels[i - 1].first >= width + 6) continue;
        qInfo("%s at %g after %g", qPrintable(labels[i].second), labels[i].first, labels[i - 1].first);
        return false;
      }
      return labels.size() > 1;
    };
    QVERIFY(labels_apart());
    QVERIFY(last_plot.time_labels()[1].second.contains(" d"));
    // The last fifth of a second of 25 days, on both kinds of axis.
    const TimeNs end = plots().flow()->last_ns();
    plots().set_view({{end - kSecond / 5, end}, {}});
    QVERIFY(labels_apart());
    key(Qt::Key_T);
    QVERIFY(labels_apart());
    QTableView* table = window_->segments().table();
    const int column = SegmentModel::kTime;
    const QString last = table->model()->index(table->model()->rowCount() - 1, column).data().toString();
    QVERIFY2(last.startsWith("2160002."), qPrintable(last));
    QVERIFY(table->fontMetrics().horizontalAdvance(last) + 4 <= table->columnWidth(column));
  }
};

QTEST_MAIN(LooksTest)
#include "looks_test.moc"
