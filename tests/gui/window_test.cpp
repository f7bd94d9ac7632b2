// SPDX-License-Identifier: GPL-3.0-or-later
// The window with captures: what is shown of them, exports, sessions, names for screen readers.
#include "window.h"

#include <QAbstractButton>
#include <QClipboard>
#include <QComboBox>
#include <QDropEvent>
#include <QFile>
#include <QFileInfo>
#include <QHeaderView>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QProcess>
#include <QTableView>
#include <QToolButton>
#include <QtEndian>

#include "elided_label.h"
#include "exporter.h"
#include "settings.h"
#include "wireshark.h"

using namespace tsaudit;
using namespace tsaudit::gui;
using namespace tsaudit::gui::test;

class WindowTest : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;

 private Q_SLOTS:
  void initTestCase() {
    own_settings(folder_);
    QVERIFY(folder_.isValid());
  }
  void init() { QSettings().clear(); }

  void marks_stand_where_the_data_says() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    PlotPanel& clock = window.plots().panel(PlotKind::clock);
    clock.surface().replot_now();
    const FlowView& flow = *window.plots().flow();
    const Track& track = flow.track(Side::client);
    const ViewTransform view = clock.surface().transform();
    const QImage picture = clock.surface().grab().toImage();
    const QColor color = Theme::of(window.palette()).mark(MarkKind::paws);
    const auto& marks = track.marks[static_cast<size_t>(MarkKind::paws)];
    QVERIFY(!marks.empty());
    for (const uint32_t at : marks) {
      const auto x = static_cast<int>(view.x_of(track.tsval.time(at)));
      const auto y = static_cast<int>(view.y_of(track.tsval.value(at)));
      int like = 0;
      for (int dy = -5; dy <= 5; ++dy)
        for (int dx = -5; dx <= 5; ++dx) {
          const QColor pixel = picture.pixelColor(x + dx, y + dy);
          like += std::abs(pixel.red() - color.red()) + std::abs(pixel.green() - color.green()) +
                      std::abs(pixel.blue() - color.blue()) <
                  60;
        }
      QVERIFY2(like >= 8, qPrintable(QString("no cross at %1, %2").arg(x).arg(y)));
    }
  }

  /// Marks are named below each plot as well; what would have been is named here alone.
  void a_crowded_legend_drops_the_words_of_marks_first() {
    MainWindow window;
    QVERIFY(show(window, capture("forward-and-back.pcap")));
    bool dropped_some = false, dropped_all = false;
    for (int width = 1500; width >= 800; width -= 50) {
      window.resize(width, 800);
      QTest::qWait(10);
      int ghosts = 0, ghost_words = 0, mark_words = 0;
      for (const QToolButton* button : window.plots().panel(PlotKind::clock).findChildren<QToolButton*>()) {
        const bool words = button->toolButtonStyle() == Qt::ToolButtonTextBesideIcon;
        ghosts += button->text().startsWith("with ");
        ghost_words += words && button->text().startsWith("with ");
        mark_words += words && button->text().contains("drop");
      }
      QCOMPARE(ghosts, 2);
      QVERIFY2(ghost_words == ghosts || mark_words == 0, qPrintable(QString::number(width)));
      dropped_some = dropped_some || (mark_words < 3 && ghost_words == ghosts);
      dropped_all = dropped_all || ghost_words < ghosts;
    }
    QVERIFY(dropped_some && dropped_all);  // the widths tell something
  }

  /// Its segments carry timestamps, and it has none of which both sides are known to use them.
  void the_words_of_a_one_sided_capture_agree() {
    MainWindow window;
    QVERIFY(show(window, capture("one-sided.pcap")));
    const QString status = window.findChild<QLabel*>("status")->text();
    QVERIFY2(status.contains("1 connection, none with timestamps of both sides, "), qPrintable(status));
    QVERIFY2(status.contains(" segments discarded by timestamps"), qPrintable(status));
    const FlowModel& model = window.flows().model();
    QCOMPARE(model.headerData(FlowModel::kDropped, Qt::Horizontal, Qt::DisplayRole).toString(),
             QString("Discarded"));
    const QString tip = model.headerData(FlowModel::kDropped, Qt::Horizontal, Qt::ToolTipRole).toString();
    QVERIFY2(tip.contains("by timestamps"), qPrintable(tip));
  }

  void what_decides_is_in_sight_in_a_window_of_the_usual_size() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap"), {1280, 800}));
    QTableView* table = window.segments().table();
    const auto right = [&](int column) {
      return table->columnViewportPosition(column) + table->columnWidth(column);
    };
    for (const int column : {SegmentModel::kTsVal, SegmentModel::kDelta, SegmentModel::kVerdict})
      QVERIFY2(right(column) <= table->viewport()->width(), qPrintable(QString::number(right(column))));
    QTableView* list = window.flows().table();
    QVERIFY(list->columnViewportPosition(FlowModel::kDropped) + list->columnWidth(FlowModel::kDropped) <=
            list->viewport()->width());
  }

  void a_readout_without_room_leaves_out_its_middle() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap"), {1280, 800}));
    window.go_to_frame(18);
    auto* label = window.findChild<ElidedLabel*>();
    QVERIFY(label);
    QTRY_VERIFY(window.plots().readout().startsWith("frame 18 "));
    window.resize(700, 800);
    QTRY_VERIFY(label->text().contains(QString::fromUtf8("\u2026")));
    QCOMPARE(label->toolTip(), window.plots().readout());
    QVERIFY(label->text().startsWith("frame 18 "));
    window.resize(2400, 800);
    QTRY_COMPARE(label->text(), window.plots().readout());
    QCOMPARE(label->toolTip(), QString());
  }

  void the_explanation_is_what_the_command_line_prints() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    QSignalSpy explained(&window.document(), &Document::explained);
    window.go_to_frame(18);
    QVERIFY(explained.wait(5000));
    QProcess cli;
    cli.start(qEnvironmentVariable("TSAUDIT"), {"explain", capture("naive-restore.pcap"), "--frame", "18"});
    QVERIFY(cli.waitForFinished());
    QCOMPARE(window.explanation().explanation().trimmed(),
             QString::fromUtf8(cli.readAllStandardOutput()).trimmed());
  }

  void findings_lead_to_frames_and_offer_the_offset() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    const QString text = window.explanation().findings();
    QVERIFY(text.contains("TS001"));
    QVERIFY(text.contains("tsoffset add"));
    QVERIFY(text.contains("would have saved it"));
  }

  void a_healthy_flow_has_no_marks_of_timestamps() {
    MainWindow window;
    QVERIFY(show(window, capture("healthy.pcap")));
    for (const MarkCluster& mark : window.plots().panel(PlotKind::clock).surface().clusters())
      QVERIFY(mark.kind != MarkKind::paws);
    QVERIFY(window.plots().flow()->worst() < Severity::error);
  }

  void a_host_that_moved_with_several_connections_is_told_once() {
    QTemporaryDir folder;
    QFile one(capture("naive-restore.pcap")), two(folder.filePath("two.pcap"));
    QVERIFY(one.open(QIODevice::ReadOnly) && two.open(QIODevice::WriteOnly));
    two.write(one.read(24));
    constexpr uint16_t kPort = 40000;
    for (QByteArray header = one.read(16); !header.isEmpty(); header = one.read(16)) {
      QByteArray packet = one.read(qFromLittleEndian<uint32_t>(header.constData() + 8));
      two.write(header + packet);
      if (packet.size() < 54 || packet[23] != 6) continue;
      // The same from and to the port after it. The urgent pointer, which means nothing, keeps the checksum
      // right.
      for (char* port : {packet.data() + 34, packet.data() + 36})
        if (qFromBigEndian<uint16_t>(port) == kPort) qToBigEndian<uint16_t>(kPort + 1, port);
      qToBigEndian<uint16_t>(0xfffe, packet.data() + 34 + 18);
      two.write(header + packet);
    }
    two.close();
    MainWindow window;
    QVERIFY(show(window, folder.filePath("two.pcap")));
    QCOMPARE(window.flows().model().rowCount(), 2);
    QLabel* moves = nullptr;
    for (QLabel* label : window.flows().findChildren<QLabel*>())
      if (label->accessibleName() == "Hosts that moved") moves = label;
    QVERIFY(moves && moves->isVisible());
    QVERIFY2(moves->text().contains("moved with 2 connections"), qPrintable(moves->text()));
    QVERIFY2(moves->text().contains("Timestamps stalled all"), qPrintable(moves->text()));
    Q_EMIT moves->linkActivated("10.77.0.2");
    QCOMPARE(window.flows().filter_edit()->text(), QString("10.77.0.2"));
    QVERIFY(show(window, capture("naive-restore.pcap")));
    QVERIFY(!moves->isVisible());
  }

  void a_move_that_cost_nothing_needs_no_saving() {
    MainWindow window;
    QVERIFY(show(window, capture("vm-migration.pcap")));
    const QString text = window.explanation().findings();
    QVERIFY(text.contains("TS006"));
    QVERIFY(!text.contains("saved"));
    QVERIFY(text.contains("What continues its old clock"));
  }

  void another_receiver_reads_the_capture_anew() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    QSignalSpy finished(&window.document(), &Document::finished);
    auto* profile = window.findChild<QComboBox*>("receiver");
    QVERIFY(profile);
    profile->setCurrentText("linux-5.10");
    Q_EMIT profile->textActivated("linux-5.10");
    QVERIFY(finished.wait(5000));
    QVERIFY(wait_for_flow(window));
    QCOMPARE(QString::fromUtf8(window.plots().flow()->report()->directions[0].receiver_profile->name.data()),
             QString("linux-5.10"));
  }

  void a_dropped_file_is_opened() {
    MainWindow window;
    window.show();
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(capture("healthy.pcap"))});
    QDragEnterEvent enter(QPoint(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent event(QPointF(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &event);
    QVERIFY(wait_for_flow(window));
    QCOMPARE(Settings().recent().value(0), QFileInfo(capture("healthy.pcap")).absoluteFilePath());
  }

  void several_files_are_one_capture() {
    MainWindow window;
    window.show();
    window.open({capture("healthy.pcap"), capture("naive-restore.pcap")});
    QVERIFY(wait_for_flow(window));
    QCOMPARE(window.document().summary().captures.size(), 2u);
  }

  void plots_export_as_png_svg_and_pdf() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    for (const char* ending : {"png", "svg", "pdf"}) {
      const QString path = folder_.filePath(QString("plots.") + ending);
      QCOMPARE(export_plots(window.plots(), path, {900, 600}, "naive-restore.pcap"), QString());
      QFile file(path);
      QVERIFY(file.open(QIODevice::ReadOnly));
      const QByteArray bytes = file.readAll();
      QVERIFY2(bytes.size() > 5000, ending);
      if (QByteArray(ending) == "svg") {
        QVERIFY(bytes.contains("<text"));
        QVERIFY(bytes.contains("PAWS drop"));
        QVERIFY2(!bytes.contains("data:image/png") || bytes.count("data:image/png") < 30,
                 "lines must be vectors");
        QVERIFY(bytes.contains("<polyline") || bytes.contains("<path"));
      }
      if (QByteArray(ending) == "pdf") QVERIFY(bytes.startsWith("%PDF"));
      if (QByteArray(ending) == "png") QCOMPARE(QImage(path).size(), QSize(1800, 1200));
    }
    QVERIFY(!export_plots(window.plots(), folder_.filePath("no/such/folder.png"), {900, 600}, {}).isEmpty());
    QVERIFY(!export_plots(window.plots(), folder_.filePath("plots.doc"), {900, 600}, {}).isEmpty());
  }

  void csv_has_the_range_in_the_columns_of_the_command_line() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    const FlowView& flow = *window.plots().flow();
    const QString path = folder_.filePath("range.csv");
    QCOMPARE(export_csv(flow, {INT64_MIN, INT64_MAX}, path), QString());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray all = file.readAll();
    QProcess cli;
    cli.start(qEnvironmentVariable("TSAUDIT"),
              {"segments", "--format", "csv", capture("naive-restore.pcap")});
    QVERIFY(cli.waitForFinished());
    QCOMPARE(all, cli.readAllStandardOutput());
    const TimeNs from = flow.row(flow.position_of_frame(18)).time_ns;
    QCOMPARE(export_csv(flow, {from, INT64_MAX}, path), QString());
    file.close();
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray part = file.readAll();
    QVERIFY(part.size() < all.size());
    QVERIFY(part.split('\n').value(1).startsWith("18,"));
  }

  void the_display_filter_names_the_connection() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    window.findChild<QAction*>("copy-filter")->trigger();
    const QString filter = QApplication::clipboard()->text();
    QVERIFY2(filter.contains("ip.addr == 10.77.0.2 && tcp.port == 40000"), qPrintable(filter));
    window.findChild<QAction*>("copy-dropped")->trigger();
    QVERIFY(QApplication::clipboard()->text().startsWith("frame.number in {18, 19"));
  }

  void wireshark_is_started_at_the_frame() {
    const QString said = folder_.filePath("said");
    QFile program(folder_.filePath("wireshark"));
    QVERIFY(program.open(QIODevice::WriteOnly));
    program.write(
        QString("#!/bin/sh\nprintf '%s\\n' \"$@\" >'%1.part'; mv '%1.part' '%1'\n").arg(said).toUtf8());
    program.close();
    QVERIFY(program.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
    const QByteArray path = qgetenv("PATH");
    qputenv("PATH", folder_.path().toLocal8Bit() + ":" + path);
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    window.go_to_frame(18);
    QTRY_COMPARE(window.segments().selected_frame(), 18u);
    window.findChild<QAction*>("wireshark")->trigger();
    QTRY_VERIFY(QFile::exists(said));
    qputenv("PATH", path);
    QFile file(said);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(QString::fromLocal8Bit(file.readAll()), "-r\n" + capture("naive-restore.pcap") + "\n-g\n18\n");
  }

  void a_session_comes_back() {
    TimeRange view;
    {
      MainWindow window;
      QVERIFY(show(window, capture("naive-restore.pcap"), {1111, 777}));
      wheel(window.plots().panel(PlotKind::clock).surface(), middle(window.plots().panel(PlotKind::clock)),
            3);
      QTest::qWait(50);
      view = window.plots().view().time;
      QVERIFY(window.close());
    }
    MainWindow window;
    window.restore_session();
    window.show();
    QVERIFY(wait_for_flow(window));
    QTRY_COMPARE(window.plots().view().time, view);
    QCOMPARE(window.size(), QSize(1111, 777));
    QCOMPARE(window.document().title(), QString("naive-restore.pcap"));
  }

  void colours_follow_the_palette() {
    MainWindow window;
    apply_color_scheme("dark");
    QVERIFY(show(window, capture("naive-restore.pcap")));
    PlotSurface& surface = window.plots().panel(PlotKind::clock).surface();
    const QPoint corner(3, 3);
    QVERIFY(surface.grab().toImage().pixelColor(corner).lightness() < 80);
    apply_color_scheme("light");
    QTest::qWait(100);
    QVERIFY(surface.grab().toImage().pixelColor(corner).lightness() > 200);
  }

  void everything_that_takes_the_focus_has_a_name() {
    MainWindow window;
    QVERIFY(show(window, capture("naive-restore.pcap")));
    for (QWidget* widget : window.findChildren<QWidget*>()) {
      if (!(widget->focusPolicy() & Qt::TabFocus) || !widget->isVisible()) continue;
      if (QString(widget->metaObject()->className()) == "QWidget") continue;
      const auto* button = qobject_cast<QAbstractButton*>(widget);
      const bool named = !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty()) ||
                         QString(widget->metaObject()->className()).contains("TabBar") ||
                         qobject_cast<QHeaderView*>(widget) || qobject_cast<QTabWidget*>(widget) ||
                         qobject_cast<PlotStack*>(widget);
      QVERIFY2(named, widget->metaObject()->className());
    }
  }
};

QTEST_MAIN(WindowTest)
#include "window_test.moc"
